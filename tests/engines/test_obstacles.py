"""Layers that can't run: whatever does not need them runs, and what needs them says why not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.engines.base import Engine, EngineProcess, EngineSpec, Value
from core.engines.consent import PythonLayersRefused
from core.engines.fidelity import measure_fidelity
from core.engines.verification import verify_rename
from core.errors import EngineError, UnsupportedLayerError
from core.progress import Job

DATA = """
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
"""
LATER = 'layer { name: "after" type: "Power" bottom: "b" top: "after" }'
OBSTACLES = {
    "a type nobody knows": (
        'layer { name: "bad" type: "Lstm" bottom: "conv" top: "b" }',
        UnsupportedLayerError, "Lstm (bad)",
    ),
    "a bottom nobody writes": (
        'layer { name: "bad" type: "Eltwise" bottom: "conv" bottom: "gone" top: "b" }',
        EngineError, "Unknown bottom blob 'gone'",
    ),
    "sizes that don't fit": (
        'layer { name: "bad" type: "Eltwise" bottom: "conv" bottom: "data" top: "b" }',
        EngineError, "Eltwise needs equal shapes",
    ),
    "a kernel beyond the map": (
        """layer { name: "bad" type: "Convolution" bottom: "conv" top: "b"
                   convolution_param { num_output: 2 kernel_size: 9 } }""",
        EngineError, "larger than its padded input",
    ),
    "a blob written twice": (
        'layer { name: "bad" type: "Power" bottom: "conv" top: "data" }'
        'layer { name: "more" type: "Power" bottom: "data" top: "b" }',
        EngineError, "produced by multiple sources",
    ),
    "a word where a number belongs": (
        """layer { name: "bad" type: "Power" bottom: "conv" top: "b"
                   power_param { scale: twice } }""",
        EngineError, "scale takes a decimal number",
    ),
}  # fmt: skip
IMAGE = {"data": np.random.default_rng(0).standard_normal((2, 3, 8, 8)).astype(np.float32)}
RELU, AFTER = Value("relu", "conv"), Value("after", "after")


@pytest.fixture(scope="module", params=["torch", "caffe"])
def process(request: pytest.FixtureRequest) -> EngineProcess:
    """A child of either engine that users have."""
    found: EngineProcess = request.getfixturevalue(f"{request.param}_process")
    return found


def asks(engine: Engine, value: Value) -> list[Callable[[], object]]:
    return [lambda: engine.forward(IMAGE, [value]), lambda: engine.read(value)]


def finish(job: Job) -> object:
    while True:
        try:
            next(job)
        except StopIteration as end:
            return end.value


@pytest.mark.parametrize("name", OBSTACLES)
def test_the_layers_before_run_and_those_after_say_why_not(
    process: EngineProcess, name: str
) -> None:
    layers, kind, said = OBSTACLES[name]
    engine = process.open(DATA + layers + LATER)
    wanted = process.open(DATA).forward(IMAGE, [RELU])[RELU]
    assert engine.forward(IMAGE, [RELU])[RELU].tobytes() == wanted.tobytes()
    engine.run(IMAGE)
    assert engine.read(RELU).tobytes() == wanted.tobytes()
    for ask in asks(engine, AFTER):
        with pytest.raises(kind) as caught:
            ask()
        assert said in caught.value.sentence
    assert process.is_alive


def test_a_layer_that_fails_in_the_pass_stops_no_other(torch_process: EngineProcess) -> None:
    label = """layer { name: "label" type: "Input" top: "label"
        input_param { shape { dim: 2 dim: 1 dim: 6 dim: 6 } } }"""
    scored = """layer { name: "bad" type: "Accuracy" bottom: "conv" bottom: "label" top: "b" }
        layer { name: "side" type: "Power" bottom: "conv" top: "side" }"""
    engine = torch_process.open(label + DATA + scored + LATER)
    engine.run({**IMAGE, "label": np.full((2, 1, 6, 6), 7, np.float32)})
    assert engine.read(Value("side", "side")).shape == (2, 4, 6, 6)
    for value in (Value("bad", "b"), AFTER):
        with pytest.raises(EngineError, match="a label outside its 4 classes"):
            engine.read(value)


def test_an_image_of_another_size_runs_up_to_the_inner_product(
    torch_process: EngineProcess,
) -> None:
    fc = """layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc"
                    inner_product_param { num_output: 3 } }"""
    engine = torch_process.open(DATA + fc)
    engine.run({"data": np.zeros((1, 3, 9, 9), np.float32)})
    assert engine.read(RELU).shape == (1, 4, 7, 7)
    with pytest.raises(EngineError, match=r"'fc' .* can't take an input of shape") as caught:
        engine.read(Value("fc", "fc"))
    assert caught.value.hint == "An inner product fixes the size of the input image."


def test_where_no_layer_can_take_the_input_the_run_is_refused(torch_process: EngineProcess) -> None:
    engine = torch_process.open(DATA)
    with pytest.raises(EngineError, match="'conv'"):
        engine.run({"data": np.zeros((1, 2, 8, 8), np.float32)})


def test_python_layers_that_nobody_trusts_stop_only_what_needs_them(
    caffe_process: EngineProcess,
) -> None:
    python = """layer { name: "bad" type: "Python" bottom: "conv" top: "b"
        python_param { module: "no_such_module" layer: "Proposal" } }"""
    engine = caffe_process.open(DATA + python + LATER)
    assert engine.forward(IMAGE, [RELU])[RELU].shape == (2, 4, 6, 6)
    engine.run(IMAGE)
    for ask in asks(engine, AFTER):
        with pytest.raises(PythonLayersRefused, match=r"bad \(no_such_module.Proposal\)"):
            ask()


FORK_FIELDS = (
    """layer { name: "bad" type: "Convolution" bottom: "conv" top: "b"
               convolution_param { num_output: 2 kernel_size: 3 hole: 2 } }""",
    """layer { name: "bad" type: "Permute" bottom: "conv" top: "b"
               permute_param { order: 0 order: 2 order: 3 order: 1 } }""",
    """layer { name: "bad" type: "Pooling" bottom: "conv" top: "b"
               pooling_param { pool: BILINEAR kernel_size: 3 } }""",
    """layer { name: "train" type: "Power" bottom: "conv" top: "t" include { phase: TRAIN }
               new_param { x: 1 } }
       layer { name: "bad" type: "Power" bottom: "conv" top: "b" other_param { x: 1 } }""",
)


@pytest.mark.parametrize("layers", FORK_FIELDS)
def test_fields_that_this_caffe_can_not_read_stop_only_their_own_layer(
    caffe_process: EngineProcess, layers: str
) -> None:
    engine = caffe_process.open(DATA + layers + LATER)
    assert engine.forward(IMAGE, [RELU])[RELU].shape == (2, 4, 6, 6)
    assert [layer.name for layer in engine.cannot_run] == ["bad"]
    with pytest.raises(EngineError):
        engine.forward(IMAGE, [AFTER])
    assert caffe_process.is_alive


def test_a_rename_is_verified_by_the_outputs_that_can_be_had(torch_process: EngineProcess) -> None:
    text = DATA + OBSTACLES["a type nobody knows"][0] + LATER
    text += 'layer { name: "side" type: "Power" bottom: "conv" top: "side" }'
    found = finish(verify_rename(torch_process, text, text.replace('"side"', '"other"')))
    assert found.is_identical
    assert found.outputs == ("side",)


def test_fidelity_is_measured_where_both_engines_can_run() -> None:
    text = DATA + OBSTACLES["a type nobody knows"][0] + LATER
    rows = finish(measure_fidelity(text, None, IMAGE, other=EngineSpec("torch")))
    assert [row.value for row in rows] == [Value("conv", "conv"), RELU]


CUT = "reports/layers_before_an_unknown_one"


@pytest.mark.parametrize("name", ["net", "label"])
def test_the_nets_of_the_report_run_as_the_one_cut_by_hand(
    process: EngineProcess, material: Callable[[str], Path], name: str
) -> None:
    folder = material(CUT)
    engine = process.open((folder / f"{name}.prototxt").read_text())
    cut = process.open((folder / "cut_by_hand.prototxt").read_text())
    conv1 = Value("conv1", "conv1")
    assert engine.needed_inputs([conv1]) == ("data",)
    shape = cut.shape_of(Value(cut.layers[0].name, "data"))
    given = {"data": np.random.default_rng(1).standard_normal(shape).astype(np.float32)}
    found, wanted = (e.forward(given, [conv1])[conv1] for e in (engine, cut))
    assert found.tobytes() == wanted.tobytes()


def test_dummy_data_fills_itself_in_the_net_of_the_report(
    torch_process: EngineProcess, material: Callable[[str], Path]
) -> None:
    folder = material("reports/train_val_and_extra_inputs")
    engine = torch_process.open((folder / "dummy.prototxt").read_text())
    wanted = [Value(v.name, top) for v in engine.layers for top in v.tops]
    assert engine.needed_inputs(wanted) == ("data",)
    found = engine.forward({"data": np.load(folder / "dummy.in.data.npy")}, wanted)
    np.testing.assert_array_equal(found[Value("cont", "cont")], 1)


def test_a_layer_that_took_in_one_that_can_not_run_does_not_run_either(
    torch_process: EngineProcess,
) -> None:
    """Folded, the Scale reads the convolution's own bottom."""
    engine = torch_process.open("""
        layer { name: "data" type: "Input" top: "data"
                input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } } }
        layer { name: "conv" type: "Convolution" bottom: "data" top: "c"
                convolution_param { num_output: 0 kernel_size: 1 } }
        layer { name: "bn" type: "BatchNorm" bottom: "c" top: "c" }
        layer { name: "scale" type: "Scale" bottom: "c" top: "c" scale_param { bias_term: true } }
        layer { name: "side" type: "Power" bottom: "data" top: "side" }""")
    engine.run(IMAGE)
    assert engine.read(Value("side", "side")).shape == (2, 3, 8, 8)
    for ask in asks(engine, Value("scale", "c")):
        with pytest.raises(EngineError, match="num_output must be given and above 0"):
            ask()


def test_a_computing_layer_without_bottoms_stops_nothing(torch_process: EngineProcess) -> None:
    engine = torch_process.open(
        DATA + 'layer { name: "bn" type: "BatchNorm" top: "b" }'
        'layer { name: "flat" type: "Flatten" top: "f" }' + LATER
    )
    assert engine.forward(IMAGE, [RELU])[RELU].shape == (2, 4, 6, 6)
