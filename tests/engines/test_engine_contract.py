"""What every engine must do alike."""

from __future__ import annotations

import numpy as np
import pytest

from core.engines.base import Engine, EngineProcess, Value
from core.errors import EngineError
from core.measures.measure import (
    KEEP,
    CellCounts,
    ChannelPeaks,
    ChannelRange,
    Histogram,
    Moments,
    Pool,
    PositiveShare,
)
from core.net.reader import read_net

ALL_VALUES = [
    Value("conv1", "conv1"),
    Value("relu1", "conv1"),
    Value("pool1", "pool1"),
    Value("fc2", "fc2"),
    Value("relu2", "fc2"),
    Value("drop2", "fc2"),
    Value("fc3", "fc3"),
    Value("prob", "prob"),
]


def images(n_images: int = 1, height: int = 12, width: int = 10) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    return {"data": rng.standard_normal((n_images, 3, height, width)).astype(np.float32)}


def needs_types(process: EngineProcess, *types: str) -> None:
    """Skip on an engine that says which types it has, and lacks one of these."""
    missing = set(types) - set(process.layer_types() or types)
    if missing:
        pytest.skip(f"{process.spec.name} does not run {', '.join(sorted(missing))}")


@pytest.fixture
def engine(any_process: EngineProcess, small_net: str) -> Engine:
    return any_process.open(small_net)


def test_it_says_what_it_built(engine: Engine) -> None:
    assert [layer.name for layer in engine.layers] == [
        "input", "conv1", "relu1", "pool1", "fc2", "relu2", "drop2", "fc3", "prob",
    ]  # fmt: skip
    assert engine.layers[3].top_shapes == ((1, 6, 6, 5),)
    assert engine.inputs == {"data": (1, 3, 12, 10)}


def test_it_names_its_devices_and_versions(any_process: EngineProcess) -> None:
    assert any_process.devices()[0].id == "cpu"
    assert "numpy" in any_process.versions()


def test_every_version_comes_from_one_pass(engine: Engine) -> None:
    values = engine.forward(images(), ALL_VALUES)
    assert list(values) == ALL_VALUES
    before, after = values[Value("conv1", "conv1")], values[Value("relu1", "conv1")]
    assert before.min() < 0
    np.testing.assert_array_equal(after, np.maximum(before, 0))
    np.testing.assert_array_equal(
        values[Value("relu2", "fc2")], np.maximum(values[Value("fc2", "fc2")], 0)
    )
    np.testing.assert_array_equal(values[Value("drop2", "fc2")], values[Value("relu2", "fc2")])
    np.testing.assert_allclose(values[Value("prob", "prob")].sum(1), 1, rtol=1e-5)
    assert all(array.dtype == np.float32 for array in values.values())


@pytest.mark.parametrize("value", ALL_VALUES, ids=lambda value: value.layer)
def test_a_value_has_the_same_bits_whatever_else_is_wanted(engine: Engine, value: Value) -> None:
    """But in OpenVINO, where an inner product takes another way once a ReLU is joined to it."""
    together = engine.forward(images(), ALL_VALUES)[value]
    alone = engine.forward(images(), [value])[value]
    engine.run(images())
    assert together.tobytes() == engine.read(value).tobytes()
    if engine.name == "openvino":
        assert np.abs(together - alone).max() <= 1e-6 * np.abs(alone).max()
    else:
        assert together.tobytes() == alone.tobytes()


def test_the_batch_may_differ_from_the_prototxt(engine: Engine) -> None:
    batch = images(3)
    prob = Value("prob", "prob")
    together = engine.forward(batch, [prob])[prob]
    assert together.shape == (3, 5)
    for i in range(3):
        alone = engine.forward({"data": batch["data"][i : i + 1]}, [prob])[prob]
        np.testing.assert_allclose(together[i : i + 1], alone, rtol=1e-4, atol=1e-6)


def test_a_run_keeps_its_values_until_the_next(engine: Engine) -> None:
    result = engine.run(images(2))
    assert result.n_images == 2
    assert result.seconds > 0
    assert result.kept_bytes >= 2 * 6 * 12 * 10 * 4
    assert engine.read(Value("conv1", "conv1")).shape == (2, 6, 12, 10)
    engine.run(images(1))
    assert engine.read(Value("conv1", "conv1")).shape == (1, 6, 12, 10)


RECTIFIED = """
    layer { name: "data" type: "Input" top: "data"
            input_param { shape { dim: 2 dim: 2 dim: 1 dim: 4 } } }
    layer { name: "relu" type: "ReLU" bottom: "data" top: "data" }
    """
GIVEN = np.array([[[[-4, 0, 1, 3]], [[2, 2, 2, 2]]], [[[8, 0, 0, 0]], [[-1, -1, -1, 4]]]], "f4")
BEFORE, AFTER = Value("data", "data"), Value("relu", "data")


def test_statistics_and_histograms_are_those_worked_out_by_hand(any_process) -> None:
    """Before and after the ReLU: 0, 0, 0, 0, 1, 2, 2, 2, 2, 3, 4, 8 and four negative values."""
    engine = any_process.open(RECTIFIED)
    engine.run({"data": GIVEN})
    before, after = engine.statistics([BEFORE, AFTER], bins=12).values()
    counts = [
        (s.n_values, s.n_nan, s.n_inf, s.n_zeros, s.n_negative, s.minimum, s.maximum)
        for s in (before.statistics, after.statistics)
    ]
    assert counts == [(16, 0, 0, 4, 4, -4.0, 8.0), (16, 0, 0, 8, 0, 0.0, 8.0)]
    assert before.statistics.mean == 17 / 16
    assert after.statistics.mean == 24 / 16
    assert before.statistics.median == 0.5
    assert after.statistics.median == 0.5
    assert after.statistics.l2 == pytest.approx(106**0.5)  # 1 + 4 * 4 + 9 + 16 + 64
    assert after.statistics.std == pytest.approx((106 / 16 - 1.5**2) ** 0.5)
    for summary in (before, after):
        np.testing.assert_array_equal(summary.histogram.edges, np.arange(-4, 9))
    # each bin holds its lower edge, the last one its upper too; exact zeros stand apart
    assert before.histogram.counts.tolist() == [1, 0, 0, 3, 0, 1, 4, 1, 1, 0, 0, 1]
    assert after.histogram.counts.tolist() == [0, 0, 0, 0, 0, 1, 4, 1, 1, 0, 0, 1]
    assert (before.histogram.n_zeros, after.histogram.n_zeros) == (4, 8)


def test_what_lies_outside_a_given_range_is_counted(any_process: EngineProcess) -> None:
    engine = any_process.open(RECTIFIED)
    engine.run({"data": GIVEN})
    found = engine.statistics([BEFORE], bins=4, value_range=(-2.0, 2.0))[BEFORE].histogram
    assert found.edges.tolist() == [-2.0, -1.0, 0.0, 1.0, 2.0]
    assert found.counts.tolist() == [0, 3, 0, 5]
    assert (found.n_below, found.n_zeros, found.n_above) == (1, 4, 3)


BY_HAND = {
    "flatten": [[0, 0, 1, 3, 2, 2, 2, 2], [8, 0, 0, 0, 0, 0, 0, 4]],
    "gap": [[1, 2], [2, 1]],
    "mac": [[3, 2], [8, 4]],
    # the third root of the mean cube: 28 / 4, 8, 512 / 4, 64 / 4
    "gem": [[7 ** (1 / 3), 2], [128 ** (1 / 3), 16 ** (1 / 3)]],
    # sigma is 1 / 6: half a place from the centre weighs exp(-4.5), the ends nothing
    "spoc": [[np.exp(-4.5), 4 * np.exp(-4.5)], [0, 0]],
    # places weigh as the roots of 2, 2, 3, 5 over the root of 42; channels as log 3, log 1.5
    "crow": [
        [
            np.log(3) * (3**0.5 + 3 * 5**0.5) / 42**0.25,
            np.log(1.5) * 2 * (2 * 2**0.5 + 3**0.5 + 5**0.5) / 42**0.25,
        ],
        [np.log(2) * 8 * 8**0.5 / 80**0.25, np.log(2) * 4 * 4**0.5 / 80**0.25],
    ],
    # six regions of one place, which begin at 0, 0, 1, 1, 2 and 3
    "rmac": [[5**-0.5 + 3 * 13**-0.5, 4 + 2 * 5**-0.5 + 2 * 13**-0.5], [2, 1]],
    "mac+rmac": [[3, 2, 4, 12], [8, 4, 16, 4]],
}


@pytest.mark.parametrize("pooling", BY_HAND)
def test_descriptors_are_those_worked_out_by_hand(any_process, pooling: str) -> None:
    engine = any_process.open(RECTIFIED)
    (found,) = engine.measure({"data": GIVEN}, {AFTER: [Pool(pooling)]}).values()
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.array(BY_HAND[pooling]), rtol=1e-5, atol=1e-6)


def test_peaks_and_their_places_are_those_of_each_version(any_process: EngineProcess) -> None:
    """Maximum, place, minimum, place; of equal values the first."""
    engine = any_process.open(RECTIFIED)
    wants = {value: [ChannelPeaks(), PositiveShare()] for value in (BEFORE, AFTER)}
    found = engine.measure({"data": GIVEN}, wants)
    np.testing.assert_array_equal(
        found[BEFORE, ChannelPeaks()],
        [[[3, 3, -4, 0], [2, 0, 2, 0]], [[8, 0, 0, 1], [4, 3, -1, 0]]],
    )
    np.testing.assert_array_equal(
        found[AFTER, ChannelPeaks()],
        [[[3, 3, 0, 0], [2, 0, 2, 0]], [[8, 0, 0, 1], [4, 3, 0, 0]]],
    )
    for value in (BEFORE, AFTER):
        np.testing.assert_array_equal(found[value, PositiveShare()], [[0.5, 1], [0.25, 0.25]])
    assert all(array.dtype == np.float32 for array in found.values())


def test_how_values_spread_is_what_was_worked_out_by_hand(any_process: EngineProcess) -> None:
    wants = {BEFORE: [Moments(), ChannelRange(), CellCounts(), Histogram((-1.0, 0.0, 2.0))]}
    engine = any_process.open(RECTIFIED)
    moments, ends, cells, counts = engine.measure({"data": GIVEN}, wants).values()
    # the squares are 125, and 16 times the squared mean is 289 / 16
    assert moments.tolist() == [16, 0, 0, 4, 4, -4, 8, 17 / 16, 125 - 289 / 16]
    assert ends.tolist() == [[-4, -1], [8, 4]]
    # 0x3f80 are the first bits of 1.0, 0x4000 those of 2, 0x4040 of 3, 0x4080 of 4, 0x4100 of 8
    of_cells = [[-0x4080, 1], [-0x3F80, 3], [0, 4], [0x3F80, 1], [0x4000, 4], [0x4040, 1]]
    assert cells.tolist() == [*of_cells, [0x4080, 1], [0x4100, 1]]
    assert counts.tolist() == [3, 9]


def test_several_recipes_take_one_pass(engine: Engine) -> None:
    wants = {
        Value("pool1", "pool1"): [Pool("gap"), Pool("mac"), KEEP],
        Value("relu2", "fc2"): [Pool("flatten")],
    }
    assert [array.shape for array in engine.measure(images(2), wants).values()] == [
        (2, 6),
        (2, 6),
        (2, 6, 6, 5),
        (2, 8),
    ]


def test_a_layer_that_makes_its_values_up_takes_given_ones(any_process: EngineProcess) -> None:
    needs_types(any_process, "DummyData")
    text = """
        layer { name: "made" type: "DummyData" top: "data"
                dummy_data_param { shape { dim: 2 dim: 3 } data_filler { value: 7 } } }
        layer { name: "relu" type: "ReLU" bottom: "data" top: "data" }
        """
    engine = any_process.open(text)
    given = {"data": np.array([[-1, 2, -3], [4, -5, 6]], np.float32)}
    made, relu = Value("made", "data"), Value("relu", "data")
    values = engine.forward(given, [made, relu])
    np.testing.assert_array_equal(values[made], given["data"])
    np.testing.assert_array_equal(values[relu], np.maximum(given["data"], 0))
    engine.run(given)
    np.testing.assert_array_equal(engine.read(made), given["data"])


def test_an_input_too_small_for_a_pooling_is_told_so(torch_process: EngineProcess) -> None:
    text = """
        layer { name: "data" type: "Input" top: "data"
                input_param { shape { dim: 1 dim: 1 dim: 5 dim: 5 } } }
        layer { name: "pool" type: "Pooling" bottom: "data" top: "pool"
                pooling_param { kernel_size: 3 stride: 2 } }
        """
    engine = torch_process.open(text)
    with pytest.raises(EngineError, match=r"'pool' \(Pooling\) has no room in 1 x 1 values"):
        engine.forward({"data": np.zeros((1, 1, 1, 1), np.float32)}, [Value("pool", "pool")])


def test_the_same_seed_gives_the_same_bits(any_process: EngineProcess, small_net: str) -> None:
    prob = Value("prob", "prob")
    first, again, other = (
        any_process.open(small_net, seed=seed).forward(images(), [prob])[prob] for seed in (4, 4, 5)
    )
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


def test_renaming_blobs_changes_no_bit(any_process: EngineProcess, small_net: str) -> None:
    from core.net.rename import plan_rename_all

    net = read_net(small_net)
    renamed = any_process.open(plan_rename_all(net).new_text).forward(
        images(), [Value("prob", "prob")]
    )
    plain = any_process.open(small_net).forward(images(), [Value("prob", "prob")])
    assert renamed[Value("prob", "prob")].tobytes() == plain[Value("prob", "prob")].tobytes()


@pytest.mark.parametrize(
    ("want", "inputs", "sentence"),
    [
        (Value("nowhere", "x"), images(), "no layer 'nowhere'"),
        (Value("conv1", "x"), images(), "'conv1' writes conv1, not 'x'"),
        (Value("prob", "prob"), {}, "'data' was not given"),
        (Value("prob", "prob"), {"image": images()["data"]}, "no input blob 'image'"),
        (Value("conv1", "conv1"), {"data": np.zeros(12, np.float32)}, "'conv1'"),
    ],
    ids=["layer", "top", "missing input", "unknown input", "axes"],
)
def test_what_can_not_be_is_refused_in_a_sentence(
    engine: Engine, want: Value, inputs: dict[str, np.ndarray], sentence: str
) -> None:
    with pytest.raises(EngineError, match=sentence):
        engine.forward(inputs, [want])
    assert engine.forward(images(), [Value("prob", "prob")])


def test_reading_before_running_is_refused(engine: Engine) -> None:
    with pytest.raises(EngineError):
        engine.read(Value("prob", "prob"))


def test_a_layer_that_caffe_refuses_is_refused_and_others_run(
    any_process: EngineProcess, small_net: str
) -> None:
    lost = 'layer { name: "a" type: "ReLU" bottom: "x" top: "y" }'
    after = 'layer { name: "b" type: "ReLU" bottom: "y" top: "z" }'
    engine = any_process.open(small_net + lost + after)
    assert [layer.name for layer in engine.cannot_run] == ["a"]
    assert "Unknown bottom blob 'x'" in engine.cannot_run[0].obstacle.sentence
    prob, z = Value("prob", "prob"), Value("b", "z")
    assert [layer.name for layer in engine.obstacles([prob, z])] == ["a"]
    alone = any_process.open(small_net).forward(images(), [prob])[prob]
    assert engine.forward(images(), [prob])[prob].tobytes() == alone.tobytes()
    engine.run(images())
    assert engine.read(prob).tobytes() == alone.tobytes()
    for ask in (
        lambda: engine.forward(images(), [z]),
        lambda: engine.read(z),
        lambda: engine.check([prob, z]),
    ):
        with pytest.raises(EngineError, match="Unknown bottom blob 'x'"):
            ask()


def test_a_net_of_which_nothing_can_run_is_refused(any_process: EngineProcess) -> None:
    engine = any_process.open('layer { name: "a" type: "ReLU" bottom: "x" top: "y" }')
    with pytest.raises(EngineError, match="Unknown bottom blob 'x'"):
        engine.run({})


def test_a_net_without_inputs_runs(any_process: EngineProcess) -> None:
    needs_types(any_process, "DummyData", "Parameter")
    engine = any_process.open("""
        layer { name: "made" type: "DummyData" top: "m"
                dummy_data_param { shape { dim: 2 dim: 3 } data_filler { value: 7 } } }
        layer { name: "learned" type: "Parameter" top: "p"
                parameter_param { shape { dim: 2 dim: 3 } } }
        layer { name: "sum" type: "Eltwise" bottom: "m" bottom: "m" top: "s" }
        layer { name: "all" type: "Eltwise" bottom: "s" bottom: "p" top: "a" }""")
    both, everything = Value("sum", "s"), Value("all", "a")
    assert engine.needed_inputs([both, everything]) == ()
    found = engine.forward({}, [both, everything])
    assert found[both].shape == found[everything].shape == (2, 3)
    assert engine.run({}).n_images == 0
    assert engine.read(both).tobytes() == found[both].tobytes()


def test_only_the_inputs_on_the_way_are_needed(any_process: EngineProcess) -> None:
    needs_types(any_process, "SoftmaxWithLoss")
    engine = any_process.open("""
        layer { name: "rows" type: "Input" top: "data" top: "label"
                input_param { shape { dim: 2 dim: 4 } shape { dim: 2 } } }
        layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
                inner_product_param { num_output: 3 } }
        layer { name: "relu" type: "ReLU" bottom: "fc" top: "fc" }
        layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }""")
    fc, loss = Value("relu", "fc"), Value("loss", "loss")
    assert engine.needed_inputs([fc]) == ("data",)
    assert engine.needed_inputs([loss]) == ("data", "label")
    assert engine.needed_inputs([Value("rows", "label")]) == ("label",)
    assert [layer.name for layer in engine.needed_layers([fc])] == ["rows", "fc", "relu"]
    data = np.ones((2, 4), np.float32)
    assert engine.forward({"data": data}, [fc])[fc].shape == (2, 3)
    with pytest.raises(EngineError, match="'label' was not given"):
        engine.forward({"data": data}, [loss])


def test_a_closed_net_is_gone_and_others_stay(any_process: EngineProcess, small_net: str) -> None:
    first, second = any_process.open(small_net), any_process.open(small_net)
    first.close()
    first.close()
    with pytest.raises(EngineError, match="closed"):
        first.run(images())
    assert second.run(images()).n_images == 1


def test_an_unknown_device_is_refused(any_process: EngineProcess, small_net: str) -> None:
    with pytest.raises(EngineError, match="tpu"):
        any_process.open(small_net, device="tpu:0")
