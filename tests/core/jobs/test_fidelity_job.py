"""Fidelity says what its distances can't tell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.engines.host import NetToRun
from core.engines.values import EngineSpec
from core.jobs.fidelity import FidelityRequest, measure
from core.net.definition import NetState
from core.progress import Job

NET = """layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }
layer { name: "drop" type: "Dropout" bottom: "x" top: "d" }
layer { name: "fc" type: "InnerProduct" bottom: "d" top: "fc"
        inner_product_param { num_output: 2 } }
layer { name: "side" type: "Power" bottom: "x" top: "side" power_param { scale: 2 } }
"""


def finish(job: Job):
    while True:
        try:
            next(job)
        except StopIteration as end:
            return end.value


@pytest.mark.parametrize(
    ("other", "phase", "notes"),
    [
        (EngineSpec("fake"), "TEST", ()),
        (EngineSpec("fake"), "TRAIN",
         ("Dropout draws at random in drop: two engines differ from there on.",)),
        (EngineSpec("torch"), "TRAIN", ()),
        (EngineSpec("fake", options=(("refuse", "Dropout"),)), "TEST",
         ("Not compared, as an engine or an input for it is missing: drop, fc.",)),
    ],
)  # fmt: skip
def test_what_the_distances_can_not_tell_is_said(
    tmp_path: Path, other: EngineSpec, phase: str, notes: tuple[str, ...]
) -> None:
    np.save(tmp_path / "x.npy", np.ones((2, 3), np.float32))
    request = FidelityRequest(
        NetToRun(NET, tmp_path / "net.prototxt", state=NetState(phase)),
        other,
        arrays=(("x", tmp_path / "x.npy"),),
    )
    found = finish(measure(request))
    assert found.notes == notes
    assert "side" in {row.value.layer for row in found.rows}
