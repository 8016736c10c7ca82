"""Sentences of the seed corpus, changed in one thing or said in other words, inside another outlet's article.

A change (negation, number, place, office, rank, counterpart) must be seen: as a conflict with what is known, or, where
the place or the counterpart is another, as a conflict or something new. A paraphrase must be taken for known. The
tables are `mutations.toml`; the article is known to the archive, and the changed sentence stands in a text that is
otherwise in words of its own.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from monitor.deciding import decide
from monitor.model import Relation
from monitor.ports import ReadJob
from monitor.reading.article import read_article
from storage.archive import SqliteArchive
from storage.seed import seed_articles
from tests.accuracy.baselines import cosine, tf_idf
from tests.accuracy.product import BEGINNING, SIMILARITY, configuration, decisions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from monitor.model import Decision
    from storage.seed import SeedArticle

CLASHING: Final = ("negation", "number", "office", "rank")
ANOTHER: Final = ("place", "counterpart")
SAME: Final = ("verbatim", "synonym", "order", "filler", "passive")
"""`verbatim` is the control: the very sentence of the known article in the other one's text."""

OUTCOMES: Final = ("conflict", "new", "updated", "known", "missed")
"""Of the claims at one place, the first of these that holds for any; `missed` where no claim is found there."""

_OUTCOME: Final = {
    Relation.CONTRADICTING: "conflict",
    Relation.NEW: "new",
    Relation.UPDATED: "updated",
    Relation.RESTATED: "known",
    Relation.CORROBORATING: "known",
}
_MARKS: Final = "[\u064b-\u0652\u0640]*"
_PUBLISHED: Final = datetime(2026, 1, 18, 9, tzinfo=UTC)
_TABLES: Final = Path(__file__).with_suffix(".toml")

Words: TypeAlias = "Mapping[str, str]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A changed sentence; `start` and `end` are the words that count, in it. `known` is the article it is held against.

    `original` is the sentence as it stands there.
    """

    kind: str
    seed: str
    known: str
    original: str
    sentence: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What came of one variant, and how like the original sentence it is (0..1)."""

    variant: Variant
    outcome: str
    likeness: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MutationFigures:
    """Outcomes by kind; a recall and a precision of conflicts; what likeness alone would tell.

    `recall` is over all changes, `precision` over everything said to conflict. `auc` is the chance that a paraphrase is
    more like its original than a change is: where it is .5, no threshold of likeness tells the two apart.
    """

    outcomes: Mapping[str, Counter[str]]
    recall: float
    precision: float
    auc: float

    def right(self, kind: str) -> int:
        """How many variants of a kind were taken as they must be."""
        return sum(count for outcome, count in self.outcomes[kind].items() if outcome in wanted(kind))


def wanted(kind: str) -> tuple[str, ...]:
    """The outcomes that are right for a kind."""
    if kind in CLASHING:
        return ("conflict",)
    return ("conflict", "new") if kind in ANOTHER else ("known",)


def mutation_figures() -> MutationFigures:
    """Make all variants, hold them against their articles, and count."""
    held = [result for seed in seed_articles() for result in hold(variants(seed))]
    outcomes = {
        kind: Counter(h.outcome for h in held if h.variant.kind == kind) for kind in (*CLASHING, *ANOTHER, *SAME)
    }
    changed = [h for h in held if h.variant.kind in {*CLASHING, *ANOTHER}]
    same = [h for h in held if h.variant.kind in SAME and h.variant.kind != "verbatim"]
    conflicts = [h in changed for h in (*changed, *same) if h.outcome == "conflict"]
    pairs = [(one.likeness, other.likeness) for one in same for other in changed]
    return MutationFigures(
        outcomes=outcomes,
        recall=sum(h.outcome in wanted(h.variant.kind) for h in changed) / len(changed),
        precision=sum(conflicts) / len(conflicts) if conflicts else 0.0,
        auc=sum((one > other) + (one == other) / 2 for one, other in pairs) / len(pairs),
    )


def hold(made: Iterable[Variant]) -> Iterator[Held]:
    """Each variant in its article against an archive that holds the known one alone."""
    archives: dict[str, SqliteArchive] = {}
    try:
        for variant in made:
            if variant.known not in archives:
                archives[variant.known] = _archive_with(variant)
            job, offset = _article(variant)
            reading = read_article(job, configuration())
            decision = decide(reading, archives[variant.known].recall(reading), SIMILARITY)
            yield Held(
                variant=variant,
                outcome=_outcome(decision, offset + variant.start, offset + variant.end),
                likeness=cosine(*tf_idf((variant.original, variant.sentence))),
            )
    finally:
        for archive in archives.values():
            archive.close()


def variants(seed: SeedArticle) -> Iterator[Variant]:
    """All variants of the sentences of an article that give claims."""
    tables = _tables()
    for original in _sentences(seed.text):
        found = chain(
            _negated(original),
            _renumbered(original),
            *(_swapped(original, swap) for swap in tables["swap"]),
            _paraphrased(original),
        )
        for kind, known, changed, (start, end) in found:
            yield Variant(
                kind=kind,
                seed=seed.id,
                known=seed.text.replace(original, known),
                original=known,
                sentence=changed,
                start=start,
                end=end,
            )


Change: TypeAlias = tuple[str, str, str, tuple[int, int]]
"""Kind, the sentence as it is known, the sentence as changed, and the words of the latter that count."""


def _negated(sentence: str) -> Iterator[Change]:
    """Each verb of the table in turn; what counts is all that it governs, to the end.

    Not a verb of a relative clause: «المباحثات التي لم تجر … ركزت على …» is no claim turned round, it denies itself.
    """
    for verb, after in _tables()["verbs"].items():
        for match in _word(verb).finditer(sentence):
            at = match.start("word")
            if sentence[:at].rstrip().endswith(tuple(_tables()["sentence"]["relative"])):
                continue
            changed = f"{sentence[:at]}لم {after}{sentence[match.end() :]}"
            yield "negation", sentence, changed, (at, len(changed))


def _renumbered(sentence: str) -> Iterator[Change]:
    for number in _tables()["number"]:
        if number["in"] in sentence:
            known = sentence.replace(number["in"], number["was"])
            at = sentence.index(number["in"])
            for becomes in number["becomes"]:
                yield "number", known, sentence.replace(number["in"], becomes), (at, at + len(becomes))


def _swapped(sentence: str, swap: Mapping[str, Any]) -> Iterator[Change]:
    changed, span = _replaced(sentence, swap["words"])
    if span is not None and swap.get("beside", "") in sentence:
        yield swap["kind"], sentence, changed, span


def _paraphrased(sentence: str) -> Iterator[Change]:
    """The sentence in other words, and as it is; all of it counts."""
    tables = _tables()
    found = [("verbatim", sentence), *(("order", changed) for changed in _reordered(sentence))]
    found += [(table["way"], _replaced(sentence, table["words"])[0]) for table in tables["paraphrase"]]
    before, after = (_one_of(tables["filler"][where], sentence) for where in ("before", "after"))
    found.append(("filler", f"{before}، {sentence.removeprefix('و')}"))
    found.append(("filler", sentence.replace("،", f"، {after}،", 1)))
    for kind, changed in dict.fromkeys(found):
        if kind == "verbatim" or changed != sentence:
            yield kind, sentence, changed, (0, len(changed))


def _one_of(choices: Sequence[str], sentence: str) -> str:
    """The same for the same sentence, another for most others."""
    return choices[len(sentence) % len(choices)]


def _reordered(sentence: str) -> Iterator[str]:
    order = _tables()["order"]
    endings = dict.fromkeys(order["subjects"], "") | dict.fromkeys(order["dual"], "ا")
    for verb in _tables()["verbs"]:
        pair = re.compile(f"{_word(verb).pattern} (?P<subject>{_either(endings)}){_MARKS}(?![\\w،]| للقوات)")
        for match in pair.finditer(sentence):
            subject = match["subject"]
            turned = f"{match['before']}{subject} {match['word']}{endings.get(subject, '')}"
            yield sentence[: match.start()] + turned + sentence[match.end() :]


def _replaced(sentence: str, words: Words) -> tuple[str, tuple[int, int] | None]:
    """All of `words` replaced at once, the longest first, and where the first of them stands afterwards."""
    pattern = re.compile(f"(?<!\\w)(?P<before>[وفبل]{{0,2}})(?P<word>{_either(words)}){_MARKS}(?!\\w)")
    first = pattern.search(sentence)
    if first is None:
        return sentence, None
    plain = {_bare(word): new for word, new in words.items()}
    changed = pattern.sub(lambda match: match["before"] + plain[_bare(match["word"])], sentence)
    return changed, (first.start("word"), first.start("word") + len(plain[_bare(first["word"])]))


@lru_cache(maxsize=512)
def _word(word: str) -> re.Pattern[str]:
    return re.compile(f"(?<![\\w{_MARKS[1:-2]}])(?P<before>[وف]?)(?P<word>{_either((word,))}){_MARKS}(?!\\w)")


def _either(words: Iterable[str]) -> str:
    longest_first = sorted(words, key=len, reverse=True)
    return "|".join("".join(re.escape(letter) + _MARKS for letter in _bare(word)) for word in longest_first)


def _bare(word: str) -> str:
    return re.sub(_MARKS, "", word)


def _sentences(text: str) -> Iterator[str]:
    """The article's sentences that give claims, as they stand, without the words by which they go on from others."""
    tables = _tables()["sentence"]
    reading = read_article(_job("known", text), configuration())
    for match in _sentence().finditer(text, text.index("\n")):
        gives = any(mention.start < match.end() and match.start() < mention.end for mention in reading.mentions)
        found = match.group().strip()
        for opening in tables["openings"]:
            found = found.removeprefix(f"{opening} ").strip()
        if gives and "•" not in found and len(found.split()) >= tables["least_words"]:
            yield found


@lru_cache(maxsize=1)
def _sentence() -> re.Pattern[str]:
    """Up to a full stop or «؛», but on where what follows the latter cannot stand alone."""
    dangling = "|".join(_tables()["sentence"]["dangling"])
    return re.compile(rf"[^.؛\n]+(?:؛\s+(?:{dangling})\s[^.؛\n]+)*(?=[.؛])")


def _article(variant: Variant) -> tuple[ReadJob, int]:
    """Another outlet's article with the changed sentence, and where that begins."""
    context = next(one for one in _tables()["context"] if variant.seed[:3] in one["seeds"])
    opening = context["place" if variant.kind == "counterpart" else "people"]
    before = f"{context['title']}\n{opening}\n"
    return _job("incoming", f"{before}{variant.sentence}.\n{context['after']}"), len(before)


def _job(name: str, text: str) -> ReadJob:
    known = name == "known"
    return ReadJob(
        article_id=name,
        url=f"https://{name}.example.test/1",
        outlet=name,
        fetched_at=BEGINNING if known else BEGINNING + timedelta(hours=1),
        text=text,
        published_at=None if known else _PUBLISHED,
    )


def _archive_with(variant: Variant) -> SqliteArchive:
    archive = SqliteArchive(":memory:")
    for _ in decisions((read_article(_job("known", variant.known), configuration()),), archive):
        pass
    return archive


def _outcome(decision: Decision, start: int, end: int) -> str:
    fresh = {link.id for link in decision.meetings if link.new}
    said = {
        "new" if related.meeting_id in fresh and outcome != "conflict" else outcome
        for related in decision.relations
        if related.mention.start < end and start < related.mention.end
        for outcome in (_OUTCOME.get(related.relation, "missed"),)
    }
    return next((outcome for outcome in OUTCOMES if outcome in said), "missed")


@lru_cache(maxsize=1)
def _tables() -> dict[str, Any]:
    return tomllib.loads(_TABLES.read_text(encoding="utf-8"))
