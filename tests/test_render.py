"""What leaves the product as JSON keeps its keys, and fits the published schema."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.model import (
    Alarm,
    Article,
    ClaimKind,
    Decision,
    EvidenceGrade,
    Lead,
    MeetingLink,
    MeetingMode,
    MeetingStatus,
    Mention,
    Modality,
    NoticeKind,
    Outcome,
    PersonMention,
    Reading,
    Related,
    Relation,
    Segment,
    SegmentKind,
    Signature,
    Urgency,
)
from monitor.render import alert_json, decision_json, event_json, event_type, notice_json, unread_json
from monitor.render.plain import one_line, web_link
from tests.alert_factory import AGREED, ELYSEE, SENTENCE, make_alarm, make_alert, make_item, make_notice

DOCS = Path(__file__).parent.parent / "docs"
SCHEMA: dict[str, Any] = json.loads((DOCS / "alert.schema.json").read_text(encoding="utf-8"))
NOTICE_SCHEMA: dict[str, Any] = json.loads((DOCS / "notice.schema.json").read_text(encoding="utf-8"))
TYPES = {
    "string": str,
    "integer": int,
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": type(None),
}
ARTICLE_KEYS = {
    *("id", "url", "outcome", "title", "text", "published_at", "duplicate_of", "in_scope", "evidence_grade"),
    *("segments", "people", "meetings", "claims", "leads", "alerts"),
}


def problems(value: object, schema: dict[str, Any], at: str = "$", *, root: dict[str, Any] = SCHEMA) -> list[str]:
    """What is wrong with `value` by the part of JSON Schema that the published files use; each key must stand there."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#").removeprefix("/$defs/")
        return problems(value, root["$defs"][name] if name else root, at, root=root)
    if "const" in schema:
        return [] if value == schema["const"] else [f"{at}: {value!r} is not {schema['const']!r}"]
    if "anyOf" in schema:
        tries = [problems(value, option, at, root=root) for option in schema["anyOf"]]
        return min(tries, key=len)
    if "enum" in schema:
        return [] if value in schema["enum"] else [f"{at}: {value!r} is none of {schema['enum']}"]
    names = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    if not any(type(value) is TYPES[name] for name in names):
        return [f"{at}: {value!r} is no {names}"]
    return inner_problems(value, schema, at, root)


def inner_problems(value: object, schema: dict[str, Any], at: str, root: dict[str, Any]) -> list[str]:
    if isinstance(value, list):
        return [p for i, entry in enumerate(value) for p in problems(entry, schema["items"], f"{at}[{i}]", root=root)]
    if not isinstance(value, dict):
        return []
    found = [f"{at}: {key} is missing" for key in schema["required"] if key not in value]
    for key, entry in value.items():
        known = schema["properties"].get(key, schema.get("additionalProperties"))
        found += problems(entry, known, f"{at}.{key}", root=root) if known else [f"{at}: {key} is not in the schema"]
    return found


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"meeting": None},
        {"meeting": None, "meeting_id": None},
        {"published_at": datetime(2026, 1, 17, tzinfo=UTC), "origins": ("بيان",), "outlets": 3},
        {"items": ()},
        {"items": (make_item(other_quote=None, speaker="saddam_haftar", suggest=True),)},
        {"meeting_new": True, "relation": Relation.NEW},
    ],
)
def test_an_alert_fits_the_published_schema(changes: dict[str, Any]) -> None:
    event = json.loads(json.dumps(event_json(make_alert(**changes)), ensure_ascii=False))
    assert problems(event, SCHEMA["$defs"]["event"]) == []
    assert event["data"] == json.loads(json.dumps(alert_json(make_alert(**changes))))


def test_the_schema_check_finds_what_is_missing_unknown_and_of_the_wrong_type() -> None:
    payload = json.loads(json.dumps(alert_json(make_alert())))
    del payload["id"]
    payload["items"][0]["mark_start"] = "7"
    payload["article"]["colour"] = "red"
    payload["urgency"] = "soon"
    assert len(problems(payload, SCHEMA)) == 4


@pytest.mark.parametrize("kind", NoticeKind)
@pytest.mark.parametrize("alarms", [(), (make_alarm(),), (make_alarm(feed_id=None, code="E-NETWORK"), make_alarm())])
def test_a_notice_fits_the_published_schema(kind: NoticeKind, alarms: tuple[Alarm, ...]) -> None:
    event = json.loads(json.dumps(event_json(make_notice(kind, alarms=alarms)), ensure_ascii=False))
    assert problems(event, NOTICE_SCHEMA["$defs"]["event"], root=NOTICE_SCHEMA) == []


def test_the_schema_check_finds_faults_of_a_notice_too() -> None:
    payload = json.loads(json.dumps(notice_json(make_notice(figures=(("feeds", 14),)))))
    payload["figures"]["healthy"] = "13"
    payload["alarms"][0]["feed_id"] = payload["alarms"][0].pop("feed")
    assert len(problems(payload, NOTICE_SCHEMA, root=NOTICE_SCHEMA)) == 3


@pytest.mark.parametrize("relation", Relation)
@pytest.mark.parametrize("meeting_new", [False, True])
def test_the_type_says_what_happened_and_is_one_of_the_published(relation: Relation, meeting_new: bool) -> None:
    told = event_type(make_alert(relation=relation, meeting_new=meeting_new))
    assert told in SCHEMA["$defs"]["event"]["properties"]["type"]["enum"]
    assert (told == "meeting.new") == (meeting_new and relation is Relation.NEW)


def test_each_published_type_is_one_that_is_sent() -> None:
    alerts = {event_type(make_alert(relation=relation, meeting_new=new)) for relation in Relation for new in (0, 1)}
    assert alerts == set(SCHEMA["$defs"]["event"]["properties"]["type"]["enum"])
    notices = {event_type(make_notice(kind)) for kind in NoticeKind}
    assert notices == set(NOTICE_SCHEMA["$defs"]["event"]["properties"]["type"]["enum"])


@pytest.mark.parametrize("schema", [SCHEMA, NOTICE_SCHEMA])
def test_a_schema_is_called_by_a_name_and_its_version(schema: dict[str, Any]) -> None:
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"urn:rasid:schema:{schema['title'].split()[1]}:{schema['properties']['schema']['const']}"


def test_the_schema_lists_every_value_of_the_model() -> None:
    item = SCHEMA["$defs"]["item"]["properties"]
    meeting = SCHEMA["$defs"]["meeting"]["properties"]
    assert item["kind"]["enum"] == [kind.value for kind in ClaimKind]
    assert item["relation"]["enum"] == [relation.value for relation in Relation]
    assert item["modality"]["enum"] == [modality.value for modality in Modality]
    assert meeting["mode"]["enum"] == [*(mode.value for mode in MeetingMode), None]
    assert meeting["status"]["enum"] == [*(status.value for status in MeetingStatus), None]
    assert SCHEMA["properties"]["urgency"]["enum"] == [urgency.value for urgency in Urgency]
    assert SCHEMA["properties"]["evidence_grade"]["enum"] == [grade.value for grade in EvidenceGrade]


def test_the_marked_words_are_those_of_the_quote() -> None:
    item: Any = json.loads(json.dumps(alert_json(make_alert())))["items"][0]
    assert item["sentence"][item["mark_start"] : item["mark_end"]] == item["quote"] == AGREED


TITLE = "عنوان"
TEXT = f"{TITLE}\n{SENTENCE}"


def make_decision() -> Decision:
    start = TEXT.index(AGREED)
    slots = (("agenda", "technical"), ("agenda", "training"), ("step", "agreed"))
    mention = Mention(
        kind=ClaimKind.OUTCOME, start=start, end=start + len(AGREED), quote=AGREED, meeting=1, slots=slots
    )
    at = datetime(2026, 1, 18, tzinfo=UTC)
    aside = replace(ELYSEE, venue=None, main=False, date_to=None)
    reading = Reading(
        article=Article(id="003", url="https://second.example/3", title=TITLE, text=TEXT, outlet="o", fetched_at=at),
        in_scope=True,
        segments=(Segment(kind=SegmentKind.TITLE, start=0, end=len(TITLE)),),
        people=(PersonMention(person="saddam_haftar", form="صدام حفتر", start=30, end=39, rank="الفريق"),),
        meetings=(aside, ELYSEE),
        mentions=(mention,),
        leads=(Lead(start=0, end=len(TITLE), quote=TITLE),),
        signature=Signature(exact="x"),
    )
    return Decision(
        outcome=Outcome.ALERTED,
        reading=reading,
        meetings=tuple(
            MeetingLink(id=key, new=key == "mt_2", meeting=meeting, merged=meeting)
            for key, meeting in (("mt_2", aside), ("mt_1", ELYSEE))
        ),
        relations=(
            Related(
                mention_id="mn_1",
                claim_id="cl_1",
                meeting_id="mt_1",
                mention=mention,
                relation=Relation.CONTRADICTING,
                compared=("modality",),
            ),
        ),
        alerts=(make_alert(),),
    )


def test_an_article_is_printed_with_every_key_the_design_names() -> None:
    printed: Any = json.loads(json.dumps(decision_json(make_decision())))
    assert set(printed) == ARTICLE_KEYS
    assert set(printed["people"][0]) == {"person", "form", "start", "end", "office", "rank", "suspected_typo"}
    assert set(printed["meetings"][0]) == {
        *("id", "new", "principals", "counterparts", "venue", "place", "country"),
        *("date_from", "date_to", "date_source", "mode", "status"),
    }
    assert set(printed["claims"][0]) == {
        *("id", "claim", "meeting", "kind", "relation", "start", "end", "quote", "speaker", "origin", "modality"),
        *("polarity", "slots", "nearest", "score", "method", "compared", "suggest", "why"),
    }
    assert printed["alerts"] == [
        {"id": "al_1", "urgency": "now", "relation": "contradicting", "claims": [printed["claims"][0]["id"]]}
    ]


def test_a_printed_claim_is_its_span_of_the_printed_text() -> None:
    printed: Any = json.loads(json.dumps(decision_json(make_decision())))
    claim = printed["claims"][0]
    assert printed["text"][claim["start"] : claim["end"]] == claim["quote"] == AGREED
    assert claim["slots"] == {"agenda": ["technical", "training"], "step": ["agreed"]}


def test_the_main_meeting_is_printed_first() -> None:
    printed: Any = decision_json(make_decision())
    assert [(meeting["id"], meeting["new"]) for meeting in printed["meetings"]] == [("mt_1", False), ("mt_2", True)]
    assert printed["meetings"][0]["date_to"] == date(2026, 1, 17).isoformat()


def test_an_entry_without_a_reading_is_printed_with_the_same_keys() -> None:
    printed = unread_json("004", Outcome.UNREACHABLE, url="https://x.example/")
    assert set(printed) == ARTICLE_KEYS
    assert printed["outcome"] == "unreachable"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("أ\r\nBcc: x@y.example", "أ Bcc: x@y.example"),
        ("أ\0ب", "أب"),
        ("\u202eأب\u202c \u2066ج\u2069", "أب ج"),
        ("أ\u2028ب\u2029ج\x85د", "أ ب ج د"),
        ("أ\ud800ب", "أب"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\ufeffأ\u00ad\u200bب\x1b[31m", "أب[31m"),
    ],
)
def test_what_cannot_be_seen_is_dropped(given: str, shown: str) -> None:
    assert one_line(given) == shown


def test_a_long_line_is_cut_at_a_word() -> None:
    line = one_line("كلمة " * 1000, 120)
    assert len(line) <= 120
    assert line.endswith("كلمة…")
    assert len(one_line("ك" * 5000, 120)) == 120


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,<b>",
        "file:///etc/passwd",
        "https://user:word@host.example/",
        "https://host.example/\n",
        "https://host.example/\u202efdp",
        'https://host.example/"onmouseover="x',
        "https://host.example/\\evil",
        "//host.example/",
        "https://",
        "https://[broken",
        "",
        None,
    ],
)
def test_an_address_that_is_no_plain_web_address_is_no_link(url: str | None) -> None:
    assert web_link(url) is None


def test_a_plain_web_address_is_a_link_as_it_stands() -> None:
    url = "https://host.example/خبر?a=1&b=2#c"
    assert web_link(url) == url
