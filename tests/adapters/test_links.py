"""Signed links: what they say comes back, and nothing else is ever believed."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from string import printable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from commands.workshop import Place, load
from monitor.adapters.links import Action, Link, Links, Verdict, links_from, parted, problems_of
from monitor.deciding.muting import MuteKind
from monitor.errors import ConfigError
from tests.alert_factory import make_alert, make_item

if TYPE_CHECKING:
    from pathlib import Path

KEY = "a key of more than sixteen characters"
DESK, OTHER = "desk@ministry.example", "other@ministry.example"
LINKS = Links("https://watch.example/rasid", KEY)
SAID = Link(
    action=Action.LABEL, channel="mail", who=LINKS.who("mail", DESK), target="al_1", choice=Verdict.NOT_NEW.value
)
SIGN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def token_of(link: Link, links: Links = LINKS) -> tuple[str, str]:
    action, token = links.url(link).rsplit("/", 2)[1:]
    return action, token


def read(action: str, token: str, links: Links = LINKS) -> Link | None:
    """What is believed; nothing of what does not look like a token."""
    try:
        return links.read(action, token)
    except ValueError:
        return None


def decoded(token: str) -> str:
    payload = token.partition(".")[0]
    return base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode()


def test_a_link_comes_back_as_it_was_made_and_is_always_the_same() -> None:
    assert read(*token_of(SAID)) == SAID
    assert LINKS.url(SAID) == Links("https://watch.example/rasid/", KEY).url(SAID)
    assert LINKS.url(SAID).startswith("https://watch.example/rasid/label/")


texts = st.text(max_size=40)


@given(texts, texts, texts, st.sampled_from(Verdict))
def test_whatever_a_link_says_comes_back(channel: str, who: str, target: str, choice: Verdict) -> None:
    said = Link(action=Action.LABEL, channel=channel, who=who, target=target, choice=choice.value)
    url = LINKS.url(said)
    assert re.fullmatch(r"[\x21-\x7e]+", url)
    if len(token_of(said)[1]) <= 1000:
        assert read(*token_of(said)) == said


@settings(max_examples=10_000, deadline=None)
@given(st.sampled_from([*Action, "", "other"]), st.text(SIGN, max_size=200), st.text(SIGN, min_size=22, max_size=22))
def test_no_payload_by_chance_is_ever_believed(action: str, payload: str, signature: str) -> None:
    assert read(action, f"{payload}.{signature}") is None


@given(st.one_of(st.text(), st.text(printable)))
@example("")
@example(".")
@example("a." + "A" * 22 + "\n")
@example("ا." + "A" * 22)
@example("a." + "A" * 22)
@example("x" * 5000)
def test_nothing_that_is_no_token_is_believed_or_stumbled_over(token: str) -> None:
    assert read("stop", token) is None


@given(st.data())
def test_a_token_with_one_letter_changed_is_not_believed(data: st.DataObject) -> None:
    action, token = token_of(SAID)
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from(SIGN + "."))
    changed = token[:place] + letter + token[place + 1 :]
    assert read(action, changed) == (SAID if changed == token else None)


@pytest.mark.parametrize(
    "changes",
    [
        {"choice": Verdict.RIGHT.value},
        {"target": "al_2"},
        {"who": LINKS.who("mail", OTHER)},
        {"channel": "chat"},
    ],
)
def test_a_signature_serves_no_other_alert_verdict_recipient_or_channel(changes: dict[str, Any]) -> None:
    action, token = token_of(SAID)
    signature = token.partition(".")[2]
    other = token_of(replace(SAID, **changes))[1].partition(".")[0]
    assert read(action, f"{other}.{signature}") is None


@pytest.mark.parametrize("action", ["stop", "mute", "LABEL", "labels", ""])
def test_a_token_serves_no_other_action(action: str) -> None:
    assert read(action, token_of(SAID)[1]) is None


def test_another_key_ends_every_link() -> None:
    assert read(*token_of(SAID), Links("https://watch.example/rasid", KEY + "!")) is None


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("choice", ["known", "person.7", "meeting.99999999999", "meeting.x", "meeting"])
def test_what_nothing_offers_is_not_believed_though_our_key_has_signed_it(action: Action, choice: str) -> None:
    assert read(*token_of(Link(action=action, channel="mail", who="x", target="al_1", choice=choice))) is None


def test_a_token_has_one_spelling() -> None:
    _, token = token_of(SAID)
    last = SIGN.index(token[-1])
    for letter in SIGN[last - last % 16 : last - last % 16 + 16]:
        if letter != token[-1]:
            with pytest.raises(ValueError, match="signature"):
                parted(token[:-1] + letter)


def test_no_address_and_no_key_stands_in_a_link() -> None:
    offer = LINKS.offer(make_alert(), "mail", DESK)
    urls = [offer.stop, *(url for _, url in offer.verdicts), *(url for *_, url in offer.mutes)]
    for url in urls:
        said = url + decoded(url.rsplit("/", 1)[1])
        assert "ministry" not in said
        assert "desk" not in said
        assert KEY not in said
    assert KEY not in repr(LINKS)
    assert max(map(len, urls)) < 200


def test_a_recipients_digest_cannot_be_made_without_the_key() -> None:
    assert LINKS.who("mail", DESK) != Links("https://watch.example/rasid", KEY + "!").who("mail", DESK)
    assert len({LINKS.who("mail", DESK), LINKS.who("mail", OTHER), LINKS.who("chat", DESK)}) == 3


def test_an_alert_offers_every_verdict_and_two_mutes_of_its_meeting_or_else_of_its_claims() -> None:
    offer = LINKS.offer(make_alert(), "mail", DESK)
    assert [verdict for verdict, _ in offer.verdicts] == list(Verdict)
    assert [(kind, days) for kind, days, _ in offer.mutes] == [(MuteKind.MEETING, 7), (MuteKind.MEETING, 30)]
    alone = LINKS.offer(make_alert(meeting=None, meeting_id=None, items=(make_item(),)), "mail", DESK)
    assert {kind for kind, *_ in alone.mutes} == {MuteKind.CLAIM}
    assert LINKS.offer(make_alert(meeting=None, meeting_id=None, items=()), "mail", DESK).mutes == ()


def test_what_is_said_by_a_link_stands_in_it_readably() -> None:
    _, token = token_of(SAID)
    assert json.loads(decoded(token)) == ["mail", SAID.who, "al_1", "not_new"]


# ------------------------------------------------------------------------------------------------------- settings


def test_without_a_public_address_there_are_no_links() -> None:
    assert links_from("", None) is None
    assert links_from("", KEY) is None


@pytest.mark.parametrize(
    ("url", "key", "expected"),
    [
        ("https://watch.example", None, "RASID_LINKS__KEY"),
        ("https://watch.example", "123456789012345", "16 characters or more"),
        ("", "123456789012345", "16 characters or more"),
        ("https://watch.example/?a=1", KEY, "links.public_url"),
        ("https://watch.example/#x", KEY, "links.public_url"),
        ("https://راصد.example/", KEY, "links.public_url"),
        ("https://[watch.example/", KEY, "links.public_url"),
        ("https://watch.example/a\0b", KEY, "links.public_url"),
    ],
)
def test_settings_that_will_not_do_are_told_with_what_is_allowed(url: str, key: str | None, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected) as raised:
        links_from(url, key)
    assert key is None or key not in str(raised.value)
    assert problems_of(url, key) == raised.value.problems


def test_a_missing_key_is_told_with_all_else_that_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RASID_LINKS__PUBLIC_URL", "https://watch.example")
    with pytest.raises(ConfigError, match="RASID_LINKS__KEY: is missing") as raised:
        load(Place(data=tmp_path, config=tmp_path))
    assert len(raised.value.problems) > 1


def test_only_an_address_with_tls_is_secure() -> None:
    assert LINKS.secure
    assert not Links("http://watch.example", KEY).secure
    assert LINKS.origin == "https://watch.example"
