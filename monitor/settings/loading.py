"""From files and the environment to checked values, or to all that is wrong with them at once."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError
from pydantic_settings import EnvSettingsSource

from monitor.errors import ConfigError
from monitor.lexicon import load_lexicon
from monitor.reading.arabic import fold
from monitor.reading.words import ReadConfig
from monitor.settings.shape import ENV_PREFIX, Chat, Settings, Webhook
from monitor.settings.written import read_toml, read_toml_if_there
from monitor.watch import load_watch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

    from monitor.errors import KeyPath
    from monitor.lexicon import Lexicon
    from monitor.settings.written import Written
    from monitor.watch import Watch

ENV_FOLDERS = ("RASID_DATA_DIR", "RASID_CONFIG_DIR", "RASID_I_KNOW")
"""Names the command line reads by itself: they say where the settings are, so they are none."""


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


_SECRETS = re.compile(
    r"mail\.password|links\.key|(?:similarity|judge)\.api_key|webhooks\.[^.]+\.(?:secret|previous_secret)|chat\.[^.]+\.url"
)
_FILE = "settings.toml"
_FILE_SUFFIX = "_FILE"
_NAMED: dict[str, type[BaseModel]] = {"webhooks": Webhook, "chat": Chat}
"""Sections that hold tables by name."""


def load_settings(config_dir: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from `settings.toml` under the environment.

    Args:
        config_dir: Folder that holds `settings.toml`; without that file the defaults hold.
        environ: The environment; the process's own where not given.

    Raises:
        ConfigError: With every problem found, each naming file and line, or variable, key and what is allowed.
    """
    problems: list[str] = []
    written = read_toml_if_there(config_dir / _FILE, problems)
    problems.extend(
        f"{written.at(path)}: {_dotted(path)}: a secret may not stand here; "
        f"allowed: {_variable(path)}, or with {_FILE_SUFFIX}"
        for path in _keys(written.table)
        if _SECRETS.fullmatch(_dotted(path))
    )
    sources = _Sources(written, _environment(os.environ if environ is None else environ, problems))
    try:
        settings = Settings(**sources.merged)
    except ValidationError as error:
        problems.extend(sources.told(error))
        raise ConfigError(tuple(problems)) from error
    if problems:
        raise ConfigError(tuple(problems))
    return settings


def place_of(config_dir: Path, *path: str, environ: Mapping[str, str] | None = None) -> str:
    """Where a setting that loads well was set, for a fault that is seen elsewhere: file, line and key, or variable."""
    written = read_toml_if_there(config_dir / _FILE, [])
    environ = os.environ if environ is None else environ
    ours = {name: value for name, value in environ.items() if name.startswith(ENV_PREFIX) and name not in ENV_FOLDERS}
    return _Sources(written, ours).place(path)  # no secret's file is read for that


def load_read_config(config_dir: Path) -> ReadConfig:
    """What reading needs: the lexicon and the watchlist. Called in every process that reads.

    Raises:
        ConfigError: With every problem found.
    """
    problems: list[str] = []
    lexicon = _lexicon(config_dir / "lexicon", problems)
    watch = _watch(config_dir / "watchlist.toml", problems)
    if problems:
        raise ConfigError(tuple(problems))
    return ReadConfig(lexicon=lexicon, watch=watch)


def load_watchlist(config_dir: Path) -> Watch:
    """Whom to watch, without the words of Arabic: what a question to the archive needs.

    Raises:
        ConfigError: With every problem found.
    """
    problems: list[str] = []
    watch = _watch(config_dir / "watchlist.toml", problems)
    if problems:
        raise ConfigError(tuple(problems))
    return watch


def _watch(path: Path, problems: list[str]) -> Watch:
    written = read_toml(path, problems)
    watch, faults = load_watch(written.table, fold, written.at)
    problems.extend(faults)
    return watch


def _lexicon(folder: Path, problems: list[str]) -> Lexicon:
    paths = sorted(folder.glob("*.toml"))
    files = {path.stem: read_toml(path, problems, name=f"lexicon/{path.name}") for path in paths}
    tables = {name: file.table for name, file in files.items()}
    lexicon, faults = load_lexicon(tables, fold, lambda name, path: files[name].at(path))
    problems.extend(faults)
    return lexicon


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


def _variable(path: KeyPath) -> str:
    return ENV_PREFIX + "__".join(map(str, path)).upper()


def _keys(table: Mapping[str, Any], above: KeyPath = ()) -> Iterable[KeyPath]:
    for key, value in table.items():
        yield (*above, key)
        if isinstance(value, dict):
            yield from _keys(value, (*above, key))


def _dotted(path: KeyPath) -> str:
    return ".".join(map(str, path))


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        held = merged.get(key)
        merged[key] = _over(held, value) if isinstance(held, dict) and isinstance(value, dict) else value
    return merged


class _Sources:
    """What the file and the environment say, each by itself: where a value comes from is where its fault is told."""

    def __init__(self, written: Written, environment: Mapping[str, str]) -> None:
        given = _Environment(environment)()
        self.merged = _over(written.table, given)
        self._written, self._given = {(), *_keys(written.table)}, {(), *_keys(given)}
        self._at, self._variables = written.at, tuple(name.upper() for name in environment)

    def told(self, error: ValidationError) -> Iterable[str]:
        """Every fault with its place, but for secrets in the file, of which there is more to say."""
        for fault in error.errors():
            path = tuple(part for part in fault["loc"] if not isinstance(part, int))
            if _SECRETS.fullmatch(_dotted(path)) and path in self._written and path not in self._given:
                continue
            yield f"{self.place(path, missing=fault['type'] == 'missing')}: {sentence(Settings, fault)}"

    def place(self, path: KeyPath, *, missing: bool = False) -> str:
        """File, line and key; or the variable that holds the key, or would have to."""
        if missing and path[:-1] not in self._written:
            return f"environment: {_variable(path)}"
        if not missing and path in self._given:
            return f"environment: {self._holder(path)}"
        return f"{self._at(path)}: {_dotted(path)}"

    def _holder(self, path: KeyPath) -> str:
        """A variable may hold a key, the whole table above it as JSON, or something below it."""
        named = [_variable(path[:depth]) for depth in range(len(path), 0, -1)]
        below = (name for name in self._variables if name.startswith(f"{named[0]}__"))
        return next((name for name in (*named, *below) if name in self._variables), named[0])


def sentence(model: type[BaseModel], fault: ErrorDetails) -> str:
    """What is wrong with one key and what is allowed in its place. A secret's value is never repeated."""
    *above, key = [str(part) for part in fault["loc"] if not isinstance(part, int)] or [""]
    for name in above:
        found = model.model_fields.get(name)
        inner = found.annotation if found else None
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            model = inner
        elif name in _NAMED:
            model = _NAMED[name]
    if fault["type"] == "extra_forbidden":
        return f"unknown key; allowed: {', '.join(model.model_fields)}"
    field = model.model_fields.get(key)
    hint = f" ({field.description})" if field is not None and field.description else ""
    if fault["type"] == "missing":
        way = f"; set {_variable((*above, key))}" if _SECRETS.fullmatch(".".join([*above, key])) else ""
        return f"is missing{hint}{way}"
    message = fault["msg"].removeprefix("Value error, ")
    return f"{message[:1].lower()}{message[1:]}{hint}"
