"""Values written over between layers, held against real Caffe's own blobs and hand calculation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.engines.base import Engine, EngineProcess, Value
from core.engines.changes import Change, Writing
from core.errors import EngineError
from core.measures.measure import KEEP
from core.net.reader import read_net
from tests.engines.intervention_nets import NET, image, in_caffe, write_weights

PROB, FC8 = Value("prob", "prob"), Value("fc8", "fc8")
EVERY = tuple(Value(version.layer, version.blob) for version in read_net(NET).versions)


def change(layer: str, top: str, how: str, *channels: int, number: float = 0.0) -> Writing:
    return Writing(Change(Value(layer, top), how, channels, number))  # type: ignore[arg-type]


def _other(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.RandomState(9).standard_normal(shape).astype(np.float32)


CASES: dict[str, tuple[Writing, ...]] = {
    "off before ReLU": (change("conv1", "conv1", "put", 2),),
    "off after ReLU": (change("relu1", "conv1", "put", 2, 5),),
    "in place and later": (
        change("relu1", "conv1", "multiply", 2, number=0.5),
        change("fc6", "fc6", "put", 1, number=3.0),
        change("fc6", "fc6", "put", 3, number=-3.0),
    ),
    "only this": (change("concat2", "concat2", "elsewhere", 6),),
    "before BatchNorm": (change("conv3", "conv3", "multiply", 1, number=-2.0),),
    "between BatchNorm and Scale": (change("bn3", "conv3", "put", 0, number=1.5),),
    "another image's": (
        Writing(Change(Value("pool1", "pool1"), "array", (0, 3)), _other((1, 8, 6, 5))),
    ),
    "twice the same": (
        change("pool1", "pool1", "put", 4, number=2.0),
        change("pool1", "pool1", "multiply", 4, 5, number=3.0),
    ),
    "the input": (change("data", "data", "put", 1),),
    "a view": (change("flat", "flat", "put", 7, 8),),
}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_weights(tmp_path_factory.mktemp("weights") / "branches.caffemodel")


@pytest.fixture(scope="module")
def golden(caffe_python: tuple[str, ...]) -> dict[str, dict[Value, np.ndarray]]:
    return dict(zip(CASES, in_caffe(caffe_python, list(CASES.values())), strict=True))


@pytest.fixture(scope="module", params=["torch", "caffe"])
def changing_process(request: pytest.FixtureRequest) -> EngineProcess:
    """A child of each engine that changes values: ONNX Runtime does not."""
    process: EngineProcess = request.getfixturevalue(f"{request.param}_process")
    return process


@pytest.fixture(scope="module")
def engine(changing_process: EngineProcess, weights: Path) -> Iterator[Engine]:
    with changing_process.open(NET, weights) as opened:
        yield opened


def close(found: np.ndarray, wanted: np.ndarray) -> bool:
    return found.shape == wanted.shape and bool(
        np.abs(found - wanted).max() <= 1e-4 * max(1.0, float(np.abs(wanted).max()))
    )


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("anew", [False, True], ids=["from kept values", "from the image"])
def test_every_version_is_what_real_caffe_makes_of_it(
    engine: Engine, golden: dict[str, dict[Value, np.ndarray]], case: str, anew: bool
) -> None:
    engine.run(image())
    inputs = image() if anew else None
    wants = dict.fromkeys(EVERY, (KEEP,))
    _, found = engine.intervene(CASES[case], wants, inputs=inputs)
    wrong = [v for v in EVERY if not close(found[v, KEEP], golden[case][v])]
    assert not wrong


@pytest.mark.parametrize("case", CASES)
def test_what_moved_is_what_differs_and_the_pass_before_stays(engine: Engine, case: str) -> None:
    engine.run(image())
    before = {value: engine.read(value) for value in EVERY}
    told, found = engine.intervene(CASES[case], dict.fromkeys(EVERY, (KEEP,)))
    differs = {v for v in EVERY if found[v, KEEP].tobytes() != before[v].tobytes()}
    assert {Value(*one.value) for one in told.moved} == differs
    assert differs
    for one in told.moved:
        a, b = before[Value(*one.value)].astype(float), found[Value(*one.value), KEEP].astype(float)
        assert one.largest == pytest.approx(np.abs(a - b).max(), rel=1e-5)
        norms = np.sqrt((a * a).sum() * (b * b).sum())
        assert one.cosine == pytest.approx((a * b).sum() / norms if norms else 0.0, abs=1e-6)
    for value in EVERY:
        assert engine.read(value).tobytes() == before[value].tobytes()


@pytest.mark.parametrize("value", EVERY, ids=lambda value: f"{value.layer}")
def test_one_time_a_value_is_that_value_bit_for_bit(engine: Engine, value: Value) -> None:
    engine.run(image())
    same = Writing(Change(value, "multiply", (), 1.0))
    wants = dict.fromkeys(EVERY, (KEEP,))
    told, found = engine.intervene([same], wants)
    assert told.moved == ()
    assert all(found[one, KEEP].tobytes() == engine.read(one).tobytes() for one in EVERY)


def test_only_what_follows_is_run_again(torch_process: EngineProcess, weights: Path) -> None:
    with torch_process.open(NET, weights) as engine:
        engine.run(image())
        values = engine.read(Value("relu6", "fc6"))[0]
        alive, dead = int(values.argmax()), int(values.argmin())
        told, _ = engine.intervene([change("relu6", "fc6", "put", alive)], {})
        assert told.layers == ("drop6", "fc8", "prob")
        assert values[dead] == 0
        told, _ = engine.intervene([change("relu6", "fc6", "put", dead)], {})
        assert (told.layers, told.moved) == ((), ())  # 0 is what it was


def test_a_channel_off_is_its_filter_and_bias_at_0_before_a_relu(
    engine: Engine, torch_process: EngineProcess, tmp_path: Path
) -> None:
    off = write_weights(tmp_path / "off.caffemodel", zeroed=("conv1", 2))
    with torch_process.open(NET, off) as without:
        wanted = without.forward(image(), [PROB])[PROB]
    engine.run(image())
    _, found = engine.intervene([change("relu1", "conv1", "put", 2)], {PROB: (KEEP,)})
    np.testing.assert_allclose(found[PROB, KEEP], wanted, rtol=1e-4, atol=1e-6)
    assert np.abs(engine.read(PROB) - wanted).max() > 1e-3


def test_each_image_of_a_batch_has_its_own_change(engine: Engine) -> None:
    engine.run(image())
    value = Value("relu1", "conv1")
    one_each = [Writing(Change(value, "put", (c,), 0.0, row=c)) for c in range(8)]
    _, together = engine.intervene(one_each, {FC8: (KEEP,)}, copies=8)
    assert together[FC8, KEEP].shape == (8, 5)
    for c in range(8):
        _, alone = engine.intervene([Writing(Change(value, "put", (c,)))], {FC8: (KEEP,)})
        np.testing.assert_allclose(
            together[FC8, KEEP][c : c + 1], alone[FC8, KEEP], rtol=1e-4, atol=1e-5
        )


VIEWS = """
layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 3 dim: 1 dim: 2 } } }
layer { name: "f" type: "Flatten" bottom: "x" top: "f" }
layer { name: "g" type: "Power" bottom: "f" top: "g" power_param { scale: 10 } }
layer { name: "p" type: "Power" bottom: "x" top: "p" power_param { shift: 1 } }
layer { name: "h" type: "Power" bottom: "f" top: "h" power_param { scale: 100 } }
"""


@pytest.mark.parametrize("anew", [False, True])
def test_a_view_is_changed_alone_though_caffe_holds_both_in_one_memory(
    changing_process: EngineProcess, anew: bool
) -> None:
    given = {"x": np.arange(1, 7, dtype=np.float32).reshape(1, 3, 1, 2)}
    with changing_process.open(VIEWS) as engine:
        engine.run(given)
        writing = change("f", "f", "put", 0, 5)
        wants = {Value(n, n): (KEEP,) for n in "fgph"}
        _, found = engine.intervene([writing], wants, inputs=given if anew else None)
    arrays = {value.layer: array.ravel().tolist() for (value, _), array in found.items()}
    assert arrays["f"] == [0, 2, 3, 4, 5, 0]
    assert arrays["g"] == [0, 20, 30, 40, 50, 0]
    assert arrays["p"] == [2, 3, 4, 5, 6, 7]
    assert arrays["h"] == [0, 200, 300, 400, 500, 0]


@pytest.mark.parametrize(
    ("writing", "words"),
    [
        (change("relu1", "conv1", "put", 8), "has channels 0 to 7, so there is no channel 8"),
        (Writing(Change(Value("pool1", "pool1"), "array"), _other((1, 8, 5, 5))), "can't stand in"),
        (change("relu1", "conv1", "multiply", 1, number=float("inf")), "inf is no number"),
        (change("relu1", "pool1", "put", 1), "Layer 'relu1' writes conv1, not 'pool1'"),
    ],
)
def test_what_does_not_fit_is_said(engine: Engine, writing: Writing, words: str) -> None:
    engine.run(image())
    with pytest.raises(EngineError, match=words):
        engine.intervene([writing], {PROB: (KEEP,)})


def test_there_is_nothing_to_go_on_from_before_a_run(
    changing_process: EngineProcess, weights: Path
) -> None:
    with (
        changing_process.open(NET, weights) as engine,
        pytest.raises(EngineError, match="Nothing has"),
    ):
        engine.intervene([change("relu1", "conv1", "put", 1)], {PROB: (KEEP,)})
