"""Words of Arabic as loaded values: what an editor writes in `config/lexicon/*.toml`, checked and frozen.

Every file is a list of `[[entry]]` tables: `id` (unique in its file), `forms` (written forms), `example` (a
sentence in which the first form stands, where the file asks for one) and the file's own attributes. Loading is
pure: the caller hands in the parsed tables.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from monitor.errors import KeyPath

    _Problem = tuple[KeyPath, str]
    """Where in the file or entry, and what is wrong."""


@dataclass(frozen=True, slots=True)
class FileShape:
    """What the entries of one lexicon file may hold."""

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    example: bool = False
    shared_forms: bool = False
    """True where one form may stand under several entries of the file (an ambiguous word)."""


SHAPES: Mapping[str, FileShape] = {
    "offices": FileShape(required=("en", "class"), optional=("head", "country", "descriptor"), example=True),
    "ranks": FileShape(required=("en", "level"), example=True),
    "predicates": FileShape(
        required=("kind", "family", "shape"), optional=("modality", "polarity", "mode", "before_person"), example=True
    ),
    "modality": FileShape(required=("step",), example=True),
    "attribution": FileShape(required=("type",), example=True),
    "negation": FileShape(required=("type",), example=True),
    "topics": FileShape(required=("en",)),
    "boilerplate": FileShape(required=("where",)),
    "countries": FileShape(required=("en",), optional=("region", "names", "weak")),
    "cities": FileShape(required=("country", "en"), optional=("weak",)),
    "venues": FileShape(required=("en",), optional=("place", "country", "weak")),
    "organisations": FileShape(required=("en", "code")),
    "months": FileShape(required=("number", "calendar"), optional=("weak",), shared_forms=True),
    "weekdays": FileShape(required=("number",)),
    "numbers": FileShape(required=("value",)),
    "datewords": FileShape(required=("type",), optional=("value",), shared_forms=True),
    "cues": FileShape(required=("type",), shared_forms=True),
    "stopwords": FileShape(),
    "synonyms": FileShape(),
    "antonyms": FileShape(required=("opposite",), optional=("against", "turns")),
    "names": FileShape(shared_forms=True),
    "syntax": FileShape(shared_forms=True),
    "screen": FileShape(required=("type",), optional=("over",)),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One lexicon entry; `attrs` are the file's own attributes as text."""

    id: str
    forms: tuple[str, ...]
    example: str = ""
    attrs: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str | None:
        """The attribute's value, None where the entry does not have it."""
        return self.attrs.get(name)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All files by name, each a tuple of entries in file order."""

    files: Mapping[str, tuple[Entry, ...]]

    def entries(self, name: str) -> tuple[Entry, ...]:
        """The entries of one file (its name without `.toml`), empty where there is no such file."""
        return self.files.get(name, ())


def _file(name: str, _: KeyPath) -> str:
    return f"lexicon/{name}.toml"


def load_lexicon(
    tables: Mapping[str, Mapping[str, object]], fold: Callable[[str], str], at: Callable[[str, KeyPath], str] = _file
) -> tuple[Lexicon, tuple[str, ...]]:
    """Check parsed TOML files and freeze them.

    Args:
        tables: File name without `.toml` to the parsed file.
        fold: The fold under which two forms count as one.
        at: File and line of a key, with which a problem begins.

    Returns:
        The lexicon, and every problem found, each naming its file and entry.
    """
    problems: list[str] = []
    files: dict[str, tuple[Entry, ...]] = {}
    for name, table in sorted(tables.items()):
        shape = SHAPES.get(name)
        if shape is None:
            problems.append(f"{_file(name, ())}: no such lexicon file; allowed: {', '.join(sorted(SHAPES))}")
            continue
        files[name], found = _load_file(table, shape, fold)
        problems.extend(f"{at(name, path)}: {problem}" for path, problem in found)
    problems.extend(f"{_file(name, ())}: missing" for name in SHAPES if name not in tables)
    return Lexicon(files), tuple(problems)


def _load_file(
    table: Mapping[str, object], shape: FileShape, fold: Callable[[str], str]
) -> tuple[tuple[Entry, ...], list[_Problem]]:
    rows = table.get("entry")
    unknown = sorted(set(table) - {"entry"})
    problems: list[_Problem] = [((key,), f"unknown key {key!r}; allowed: entry") for key in unknown]
    if not isinstance(rows, list):
        return (), [*problems, (("entry",), "holds no [[entry]]")]
    entries: list[Entry] = []
    ids: set[str] = set()
    folded: dict[str, str] = {}
    for number, row in enumerate(rows):
        entry, found = _load_entry(row, shape)
        if entry is not None:
            found += _repeated(entry, ids, folded, shape, fold)
            entries.append(entry)
        problems.extend((("entry", number, *path), problem) for path, problem in found)
    return tuple(entries), problems


def _repeated(
    entry: Entry, ids: set[str], folded: dict[str, str], shape: FileShape, fold: Callable[[str], str]
) -> list[_Problem]:
    """What of an entry stands in the file already; its id and forms are added to those seen."""
    found: list[_Problem] = [(("id",), f"id {entry.id!r} stands twice")] if entry.id in ids else []
    ids.add(entry.id)
    for form in entry.forms:
        other = folded.setdefault(fold(form), entry.id)
        if not fold(form):
            found.append((("forms",), f"{entry.id}: an empty form"))
        elif not shape.shared_forms and (other != entry.id or entry.forms.count(form) > 1):
            found.append((("forms",), f"{entry.id}: {form!r} folds to a form of {other}"))
    return found


def _load_entry(row: object, shape: FileShape) -> tuple[Entry | None, list[_Problem]]:
    if not isinstance(row, dict):
        return None, [((), "an entry is no table")]
    allowed = {"id", "forms", "example", *shape.required, *shape.optional}
    entry_id, forms = row.get("id"), row.get("forms")
    if not isinstance(entry_id, str) or not isinstance(forms, list) or not all(isinstance(f, str) for f in forms):
        return None, [((), f"an entry needs id (text) and forms (list of text): {row!r:.80}")]
    problems: list[_Problem] = [
        ((key,), f"{entry_id}: unknown key {key!r}; allowed: {', '.join(sorted(allowed))}")
        for key in sorted(set(row) - allowed)
    ]
    problems.extend(((key,), f"{entry_id}: {key} is missing") for key in shape.required if key not in row)
    example = row.get("example", "")
    if shape.example and not example:
        problems.append((("example",), f"{entry_id}: example is missing"))
    attrs = {key: str(value) for key, value in row.items() if key not in {"id", "forms", "example"}}
    return Entry(entry_id, tuple(forms), str(example), attrs), problems
