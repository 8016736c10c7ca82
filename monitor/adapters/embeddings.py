"""Likeness by sentence embeddings: vectors from a model here or behind an endpoint, cosine, the model's calibration.

The models are in `monitor.adapters.encoders`.
"""

from __future__ import annotations

import re
import threading
import time
import unicodedata
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

import numpy as np
import structlog
from xxhash import xxh3_64_hexdigest, xxh3_128_digest

from monitor.errors import RasidError
from monitor.reading.arabic import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from monitor.deciding.calibration import Calibration
    from monitor.ports import Similarity

Vectors: TypeAlias = "np.ndarray[tuple[int, int], np.dtype[np.float32]]"
"""One row for each text; `Encoder.encode` need not make their length 1."""

QUIET_S: Final = 60.0
"""How long an encoder that failed is left alone: each try may cost its whole time limit."""
_KEPT: Final = 20_000
"""Vectors kept: of 384 numbers, thirty megabytes."""
_MAX_CHARS: Final = 2000
_BATCH: Final = 64
_MARKS: Final = re.compile("[\u0640\u064b-\u0652\u0670\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")

_log = structlog.get_logger()


class Encoder(Protocol):
    """A model that turns texts into vectors. `name` says which, with its version."""

    name: str

    def encode(self, texts: Sequence[str]) -> Vectors:
        """A row for each text.

        Raises:
            RasidError: The model gave none this time.
        """

    def close(self) -> None:
        """Let go of what it holds."""


class EmbeddingSimilarity:
    """`Similarity` by cosine of two vectors, on the scale of the model's calibration.

    Where the encoder fails, `fallback` answers for a minute, and `name` says so: what is stored beside a score is
    what made it. Without a fallback the error is raised.
    """

    def __init__(
        self,
        encoder: Encoder,
        *,
        calibration: Calibration | None = None,
        fallback: Similarity | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Over `encoder`; without a calibration scores are raw cosines, cut at 0."""
        self._encoder, self._calibration, self._fallback = encoder, calibration, fallback
        self._monotonic, self._quiet_until = monotonic, float("-inf")
        self._vectors = _Cache(encoder)
        self._own_name = self.name = calibrated_name(encoder.name, calibration)

    def score(self, one: str, others: Sequence[str]) -> list[float]:
        """The likeness of `one` to each of `others`, 0..1; 1 for equal folded text, whatever the model says."""
        if self._fallback is None:
            return self._scored(one, others)
        if self._monotonic() >= self._quiet_until:
            try:
                found = self._scored(one, others)
            except Exception as error:  # noqa: BLE001 - a model is the work of others: no article is lost by it
                why = str(error) if isinstance(error, RasidError) else f"{type(error).__name__}: {error}"
                _log.warning("similarity failed", model=self._encoder.name, why=why, instead=self._fallback.name)
                self._quiet_until = self._monotonic() + QUIET_S
            else:
                self.name = self._own_name
                return found
        self.name = f"{self._fallback.name} for {self._encoder.name}"
        return self._fallback.score(one, others)

    def close(self) -> None:
        """Let the model go."""
        self._encoder.close()

    def _scored(self, one: str, others: Sequence[str]) -> list[float]:
        here = fold(one)
        unlike = [other for other in others if fold(other) != here]
        found = iter(self._cosines(one, unlike) if unlike else ())
        return [1.0 if fold(other) == here else self._mapped(next(found)) for other in others]

    def _cosines(self, one: str, others: Sequence[str]) -> list[float]:
        first, *rest = self._vectors.of([_prepared(text) for text in (one, *others)])
        return [min(1.0, max(-1.0, float(first @ other))) for other in rest]

    def _mapped(self, cosine: float) -> float:
        return max(0.0, cosine) if self._calibration is None else self._calibration.of(cosine)


def calibrated_name(name: str, calibration: Calibration | None) -> str:
    """A measure's name with its calibration, so that a stored score says which map made it."""
    return name if calibration is None else f"{name}~{xxh3_64_hexdigest(repr(calibration.knots).encode())[:6]}"


def _prepared(text: str) -> str:
    """What a model reads: hamza and teh marbuta as written, vowel signs, tatweel and controls off, one line."""
    return " ".join(_MARKS.sub("", unicodedata.normalize("NFC", text)).split())[:_MAX_CHARS] or "."


class _Cache:
    """Vectors of length 1 by text, the least lately used forgotten first. May be asked from several threads."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._kept: OrderedDict[bytes, Any] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, texts: Sequence[str]) -> list[Any]:
        """A vector for each text, in their order.

        Raises:
            RasidError: The model's answer is not a finite vector for each text.
        """
        keys = [xxh3_128_digest(f"{self._encoder.name}\0{text}".encode("utf-8", "replace")) for text in texts]
        with self._lock:
            missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._kept}
            made = dict(zip(missing, self._encoded(list(missing.values())), strict=True))
            found = [made[key] if key in made else self._kept[key] for key in keys]
            self._kept.update(made)
            for key in keys:
                self._kept.move_to_end(key)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return found

    def _encoded(self, texts: list[str]) -> list[Any]:
        rows: list[Any] = []
        for start in range(0, len(texts), _BATCH):
            batch = texts[start : start + _BATCH]
            vectors = np.asarray(self._encoder.encode(batch), dtype=np.float32)
            lengths = np.linalg.norm(vectors, axis=1, keepdims=True) if vectors.ndim == 2 else np.zeros(1)  # noqa: PLR2004 - rows and columns
            if len(vectors) != len(batch) or not np.isfinite(vectors).all() or not (lengths > 0).all():
                raise RasidError(f"{self._encoder.name}: gave no finite vector for each text")
            rows.extend(vectors / lengths)
        return rows
