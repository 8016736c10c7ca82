"""An alert as a letter to a reader: every text a mail shows, chosen and cleaned, in Arabic and in English.

Pure. The words come from `Labels` (an editor's file) and `Names` (the watchlist and the lexicon); the layout
is the template's. Nothing here decides what is alerted, and no quote is altered but for what cannot be seen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from monitor.model import Alert, AlertItem, EvidenceGrade, Urgency
from monitor.render.order import by_importance
from monitor.render.plain import one_line, seen, web_link
from monitor.render.room import HTML_BYTES, most

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from monitor.model import Counterpart, Meeting
    from monitor.render.words import Labels, Names

SUBJECT_CHARS = 120
AROUND_CHARS = 400
"""How much of a sentence is shown on either side of what is new in it; some run on for a page."""
MARK_CHARS = 1500
LINE_CHARS = 300
"""Of a title, a name, a place, or several in one line."""
WHY_CHARS = 600
COUNTERPARTS = 8
"""On the other side; more are counted."""
ITEMS = 8
"""Claims shown in full. More are counted: a mail that must be scrolled for pages is not read at all."""
HOME = "LY"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFace:
    """One claim's labels in one language."""

    relation: str
    kind: str
    modality: str
    speaker: str | None
    origin: str | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemView:
    """One claim: `before + mark + after` is its sentence, `other_*` what it conflicts with or repeats."""

    relation_id: str
    before: str
    mark: str
    after: str
    suggest: bool
    other_quote: str | None
    other_outlet: str | None
    other_link: str | None
    ar: ItemFace
    en: ItemFace


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """What stands around the claims, in one language; None where nothing is known."""

    relation: str
    who: str | None
    counterparts: tuple[str, ...]
    where: str | None
    when: str
    mode: str | None
    status: str | None
    grade: str
    origins: str
    no_foreign: str | None
    first_seen: str
    published: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """The view model of one mail; `command` shows the whole alert, with the `left_out` claims too."""

    subject: str
    relation_id: str
    digest: bool
    uncertain: bool
    low_evidence: bool
    title: str
    outlet: str
    link: str | None
    outlets: int
    items: tuple[ItemView, ...]
    left_out: int
    command: str
    ar: Face
    en: Face

    def shortened(self, items: int) -> Letter:
        """With the first of its claims, and the others counted."""
        first = self.items[:items]
        return replace(self, items=first, left_out=self.left_out + len(self.items) - len(first))

    def fitted(self, html_bytes: Callable[[Letter], int]) -> Letter:
        """With as many of its claims as one mail holds; `html_bytes` is how large a letter is as it is sent."""
        return self.shortened(most(len(self.items), lambda n: html_bytes(self.shortened(n)) <= HTML_BYTES))


def write_letter(alert: Alert, names: Names, labels: Labels) -> Letter:
    """Everything a mail about `alert` shows, cleaned of what cannot be seen (controls, bidi overrides)."""
    items = tuple(_item(item, names, labels) for item in by_importance(alert.items)[:ITEMS])
    return Letter(
        subject=subject_line(alert, names, labels),
        relation_id=alert.relation.value,
        digest=alert.urgency is Urgency.DIGEST,
        uncertain=_uncertain(alert),
        low_evidence=alert.grade is EvidenceGrade.LOW,
        title=one_line(alert.title, LINE_CHARS),
        outlet=one_line(alert.outlet, LINE_CHARS),
        link=web_link(alert.url),
        outlets=alert.outlets,
        items=items,
        left_out=len(alert.items) - len(items),
        command=f"worker.py alerts show {alert.id}",
        ar=_face(alert, names, labels, "ar"),
        en=_face(alert, names, labels, "en"),
    )


def subject_line(alert: Alert, names: Names, labels: Labels) -> str:
    """One line of at most 120 characters: product, relation, who and where, and the new words themselves."""
    head = [labels.of("ar", "phrase", "product")]
    if alert.urgency is Urgency.DIGEST:
        head.append(labels.of("ar", "phrase", "digest"))
    relation = labels.of("ar", "relation", alert.relation.value)
    if _uncertain(alert):
        relation += f" ({labels.of('ar', 'phrase', 'uncertain')})"
    parts = [*head, ": ".join(part for part in (relation, _topic(alert, names, labels)) if part)]
    first = _first_item(alert)
    said = one_line(_cut_sentence(first)[1]) if first else one_line(alert.title)
    return one_line(" | ".join(parts) + (f" «{said}»" if said else ""), SUBJECT_CHARS)


def _uncertain(alert: Alert) -> bool:
    return bool(alert.items) and all(item.suggest for item in alert.items)


def _first_item(alert: Alert) -> AlertItem | None:
    """The claim that stands for the alert: of its relation, and certain, if there is one."""
    ranked = sorted(by_importance(alert.items), key=lambda item: (item.relation is not alert.relation, item.suggest))
    return ranked[0] if ranked else None


def _topic(alert: Alert, names: Names, labels: Labels) -> str:
    if alert.meeting is None:
        return ""
    people = [names.person("ar", person) for person in alert.meeting.principals]
    where = alert.meeting.place or alert.meeting.country
    said = [*people, *([names.term("ar", where)] if where else [])]
    return labels.of("ar", "phrase", "list_separator").join(said)


def _cut_sentence(item: AlertItem) -> tuple[str, str, str]:
    """The sentence in three, the new part in the middle, far context cut away; offsets are made to fit."""
    start = max(0, min(item.mark_start, len(item.sentence)))
    end = max(start, min(item.mark_end, len(item.sentence)))
    before, mark, after = item.sentence[:start], item.sentence[start:end], item.sentence[end:]
    if not mark.strip():
        return "", item.quote[:MARK_CHARS], ""
    if len(before) > AROUND_CHARS:
        before = "… " + before[-AROUND_CHARS:].split(" ", 1)[-1]
    if len(after) > AROUND_CHARS:
        after = after[:AROUND_CHARS].rsplit(" ", 1)[0] + " …"
    return before, mark if len(mark) <= MARK_CHARS else mark[:MARK_CHARS] + "…", after


def _item(item: AlertItem, names: Names, labels: Labels) -> ItemView:
    before, mark, after = (seen(part) for part in _cut_sentence(item))
    return ItemView(
        relation_id=item.relation.value,
        before=before.lstrip(),
        mark=mark,
        after=after.rstrip(),
        suggest=item.suggest,
        other_quote=one_line(item.other_quote, MARK_CHARS) if item.other_quote else None,
        other_outlet=one_line(item.other_outlet, LINE_CHARS) if item.other_outlet else None,
        other_link=web_link(item.other_url),
        ar=_item_face(item, names, labels, "ar"),
        en=_item_face(item, names, labels, "en"),
    )


def _item_face(item: AlertItem, names: Names, labels: Labels, language: str) -> ItemFace:
    return ItemFace(
        relation=labels.of(language, "relation", item.relation.value),
        kind=labels.of(language, "kind", item.kind.value),
        modality=labels.of(language, "modality", item.modality.value),
        speaker=_speaker(item.speaker, names, labels, language) if item.speaker else None,
        origin=one_line(names.anyone(language, item.origin), LINE_CHARS) if item.origin else None,
        why=one_line(item.why_en if language == "en" else item.why, WHY_CHARS),
    )


def _speaker(speaker: str, names: Names, labels: Labels, language: str) -> str:
    """Both sides in words; a country that speaks by its name (`place:FR`), and anyone else by theirs."""
    said = labels.of(language, "speaker", speaker)
    return said if said != speaker else one_line(names.anyone(language, speaker.removeprefix("place:")), LINE_CHARS)


def _face(alert: Alert, names: Names, labels: Labels, language: str) -> Face:
    meeting = alert.meeting
    many = "low_many" if alert.grade is EvidenceGrade.LOW and alert.outlets > 1 else alert.grade.value
    return Face(
        relation=labels.of(language, "relation", alert.relation.value),
        who=_joined((names.person(language, person) for person in meeting.principals), labels, language)
        if meeting
        else None,
        counterparts=_counterparts(meeting, names, labels, language) if meeting else (),
        where=_where(meeting, names, labels, language) if meeting else None,
        when=_when(meeting, labels, language),
        mode=labels.of(language, "mode", meeting.mode.value) if meeting else None,
        status=labels.of(language, "status", meeting.status.value) if meeting else None,
        grade=labels.of(language, "grade", many),
        origins=_origins(alert, names, labels, language),
        no_foreign=_no_foreign(alert, names, labels, language),
        first_seen=labels.moment(language, alert.first_seen),
        published=labels.moment(language, alert.published_at) if alert.published_at else None,
    )


def _joined(parts: Iterable[str], labels: Labels, language: str) -> str | None:
    kept = [clean for part in parts if (clean := one_line(part))]
    return one_line(labels.of(language, "phrase", "list_separator").join(kept), LINE_CHARS) or None


def _counterparts(meeting: Meeting, names: Names, labels: Labels, language: str) -> tuple[str, ...]:
    """Each on a line; where they are too many, the last line counts them."""
    told = [_counterpart(one, names, labels, language) for one in meeting.counterparts[:COUNTERPARTS]]
    left_out = len(meeting.counterparts) - len(told)
    return (*told, *([labels.of(language, "phrase", "others").format(count=left_out)] if left_out else []))


def _counterpart(counterpart: Counterpart, names: Names, labels: Labels, language: str) -> str:
    """Name, office and country, those that are known: «فنسنت جيرو، رئيس الأركان الخاص (فرنسا)»."""
    said = [
        names.anyone(language, counterpart.name) if counterpart.name else "",
        names.term(language, counterpart.office) if counterpart.office else "",
    ]
    country = names.term(language, counterpart.country) if counterpart.country else ""
    body = labels.of(language, "phrase", "list_separator").join(part for part in said if part)
    return one_line(f"{body} ({country})" if body and country else body or country, LINE_CHARS)


def _where(meeting: Meeting, names: Names, labels: Labels, language: str) -> str | None:
    ids = (meeting.venue, meeting.place, meeting.country)
    return _joined(dict.fromkeys(names.term(language, place) for place in ids if place), labels, language)


def _when(meeting: Meeting | None, labels: Labels, language: str) -> str:
    """The meeting's date bounds in words: never a point where only a bound is known."""
    first, last = (meeting.date_from, meeting.date_to) if meeting else (None, None)
    key = {(True, True): "between", (False, True): "not_after", (True, False): "not_before"}.get(
        (first is not None, last is not None), "no_date"
    )
    if first is not None and first == last:
        key = "on_day"
    day = labels.day(language, first) if first else ""
    phrase = labels.of(language, "phrase", key)
    return phrase.format(day=day, first=day, last=labels.day(language, last) if last else "")


def _origins(alert: Alert, names: Names, labels: Labels, language: str) -> str:
    key = {0: "origin_none", 1: "origin_one"}.get(len(alert.origins), "origin_many")
    named = _joined((names.anyone(language, origin) for origin in alert.origins), labels, language) or ""
    return labels.of(language, "phrase", key).format(count=len(alert.origins), names=named)


def _no_foreign(alert: Alert, names: Names, labels: Labels, language: str) -> str | None:
    """The line that says the foreign side is silent: none of the named origins names that side.

    None where there is no foreign side, or where an origin names one («قصر الإليزيه» is named by its house).
    """
    if alert.meeting is None:
        return None
    sides = dict.fromkeys([*(c.country for c in alert.meeting.counterparts), alert.meeting.country])
    foreign = [side for side in sides if side and side.upper() != HOME]
    said = [names.fold(origin) for origin in alert.origins]
    speaking = any(word in origin for side in foreign for word in names.sides.get(side.upper(), ()) for origin in said)
    if not foreign or speaking:
        return None
    named = (one_line(names.term(language, country)) for country in foreign)
    countries = labels.of(language, "phrase", "country_separator").join(named)
    return one_line(labels.of(language, "phrase", "no_foreign").format(countries=countries), LINE_CHARS)
