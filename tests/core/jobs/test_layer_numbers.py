"""One number for each layer, by hand: of a pass, of two files, of a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.engines.host import EngineHost
from core.errors import RequestError
from core.jobs.layer_numbers import LayerNumbersRequest, layer_numbers
from core.jobs.look import LookRequest
from core.jobs.open import OpenRequest, open_model
from core.layer_numbers import LayerNumbers
from core.progress import run_job
from core.weights.writer import write_caffemodel

NET = """
input: "data" input_shape { dim: 1 dim: 3 dim: 2 dim: 2 }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 2 kernel_size: 1 bias_term: false } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool"
  pooling_param { pool: AVE kernel_size: 2 } }
"""
DATA = np.array([1, -2, 3, 0, -4, 5, -6, 7, 0, 0, 0, 0], np.float32).reshape(1, 3, 2, 2)
WEIGHTS = np.array([[1, 0, 0], [0, 0, 1]], np.float32)[:, :, None, None]
"""Channel 0 is the data's first, channel 1 its third, which is all 0."""


@pytest.fixture
def host() -> Iterator[EngineHost]:
    with EngineHost() as found:
        yield found


@pytest.fixture
def request_of(tmp_path: Path):  # type: ignore[no-untyped-def]
    net, weights = tmp_path / "n.prototxt", tmp_path / "n.caffemodel"
    net.write_text(NET)
    write_caffemodel(weights, "n", [("conv", "Convolution", [WEIGHTS])])
    array = tmp_path / "x.npy"
    np.save(array, DATA)
    opened = open_model(OpenRequest(net, weights))
    look = LookRequest(opened.to_run, arrays=(("data", array),))

    def make(kind: str, **given: object) -> LayerNumbersRequest:
        return LayerNumbersRequest(kind, look, **given)  # type: ignore[arg-type]

    return make


def found(request: LayerNumbersRequest, host: EngineHost) -> LayerNumbers:
    return run_job(layer_numbers(request, host))


def test_numbers_of_a_pass_are_those_worked_out_by_hand(request_of, host: EngineHost) -> None:
    zeros = found(request_of("zeros"), host)
    # conv: 1 -2 3 0 and four zeros; relu: 1 0 3 0 and four zeros; pool: 1 and 0
    assert zeros.values["conv", "conv"] == pytest.approx(100 * 5 / 8)
    assert zeros.values["relu", "conv"] == pytest.approx(100 * 6 / 8)
    assert zeros.values["pool", "pool"] == pytest.approx(50)
    mean = found(request_of("mean"), host)
    assert mean.values["conv", "conv"] == pytest.approx(2 / 8)
    assert mean.values["relu", "conv"] == pytest.approx(4 / 8)
    dead = found(request_of("dead"), host)
    assert dead.values["relu", "conv"] == dead.values["pool", "pool"] == 50
    times = found(request_of("ms"), host)
    assert {layer for layer, _ in times.values} >= {"conv", "relu", "pool"}
    assert all(0 < value < 1000 for value in times.values.values())
    assert (times.title, times.together) == ("time, ms", "sum")


def test_the_cosine_to_another_net_is_that_by_hand(
    request_of, host: EngineHost, tmp_path: Path
) -> None:
    other = tmp_path / "o.caffemodel"
    turned = np.array([[0, 1, 0], [0, 0, 1]], np.float32)[:, :, None, None]
    write_caffemodel(other, "n", [("conv", "Convolution", [turned])])
    request = request_of("cosine")
    second = replace(request.look.net, weights=other)
    cosine = found(replace(request, second=second), host)
    # (1 -2 3 0) and (-4 5 -6 7): -32 over 14 ** 0.5 * 126 ** 0.5
    assert cosine.values["conv", "conv"] == pytest.approx(-32 / 42)
    assert cosine.by_layer["relu"] == pytest.approx(0)
    assert "o.caffemodel" in cosine.source


def test_another_caffemodel_gives_its_change_in_percent(
    request_of, host: EngineHost, tmp_path: Path
) -> None:
    other = tmp_path / "o.caffemodel"
    write_caffemodel(other, "n", [("conv", "Convolution", [WEIGHTS * np.float32(1.5)])])
    change = found(request_of("change", against=other), host)
    assert change.values == {("conv", ""): pytest.approx(50)}
    assert change.by_layer == {"conv": pytest.approx(50)}
    assert change.missing == "no weights in both files"


@pytest.mark.parametrize(
    ("text", "values", "name"),
    [
        ("layer,score\nconv,1.5\npool,-2\n", {("conv", ""): 1.5, ("pool", ""): -2}, "score"),
        ("conv,1\n", {("conv", ""): 1}, "t"),
        ("# made by hand\nrelu,conv,3\nother,4\n", {("relu", "conv"): 3}, "t"),
        ("\ufeffconv, nan \n", {("conv", ""): float("nan")}, "t"),
    ],
)
def test_a_table_gives_numbers_of_the_layers_it_names(
    request_of, host: EngineHost, tmp_path: Path, text: str, values: dict, name: str
) -> None:
    table = tmp_path / "t.csv"
    table.write_text(text, encoding="utf-8")
    numbers = found(request_of("csv", table=table), host)
    assert numbers.name == name
    assert numbers.values == pytest.approx(values, nan_ok=True)
    assert ("other" in str(numbers.facts)) == ("other" in text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("conv,1\npool,much\n", "line 2: 'much' is no number"),
        ("conv\n", "line 1: 1 cells"),
        ("layer,score\nother,1\n", "no number for a layer of this net"),
    ],
)
def test_a_table_that_gives_none_says_where(
    request_of, host: EngineHost, tmp_path: Path, text: str, said: str
) -> None:
    table = tmp_path / "t.csv"
    table.write_text(text)
    with pytest.raises(RequestError, match=said):
        found(request_of("csv", table=table), host)


def test_what_is_missing_is_said(request_of, host: EngineHost) -> None:
    request = request_of("zeros")
    bare = replace(request, look=replace(request.look, arrays=()))
    lacking = {
        kind: replace(bare, kind=kind).lacks
        for kind in ("zeros", "ms", "cosine", "change", "mAP", "csv")
    }
    assert lacking == {
        "zeros": "an image", "ms": "an image", "cosine": "an image",
        "change": "a second caffemodel", "mAP": "a sweep", "csv": "a file",
    }  # fmt: skip
    assert request_of("cosine").lacks == "a second net or engine"
    with pytest.raises(RequestError, match="change needs a second caffemodel"):
        found(request_of("change"), host)
