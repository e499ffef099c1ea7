"""Raw arrays for any input blobs: what they are for, what fits, and the passes they go in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.engines.values import Value
from core.errors import AppError, RequestError
from core.jobs.arrays import ArrayPasses, plan_array_passes
from core.layers.shapes import infer_shapes
from core.net.reader import read_net
from core.surveys.feed import Feed, plan_feed

ONE = """
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 10 dim: 3 dim: 4 dim: 5 } } }
layer { name: "relu" type: "ReLU" bottom: "data" top: "relu" }
layer { name: "mix" type: "Softmax" bottom: "relu" top: "mix" softmax_param { axis: 0 } }
"""
TWO = """
layer { name: "a" type: "Input" top: "a" input_param { shape { dim: 1 dim: 2 } } }
layer { name: "b" type: "Input" top: "b" input_param { shape { dim: 1 dim: 2 } } }
layer { name: "c" type: "Input" top: "c" input_param { shape { dim: 1 dim: 2 } } }
layer { name: "sum" type: "Eltwise" bottom: "a" bottom: "b" top: "sum" }
layer { name: "all" type: "Eltwise" bottom: "sum" bottom: "c" top: "all" }
"""


def feed_of(text: str, layer: str) -> Feed:
    net = read_net(text)
    return plan_feed(net, infer_shapes(net), [Value(layer, layer)])


def passes_of(feed: Feed, size: int | None = None, **paths: Path) -> ArrayPasses:
    named = [("" if blob == "only" else blob, path) for blob, path in paths.items()]
    return plan_array_passes(named, feed, size)


def saved(path: Path, array: np.ndarray) -> Path:
    np.save(path, array)
    return path


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return saved(tmp_path / "x.npy", np.arange(11 * 60, dtype=np.float32).reshape(11, 3, 4, 5))


def test_rows_that_stay_apart_go_in_batches(rows: Path) -> None:
    passes = passes_of(feed_of(ONE, "relu"), 4, only=rows)
    found = list(passes)
    assert [len(inputs["data"]) for _, inputs in found] == [4, 4, 3]
    np.testing.assert_array_equal(
        np.concatenate([inputs["data"] for _, inputs in found]), np.load(rows)
    )
    assert found[2][0][-1] == f"{rows}[10]"


def test_rows_that_mix_go_in_one_pass_unless_asked(rows: Path) -> None:
    feed = feed_of(ONE, "mix")
    assert [len(names) for names, _ in passes_of(feed, only=rows)] == [11]
    asked = passes_of(feed, 6, only=rows)
    assert [len(names) for names, _ in asked] == [6, 5]
    assert "Softmax 'mix'" in asked.notes[0]


def test_an_array_without_the_batch_axis_is_one_image(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.npy", np.zeros((3, 4, 5)))
    ((names, inputs),) = passes_of(feed_of(ONE, "relu"), data=path)
    assert inputs["data"].shape == (1, 3, 4, 5)
    assert inputs["data"].dtype == np.float32
    assert names == (str(path),)


def test_only_the_inputs_that_the_layers_need_are_asked_for(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.npy", np.zeros((1, 2)))
    ((_, inputs),) = passes_of(feed_of(TWO, "sum"), a=path, b=path)
    assert set(inputs) == {"a", "b"}
    with pytest.raises(RequestError, match="Input b is missing") as raised:
        passes_of(feed_of(TWO, "sum"), a=path)
    assert "--array b=FILE.npy" in raised.value.hint
    with pytest.raises(RequestError, match="Which input"):
        passes_of(feed_of(TWO, "sum"), only=path)
    with pytest.raises(RequestError, match="'label' is no input of the net"):
        passes_of(feed_of(TWO, "sum"), label=path)


def test_two_inputs_of_unlike_length_go_in_one_pass(tmp_path: Path) -> None:
    four, one = np.zeros((4, 2)), np.zeros((1, 2))
    paths = {"a": saved(tmp_path / "a.npy", four), "b": saved(tmp_path / "b.npy", one)}
    ((_, inputs),) = passes_of(feed_of(TWO, "sum"), **paths)
    assert len(inputs["a"]) == 4
    with pytest.raises(RequestError, match="unlike length"):
        passes_of(feed_of(TWO, "sum"), 2, **paths)


@pytest.mark.parametrize(
    "array",
    [np.zeros((1, 4, 4, 5)), np.zeros(7), np.zeros((0, 3, 4, 5)), np.array(["a"])],
    ids=["channels", "axes", "empty", "text"],
)
def test_an_array_that_does_not_fit_is_a_sentence(tmp_path: Path, array: np.ndarray) -> None:
    path = saved(tmp_path / "x.npy", array)
    with pytest.raises(AppError, match=r"x\.npy"):
        passes_of(feed_of(ONE, "relu"), only=path)


def test_pickles_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(AppError, match="Can't read an array"):
        passes_of(feed_of(ONE, "relu"), only=tmp_path / "x.npy")
