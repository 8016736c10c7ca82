"""Values of `monitor.model` to rows and back. Columns are named like fields; what is no scalar is JSON."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from enum import Enum
from functools import lru_cache
from types import UnionType
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from monitor import model
from monitor.model import Counterpart, Meeting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from _typeshed import DataclassInstance

Row: TypeAlias = dict[str, Any]
Decoder: TypeAlias = Callable[[Any], Any]
Value = TypeVar("Value", bound="DataclassInstance")

PRINCIPAL, COUNTERPART = "principal", "counterpart"


def stamp(moment: datetime) -> str:
    """A moment as it is stored: UTC, always with microseconds, so that text order is time order.

    >>> stamp(datetime(2026, 1, 17, 12, 25, tzinfo=UTC))
    '2026-01-17T12:25:00.000000+00:00'

    Raises:
        ValueError: `moment` has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"a stored moment needs its time zone: {moment.isoformat()}")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def digest(*parts: str | None) -> str:
    """A stable id of `parts`: 32 hexadecimal digits of SHA-256, None apart from every text."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def dump(value: DataclassInstance) -> str:
    """A whole value as JSON text."""
    return _json(_plain(value))


def load(kind: type[Value], text: str) -> Value:
    """The value that `dump` wrote. Fields added since take their defaults."""
    value: Value = _decoder(kind)(json.loads(text))
    return value


def to_row(value: DataclassInstance, *without: str) -> Row:
    """One column for each field except `without`."""
    names = [field.name for field in dataclasses.fields(value) if field.name not in without]
    return {name: _column(getattr(value, name)) for name in names}


def from_row(kind: type[Value], row: Mapping[str, Any], **known: object) -> Value:
    """The value whose fields are in `row`; `known` gives those that are stored elsewhere."""
    decoders = _column_decoders(kind, frozenset(known))
    fields = {name: decode(row[name]) for name, decode in decoders.items()}
    return kind(**fields, **known)


def meeting_people(meeting_id: str, meeting: Meeting) -> list[Row]:
    """Both sides of a meeting, in order."""
    empty = {"person": None, "name": None, "office": None, "country": None}
    principals = [
        {"meeting_id": meeting_id, "side": PRINCIPAL, "position": position, **empty, "person": person}
        for position, person in enumerate(meeting.principals)
    ]
    counterparts = [
        {"meeting_id": meeting_id, "side": COUNTERPART, "position": position, **empty, **to_row(counterpart)}
        for position, counterpart in enumerate(meeting.counterparts)
    ]
    return principals + counterparts


def meeting(row: Mapping[str, Any], people: Sequence[Mapping[str, Any]]) -> Meeting:
    """A meeting from its row and those of its people, in order of position."""
    return from_row(
        Meeting,
        row,
        principals=tuple(one["person"] for one in people if one["side"] == PRINCIPAL),
        counterparts=tuple(from_row(Counterpart, one) for one in people if one["side"] == COUNTERPART),
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _column(value: object) -> object:
    plain = _plain(value)
    if isinstance(plain, bool):
        return int(plain)
    return _json(plain) if isinstance(plain, list | dict) else plain


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, date):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


def _as_it_is(stored: object) -> object:
    return stored


def _of_column(hint: object) -> Decoder:
    """How a column becomes a field: through JSON where the field is no scalar."""
    inner = _without_none(hint)
    decoder = _decoder(inner)
    if get_origin(inner) is tuple or dataclasses.is_dataclass(inner):
        return lambda stored: None if stored is None else decoder(json.loads(stored))
    return decoder if decoder is _as_it_is else lambda stored: None if stored is None else decoder(stored)


@lru_cache(maxsize=256)
def _decoder(hint: Any) -> Decoder:  # noqa: ANN401 - any field's type
    """How plain JSON becomes a value of `hint`; made once, for a recall decodes thousands of columns."""
    inner = _without_none(hint)
    if inner is not hint:
        decode = _decoder(inner)
        return lambda plain: None if plain is None else decode(plain)
    if get_origin(hint) is tuple:
        return _tuple_decoder(get_args(hint))
    if dataclasses.is_dataclass(hint):
        fields = {name: _decoder(kind) for name, kind in _hints(hint).items()}
        build = cast("Callable[..., Any]", hint)
        return lambda plain: build(**{name: fields[name](one) for name, one in plain.items() if name in fields})
    if issubclass(hint, date):  # a datetime is one too
        return cast("Decoder", hint.fromisoformat)
    return cast("Decoder", hint) if issubclass(hint, Enum) or hint is bool else _as_it_is


def _tuple_decoder(kinds: tuple[Any, ...]) -> Decoder:
    decoders = [_decoder(kind) for kind in kinds if kind is not Ellipsis]
    if kinds[-1] is Ellipsis:
        each = decoders[0]
        return lambda plain: tuple(map(each, plain))
    return lambda plain: tuple(decode(one) for decode, one in zip(decoders, plain, strict=True))


def _without_none(hint: Any) -> Any:  # noqa: ANN401 - any field's type
    if get_origin(hint) in {Union, UnionType}:
        (hint,) = (kind for kind in get_args(hint) if kind is not type(None))
    return hint


def _hints(kind: Any) -> dict[str, Any]:  # noqa: ANN401 - any dataclass
    # The model's modules import these, and each other's values, for type checkers only.
    return get_type_hints(kind, localns={**vars(model), "datetime": datetime, "date": date})


@lru_cache(maxsize=64)
def _column_decoders(kind: type, without: frozenset[str]) -> dict[str, Decoder]:
    return {name: _of_column(hint) for name, hint in _hints(kind).items() if name not in without}
