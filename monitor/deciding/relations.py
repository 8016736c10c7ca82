"""How each mention stands to the ledger: typed slots first, likeness last.

The order is: functional slots of the claim's kind (office, rank, participant, place, date); then, for clauses,
polarity, modality and numbers where the same is spoken of; only then coverage: the share of a clause's weighted terms
that one claim, or the union of the claims, of the same meeting already holds. Three states: known, suggest, new.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from monitor.deciding import verdict
from monitor.deciding.coverage import coverage
from monitor.deciding.events import relate_event
from monitor.deciding.identity import claim_id, mention_id
from monitor.deciding.origins import corroborates, origin_of
from monitor.deciding.roles import relate_rank, relate_role
from monitor.model import ClaimKind, Mention, Modality, Polarity, Related, Relation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.deciding.verdict import Verdict
    from monitor.model import KnownClaim, MeetingLink, Reading, Recall
    from monitor.ports import Similarity

CONTENT: Final = frozenset(
    {
        ClaimKind.AGENDA,
        ClaimKind.STATEMENT,
        ClaimKind.STANCE,
        ClaimKind.OUTCOME,
        ClaimKind.REPORTED,
        ClaimKind.ANALYSIS,
        ClaimKind.BACKGROUND,
    }
)
_PERSONAL: Final = frozenset({ClaimKind.ROLE, ClaimKind.RANK, ClaimKind.KINSHIP})
_STRUCTURAL: Final = frozenset({ClaimKind.PARTICIPANT, ClaimKind.KINSHIP, ClaimKind.ATTRIBUTION})

KNOWN: Final = 0.51
"""Entailment from which a clause is known; the best common threshold on three tuned sets (docs/accuracy.md)."""
SUGGEST: Final = 0.42
"""Entailment from which a clause that is not known is only suggested to be new."""
NARROWER: Final = 0.40
"""Entailment from which a subject of talks that names a known one's topic is told in more detail, not anew."""
ONE_SIDE_ONLY: Final = 0.05
"""Taken off where both sides say what one of them alone is known to have said."""
_DETAIL: Final = ("تفصيل في موضوع مطروح", "more detail on a subject already raised")
LEAST_SHARE: Final = 0.25
"""Share of a clause that one single known claim must hold: a large ledger's words cover much by chance."""
SAME_CLAIM: Final = 0.72
"""Mutual coverage from which one article makes the same claim twice."""
CONFLICT_COVERAGE: Final = 0.5
NEGATED_COVERAGE: Final = 0.3
NEGATED_ALIKE: Final = 0.6
"""Coverage from which a clause is another one with a negation put in."""
_LEAST_SHARED: Final = 2
_UNKNOWN: Final = "?"
"""What a clause denies with a verb of no family."""
_NUMBERS: Final = frozenset({"number", "count"})
_AGREEING: Final = frozenset({"agree", "sign", "reach", "approve", "conclude"})
_MEETING_ACTS: Final = frozenset({"meet", "receive", "visit", "call"})
_MET: Final = frozenset({"meet", "receive", "talk", "convene", "visit", "arrive", "travel", "host", "call"})
_GATHERED: Final = frozenset({ClaimKind.EVENT, ClaimKind.PARTICIPANT})
_HARDLY_MORE: Final = 1
"""Content words that a clause may add to «they met» and still say nothing new."""
_BOTH: Final = "both_sides"
_DEEDS: Final = frozenset({"agree", "attend", "discuss", "invite", "visit", "meet", "receive", "call", "pledge"})
_REFUSING: Final = frozenset({"reject", "decline"})
_RAISING: Final = frozenset({"propose", "discuss"})
"""Families by which a subject comes up: what «لم يطرح» was not talked of, whoever talks."""
_ACTS: Final = frozenset({ClaimKind.AGENDA, ClaimKind.OUTCOME, ClaimKind.EVENT})
_NAMING: Final = {"person": ("participant",), "place": ("venue",), "names": ("country", "office_country", "by")}
"""Slots of other claims that name a person, a place or a country as well."""
_LADDER: Final = (
    Modality.DISCUSSED,
    Modality.WISHED,
    Modality.AGREED_IN_PRINCIPLE,
    Modality.AGREED,
    Modality.SIGNED,
    Modality.IMPLEMENTED,
)
_FIRM: Final = _LADDER.index(Modality.AGREED)


def relate(
    reading: Reading, links: Sequence[MeetingLink], recall: Recall, similarity: Similarity
) -> tuple[Related, ...]:
    """Relate every mention of a reading to the ledger, in text order.

    A claim that one article makes twice is one claim: its second mention has the relation of the first.
    """
    by_meeting: dict[str | None, list[KnownClaim]] = defaultdict(list)
    for claim in recall.claims:
        if claim.article_id != reading.article.id:
            by_meeting[claim.meeting_id].append(claim)
    everything = [claim for claims in by_meeting.values() for claim in claims]
    related: list[Related] = []
    for mention in reading.mentions:
        link = links[mention.meeting] if mention.meeting is not None else None
        home = None if mention.kind in _PERSONAL or link is None else link.id
        ledger = everything if home is None else by_meeting[home]
        decided = _decide(mention, ledger, reading, link, similarity)
        related.append(_related(reading, mention, home, decided, related))
    return tuple(related)


def _decide(
    mention: Mention, ledger: Sequence[KnownClaim], reading: Reading, link: MeetingLink | None, similarity: Similarity
) -> Verdict:
    origin = origin_of(mention, reading)
    if mention.kind is ClaimKind.ROLE:
        return relate_role(mention, ledger, origin)
    if mention.kind is ClaimKind.RANK:
        return relate_rank(mention, ledger, origin)
    if mention.kind in {ClaimKind.EVENT, ClaimKind.PARTICIPANT} and not mention.terms and not _typed(mention):
        return _relate_bare(mention, ledger)
    if mention.kind is ClaimKind.EVENT and not mention.terms:
        return relate_event(mention, ledger, origin)
    if mention.kind in _STRUCTURAL and not mention.terms:
        return _relate_same_slots(mention, ledger, origin)
    return relate_content(mention, ledger, reading, similarity, link)


def _typed(mention: Mention) -> bool:
    return any(name in {"event", "participant"} for name, _ in mention.slots)


def _relate_bare(mention: Mention, ledger: Sequence[KnownClaim]) -> Verdict:
    """«كروسيتو يستقبل حفتر»: a headline of names alone says nothing more than that they met."""
    named = mention.values("person")
    held = {value for k in ledger for name, value in k.mention.slots if name in {"person", "participant"}}
    if ledger and named <= held:
        return verdict.known(ledger[0], ("person",), corroborates=False, origin=None)
    return verdict.new(("person",), nearest=ledger[0] if ledger else None)


def _relate_same_slots(mention: Mention, ledger: Sequence[KnownClaim], origin: str | None) -> Verdict:
    """Participant, kinship, attribution: known where the ledger holds the same slots."""
    names = tuple(dict.fromkeys(name for name, _ in mention.slots))
    key = _key(mention)
    same = [k for k in ledger if k.mention.kind is mention.kind and _key(k.mention) == key]
    opposed = [k for k in same if k.mention.polarity is not mention.polarity]
    if opposed and len(opposed) == len(same):
        return verdict.contradicting(
            opposed[0], (*names, "polarity"), "الحضور", "attendance", here=mention.quote, there=opposed[0].mention.quote
        )
    if same:
        return verdict.known(same[0], names, corroborates=corroborates(origin, same), origin=origin)
    return verdict.new(names)


def _key(mention: Mention) -> tuple[str, tuple[tuple[str, str], ...]]:
    return mention.subject, tuple(slot for slot in mention.slots if not slot[0].endswith("_form"))


def relate_content(
    mention: Mention,
    ledger: Sequence[KnownClaim],
    reading: Reading,
    similarity: Similarity,
    link: MeetingLink | None = None,
) -> Verdict:
    """A clause against the clauses of the same meeting."""
    candidates = [k for k in ledger if k.mention.terms]
    conflict = _denial_of_meeting(mention, ledger, link) or _conflict(mention, candidates, link)
    if conflict is not None:
        return conflict
    if mention.polarity is Polarity.NEGATED:  # that it was not so, no word of its having been so tells
        candidates = [k for k in candidates if k.mention.polarity is Polarity.NEGATED]
    origin = origin_of(mention, reading)
    met = _met_already(mention, ledger)
    if met is not None:
        return verdict.known(met, ("person", "act"), corroborates=corroborates(origin, [met]), origin=origin)
    if not candidates or not mention.terms:
        return verdict.new(("terms",))
    return _relate_by_terms(mention, candidates, ledger, link, similarity, origin)


def _relate_by_terms(
    mention: Mention,
    candidates: Sequence[KnownClaim],
    ledger: Sequence[KnownClaim],
    link: MeetingLink | None,
    similarity: Similarity,
    origin: str | None,
) -> Verdict:
    """A clause by how far its contents are told already."""
    best, share = _best_covering(mention, candidates)
    score = entailment(mention, best, share, candidates, similarity)
    compared = _compared(mention, best)
    method = f"entailment+{similarity.name}"
    if share >= LEAST_SHARE and score >= KNOWN and not _names_another(mention, best, ledger, link):
        sharper = _sharper(mention, best, ledger)
        if sharper:
            return verdict.updated(best, compared, *sharper, score=score, method=method)
        return verdict.known(
            best, compared, corroborates=corroborates(origin, [best]), origin=origin, score=score, method=method
        )
    if score >= NARROWER and _on_known_topic(mention, best):
        return verdict.updated(best, compared, *_DETAIL, score=score, method=method)
    suggest = score >= SUGGEST or _same_topics(mention, candidates)
    return verdict.new(compared, nearest=best, score=score, method=method, suggest=suggest)


def _on_known_topic(mention: Mention, best: KnownClaim) -> bool:
    """Whether two subjects of talks have a topic in common."""
    talks = mention.kind is best.mention.kind is ClaimKind.AGENDA
    return talks and bool(_topics(mention) & _topics(best.mention))


def _met_already(mention: Mention, ledger: Sequence[KnownClaim]) -> KnownClaim | None:
    """The known event of the same people, where a clause says hardly more than that they met, and where."""
    people, places = mention.values("person"), mention.values("place")
    if mention.kind not in _GATHERED or mention.polarity is Polarity.NEGATED or not people:
        return None
    told = [k for k in ledger if k.mention.kind in _GATHERED and k.mention.polarity is Polarity.AFFIRMED]
    heard = {v for k in told for v in k.mention.values("person") | k.mention.values("participant")}
    there = {v for k in told for v in k.mention.values("place") | k.mention.values("venue")}
    said = {term for k in ledger for term in k.mention.terms} | there
    rest = [term for term in mention.terms if term not in said]
    if people - heard or places - there or len(rest) > _HARDLY_MORE or not _MET & _told_acts(mention):
        return None
    return max(told, key=lambda k: len(k.mention.values("person") & people))


def _best_covering(mention: Mention, candidates: Sequence[KnownClaim]) -> tuple[KnownClaim, float]:
    shares = [coverage(mention.terms, known.mention.terms) for known in candidates]
    top = max(range(len(candidates)), key=lambda index: (shares[index], -index))
    return candidates[top], shares[top]


def _same_topics(mention: Mention, candidates: Sequence[KnownClaim]) -> bool:
    """Whether what was talked of is just the topics that one known claim of the meeting holds."""
    topics = _topics(mention)
    return (
        bool(topics)
        and mention.kind is ClaimKind.AGENDA
        and any(topics <= _topics(known.mention) for known in candidates)
    )


def entailment(
    mention: Mention, best: KnownClaim, share: float, candidates: Sequence[KnownClaim], similarity: Similarity
) -> float:
    """How far the ledger says a clause already, 0..1.

    Four parts what its best single claim holds of the clause's terms, two parts what all claims of the meeting hold
    together, one part the likeness of the texts.
    """
    union = coverage(mention.terms, {term for known in candidates for term in known.mention.terms})
    likeness = similarity.score(mention.quote, [best.mention.quote])[0]
    alone = mention.speaker == _BOTH and best.mention.speaker not in {None, _BOTH}
    return max(0.0, (4 * share + 2 * union + likeness) / 7 - (ONE_SIDE_ONLY if alone else 0.0))


def _names_another(mention: Mention, best: KnownClaim, ledger: Sequence[KnownClaim], link: MeetingLink | None) -> bool:
    """The same said of a person or a place that nothing told of the meeting names, where the known claim names one."""
    for slot in ("person", "place", "names"):
        own, held = mention.values(slot), best.mention.values(slot)
        heard = {v for k in ledger for name in (slot, *_NAMING[slot]) for v in k.mention.values(name)}
        parties = {*link.merged.principals, *(c.name for c in link.merged.counterparts if c.name)} if link else set()
        if held - own and own - heard - parties:
            return True
    return False


def _compared(mention: Mention, known: KnownClaim) -> tuple[str, ...]:
    names = {name for name, _ in mention.slots} & {name for name, _ in known.mention.slots}
    return (*sorted(names), "terms")


def _sharper(mention: Mention, known: KnownClaim, ledger: Sequence[KnownClaim]) -> tuple[str, str] | None:
    """A place that the meeting's ledger lacks, or a number that the known claim lacks."""
    for name, label, told in (("place", "المكان", ledger), ("number", "العدد", (known,))):
        own = mention.values(name)
        added = own - {value for claim in told for value in claim.mention.values(name)}
        if added and not known.mention.values(name):
            return f"{label} {'، '.join(sorted(added))}", f"{name} {', '.join(sorted(added))}"
    return None


# -- conflicts of clauses --------------------------------------------------------------------------------------


def _denial_of_meeting(mention: Mention, ledger: Sequence[KnownClaim], link: MeetingLink | None) -> Verdict | None:
    """«نفت … أن يكون قد استقبل حفتر»: the meeting itself is denied, whatever words told of it."""
    if mention.polarity is not Polarity.NEGATED or link is None or not _MEETING_ACTS & mention.values("denied"):
        return None
    parties = {*link.merged.principals, *(c.name for c in link.merged.counterparts if c.name)}
    named = mention.values("person")
    told = [k for k in ledger if k.mention.kind is ClaimKind.EVENT and k.mention.polarity is Polarity.AFFIRMED]
    if not told or not parties & named or named - parties:
        return None
    return verdict.contradicting(
        told[-1],
        ("person", "polarity"),
        "انعقاد اللقاء",
        "whether they met",
        here=mention.quote,
        there=told[-1].mention.quote,
    )


def _told_acts(mention: Mention) -> set[str]:
    return {mention.predicate, *mention.values("act")}


def _conflict(mention: Mention, candidates: Sequence[KnownClaim], link: MeetingLink | None) -> Verdict | None:
    held = {value for known in candidates for name, value in known.mention.slots if name in _NUMBERS}
    for known in reversed(candidates):
        found = (
            _polarity_conflict(mention, known)
            or _modality_conflict(mention, known, link)
            or _number_conflict(mention, known, held)
        )
        if found is not None:
            return found
    return None


def _polarity_conflict(mention: Mention, known: KnownClaim) -> Verdict | None:
    other = known.mention
    if mention.polarity == other.polarity:
        return None
    if not (_is_undone(mention, other) or _says_the_same_again(mention, other)):
        return None
    return verdict.contradicting(
        known, ("predicate", "polarity"), "الإثبات والنفي", "polarity", here=mention.quote, there=other.quote
    )


def _is_undone(mention: Mention, other: Mention) -> bool:
    """The same deed, or the same subject of talks, done in one and not in the other."""
    if not mention.predicate:
        return False
    same_act = bool(_deeds(mention) & _deeds(other))
    vague = _UNKNOWN in mention.values("denied") | other.values("denied")
    same_topic = bool(_topics(mention) & _topics(other)) and {mention.kind, other.kind} <= _ACTS and not vague
    share = coverage(mention.terms, other.terms)
    if _topics(mention) & _topics(other) and _RAISING & (mention.values("denied") | other.values("denied")):
        return share >= CONFLICT_COVERAGE
    if same_act and (share >= CONFLICT_COVERAGE or _small_agreement(mention, other)):
        return True
    return same_topic and share >= NEGATED_COVERAGE


def _says_the_same_again(mention: Mention, other: Mention) -> bool:
    """«لم يسفر التنسيق عن نتائج» against «أسفر … عن نتائج»: the same words, but for what is denied of them."""
    negated, affirmed = (mention, other) if mention.polarity is Polarity.NEGATED else (other, mention)
    denied = negated.values("denied")
    share, back = coverage(mention.terms, other.terms), coverage(other.terms, mention.terms)
    if len(set(mention.terms) & set(other.terms)) < _LEAST_SHARED:
        return False
    if denied & _told_acts(affirmed):
        return share >= NEGATED_ALIKE
    return bool(denied) and min(share, back) >= NEGATED_ALIKE


def _acts(mention: Mention) -> set[str]:
    """The families of its predicates that tell of a deed, all ways of agreeing taken together."""
    return _as_deeds(_told_acts(mention))


def _deeds(mention: Mention) -> set[str]:
    """The deeds that it says were done, or, where it denies any, those that it denies."""
    return _as_deeds((mention.values("denied") - {_UNKNOWN}) or _told_acts(mention))


def _as_deeds(families: set[str]) -> set[str]:
    return {"agree" if family in _AGREEING else family for family in families} & _DEEDS


def _small_agreement(mention: Mention, other: Mention) -> bool:
    """An agreement with no subject of its own («لم يوقعوا على الاتفاق») is the meeting's.

    Who refuses to sign does not, and that he does not is no word about what another one signed.
    """
    negated, affirmed = (mention, other) if mention.polarity is Polarity.NEGATED else (other, mention)
    denied = "agree" in _as_deeds(negated.values("denied")) and not _topics(negated)
    reached = "agree" in _as_deeds({affirmed.predicate}) and not _REFUSING & _told_acts(affirmed)
    return denied and reached and _same_people(negated, affirmed)


def _same_people(one: Mention, other: Mention) -> bool:
    """Whether somebody is named in both, or nobody in one of them."""
    here, there = one.values("person"), other.values("person")
    return not here or not there or bool(here & there)


def _was_plan(known: KnownClaim, link: MeetingLink | None) -> bool:
    """Whether the known claim was published before the meeting began: what came of it then is an update."""
    begins = link.merged.date_from if link else None
    announced = known.mention.modality is Modality.ANNOUNCED
    return announced or (begins is not None and known.published_at is not None and known.published_at.date() < begins)


def _modality_conflict(mention: Mention, known: KnownClaim, link: MeetingLink | None) -> Verdict | None:
    """The same thing, agreed here and only wished for or discussed there; a later, higher step is an update."""
    other = known.mention
    if mention.modality not in _LADDER or other.modality not in _LADDER:
        return None
    here, there = _LADDER.index(mention.modality), _LADDER.index(other.modality)
    shared = _topics(mention) & _topics(other)
    if not shared or (here >= _FIRM) == (there >= _FIRM) or mention.kind is not ClaimKind.OUTCOME:
        return None
    compared = ("topic", "modality")
    if _was_plan(known, link) and here > there:
        return verdict.updated(known, compared, "خطوة أبعد في تاريخ لاحق", "a further step, at a later date")
    return verdict.contradicting(known, compared, "درجة الاتفاق", "modality", here=mention.quote, there=other.quote)


def _number_conflict(mention: Mention, known: KnownClaim, held_values: set[str]) -> Verdict | None:
    """Another number of the same thing, in a claim about the same; one that was said before is no conflict."""
    own, held = _numbers(mention), _numbers(known.mention)
    shared = set(mention.terms) & set(known.mention.terms)
    topical = bool(_topics(mention) & _topics(known.mention))
    same = (
        bool(mention.predicate)
        and mention.predicate == known.mention.predicate
        and mention.terms == known.mention.terms
    )
    for noun in own.keys() & held.keys():
        counted = _counts(mention) & _counts(known.mention)
        about_the_same = topical or len(shared - {noun}) >= 2 or noun in counted or same  # noqa: PLR2004 - one may be chance
        unheard = {number for number in own[noun] if f"{number} {noun}" not in held_values}
        if unheard and not own[noun] & held[noun] and about_the_same:
            return verdict.contradicting(
                known, ("number",), "العدد", "number", here=mention.quote, there=known.mention.quote
            )
    return None


def _topics(mention: Mention) -> set[str]:
    return mention.values("topic")


def _numbers(mention: Mention) -> Mapping[str, set[str]]:
    """What is counted, with its numbers: a clause may count two lots of officers."""
    found: dict[str, set[str]] = defaultdict(set)
    for number, _, noun in (value.partition(" ") for name, value in mention.slots if name in _NUMBERS):
        found[noun].add(number)
    return found


def _counts(mention: Mention) -> set[str]:
    """People, states and sums that are counted: their number in one meeting is a functional slot."""
    return {value.partition(" ")[2] for value in mention.values("count")}


# -- the value handed on ---------------------------------------------------------------------------------------


def _related(
    reading: Reading, mention: Mention, home: str | None, decided: Verdict, earlier: Sequence[Related]
) -> Related:
    claim = decided.nearest.claim_id if decided.nearest and _is_known(decided) else None
    claim = claim or _own_claim(mention, home, earlier)
    nearest = decided.nearest
    return Related(
        mention_id=mention_id(reading.article.id, mention),
        claim_id=claim or claim_id(home, mention),
        meeting_id=home,
        mention=mention,
        relation=decided.relation,
        nearest=nearest.claim_id if nearest else None,
        nearest_quote=nearest.mention.quote if nearest else None,
        nearest_outlet=nearest.outlet if nearest else None,
        nearest_url=nearest.url if nearest else None,
        score=round(decided.score, 4),
        method=decided.method,
        compared=decided.compared,
        suggest=decided.suggest,
        why=decided.why,
        why_en=decided.why_en,
    )


def _is_known(decided: Verdict) -> bool:
    return decided.relation in {Relation.RESTATED, Relation.CORROBORATING, Relation.UPDATED}


def _own_claim(mention: Mention, home: str | None, earlier: Sequence[Related]) -> str | None:
    """The claim that the same article made before, in the same slots or nearly the same words."""
    for related in earlier:
        other = related.mention
        if related.meeting_id != home or other.kind is not mention.kind or other.subject != mention.subject:
            continue
        if mention.terms:
            both = min(coverage(mention.terms, other.terms), coverage(other.terms, mention.terms))
            same = both >= SAME_CLAIM and other.polarity == mention.polarity
        else:
            same = _key(other) == _key(mention) and other.polarity == mention.polarity
        if same:
            return related.claim_id
    return None
