"""Two nets on one input: paired values, what is equal, and what has no pair."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.engines.host import TORCH, EngineHost, NetToRun
from core.errors import RequestError
from core.jobs.compare_values import (
    ComparedValues,
    CompareValuesRequest,
    compare_values,
    cosine_text,
    sentence_of,
)
from core.progress import run_job

NET = """layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 2 } } }
layer { name: "double" type: "Power" bottom: "x" top: "d" power_param { scale: 2 } }
layer { name: "shift" type: "Power" bottom: "d" top: "s" power_param { shift: SHIFT } }
layer { name: "relu" type: "ReLU" bottom: "s" top: "s" }
layer { name: "fc" type: "InnerProduct" bottom: "s" top: "fc"
        inner_product_param { num_output: OUT } }
"""


@pytest.fixture(scope="module")
def host():
    with EngineHost() as host:
        host.process(TORCH)  # started before a test begins, as it outlives each
        yield host


@pytest.fixture
def compared(tmp_path: Path, host: EngineHost) -> Callable[..., ComparedValues]:
    """Runs the net above in two variants on (3, 4)."""

    def run(*variants: tuple[str, int]) -> ComparedValues:
        np.save(tmp_path / "x.npy", np.array([[3, 4]], np.float32))
        first, second = (
            NetToRun(
                NET.replace("SHIFT", shift).replace("OUT", str(out)), tmp_path / "net.prototxt"
            )
            for shift, out in variants
        )
        request = CompareValuesRequest(first, second, arrays=(("x", tmp_path / "x.npy"),))
        return run_job(compare_values(request, host))

    return run


def test_equal_layers_stand_before_those_that_moved(compared) -> None:
    found = compared(("0", 3), ("-8", 5))
    by_name = {pair.first.layer: pair for pair in found.pairs if pair.first}
    assert by_name["x"].is_input
    assert cosine_text(by_name["double"].distance) == "1, equal"
    # (6, 8) and (-2, 0); after ReLU (6, 8) and (0, 0)
    shift = by_name["shift"].distance
    assert shift.cosine == pytest.approx(-12 / (10 * 2))
    assert shift.relative == pytest.approx(128**0.5 / 10)
    assert by_name["relu"].distance.zeros == (0.0, 1.0)
    assert by_name["relu"].words == "relu · s@1"
    assert by_name["shift"].moved == ((0, pytest.approx(0.5)), (1, pytest.approx(0.5)))
    assert by_name["fc"].why_not == "3 and 5, no pair"
    assert sentence_of(found) == (
        "Up to double · d both give the same values, bit for bit;"
        " shift · s@0 moved most (cosine \N{MINUS SIGN}0.6).",
        "fc has another size, so it has no pair.",
    )


def test_one_net_twice_is_equal_throughout(compared) -> None:
    found = compared(("1", 3), ("1", 3))
    assert sentence_of(found) == (
        "Both nets give the same values, bit for bit: 4 paired values.", "",
    )  # fmt: skip
    assert all(pair.distance.is_equal for pair in found.computed)


def test_histograms_of_a_pair_share_their_edges(compared) -> None:
    pair = next(p for p in compared(("0", 3), ("-7", 3)).computed if p.first.layer == "shift")
    one, other = pair.histograms
    assert (one.edges == other.edges).all()
    assert one.n_values == other.n_values == 2


def test_without_an_image_the_request_says_so(tmp_path: Path, host: EngineHost) -> None:
    net = NetToRun(NET.replace("SHIFT", "1").replace("OUT", "2"), tmp_path / "n.prototxt")
    with pytest.raises(RequestError, match="No image is open"):
        run_job(compare_values(CompareValuesRequest(net, net), host))
