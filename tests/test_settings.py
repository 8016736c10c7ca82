"""Settings, feeds, watchlist and words: what is right loads, what is wrong is told all at once."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.model import FeedSource
from monitor.settings import add_feed, load_feeds, load_read_config, load_settings

CONFIG = Path(__file__).parents[1] / "config"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(CONFIG, tmp_path / "config")
    return tmp_path / "config"


def problems_of(settings: str, folder: Path, environ: dict[str, str] | None = None) -> tuple[str, ...]:
    (folder / "settings.toml").write_text(settings, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_settings(folder, environ or {})
    return caught.value.problems


def test_the_shipped_configuration_loads_whole_and_names_nobody_to_tell() -> None:
    settings = load_settings(CONFIG, {})
    assert settings.mail.recipients == ()
    assert settings.webhooks == {}
    assert len(load_feeds(CONFIG / "feeds.toml")) >= 25
    config = load_read_config(CONFIG)
    assert {principal.id for principal in config.watch.principals} >= {"khalifa_haftar", "saddam_haftar"}
    assert config.lexicon.entries("offices")


def test_the_shipped_settings_say_what_holds_without_them(tmp_path: Path) -> None:
    assert load_settings(CONFIG, {}) == load_settings(tmp_path, {})


def test_the_environment_overrides_the_file(folder: Path) -> None:
    (folder / "settings.toml").write_text("[poll]\ninterval_s = 600\nper_host = 1\n", encoding="utf-8")
    environ = {"RASID_POLL__INTERVAL_S": "1200", "RASID_MAIL__RECIPIENTS": "a@example.org, b@example.org", "HOME": "/"}
    settings = load_settings(folder, environ)
    assert (settings.poll.interval_s, settings.poll.per_host) == (1200, 1)
    assert settings.mail.recipients == ("a@example.org", "b@example.org")


def test_a_webhook_takes_its_address_from_the_file_and_its_secret_from_a_secret_file(folder: Path) -> None:
    (folder / "settings.toml").write_text('[webhooks.desk]\nurl = "https://example.org/hook"\n', encoding="utf-8")
    secret = folder / "secret"
    secret.write_text(SECRET + "\n", encoding="utf-8")
    settings = load_settings(folder, {"RASID_WEBHOOKS__DESK__SECRET_FILE": str(secret)})
    assert settings.webhooks["desk"].secret.get_secret_value() == SECRET
    assert SECRET not in repr(settings)


def test_a_secret_in_the_settings_file_is_refused_and_not_repeated(folder: Path) -> None:
    (problem,) = problems_of('[mail]\npassword = "hunter2"\n', folder)
    assert problem.startswith("settings.toml:2: mail.password:")
    assert "RASID_MAIL__PASSWORD" in problem
    assert "hunter2" not in problem


def test_a_secret_file_that_is_not_there_is_a_problem_that_names_it(folder: Path) -> None:
    (problem,) = problems_of("", folder, {"RASID_MAIL__PASSWORD_FILE": "/nowhere/secret"})
    assert "RASID_MAIL__PASSWORD_FILE" in problem
    assert "/nowhere/secret" in problem


def test_all_problems_are_told_at_once_with_place_key_and_what_is_allowed(folder: Path) -> None:
    settings = (
        "colour = 1\n[poll]\ninterval_s = 5\nintervall = 9\n[mail]\ntls = 'ssl'\nport = 'x'\nrecipients = ['nobody']\n"
        "[webhooks.desk]\nurl = 'ftp://example.org/'\n"
    )
    told = problems_of(settings, folder, {"RASID_READ__MEMORY": "1", "RASID_COLOUR": "2"})
    expected = {
        "settings.toml:1: colour: unknown key; allowed: poll, read, reread, mail, webhooks",
        "settings.toml:3: poll.interval_s: input should be greater than or equal to 60",
        "settings.toml:4: poll.intervall: unknown key; allowed: interval_s",
        "settings.toml:6: mail.tls: input should be 'none', 'starttls' or 'tls'",
        "settings.toml:7: mail.port: input should be a valid integer",
        "settings.toml:8: mail.recipients: not an e-mail address; allowed: name@host",
        "settings.toml:10: webhooks.desk.url: not a web address; allowed: http://",
        "settings.toml:9: webhooks.desk.secret: is missing",
        "environment: RASID_READ__MEMORY: unknown key; allowed: time_limit_s, memory_mib",
        "environment: RASID_COLOUR: unknown; allowed: RASID_<section>__<key>",
    }
    for start in expected:
        assert any(problem.startswith(start) for problem in told), (start, told)
    assert len(told) == len(expected)


def test_a_file_that_is_no_toml_is_told_with_its_line(folder: Path) -> None:
    (problem,) = problems_of("[poll\n", folder)
    assert problem.startswith("settings.toml:1: not TOML: ")


@pytest.mark.parametrize(
    ("feed", "told"),
    [
        ('id = "A B"\nurl = "https://example.org/"\noutlet = "x"', "feed 1: id:"),
        ('id = "a"\nurl = "file:///etc/passwd"\noutlet = "x"', "feed 1: url: not a web address"),
        ('id = "a"\nurl = "https://user@example.org/"\noutlet = "x"', "feed 1: url: not a web address"),
        ('id = "a"\nurl = "https://example.org/"', "feed 1: outlet: is missing"),
        (
            'id = "a"\nurl = "https://example.org/"\noutlet = "x"\ncolour = 1',
            "feed 1: colour: unknown key; allowed: id",
        ),
    ],
)
def test_a_feed_that_may_not_be_polled_is_refused(tmp_path: Path, feed: str, told: str) -> None:
    path = tmp_path / "feeds.toml"
    path.write_text(f"[[feed]]\n{feed}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_feeds(path)
    assert any(told in problem for problem in caught.value.problems), caught.value.problems


def test_an_added_feed_is_loaded_after_the_configured_ones_and_never_twice(tmp_path: Path) -> None:
    configured, added = CONFIG / "feeds.toml", tmp_path / "data" / "feeds.toml"
    feed = FeedSource(id="new", url="https://example.org/feed?a=1", outlet='صحيفة "التجربة" \\')
    add_feed(added, feed, beside=configured)
    assert load_feeds(configured, added)[-1] == feed
    before = added.read_bytes()
    with pytest.raises(ConfigError, match="stands twice"):
        add_feed(added, feed, beside=configured)
    assert added.read_bytes() == before


def test_problems_of_lexicon_and_watchlist_are_told_together(folder: Path) -> None:
    (folder / "watchlist.toml").write_text("[[principal]]\nid = 'x'\n", encoding="utf-8")
    with (folder / "lexicon" / "ranks.toml").open("a", encoding="utf-8") as file:
        file.write("\n[[entry]]\nid = 'odd'\nforms = ['غريب']\ncolour = 'x'\n")
    with pytest.raises(ConfigError) as caught:
        load_read_config(folder)
    told = "\n".join(caught.value.problems)
    assert "watchlist.toml:1: x: name is missing" in told
    assert re.search(r"lexicon/ranks\.toml:\d+: odd: unknown key 'colour'", told)


def test_a_measure_and_a_judge_take_their_keys_from_the_environment_or_a_file(folder: Path) -> None:
    secret = folder / "key"
    secret.write_text("k2\n", encoding="utf-8")
    written = (
        '[similarity]\nsetting = "openai+http://10.0.0.1:80/v1#bge-m3"\nallow_private = true\n'
        '[judge]\nurl = "https://model.example/v1"\nmodel = "m1"\n'
    )
    (folder / "settings.toml").write_text(written, encoding="utf-8")
    environ = {"RASID_SIMILARITY__API_KEY": "k1", "RASID_JUDGE__API_KEY_FILE": str(secret)}
    settings = load_settings(folder, environ)
    assert settings.similarity.setting.endswith("#bge-m3")
    keys = settings.similarity.api_key, settings.judge.api_key
    assert [key.get_secret_value() for key in keys if key] == ["k1", "k2"]
    assert "k1" not in repr(settings)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ('[similarity]\nsetting = "neural"\n', "settings.toml:2: similarity.setting: "),
        ('[similarity]\nsetting = "openai+http://127.0.0.1/v1"\n', "settings.toml:2: similarity.setting: "),
        ('[similarity]\napi_key = "hunter2"\n', "settings.toml:2: similarity.api_key: a secret may not stand here"),
        ('[judge]\nurl = "ftp://model.example"\n', "settings.toml:2: judge.url"),
        ('[judge]\nurl = "https://model.example/v1"\n', "settings.toml:1: judge.model: is missing"),
        ('[judge]\napi_key = "hunter2"\n', "settings.toml:2: judge.api_key: a secret may not stand here"),
    ],
)
def test_a_wrong_measure_or_judge_is_told_with_what_is_allowed(folder: Path, written: str, told: str) -> None:
    problems = problems_of(written, folder)
    assert len(problems) == 1, problems
    assert problems[0].startswith(told), problems
    assert "hunter2" not in problems[0]
