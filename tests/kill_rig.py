"""A worker that is killed again and again, beside servers that are not: what is lost, and what is told twice.

The worker is the service itself, over the real archive, HTTP, SMTP and webhooks on loopback. Only two things are made
quicker than life, so that forty kills fit into a minute: it is forked from a process that has imported and loaded
everything, and it reads pages without a process of its own. Articles come one by one, each when the one before is kept;
each is told to two mailboxes and an endpoint, which take their time, so that kills fall into the middle of it.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, aclosing, asynccontextmanager, closing, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pysqlite3

from commands import service
from commands.rounds import rules_of
from commands.workshop import Place, load
from monitor.adapters.clock import SystemClock
from monitor.adapters.engine import InlineCompute
from monitor.adapters.http import FetchLimits, HttpFetch
from monitor.demo.loopback import NOT_FOUND, Answer, Loopback, Request
from monitor.demo.mailbox import Mailbox
from monitor.demo.receiver import HOOK_PATH, Receiver
from monitor.errors import RasidError
from monitor.pipeline import run_cycle
from monitor.ports import ReadJob
from monitor.reading.article import read_article
from monitor.settings import load_feeds
from storage.archive import SqliteArchive
from storage.search import open_reader
from tests.chaos.figures import Figure
from worker import RealWorkshop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from aiosmtpd.smtp import SMTP, Envelope, Session

    from commands.workshop import Configuration
    from monitor.pipeline import Ports
    from monitor.reading.words import ReadConfig

ROOT: Final = Path(__file__).parents[1]
SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MAILBOXES: Final = ("desk@example.org", "night@example.org")
CHECK_EVERY: Final = 25
PATIENCE_S: Final = 1.5
"""A worker at which nothing happens for so long has told all, or cannot."""
LONGEST_S: Final = 60.0
SHUTDOWN_S: Final = 10.0
EVENTS: Final = 7
"""What an article makes happen at the servers: robots.txt, feed and page are asked for, two mails and a post come."""
DELAY_S: Final = 0.1
"""A worker is killed so long after one of these, at most; what follows one of them takes about as long."""

_WHO: Final = (
    "نائب القائد العام الفريق صدام حفتر",
    "القائد العام المشير خليفة حفتر",
    "رئيس الأركان العامة الفريق خالد حفتر",
    "مدير صندوق التنمية وإعادة إعمار ليبيا بلقاسم حفتر",
)
_WHERE: Final = (
    ("العاصمة الإيطالية روما", "وزير الدفاع الإيطالي", "مكافحة الهجرة غير النظامية وتدريب خفر السواحل"),
    ("أنقرة", "وزير الخارجية التركي", "ترسيم الحدود البحرية وعودة شركات المقاولات"),
    ("القاهرة", "رئيس المخابرات العامة المصرية", "أمن الحدود المشتركة والأوضاع في السودان"),
    ("أثينا", "وزير الخارجية اليوناني", "مشاريع إعمار درنة وتسيير الرحلات الجوية"),
    ("مينسك", "وزير الدفاع البيلاروسي", "صيانة الطائرات العمودية وإيفاد الطلبة"),
    ("باريس", "وزير الخارجية الفرنسي", "توحيد المؤسسة العسكرية ومكافحة الإرهاب في الساحل"),
    ("موسكو", "وزير الدفاع الروسي", "توريد القمح وتأهيل ميناء طبرق"),
    ("الدوحة", "وزير الخارجية القطري", "تمويل المستشفيات وفتح خط جوي مباشر"),
    ("لندن", "وزير الخارجية البريطاني", "نزع الألغام من بنغازي ودعم الانتخابات"),
    ("برلين", "وزير الخارجية الألماني", "إنتاج الطاقة الشمسية ومسار الأمم المتحدة"),
    ("مدريد", "وزير الداخلية الإسباني", "مراقبة السواحل وتبادل المعلومات الأمنية"),
    ("عمان", "وزير الخارجية الأردني", "علاج الجرحى وتدريب الشرطة"),
)
_MEETINGS: Final = tuple(product(_WHERE, _WHO))


@dataclass(frozen=True, slots=True, kw_only=True)
class Deaths:
    """What forty kills, or however many, have done."""

    kills: int
    articles: int
    claims: int
    lost: int
    twice: int
    owed: int
    hooks_missing: int
    hooks: int
    hooks_again: int
    hooks_differing: int
    unsigned: int
    mails_missing: int
    mails: int
    mails_again: int
    mails_differing: int
    damaged: int
    seconds: float
    moments: Counter[str] = field(default_factory=Counter)


def page(number: int) -> bytes:
    """An article about a meeting that has nothing to do with any other's."""
    (place, whom, what), who = _MEETINGS[number % len(_MEETINGS)]
    day, (one, other) = number // len(_MEETINGS) + 1, what.split(" و", 1)
    title = f"{who} يلتقي {whom} في {day} مارس"
    body = (
        f"<h1>{title}</h1><p>التقى {who} يوم {day} مارس 2026 في {place} {whom}، وبحث الجانبان {what}.</p>"
        f"<p>واتفق الطرفان على عقد {number + 2} جولات أخرى بشأن {one}، وعلى تشكيل لجنة مشتركة تتولى {other}.</p>"
    )
    head = '<!DOCTYPE html><html lang="ar" dir="rtl"><meta charset="utf-8">'
    return f"{head}<body><article>{body}</article></body></html>".encode()


@dataclass(slots=True, kw_only=True)
class World:
    """A site with a feed for each article, and those who are told. `happened` counts what the worker made happen."""

    happened: int = 0
    receiver: Receiver = field(default_factory=lambda: Receiver(SECRET))

    def site(self, request: Request) -> Answer:
        self.happened += 1
        kind, _, number = request.path.strip("/").partition("/")
        if kind == "article":
            return Answer(body=page(int(number)))
        if kind != "feed":
            return NOT_FOUND
        link = f"http://{request.headers['host']}/article/{number}"
        body = f'<rss version="2.0"><channel><title>أخبار</title><item><title>خبر</title><link>{link}</link></item>'
        return Answer(body=f"{body}</channel></rss>".encode(), content_type="application/rss+xml; charset=utf-8")

    def hook(self, request: Request) -> Answer:
        """Takes a message, and says so a moment later. Half of one, whose sender has died over it, is none."""
        if len(request.body) < int(request.headers["content-length"]):
            return Answer(status=400)
        answer = self.receiver.route(request)
        self.happened += 1
        time.sleep(DELAY_S / 2)
        return answer


class SlowMailbox(Mailbox):
    """Keeps a mail, and says so a moment later."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as there
        said = await super().handle_DATA(server, session, envelope)
        self._world.happened += 1
        await asyncio.sleep(DELAY_S / 2)
        return said


@dataclass(slots=True, kw_only=True)
class Rig:
    """One worker's folders, and the servers it speaks to."""

    folder: Path
    origin: str
    smtp_port: int
    hook_port: int
    published: int = 0

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def config(self) -> Path:
        return self.folder / "config"

    def prepare(self) -> None:
        """The folders as a first start would leave them; the seed corpus takes as long to read as ten lives."""
        self.config.mkdir()
        with SqliteArchive(self.data / "rasid.db") as archive:
            archive.mark_seeded(datetime.now(UTC))
        for part in ("lexicon", "watchlist.toml", "settings.toml", "alerts.toml"):
            (self.config / part).symlink_to(ROOT / "config" / part)
        self.publish()

    def publish(self) -> None:
        """Let the worker know of one article more."""
        feed = '[[feed]]\nid = "f{0}"\nurl = "{1}/feed/{0}"\noutlet = "موقع"\nallow_private = true\n'
        self.published += 1
        text = "\n".join(feed.format(number, self.origin) for number in range(self.published))
        (self.config / "feeds.toml").write_text(text, encoding="utf-8")

    def environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("RASID_")}
        return inherited | {
            "RASID_POLL__TICK_S": "0.1",
            "RASID_POLL__SPACING_S": "0",
            "RASID_POLL__INTERVAL_S": "3600",
            "RASID_MAIL__PORT": str(self.smtp_port),
            "RASID_MAIL__TLS": "none",
            "RASID_MAIL__RECIPIENTS": ", ".join(MAILBOXES),
            "RASID_WEBHOOKS__DESK__URL": f"http://127.0.0.1:{self.hook_port}{HOOK_PATH}",
            "RASID_WEBHOOKS__DESK__SECRET": SECRET,
            "RASID_WEBHOOKS__DESK__ALLOW_PRIVATE": "true",
            "RASID_ALERTS__STORM_PER_HOUR": "10000",
            "RASID_BACKUP__EVERY_H": "0",
            "RASID_LOGGING__LEVEL": "error",
        }

    def status(self) -> dict[str, Any] | None:
        """What the archive says of itself; None where there is none yet."""
        with suppress(RasidError), open_reader(self.data / "rasid.db") as reader:
            return reader.status()
        return None

    def settled(self) -> bool:
        """Whether every article that the worker could know of is kept."""
        found = self.status()
        return found is not None and sum(found["outcomes"].values()) >= self.published

    def asked(self, sql: str) -> Any:  # noqa: ANN401 - whatever it is that is asked
        """The one value that `sql` asks for."""
        return _rows(self.data / "rasid.db", sql)[0][0]

    def owed(self) -> int:
        """Deliveries that ought to have been sent by now."""
        now = datetime.now(UTC).isoformat(timespec="microseconds")
        due = f"state = 'queued' AND (next_try_at IS NULL OR next_try_at <= '{now}')"
        return int(self.asked(f"SELECT count(*) FROM deliveries WHERE {due}"))  # noqa: S608 - our own clock


@asynccontextmanager
async def _nursery(rig: Rig) -> AsyncIterator[asyncio.subprocess.Process]:
    """The process that workers are forked from."""
    command = ("-m", "tests.kill_rig", str(rig.data), str(rig.config))
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, cwd=ROOT, env=rig.environment(), stdin=pipe, stdout=pipe
    )
    try:
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def _said(nursery: asyncio.subprocess.Process) -> int:
    assert nursery.stdout is not None
    return int(await nursery.stdout.readline())


async def _born(nursery: asyncio.subprocess.Process) -> int:
    assert nursery.stdin is not None
    nursery.stdin.write(b"\n")
    return await _said(nursery)


async def _ended(nursery: asyncio.subprocess.Process, pid: int, number: signal.Signals) -> int:
    """End a worker, or find it ended; its exit code, negative for the signal that killed it."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)
    return await _said(nursery)


async def kill_again_and_again(
    kills: int, *, seed: int = 45, by: signal.Signals = signal.SIGKILL, say: Callable[[str], None] = print
) -> Deaths:
    """End a worker so many times at moments drawn by `seed`, then let one live until all is told.

    Args:
        kills: How often.
        seed: What the moments are drawn by.
        by: The signal; by SIGTERM a worker must end well, within ten seconds.
        say: Hears now and then how far it is.
    """
    chance, began, world = random.Random(seed), time.monotonic(), World()  # noqa: S311 - no secret
    moments: Counter[str] = Counter()
    damaged = 0
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        news = stack.enter_context(Loopback(world.site))
        hook = stack.enter_context(Loopback(world.hook))
        async with SlowMailbox(world) as mailbox:
            rig = Rig(folder=folder, origin=news.origin, smtp_port=mailbox.port, hook_port=hook.port)
            rig.prepare()
            async with _nursery(rig) as nursery:
                for number in range(1, kills + 1):
                    fate = _drawn(chance, by)
                    moments[await _one_life(nursery, rig, world, fate)] += 1
                    if rig.settled():
                        rig.publish()
                    if number % CHECK_EVERY == 0:
                        damaged += _is_damaged(rig)
                        say(f"{number} kills, {rig.published} articles, {time.monotonic() - began:.0f} s")
                await _last_life(nursery, rig)
            damaged += _is_damaged(rig)
            found = await _counted(rig, world.receiver, mailbox)
    return Deaths(
        kills=kills, articles=rig.published, damaged=damaged, seconds=time.monotonic() - began, moments=moments, **found
    )


async def run(kills: int = 500) -> tuple[list[Figure], list[str]]:
    """The long form: figures beside their limits, and a line of what the worker was at."""
    found = await kill_again_and_again(kills)
    at_most = {
        "claims lost": found.lost,
        "claims twice": found.twice,
        "deliveries still owed": found.owed,
        "webhook ids missing": found.hooks_missing,
        "webhook ids with two contents": found.hooks_differing,
        "webhooks with a wrong signature": found.unsigned,
        "Message-IDs missing": found.mails_missing,
        "Message-IDs with two contents": found.mails_differing,
        "archives found damaged": found.damaged,
    }
    told = {
        "articles": found.articles,
        "claims": found.claims,
        "webhooks received again, under the same id": found.hooks_again,
        "mails received again, under the same Message-ID": found.mails_again,
    }
    figures = [
        Figure(name="kills", seen=found.kills, least=kills),
        *(Figure(name=name, seen=seen, limit=0) for name, seen in at_most.items()),
        *(Figure(name=name, seen=seen) for name, seen in told.items()),
        Figure(name="time", seen=found.seconds, unit="s"),
    ]
    return figures, [", ".join(f"{count} killed {moment}" for moment, count in found.moments.most_common())]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fate:
    """When a worker ends, so long after so many events, and by what."""

    events: int
    delay_s: float
    by: signal.Signals


def _drawn(chance: random.Random, by: signal.Signals) -> _Fate:
    # Only what has begun can end well.
    return _Fate(events=chance.randint(int(by is signal.SIGTERM), EVENTS), delay_s=chance.uniform(0, DELAY_S), by=by)


async def _one_life(nursery: asyncio.subprocess.Process, rig: Rig, world: World, fate: _Fate) -> str:
    """A worker from its birth to its end; returns what it was at."""
    before, happened = rig.status(), world.happened
    pid = await _born(nursery)
    quiet_s = last = 0.0
    while world.happened < happened + fate.events and quiet_s < PATIENCE_S:
        last, seen = time.monotonic(), world.happened
        await asyncio.sleep(0.005)
        quiet_s = 0.0 if world.happened > seen else quiet_s + time.monotonic() - last
    await asyncio.sleep(fate.delay_s)
    async with asyncio.timeout(SHUTDOWN_S):
        code = await _ended(nursery, pid, fate.by)
    if code != (0 if fate.by is signal.SIGTERM else -fate.by):
        raise AssertionError(f"the worker ended otherwise than by {fate.by.name}: {code}")
    return _moment(rig, before)


def _moment(rig: Rig, before: dict[str, Any] | None) -> str:
    after = rig.status()
    if before is None or after is None:
        return "starting"
    if rig.asked("SELECT count(*) FROM deliveries WHERE lease_until IS NOT NULL"):
        return "sending"
    if rig.owed():
        return "between commit and sending"
    return "starting or reading" if not rig.settled() else "when all was told"


async def _last_life(nursery: asyncio.subprocess.Process, rig: Rig) -> None:
    """A worker that is left in peace until all is told, and ends well."""
    began, pid = time.monotonic(), await _born(nursery)
    while not rig.settled() or rig.owed():
        if time.monotonic() - began > LONGEST_S:
            raise AssertionError(f"not told within {LONGEST_S:g} s: {rig.status()}")
        await asyncio.sleep(0.02)
    code = await _ended(nursery, pid, signal.SIGTERM)
    if code != 0:
        raise AssertionError(f"the worker did not end well: {code}")


def _is_damaged(rig: Rig) -> bool:
    return bool(rig.asked("PRAGMA integrity_check") != "ok")


async def _counted(rig: Rig, receiver: Receiver, mailbox: SlowMailbox) -> dict[str, int]:
    """What is in the archive and at the receivers, held against a worker that was never killed."""
    kept, meant = _claims(rig.data / "rasid.db"), await _undisturbed(rig)
    sent = _rows(rig.data / "rasid.db", "SELECT channel, id FROM deliveries WHERE state = 'sent'")
    hooks = [(one.id, one.payload.get("data")) for one in receiver.received]
    mails = [(str(one["Message-ID"]), one.get_body(("plain",)).get_content()) for one in mailbox.messages]  # type: ignore[union-attr]
    for_hooks = {name for channel, name in sent if channel == "webhook"}
    for_mail = {name for channel, name in sent if channel == "mail"}
    mailed = {name.strip("<>").partition("@")[0] for name, _ in mails}
    return {
        "claims": len(kept),
        "lost": len(set(meant) - set(kept)),
        "twice": len(kept) - len(set(kept)) + len(set(kept) - set(meant)),
        "owed": rig.owed(),
        "hooks": len(for_hooks),
        "hooks_missing": len(for_hooks ^ {name for name, _ in hooks}),
        "hooks_again": len(hooks) - len({name for name, _ in hooks}),
        "hooks_differing": _differing(hooks),
        "unsigned": len(hooks) - receiver.verified,
        "mails": len(for_mail),
        "mails_missing": len(for_mail ^ mailed),
        "mails_again": len(mails) - len(mailed),
        "mails_differing": _differing(mails),
    }


def _claims(path: Path) -> list[tuple[Any, ...]]:
    """Every mention of a claim by what it is, whatever its id."""
    columns = 't.article_id, t."start", t."end", t.kind, t.quote, t.claim_id, r.relation'
    return _rows(path, f"SELECT {columns} FROM mentions t JOIN relations r ON r.mention_id = t.id")  # noqa: S608 - fixed


def _rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(pysqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return list(db.execute(sql))


def _differing(messages: list[tuple[str, Any]]) -> int:
    """Ids under which two different things arrived."""
    first: dict[str, Any] = {}
    return len({name for name, content in messages if first.setdefault(name, content) != content})


async def _undisturbed(rig: Rig) -> list[tuple[Any, ...]]:
    """The claims of the same articles in an archive whose worker was left in peace."""
    shop = RealWorkshop(place=Place(data=rig.data, config=rig.config), clock=SystemClock())
    configuration, path = load(shop.place), rig.folder / "undisturbed.db"
    near = frozenset({rig.origin.removeprefix("http://")})
    fetch = HttpFetch(user_agent="test", limits=FetchLimits(spacing_s=0), allow_private=near)
    with SqliteArchive(path) as archive:
        async with aclosing(fetch), shop.ports(configuration, archive) as ports:
            quick = replace(ports, fetch=fetch, compute=_inline(configuration), channels=())
            for feed in configuration.feeds:
                await run_cycle(quick, [feed], rules_of(configuration))
    return _claims(path)


# ------------------------------------------------------------------------------------------------------- the worker


def _inline(configuration: Configuration) -> InlineCompute[ReadConfig]:
    return InlineCompute(read_article, configuration.reading)


def bear(data: Path, config: Path) -> None:
    """For each line read, fork a worker, say its number, and say how it ended."""

    configuration = load(Place(data=data, config=config))
    asyncio.run(_warm(configuration))
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _live(configuration)
        print(pid, flush=True)  # noqa: T201 - that is how it is told
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201 - likewise


async def _warm(configuration: Configuration) -> None:
    """Import and load what a worker needs, by reading a page and putting its channels together."""

    job = ReadJob(article_id="a", url="http://127.0.0.1/", outlet="o", fetched_at=datetime.now(UTC),
                  html=page(0))  # fmt: skip
    shop = RealWorkshop(place=configuration.place, clock=SystemClock())
    with SqliteArchive(":memory:") as archive:
        async with shop.ports(configuration, archive):
            await _inline(configuration).read(job)


def _live(configuration: Configuration) -> None:
    """The service until its end; never returns."""

    class QuickWorkshop(RealWorkshop):
        """Reads in this very process."""

        @asynccontextmanager
        async def ports(self, configuration: Configuration, archive: SqliteArchive) -> AsyncIterator[Ports]:
            async with super().ports(configuration, archive) as ports:
                yield replace(ports, compute=_inline(configuration))

    code = 1
    try:
        fresh = replace(configuration, feeds=load_feeds(*configuration.place.feeds))
        shop = QuickWorkshop(place=configuration.place, clock=SystemClock())
        asyncio.run(service._run(shop, fresh, as_json=False))
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    bear(Path(sys.argv[1]), Path(sys.argv[2]))
