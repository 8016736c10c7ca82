"""Every fault of the configuration is told with the line of its key, or of the table from which the key is missing."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from commands.workshop import Place, load
from monitor.errors import ConfigError
from monitor.model import FeedSource
from monitor.settings import add_feed, load_feeds, load_read_config, load_rules, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable

CONFIG = Path(__file__).parents[1] / "config"


def problems(loader: Callable[[], object]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loader()
    return list(caught.value.problems)


def told(found: list[str], *expected: str) -> None:
    """The problems begin with what is expected, one for one."""
    assert len(found) == len(expected), found
    assert [one for one, start in zip(sorted(found), sorted(expected), strict=True) if not one.startswith(start)] == []


SETTINGS = """\
# settings
colour = 1

[poll]
interval_s = 5
contact = '''
[mail]
port = 0
'''
intervall = 9
fastest_s = 600
slowest_s = 300

[mail]
port = "x"
password = "hunter2"
recipients = [
  "a@example.org",
  "nobody",
]

[webhooks.desk]
url = "ftp://example.org/"

[similarity]
"api_key" = "hunter2"

[judge]
url = "https://model.example/v1"
"""


def test_settings(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text(SETTINGS, encoding="utf-8")
    told(
        problems(lambda: load_settings(tmp_path, {})),
        "settings.toml:2: colour: unknown key; allowed: poll",
        "settings.toml:5: poll.interval_s: input should be greater",
        "settings.toml:10: poll.intervall: unknown key; allowed: interval_s",
        "settings.toml:12: poll.slowest_s: is less than poll.fastest_s",
        "settings.toml:15: mail.port: input should be a valid integer",
        "settings.toml:16: mail.password: a secret may not stand here",
        "settings.toml:17: mail.recipients: not an e-mail address",
        "settings.toml:22: webhooks.desk.secret: is missing",
        "settings.toml:23: webhooks.desk.url: not a web address",
        "settings.toml:26: similarity.api_key: a secret may not stand here",
        "settings.toml:28: judge.model: is missing",
    )


def test_what_a_variable_holds_is_told_by_its_name_and_what_the_file_holds_by_its_line(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text(
        "[poll]\ninterval_s = 600\nper_host = 99\n[webhooks.desk]\nallow_private = 3\n", encoding="utf-8"
    )
    environ = {
        "RASID_POLL": '{"total": 0}',
        "RASID_POLL__interval_s": "5",
        "RASID_READ__MEMORY__MIB": "1",
        "RASID_MAIL": "nonsense",
        "RASID_WEBHOOKS__DESK__TIMEOUT_S": "0",
        "RASID_WEBHOOKS__NEWSROOM__URL": "https://example.org/",
    }
    told(
        problems(lambda: load_settings(tmp_path, environ)),
        "environment: RASID_POLL: input should be greater than or equal to 1",
        "environment: RASID_POLL__INTERVAL_S: input should be greater than or equal to 60",
        "environment: RASID_READ__MEMORY__MIB: unknown key; allowed: time_limit_s, memory_mib",
        "environment: RASID_MAIL: input should be a valid dictionary",
        "environment: RASID_WEBHOOKS__DESK__TIMEOUT_S: input should be greater",
        "environment: RASID_WEBHOOKS__NEWSROOM__SECRET: is missing",
        "settings.toml:3: poll.per_host: input should be less than or equal to 8",
        "settings.toml:4: webhooks.desk.secret: is missing",
        "settings.toml:4: webhooks.desk.url: is missing",
        "settings.toml:5: webhooks.desk.allow_private: input should be a valid boolean",
    )


@pytest.mark.parametrize("variable", [None, "RASID_LINKS__PUBLIC_URL"])
def test_the_address_of_links_is_told_where_it_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str | None
) -> None:
    folder = tmp_path / "config"
    shutil.copytree(CONFIG, folder)
    (folder / "settings.toml").write_text('[links]\npublic_url = "https://watch.example/?a=1"\n', encoding="utf-8")
    monkeypatch.setenv("RASID_LINKS__KEY", 32 * "k")
    if variable:
        monkeypatch.setenv(variable, "https://watch.example/?b=2")
    where = f"environment: {variable}" if variable else "settings.toml:2: links.public_url"
    told(problems(lambda: load(Place(data=tmp_path, config=folder))), f"{where}: allowed: an ASCII address")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"[poll]\n[mail\n", "settings.toml:2: not TOML: "),
        (b"[poll]\ninterval_s = 600\ninterval_s = 601\n", "settings.toml:3: not TOML: "),
        (b"[poll]\n\ncontact = '''\n", "settings.toml: not TOML: "),
        (b"[poll]\n# caf\xe9\n", "settings.toml:2: not UTF-8 at byte 12"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_the_line_where_that_is_known(
    tmp_path: Path, content: bytes, expected: str
) -> None:
    (tmp_path / "settings.toml").write_bytes(content)
    told(problems(lambda: load_settings(tmp_path, {})), expected)


FEEDS = """\
colour = 1
# [[feed]]
[[feed]]
id = "a"
url = "file:///etc/passwd"
outlet = "x"

[[feed]]
id = "b"
url = "https://b.example/"

[[feed]]
id = "C D"
url = "https://c.example/"
outlet = "x"
colour = 1
select = "a["

[[feed]]
id = "e"
url = "https://e.example:99999/"
outlet = "x"
select = "a["

[[feed]]
id = "f"
url = "https://f.example/"
outlet = "x"

[[feed]]
id = "f"
outlet = "x"
url = "https://f.example/"
"""


def test_feeds(tmp_path: Path) -> None:
    path = tmp_path / "feeds.toml"
    path.write_text(FEEDS, encoding="utf-8")
    told(
        problems(lambda: load_feeds(path)),
        "feeds.toml:1: colour: unknown key; allowed: feed",
        "feeds.toml:5: feed 1: url: not a web address",
        "feeds.toml:8: feed 2: outlet: is missing",
        "feeds.toml:13: feed 3: id: ",
        "feeds.toml:16: feed 3: colour: unknown key; allowed: id",
        "feeds.toml:21: feed 4: url: not a web address",
        "feeds.toml:23: feed 4: select: 'a[' is no CSS selector",
        "feeds.toml:31: feed 6: f stands twice",
        "feeds.toml:33: feed 6: https://f.example/ stands twice",
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\n[feed]\nid = 'a'\n", "feeds.toml:2: feed: not a list of tables; allowed: [[feed]]"),
        ("feed = [\n  3,\n]\n", "feeds.toml:2: feed 1: input should be a valid dictionary"),
    ],
)
def test_what_is_no_list_of_feeds_is_told(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "feeds.toml"
    path.write_text(text, encoding="utf-8")
    told(problems(lambda: load_feeds(path)), expected)


def test_of_two_files_of_one_name_the_second_is_told_by_its_path(tmp_path: Path) -> None:
    configured, added = tmp_path / "config" / "feeds.toml", tmp_path / "data" / "feeds.toml"
    for path in (configured, added):
        path.parent.mkdir()
        path.write_text('[[feed]]\nid = "a"\nurl = "https://a.example/"\noutlet = "x"\n', encoding="utf-8")
    told(
        problems(lambda: load_feeds(configured, added)),
        f"{added}:2: feed 1: a stands twice",
        f"{added}:3: feed 1: https://a.example/ stands twice",
    )


def test_a_feed_that_was_not_added_has_no_line(tmp_path: Path) -> None:
    path = tmp_path / "more.toml"
    path.write_text('[[feed]]\nid = "a"\nurl = "https://a.example/"\ncolour = 1\noutlet = "x"\n', encoding="utf-8")
    feed = FeedSource(id="b", url="ftp://b.example/", outlet="x")
    told(
        problems(lambda: add_feed(path, feed, beside=tmp_path / "feeds.toml")),
        "more.toml:4: feed 1: colour: unknown key",
        "more.toml: feed 2: url: not a web address",
    )


RULES = """\
other = 1

[[rule]]
name = "a"
channel = "pigeon"
relations = [
  "new",
  "nwe",
]
people = ["nobody"]
"at:x" = 1
at = "07:00"

[[rule]]
name = "b"
send = "never"
at = "07:00"

[[rule]]
name = "c"
send = "weekly"

[[rule]]
channel = "mail"

[[rule]]
name = "d"

[[rule]]
channel = "mail"
name = "d"
"""


def test_rules(tmp_path: Path) -> None:
    (tmp_path / "alerts.toml").write_text(RULES, encoding="utf-8")
    told(
        problems(lambda: load_rules(tmp_path, {"people": ["khalifa_haftar"]})),
        "alerts.toml:1: other: unknown key; allowed: rule",
        "alerts.toml:5: rule 1: channel: ",
        "alerts.toml:6: rule 1: relations: ",
        "alerts.toml:10: rule 1: people: 'nobody' is not known; allowed: khalifa_haftar",
        "alerts.toml:11: rule 1: at:x: unknown key",
        "alerts.toml:17: rule 2: at: means nothing",
        "alerts.toml:19: rule 3: weekday: goes with",
        "alerts.toml:23: rule 4: name: is missing",
        "alerts.toml:31: name: d stands twice; allowed: once",
    )


WATCHLIST = """\
[family]
surname_forms = ["حفتر"]
default = "nobody"

[[principal]]
id = "one"
name = "خليفة حفتر"
latin = "Khalifa Haftar"
on = 1
forms = ["خليفة حفتر"]
offices = [
  {office = "قائد", from = "2025-08"},
  {office = "قائد", from = "2025-13"},
  {form = "قائد"},
]
kin = [
  {person = "one", relation = "self"},
  {person = "nobody", relation = "son"},
]

[[figure]]
id = "two"
name = "س"
forms = ["خليفه حفتر"]
country = "fr"
  [[figure.offices]]
  office = "وزير"
  from = "2025"
  to = "2024"

[[figure]]
id = "one"
name = ""
country = "FR"
forms = ["ص"]

[[not_ours]]
why = "another"
forms = ["خليفة حفتر"]

[person]
"""


def test_the_watchlist(tmp_path: Path) -> None:
    shutil.copytree(CONFIG / "lexicon", tmp_path / "lexicon")
    (tmp_path / "watchlist.toml").write_text(WATCHLIST, encoding="utf-8")
    told(
        problems(lambda: load_read_config(tmp_path)),
        "watchlist.toml:3: family: default: 'nobody' is no principal",
        "watchlist.toml:9: one: on: 1; allowed: true, false",
        "watchlist.toml:13: one: offices 2: from: '2025-13' is no date",
        "watchlist.toml:14: one: offices 3: office is missing",
        "watchlist.toml:14: one: offices 3: unknown key 'form'; allowed: forms",
        "watchlist.toml:18: one: kin: 'nobody' is nobody listed",
        "watchlist.toml:24: two: 'خليفه حفتر' folds to a form of one",
        "watchlist.toml:25: two: country: 'fr' is none",
        "watchlist.toml:29: two: offices 1: to: '2024' lies before",
        "watchlist.toml:32: id 'one' stands twice",
        "watchlist.toml:33: one: name is missing",
        "watchlist.toml:39: not_ours: 'خليفة حفتر' folds to a form of one",
        "watchlist.toml:41: unknown key 'person'; allowed: family",
    )


RANKS = """\
# ranks
colour = 1

[[entry]]
id = "marshal"
en = "Marshal"
level = 12
forms = ["المشير", "ــ"]
example = "وصل المشير."
colour = "red"

[[entry]]
id = "marshal"
forms = ["المُشِيـر"]
en = "Marshal"

[[entry]]
id = "other"
en = "Other"
level = 1
forms = [
  "اللواء",
  "المشير",
]
example = ""

[[entry]]
en = "None"
"""


def test_the_lexicon(tmp_path: Path) -> None:
    shutil.copytree(CONFIG / "lexicon", tmp_path / "lexicon")
    shutil.copy(CONFIG / "watchlist.toml", tmp_path)
    (tmp_path / "lexicon" / "ranks.toml").write_text(RANKS, encoding="utf-8")
    (tmp_path / "lexicon" / "months.toml").write_text("\nentry = 3\n", encoding="utf-8")
    (tmp_path / "lexicon" / "names.toml").write_text("\n[[entry]\n", encoding="utf-8")
    (tmp_path / "lexicon" / "weekdays.toml").unlink()
    told(
        problems(lambda: load_read_config(tmp_path)),
        "lexicon/months.toml:2: holds no [[entry]]",
        "lexicon/names.toml: holds no [[entry]]",
        "lexicon/names.toml:2: not TOML: ",
        "lexicon/ranks.toml:2: unknown key 'colour'; allowed: entry",
        "lexicon/ranks.toml:8: marshal: an empty form",
        "lexicon/ranks.toml:10: marshal: unknown key 'colour'; allowed: en",
        "lexicon/ranks.toml:12: marshal: example is missing",
        "lexicon/ranks.toml:12: marshal: level is missing",
        "lexicon/ranks.toml:13: id 'marshal' stands twice",
        "lexicon/ranks.toml:21: other: 'المشير' folds to a form of marshal",
        "lexicon/ranks.toml:25: other: example is missing",
        "lexicon/ranks.toml:27: an entry needs id (text) and forms (list of text)",
        "lexicon/weekdays.toml: missing",
    )
