"""What the operator decides: settings, feeds, watchlist and words, checked all at once.

`settings.toml` holds settings, the environment overrides it (`RASID_POLL__INTERVAL_S=600`: the section, two
underscores, the key), and secrets come from the environment alone: `RASID_MAIL__PASSWORD`, or the path of a file in
`RASID_MAIL__PASSWORD_FILE`. Nothing is guessed: a key nobody knows is a problem, and all problems are told together.
"""

from __future__ import annotations

import os
import re
import tomllib
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, NoDecode, SettingsConfigDict

from monitor.errors import ConfigError
from monitor.lexicon import load_lexicon
from monitor.model import FeedSource
from monitor.reading import ReadConfig
from monitor.reading.arabic import fold
from monitor.watch import load_watch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails
    from pydantic_settings import PydanticBaseSettingsSource

    from monitor.lexicon import Lexicon

ENV_PREFIX = "RASID_"
ENV_FOLDERS = ("RASID_DATA_DIR", "RASID_CONFIG_DIR")
"""Names the command line reads by itself: they say where the settings are, so they are none."""

MIB = 1024 * 1024


def _split(value: object) -> object:
    """A list written as one line: `a@x.org, b@x.org`."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _address(value: str) -> str:
    if not re.fullmatch(r"[!-?A-~]+@[A-Za-z0-9.-]+|[!-?A-~]+@\[[0-9A-Fa-f:.]+\]", value):
        raise ValueError("not an e-mail address; allowed: name@host, ASCII, no spaces")
    return value


def _http_url(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s\\@/]+(?::\d+)?(?:[/?#][^\s\\]*)?", value):
        raise ValueError("not a web address; allowed: http://host/... or https://host/..., without user name")
    return value


Address = Annotated[str, AfterValidator(_address)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
Addresses = Annotated[tuple[Address, ...], NoDecode, BeforeValidator(_split)]


class Section(BaseModel):
    """A table of `settings.toml`; a key it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Poll(Section):
    """How feeds and pages are fetched."""

    interval_s: int = Field(900, ge=60, le=86_400, description="seconds between two polls of one feed")
    tick_s: float = Field(15, ge=0.05, le=300, description="seconds between two looks at what is due")
    per_host: int = Field(2, ge=1, le=8, description="requests at a time to one host")
    total: int = Field(20, ge=1, le=100, description="requests at a time in all")
    deadline_s: float = Field(30, ge=0.1, le=300, description="seconds for one request, redirects included")
    max_body_bytes: int = Field(15 * MIB, ge=1024, le=100 * MIB, description="largest body, inflated")
    max_redirects: int = Field(5, ge=0, le=10, description="hops followed")
    max_entries: int = Field(500, ge=1, le=5000, description="entries taken from one feed in one poll")
    tries: int = Field(5, ge=1, le=50, description="polls in which an unreachable article is tried")
    user_agent: str = Field("Rasid/0.1", min_length=1, max_length=200, description="how we name ourselves")
    contact: str = Field("", max_length=200, description="address or page for site owners, sent with the name")


class Read(Section):
    """Limits of the processes that read pages."""

    time_limit_s: float = Field(20, ge=0.1, le=300, description="seconds to read one page")
    memory_mib: int = Field(512, ge=128, le=8192, description="memory of one reading process")
    processes: int = Field(0, ge=0, le=64, description="reading processes; 0: one for each core, two at most")


class Mail(Section):
    """The server that takes our e-mail. Without recipients no e-mail is sent."""

    host: str = Field("127.0.0.1", min_length=1, description="name or address of the SMTP server")
    port: int = Field(587, ge=1, le=65_535, description="its port")
    tls: Literal["none", "starttls", "tls"] = Field("starttls", description="none, starttls or tls")
    sender: Address = Field("rasid@localhost", description="address the mail comes from")
    recipients: Addresses = Field((), description="addresses the mail goes to")
    username: str | None = Field(None, description="name to log in with")
    password: SecretStr | None = Field(None, description="secret, from the environment or a file")
    timeout_s: float = Field(60, ge=0.1, le=300, description="seconds for one message")


class Webhook(Section):
    """One endpoint that gets alerts by Standard Webhooks."""

    url: HttpUrl = Field(description="where alerts are posted")
    secret: SecretStr = Field(description="signing secret whsec_..., from the environment or a file")
    previous_secret: SecretStr | None = Field(None, description="the one before, while receivers change over")
    allow_private: bool = Field(default=False, description="true to allow an address of a private network")
    timeout_s: float = Field(20, ge=0.1, le=300, description="seconds for one request")


class Logging(Section):
    """What is told on stderr."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="least weight that is told")
    format: Literal["auto", "console", "json"] = Field(
        "auto", description="auto: for people on a terminal, JSON lines elsewhere"
    )


class Settings(BaseSettings):
    """All of `settings.toml`, with the environment over it."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix=ENV_PREFIX, env_nested_delimiter="__", env_ignore_empty=True
    )

    poll: Poll = Poll()
    read: Read = Read()
    mail: Mail = Mail()
    webhooks: dict[str, Webhook] = Field(default_factory=dict)
    logging: Logging = Logging()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic-settings hands these by name
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the environment comes as a value, merged below
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - no .env files
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - `..._FILE` names each secret's own file
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is handed in is all there is, so that loading depends on its arguments alone."""
        return (init_settings,)


class _Environment(EnvSettingsSource):
    """The environment as a value: a test, and the demo, load without touching the process's own."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        super().__init__(Settings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name.lower(): value for name, value in self._environ.items() if value}

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:  # noqa: ANN401 - as above it
        """Text that is no JSON is left to the field's own check, which tells what is allowed."""
        try:
            return super().decode_complex_value(field_name, field, value)
        except ValueError:
            return value


_SECRETS = re.compile(r"mail\.password|webhooks\.[^.]+\.(?:secret|previous_secret)")
_FILE_SUFFIX = "_FILE"


class _FeedTable(BaseModel):
    """One `[[feed]]` of `feeds.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$", description="short name, a-z 0-9 _ -")
    url: HttpUrl = Field(description="address of the feed")
    outlet: str = Field(min_length=1, max_length=200, description="name of the outlet")
    owner: str | None = Field(None, description="who owns the outlet, where known")
    kind: str = Field("news", min_length=1, max_length=40, description="what sort of outlet it is")
    allow_private: bool = Field(default=False, description="true to allow an address of a private network")


def load_settings(config_dir: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from `settings.toml` under the environment.

    Args:
        config_dir: Folder that holds `settings.toml`; without that file the defaults hold.
        environ: The environment; the process's own where not given.

    Raises:
        ConfigError: With every problem found, each naming file or variable, key and what is allowed.
    """
    problems: list[str] = []
    path = config_dir / "settings.toml"
    written = _toml(path, problems) if path.exists() else {}
    problems.extend(
        f"settings.toml: {key}: a secret may not stand here; allowed: {_variable(key)}, or with {_FILE_SUFFIX}"
        for key in _keys(written)
        if _SECRETS.fullmatch(key)
    )
    environment = _environment(os.environ if environ is None else environ, problems)
    merged = _over(written, _Environment(environment)())
    try:
        settings = Settings(**merged)
    except ValidationError as error:
        problems.extend(_told(error, written))
        raise ConfigError(tuple(problems)) from error
    if problems:
        raise ConfigError(tuple(problems))
    return settings


def load_feeds(*paths: Path) -> tuple[FeedSource, ...]:
    """The feeds of every file that is there, in order.

    Raises:
        ConfigError: With every problem found; an id or address may stand once.
    """
    problems: list[str] = []
    feeds: list[FeedSource] = []
    taken: set[str] = set()
    for path in paths:
        table = _toml(path, problems) if path.exists() else {}
        problems.extend(f"{path.name}: {key}: unknown key; allowed: feed" for key in sorted(set(table) - {"feed"}))
        rows = table.get("feed", [])
        for number, row in enumerate(rows if isinstance(rows, list) else [], 1):
            feed = _feed(path, number, row, problems)
            for mark in () if feed is None else (feed.id, feed.url):
                if mark in taken:
                    problems.append(f"{path.name}: feed {number}: {mark} stands twice")
                taken.add(mark)
            if feed is not None:
                feeds.append(feed)
    if problems:
        raise ConfigError(tuple(problems))
    return tuple(feeds)


def load_read_config(config_dir: Path) -> ReadConfig:
    """What reading needs: the lexicon and the watchlist. Called in every process that reads.

    Raises:
        ConfigError: With every problem found.
    """
    problems: list[str] = []
    lexicon = _lexicon(config_dir / "lexicon", problems)
    path = config_dir / "watchlist.toml"
    watch, faults = load_watch(_toml(path, problems), fold)
    problems.extend(faults)
    if problems:
        raise ConfigError(tuple(problems))
    return ReadConfig(lexicon=lexicon, watch=watch)


def _lexicon(folder: Path, problems: list[str]) -> Lexicon:
    tables = {path.stem: _toml(path, problems) for path in sorted(folder.glob("*.toml"))}
    lexicon, faults = load_lexicon(tables, fold)
    problems.extend(faults)
    return lexicon


def _feed(path: Path, number: int, row: object, problems: list[str]) -> FeedSource | None:
    try:
        table = _FeedTable.model_validate(row)
    except ValidationError as error:
        for fault in error.errors():
            key = ".".join(str(part) for part in fault["loc"])
            problems.append(f"{path.name}: feed {number}: {key}: {_sentence(_FeedTable, fault)}")
        return None
    return FeedSource(**table.model_dump())


def _toml(path: Path, problems: list[str]) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        problems.append(f"{path.name}: there is no such file in {path.parent}")
    except OSError as error:
        problems.append(f"{path.name}: cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        problems.append(f"{path.name}: not UTF-8 at byte {error.start}")
    except tomllib.TOMLDecodeError as error:
        problems.append(f"{path.name}: not TOML: {error}")
    return {}


def _environment(environ: Mapping[str, str], problems: list[str]) -> dict[str, str]:
    """Our own variables, secrets read from the files that `..._FILE` names."""
    ours: dict[str, str] = {}
    for name, value in sorted(environ.items()):
        if not name.startswith(ENV_PREFIX) or name in ENV_FOLDERS or not value:
            continue
        section = name.removeprefix(ENV_PREFIX).lower().split("__")[0]
        if section not in Settings.model_fields:
            problems.append(f"environment: {name}: unknown; allowed: {ENV_PREFIX}<section>__<key> with a section of "
                            f"{', '.join(Settings.model_fields)}, and {', '.join(ENV_FOLDERS)}")  # fmt: skip
        elif name.endswith(_FILE_SUFFIX) and _SECRETS.fullmatch(_key(name.removesuffix(_FILE_SUFFIX))):
            secret = name.removesuffix(_FILE_SUFFIX)
            if environ.get(secret):
                problems.append(f"environment: {secret} and {name} are both set; allowed: one of them")
            ours[secret] = _secret_file(name, value, problems)
        else:
            ours[name] = value
    return ours


def _secret_file(name: str, path: str, problems: list[str]) -> str:
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123 - pathlib is imported for typing only
            secret = file.read(10_000).strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        problems.append(f"environment: {name}: the secret's file {path} cannot be read: {why}")
        return "-"
    if not secret:
        problems.append(f"environment: {name}: the secret's file {path} is empty")
    return secret or "-"


def _key(variable: str) -> str:
    return variable.removeprefix(ENV_PREFIX).lower().replace("__", ".")


def _variable(key: str) -> str:
    return ENV_PREFIX + key.upper().replace(".", "__")


def _keys(table: Mapping[str, Any], above: str = "") -> Iterable[str]:
    for key, value in table.items():
        yield above + key
        if isinstance(value, dict):
            yield from _keys(value, f"{above}{key}.")


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        held = merged.get(key)
        merged[key] = _over(held, value) if isinstance(held, dict) and isinstance(value, dict) else value
    return merged


def _told(error: ValidationError, written: Mapping[str, Any]) -> Iterable[str]:
    stands = set(_keys(written))
    for fault in error.errors():
        named = [str(part) for part in fault["loc"] if not isinstance(part, int)]
        key = ".".join(named)
        if _SECRETS.fullmatch(key) and key in stands:
            continue  # told already, as a secret in the wrong place
        missing = fault["type"] == "missing"
        where = "settings.toml" if key in stands or (missing and ".".join(named[:-1]) in stands) else "environment"
        yield f"{where}: {key if where == 'settings.toml' else _variable(key)}: {_sentence(Settings, fault)}"


def _sentence(model: type[BaseModel], fault: ErrorDetails) -> str:
    """What is wrong with one key and what is allowed in its place. A secret's value is never repeated."""
    *above, key = [str(part) for part in fault["loc"] if not isinstance(part, int)] or [""]
    for name in above:
        found = model.model_fields.get(name)
        inner = found.annotation if found else None
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            model = inner
        elif name == "webhooks":
            model = Webhook
    if fault["type"] == "extra_forbidden":
        return f"unknown key; allowed: {', '.join(model.model_fields)}"
    field = model.model_fields.get(key)
    hint = f" ({field.description})" if field is not None and field.description else ""
    if fault["type"] == "missing":
        way = f"; set {_variable('.'.join([*above, key]))}" if _SECRETS.fullmatch(".".join([*above, key])) else ""
        return f"is missing{hint}{way}"
    message = fault["msg"].removeprefix("Value error, ")
    return f"{message[:1].lower()}{message[1:]}{hint}"
