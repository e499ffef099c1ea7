"""Real Caffe as an engine: it gives what real Caffe gave, and what stops it is explained."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.engines.base import EngineProcess, EngineSpec, Value
from core.engines.registry import open_engine, start_engine
from core.errors import EngineCrashed, EngineError, UnsupportedLayerError
from core.net.definition import NetState
from core.net.reader import read_net
from core.net.rename import plan_rename_all
from core.weights.fillers import random_weights
from core.weights.writer import write_caffemodel
from tests.engines.golden import GoldenNet, relative_differences
from tests.engines.test_torch_micro import NOT_COMPARED, SHIPPED

TOLERANCE = 1e-6
DEEP_TOLERANCE = 1e-5
"""The goldens are real Caffe's own, on another processor: only the order of sums differs."""
GOLDEN_NETS = ("mtcnn_det1", "lenet_mnist", "cifar10_quick_h5", "squeezenet_v1.0")
PROB = Value("prob", "prob")
DATABASE_NET = """
layer { name: "rows" type: "Data" top: "data" top: "label" include { phase: TRAIN }
  transform_param { crop_size: 6 mean_value: 1 mean_value: 2 }
  data_param { source: "no/such/lmdb" batch_size: 4 backend: LMDB } };
layer { name: "file" type: "HDF5Data" top: "data" top: "label" include { phase: TEST }
  hdf5_data_param { source: "no/such.txt" batch_size: 4 } }
layer { name: "half" type: "Power" bottom: "data" top: "half" power_param { scale: 0.5 }
  include { stage: "halved" } }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
  inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" }
layer { name: "out" type: "HDF5Output" bottom: "fc" hdf5_output_param { file_name: "no/such.h5" } }
"""


def image(*shape: int) -> dict[str, np.ndarray]:
    return {"data": np.random.default_rng(3).standard_normal(shape).astype(np.float32)}


@pytest.mark.parametrize("name", sorted(path.stem for path in SHIPPED.glob("*.prototxt")))
def test_shipped_layers_are_as_real_caffe_gave_them(
    caffe_process: EngineProcess, name: str
) -> None:
    _compare(caffe_process, SHIPPED, name)


def test_all_layers_of_the_material_are_as_real_caffe_gave_them(
    caffe_process: EngineProcess, material: Callable[[str], Path]
) -> None:
    folder = material("micro")
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    names = [name for name, entry in index.items() if entry["ok"] and name not in NOT_COMPARED]
    for name in names:
        _compare(caffe_process, folder, name)
    assert len(names) > 190


def _compare(process: EngineProcess, folder: Path, name: str) -> None:
    weights: Path | None = folder / f"{name}.caffemodel"
    if weights is not None and not weights.exists():
        weights = None
    golden = GoldenNet(folder / f"{name}.prototxt", weights, folder / f"{name}.npz", {})
    differences = relative_differences(process, golden)
    worst = max(differences, key=lambda key: differences[key])
    assert differences[worst] < TOLERANCE, f"{name}: {worst}"


@pytest.mark.parametrize("name", GOLDEN_NETS)
def test_whole_nets_are_as_real_caffe_gave_them(
    caffe_process: EngineProcess, material: Callable[[str], Path], name: str
) -> None:
    folder = material("goldens")
    entry = json.loads((folder / "index.json").read_text(encoding="utf-8"))[name]
    prototxt, weights = (
        folder.parent / written.split(") ", 1)[1] if written.startswith("(") else folder / written
        for written in (
            entry.get("prototxt") or f"{name}.prototxt",
            entry.get("weights") or f"{name}.caffemodel",
        )
    )
    golden = GoldenNet(prototxt, weights, folder / f"{name}.npz", entry["strides"])
    differences = relative_differences(caffe_process, golden)
    assert max(differences.values()) < DEEP_TOLERANCE
    assert len(differences) >= entry["inplace_overwritten"]


def test_both_engines_agree_without_weights(
    caffe_process: EngineProcess, torch_process: EngineProcess, small_net: str
) -> None:
    values = [Value("conv1", "conv1"), Value("drop2", "fc2"), PROB]
    batch = image(2, 3, 12, 10)
    ours = torch_process.open(small_net, seed=7).forward(batch, values)
    opened = caffe_process.open(small_net, seed=7)
    theirs = opened.forward(batch, values)
    assert opened.filler_layers == ("conv1", "fc2", "fc3")
    assert "random weights" in opened.warnings[0]
    for value in values:
        np.testing.assert_allclose(ours[value], theirs[value], rtol=1e-4, atol=1e-5)


def test_layers_missing_from_the_weights_are_reported(
    caffe_process: EngineProcess, small_net: str, tmp_path: Path
) -> None:
    path = _weights(small_net, tmp_path, leave_out="fc2")
    engine = caffe_process.open(small_net, path)
    assert engine.filler_layers == ("fc2",)
    assert "fc2" in engine.warnings[0]
    found = engine.forward(image(1, 3, 12, 10), [Value("fc2", "fc2")])[Value("fc2", "fc2")]
    assert not found.any()  # as Caffe's constant filler leaves it


def test_both_engines_fill_what_the_weights_lack_with_the_same_numbers(
    caffe_process: EngineProcess, torch_process: EngineProcess, small_net: str, tmp_path: Path
) -> None:
    path = _weights(small_net, tmp_path, leave_out="fc2")
    text = re.sub(
        r'(top: "fc2".*?inner_product_param \{)',
        r'\1 weight_filler { type: "gaussian" std: 0.1 } ',
        small_net,
        count=1,
        flags=re.DOTALL,
    )
    assert text != small_net
    value, batch = Value("fc2", "fc2"), image(1, 3, 12, 10)
    ours, theirs = (
        process.open(text, path, seed=3).forward(batch, [value])[value]
        for process in (torch_process, caffe_process)
    )
    assert ours.any()
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def _weights(text: str, folder: Path, leave_out: str) -> Path:
    from core.layers.shapes import infer_shapes

    net = read_net(text)
    arrays = random_weights(net, infer_shapes(net), 1)
    layers = [(n, net.layer(n).type, list(a)) for n, a in arrays.items() if n != leave_out]
    path = folder / "some.caffemodel"
    write_caffemodel(path, net.name, layers)
    return path


def test_the_copies_that_caffe_inserts_are_hidden(caffe_process: EngineProcess) -> None:
    text = """input: "data" input_dim: 1 input_dim: 1 input_dim: 2 input_dim: 2
      layer { name: "a" type: "ReLU" bottom: "data" top: "a" }
      layer { name: "b" type: "Power" bottom: "a" top: "b" power_param { scale: 2 } }
      layer { name: "c" type: "Eltwise" bottom: "a" bottom: "b" top: "c" }"""
    engine = caffe_process.open(text)
    assert [layer.name for layer in engine.layers] == ["input", "a", "b", "c"]
    batch = image(1, 1, 2, 2)
    found = engine.forward(batch, [Value("c", "c")])[Value("c", "c")]
    np.testing.assert_allclose(found, 3 * np.maximum(batch["data"], 0), rtol=1e-6)


def test_data_layers_become_inputs_and_nothing_is_written(caffe_process: EngineProcess) -> None:
    train = caffe_process.open(DATABASE_NET, state=NetState("TRAIN"))
    assert train.inputs == {"data": (4, 2, 6, 6), "label": (4,)}
    fc = Value("fc", "fc")
    assert train.forward(image(2, 2, 6, 6), [fc])[fc].shape == (2, 3)
    loss = Value("loss", "(automatic)")
    labels = {"label": np.array([0, 2], np.float32)}
    found = train.forward({**image(2, 2, 6, 6), **labels}, [loss, fc])
    scores = found[fc] - found[fc].max(1, keepdims=True)
    chances = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    expected = -np.log(chances[[0, 1], [0, 2]]).mean()
    np.testing.assert_allclose(found[loss], expected, rtol=1e-5)
    with pytest.raises(EngineError, match="'label' was not given"):
        train.forward(image(2, 2, 6, 6), [loss])


def test_a_net_of_unknown_input_size_is_built_for_the_first_inputs(
    caffe_process: EngineProcess,
) -> None:
    engine = caffe_process.open(DATABASE_NET)
    assert engine.inputs == {"data": None, "label": None}
    fc = Value("fc", "fc")
    assert engine.forward(image(3, 5), [fc])[fc].shape == (3, 3)
    with pytest.raises(EngineError, match="'fc'"):
        engine.forward(image(3, 7), [fc])
    assert engine.forward(image(1, 5), [fc])[fc].shape == (1, 3)


def test_stages_choose_layers(caffe_process: EngineProcess) -> None:
    state = NetState("TEST", 0, ("halved",))
    shapes = {"data": (1, 4), "label": (1,)}
    engine = caffe_process.open(DATABASE_NET, state=state, input_shapes=shapes)
    half, batch = Value("half", "half"), image(1, 4)
    np.testing.assert_array_equal(engine.forward(batch, [half])[half], batch["data"] / 2)
    plain = caffe_process.open(DATABASE_NET, input_shapes=shapes)
    assert "half" not in [layer.name for layer in plain.layers]


def test_a_recurrent_net_begins_each_pass_anew(caffe_process: EngineProcess) -> None:
    text = """input: "data" input_shape { dim: 3 dim: 1 dim: 4 }
      input: "cont" input_shape { dim: 3 dim: 1 }
      layer { name: "r" type: "LSTM" bottom: "data" bottom: "cont" top: "r" recurrent_param {
        num_output: 2 weight_filler { type: "uniform" min: -1 max: 1 } } }"""
    engine = caffe_process.open(text)
    batch = {**image(3, 1, 4), "cont": np.ones((3, 1), np.float32)}
    first, second = (engine.forward(batch, [Value("r", "r")])[Value("r", "r")] for _ in range(2))
    assert first.any()
    assert first.tobytes() == second.tobytes()


def test_rename_keeps_every_bit(caffe_process: EngineProcess, small_net: str) -> None:
    batch = image(1, 3, 12, 10)
    after = plan_rename_all(read_net(small_net)).new_text
    found = [
        caffe_process.open(text, seed=2).forward(batch, [PROB])[PROB].tobytes()
        for text in (small_net, after)
    ]
    assert found[0] == found[1]


def test_weights_that_do_not_fit_stop_caffe_in_its_own_words(
    caffe_python: tuple[str, ...], small_net: str, tmp_path: Path
) -> None:
    path = _weights(small_net, tmp_path, leave_out="")
    other = small_net.replace("num_output: 8", "num_output: 9")
    with start_engine(EngineSpec("caffe", caffe_python)) as process:
        with pytest.raises(EngineCrashed) as caught:
            process.open(other, path)
        assert "Cannot copy param 0 weights from layer 'fc2'; shape mismatch" in str(caught.value)
        assert caught.value.details.startswith("F")
        assert not process.is_alive
    with open_engine(EngineSpec("caffe", caffe_python), small_net, path) as engine:
        assert engine.forward(image(1, 3, 12, 10), [PROB])[PROB].shape == (1, 5)


def test_a_layer_of_a_fork_is_named(caffe_process: EngineProcess) -> None:
    text = """input: "data" input_shape { dim: 1 dim: 1 dim: 2 dim: 2 }
      layer { name: "p" type: "Permute" bottom: "data" top: "p" }"""
    engine = caffe_process.open(text)
    with pytest.raises(UnsupportedLayerError, match="caffe engine") as caught:
        engine.forward(image(1, 1, 2, 2), [Value("p", "p")])
    assert caught.value.layers == (("p", "Permute"),)
    assert caffe_process.is_alive


def test_a_child_killed_from_outside_is_a_crash(
    caffe_python: tuple[str, ...], small_net: str
) -> None:
    with start_engine(EngineSpec("caffe", caffe_python)) as process:
        engine = process.open(small_net)
        os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(EngineCrashed, match=r"Exit code 137 \(SIGKILL\)"):
            engine.run(image(1, 3, 12, 10))
