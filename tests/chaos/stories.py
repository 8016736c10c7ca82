"""What the world's outlets print: headlines far from our matter, and a few meetings that are it. All composed here."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """An article: headline, what the feed says of it, paragraphs."""

    title: str
    summary: str
    paragraphs: tuple[str, ...]

    def page(self) -> bytes:
        text = "".join(f"<p>{paragraph}</p>" for paragraph in self.paragraphs)
        head = f'<head><meta charset="utf-8"><title>{self.title}</title></head>'
        body = f"<body><article><h1>{self.title}</h1>{text}</article></body>"
        return f'<!DOCTYPE html><html lang="ar" dir="rtl">{head}{body}</html>'.encode()


_WHO = (
    "اتحاد كرة السلة",
    "بلدية طوكيو",
    "شركة صناعة السيارات",
    "متحف العلوم الطبيعية",
    "وكالة الفضاء",
    "مهرجان الأفلام",
)
_DOES = ("يعلن نتائج", "ينشر جدول", "يؤجل موعد", "يمدد فترة", "يختتم فعاليات", "يكشف تفاصيل")
_WHAT = ("البطولة الآسيوية", "المعرض السنوي", "الموسم الصيفي", "مسابقة الشباب", "الدورة التدريبية", "الحملة الصحية")
_SAYS = "وذكر البيان أن المشاركين حضروا من مدن عدة، وأن البرنامج يستمر حتى نهاية الأسبوع وفق الخطة المعلنة"


def far_from_it(chance: random.Random, number: int) -> Story:
    """A headline that tells of nobody we watch; no two are alike."""
    title = f"{chance.choice(_WHO)} {chance.choice(_DOES)} {chance.choice(_WHAT)} بمشاركة {number} متسابقا"
    paragraphs = tuple(f"{title} في اليوم {day} من البرنامج. {_SAYS} رقم {number}{day}." for day in range(1, 4))
    return Story(title=title, summary=_SAYS, paragraphs=paragraphs)


ROME = Story(
    title="صدام حفتر يلتقي وزير الدفاع الإيطالي في روما",
    summary="بحث الجانبان في العاصمة الإيطالية التعاون العسكري ومكافحة الهجرة غير النظامية",
    paragraphs=(
        (
            "التقى نائب القائد العام الفريق صدام حفتر في العاصمة الإيطالية روما وزير الدفاع الإيطالي غويدو كروسيتو، "
            "وبحث الجانبان التعاون العسكري وتدريب القوات ومكافحة الهجرة غير النظامية."
        ),
        "وقال صدام حفتر إن القيادة العامة تتطلع إلى توسيع برامج التدريب المشترك مع إيطاليا خلال العام الجاري.",
        "وأكد كروسيتو دعم بلاده لتوحيد المؤسسة العسكرية الليبية.",
    ),
)
ROME_RETOLD = Story(
    title="وزير الدفاع الإيطالي يستقبل صدام حفتر",
    summary="لقاء في روما تناول التعاون العسكري بين الجانبين",
    paragraphs=(
        (
            "استقبل وزير الدفاع الإيطالي غويدو كروسيتو في روما نائب القائد العام صدام حفتر، وبحثا التعاون العسكري "
            "ومكافحة الهجرة غير النظامية."
        ),
        "واتفق الجانبان على إيفاد عشرين ضابطا ليبيا إلى دورة في تورينو مطلع الشهر المقبل.",
    ),
)
CAIRO = Story(
    title="المشير خليفة حفتر يصل القاهرة ويلتقي رئيس المخابرات المصرية",
    summary="زيارة تستمر يومين تبحث أمن الحدود",
    paragraphs=(
        (
            "وصل القائد العام المشير خليفة حفتر إلى القاهرة في زيارة تستمر يومين، والتقى رئيس المخابرات العامة المصرية "
            "حسن رشاد."
        ),
        "وناقش الجانبان أمن الحدود المشتركة والأوضاع في السودان، بحسب بيان للقيادة العامة.",
    ),
)
ATHENS = Story(
    title="بلقاسم حفتر يبحث في أثينا مشاركة الشركات اليونانية في الإعمار",
    summary="اجتماع مع وزير الخارجية اليوناني في أثينا",
    paragraphs=(
        (
            "اجتمع مدير صندوق التنمية وإعادة إعمار ليبيا بلقاسم حفتر في أثينا مع وزير الخارجية اليوناني يورغوس "
            "يرابيتريتيس."
        ),
        "وبحث الاجتماع مشاركة الشركات اليونانية في مشاريع درنة، ووقع الطرفان مذكرة تفاهم بقيمة مئتي مليون يورو.",
    ),
)
MINSK = Story(
    title="رئيس الأركان خالد حفتر يلتقي وزير الدفاع البيلاروسي في مينسك",
    summary="محادثات في مينسك بشأن التعاون العسكري التقني",
    paragraphs=(
        "التقى رئيس الأركان العامة الفريق خالد حفتر في مينسك وزير الدفاع البيلاروسي فيكتور خرينين.",
        "وبحث الجانبان صيانة الطائرات العمودية وتبادل الوفود العسكرية خلال الأشهر المقبلة.",
    ),
)
ANKARA = Story(
    title="صدام حفتر في أنقرة للقاء وزير الخارجية التركي",
    summary="مباحثات مع هاكان فيدان بشأن الحدود البحرية",
    paragraphs=(
        "بحث نائب القائد العام صدام حفتر في أنقرة مع وزير الخارجية التركي هاكان فيدان ملف الحدود البحرية.",
        "وقال فيدان إن أنقرة تدعو البرلمان الليبي إلى التصديق على مذكرة عام 2019.",
    ),
)


_WORLD = """
    ملعب مكتبة حديقة جامعة قطار سفينة متحف كوكب محيط غابة جبل نهر بحيرة مزرعة مصنع سوق فندق مطعم مدرسة
    مستشفى رواية قصيدة لوحة مسرحية فيلم أغنية آلة عود كمان طبل رسام كاتب شاعر عازف مخرج ممثل لاعب مدرب حكم
    جمهور بطولة مباراة هدف كأس سباق دراجة سيارة طائرة مرصد قمر نجم مجرة تلسكوب مختبر عالم باحث تجربة نظرية
    معادلة هندسة كيمياء أحياء نبات زهرة شجرة ثمرة قمح زيتون عسل قهوة شاي خبز سمك طائر غزال حصان جمل نسر
    دلفين سلحفاة مطر ثلج ريح عاصفة شمس ربيع خريف صيف شتاء صباح مساء ليل نهار قديم حديث كبير صغير طويل قصير
    سريع بطيء جميل هادئ نادر شهير أبيض أخضر أزرق أحمر يزرع يرسم يكتب يقرأ يعزف يغني يركض يسبح يطير ينمو يزهر
    يثمر يضيء يدور يسافر يعود يجمع يوزع يصنع يبني يرمم ينظم يشارك يفوز يحتفل
"""
_WORDS = tuple(_WORLD.split())


def of_the_world(chance: random.Random) -> Story:
    """Words in no order: nothing of our matter, and no two articles alike, as those of one mould would be."""
    said = [" ".join(chance.choices(_WORDS, k=14)) for _ in range(7)]
    paragraphs = tuple(f"{one}، {other}." for one, other in zip(said[1::2], said[2::2], strict=True))
    return Story(title=" ".join(said[0].split()[:8]), summary=said[0], paragraphs=paragraphs)


_OURS = (
    ("نائب القائد العام الفريق صدام حفتر", "صدام حفتر"),
    ("القائد العام المشير خليفة حفتر", "خليفة حفتر"),
    ("رئيس الأركان العامة الفريق خالد حفتر", "خالد حفتر"),
    ("مدير صندوق التنمية وإعادة إعمار ليبيا بلقاسم حفتر", "بلقاسم حفتر"),
)
_THEIRS = (
    ("وزير الدفاع الإيطالي غويدو كروسيتو", "روما"),
    ("وزير الخارجية التركي هاكان فيدان", "أنقرة"),
    ("رئيس المخابرات العامة المصرية حسن رشاد", "القاهرة"),
    ("وزير الخارجية اليوناني يورغوس يرابيتريتيس", "أثينا"),
    ("وزير الدفاع البيلاروسي فيكتور خرينين", "مينسك"),
    ("وزير الدفاع الروسي أندريه بيلوسوف", "موسكو"),
    ("وزير الخارجية الفرنسي جان نويل بارو", "باريس"),
    ("وزير الخارجية الإسباني خوسيه مانويل ألباريس", "مدريد"),
    ("رئيس الوزراء المالطي روبرت أبيلا", "فاليتا"),
    ("وزير الخارجية السعودي الأمير فيصل بن فرحان", "الرياض"),
)
_MATTERS = (
    "التعاون العسكري",
    "تدريب القوات",
    "مكافحة الهجرة غير النظامية",
    "أمن الحدود المشتركة",
    "إعادة إعمار درنة",
    "توحيد المؤسسة العسكرية",
    "صيانة الطائرات العمودية",
)
_OUTCOMES = (
    "واتفق الجانبان على إيفاد {n} ضابطا ليبيا إلى دورة تدريبية مطلع الشهر المقبل.",
    "ووقع الطرفان مذكرة تفاهم بقيمة {n} مليون يورو.",
    "وأكد الجانبان عقد اجتماع للجنة المشتركة خلال {n} يوما.",
    "وقال {ours} إن القيادة العامة تتطلع إلى توسيع برامج التدريب المشترك خلال العام الجاري.",
)
_MONTHS = (
    "يناير",
    "فبراير",
    "مارس",
    "أبريل",
    "مايو",
    "يونيو",
    "يوليو",
    "أغسطس",
    "سبتمبر",
    "أكتوبر",
    "نوفمبر",
    "ديسمبر",
)


def of_a_meeting(meeting: int, day: date, chance: random.Random) -> Story:
    """A meeting of that number and day, as one of many outlets tells it: the same people, `chance` in the wording.

    No two have one summary: what one site says in the same words on the same day is one article.
    """
    settled = random.Random(meeting)  # noqa: S311 - the same meeting whoever tells of it
    (whole, ours), (theirs, city) = settled.choice(_OURS), settled.choice(_THEIRS)
    matters, outcomes = settled.sample(_MATTERS, 3), settled.sample(_OUTCOMES, 2)
    one, other = chance.sample(matters, 2)
    on = f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    opening = chance.choice((f"التقى {whole} في {city} {theirs}", f"استقبل {theirs} في {city} {whole}"))
    told = [line.format(n=settled.randrange(12, 90), ours=ours) for line in outcomes[: chance.choice((0, 1, 1, 2))]]
    aside = " ".join(chance.choices(_WORDS, k=24))
    return Story(
        title=chance.choice((f"{ours} يلتقي {theirs} في {city}", f"{theirs} يستقبل {ours}")),
        summary=f"لقاء في {city} تناول {one}: {aside}",
        paragraphs=(f"{opening} يوم {on}، وبحث الجانبان {one} و{other}.", *told, f"{aside}."),
    )
