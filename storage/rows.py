"""Values of `monitor.model` to rows and back. Columns are named like fields; what is no scalar is JSON."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from datetime import UTC, date, datetime
from enum import Enum
from functools import lru_cache
from types import UnionType
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

from monitor.model import Counterpart, Meeting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from _typeshed import DataclassInstance

Row: TypeAlias = dict[str, Any]
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
    value: Value = _value(kind, json.loads(text))
    return value


def to_row(value: DataclassInstance, *without: str) -> Row:
    """One column for each field except `without`."""
    names = [field.name for field in dataclasses.fields(value) if field.name not in without]
    return {name: _column(getattr(value, name)) for name in names}


def from_row(kind: type[Value], row: Mapping[str, Any], **known: object) -> Value:
    """The value whose fields are in `row`; `known` gives those that are stored elsewhere."""
    hints = _hints(kind)
    fields = {name: _uncolumn(hint, row[name]) for name, hint in hints.items() if name not in known}
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


def _uncolumn(hint: Any, stored: Any) -> Any:  # noqa: ANN401 - any field's type, any column
    inner = _without_none(hint)
    composite = get_origin(inner) is tuple or dataclasses.is_dataclass(inner)
    return _value(hint, json.loads(stored) if composite and stored is not None else stored)


def _value(hint: Any, plain: Any) -> Any:  # noqa: ANN401 - any field's type, any JSON value
    if plain is None:
        return None
    hint = _without_none(hint)
    if get_origin(hint) is tuple:
        kinds = get_args(hint)
        each = (kinds[0],) * len(plain) if kinds[-1] is Ellipsis else kinds
        return tuple(_value(kind, one) for kind, one in zip(each, plain, strict=True))
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        hints = _hints(hint)
        return hint(**{name: _value(hints[name], one) for name, one in plain.items() if name in hints})
    if issubclass(hint, date):  # a datetime is one too
        return hint.fromisoformat(plain)
    return hint(plain) if issubclass(hint, Enum) or hint is bool else plain


def _without_none(hint: Any) -> Any:  # noqa: ANN401 - any field's type
    if get_origin(hint) in {Union, UnionType}:
        (hint,) = (kind for kind in get_args(hint) if kind is not type(None))
    return hint


@lru_cache(maxsize=64)
def _hints(kind: type) -> dict[str, Any]:
    # The model imports these two for type checkers only.
    return get_type_hints(kind, localns={"datetime": datetime, "date": date})
