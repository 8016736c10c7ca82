"""From files and the environment to checked values, or to all that is wrong with them at once."""

from __future__ import annotations

import os
import re
import tomllib
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError
from pydantic_settings import EnvSettingsSource

from monitor.errors import ConfigError
from monitor.lexicon import load_lexicon
from monitor.reading.arabic import fold
from monitor.reading.words import ReadConfig
from monitor.settings.shape import ENV_PREFIX, Chat, Settings, Webhook
from monitor.watch import load_watch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

    from monitor.lexicon import Lexicon
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
_FILE_SUFFIX = "_FILE"
_NAMED: dict[str, type[BaseModel]] = {"webhooks": Webhook, "chat": Chat}
"""Sections that hold tables by name."""


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
    written = read_toml(path, problems) if path.exists() else {}
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
        problems.extend(_told(error, written, environment))
        raise ConfigError(tuple(problems)) from error
    if problems:
        raise ConfigError(tuple(problems))
    return settings


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
    watch, faults = load_watch(read_toml(path, problems), fold)
    problems.extend(faults)
    return watch


def _lexicon(folder: Path, problems: list[str]) -> Lexicon:
    tables = {path.stem: read_toml(path, problems) for path in sorted(folder.glob("*.toml"))}
    lexicon, faults = load_lexicon(tables, fold)
    problems.extend(faults)
    return lexicon


def read_toml(path: Path, problems: list[str]) -> dict[str, Any]:
    """The parsed file; empty, with a problem more, where it cannot be read."""
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


def _told(error: ValidationError, written: Mapping[str, Any], environment: Mapping[str, str]) -> Iterable[str]:
    stands = set(_keys(written))
    for fault in error.errors():
        named = [str(part) for part in fault["loc"] if not isinstance(part, int)]
        key = ".".join(named)
        if _SECRETS.fullmatch(key) and key in stands:
            continue  # told already, as a secret in the wrong place
        # A variable may hold a key, or the whole table above it as JSON.
        variables = (_variable(".".join(named[:depth])) for depth in range(len(named), 0, -1))
        variable = next((name for name in variables if name in environment), None)
        above = ".".join(named[:-1])
        if variable is None and fault["type"] == "missing" and above not in stands:
            variable = _variable(key)
        where = f"settings.toml: {key}" if variable is None else f"environment: {variable}"
        yield f"{where}: {sentence(Settings, fault)}"


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
        way = f"; set {_variable('.'.join([*above, key]))}" if _SECRETS.fullmatch(".".join([*above, key])) else ""
        return f"is missing{hint}{way}"
    message = fault["msg"].removeprefix("Value error, ")
    return f"{message[:1].lower()}{message[1:]}{hint}"
