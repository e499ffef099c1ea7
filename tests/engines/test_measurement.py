"""Measure: how far outputs move, against numbers worked out by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from core.edits.findings.search import plan_fix_all
from core.engines.base import EngineProcess
from core.engines.measurement import (
    LargestValue,
    measure_edit,
    measurement_path,
    measurement_record,
    write_measurement,
)
from core.net.reader import read_net
from core.net.rename import plan_rename_all
from core.progress import run_job

POWER = """
layer {{ name: "data" type: "Input" top: "data" input_param {{ shape {{ dim: 1 dim: 4 }} }} }}
layer {{ name: "power" type: "Power" bottom: "data" top: "out" power_param {{ {0} }} }}
"""


def test_the_numbers_of_one_output(torch_process: EngineProcess) -> None:
    """x = (3, 2, -4, 1) becomes -2x: differences 9, 6, 12, 3; three times the length of x."""
    image = {"data": np.array([[3.0, 2.0, -4.0, 1.0]], np.float32)}
    before, after = POWER.format("scale: 1"), POWER.format("scale: -2")
    (change,) = run_job(measure_edit(torch_process, before, after, inputs=image)).outputs
    assert (change.label, change.n_values, change.n_different) == ("out", 4, 4)
    assert (change.largest_difference, change.mean_difference) == (12.0, 7.5)
    assert change.relative_difference == pytest.approx(3.0)
    assert change.largest_before == LargestValue(0, 3.0)
    assert change.largest_after == LargestValue(2, 8.0)
    assert change.moves_largest


def test_a_repair_is_measured_at_the_outputs_of_the_repaired_net(
    any_process: EngineProcess, small_net: str
) -> None:
    """relu2 and drop2 lead nowhere before the repair; afterwards only prob is an output."""
    if any_process.spec.name in ("openvino", "opencv"):
        pytest.skip("shares of 1e-40 are 0 there, so that both nets say 0, 0, 0, 1, 0")
    wrong = small_net.replace(
        'name: "relu2" type: "ReLU" bottom: "fc2" top: "fc2"',
        'name: "relu2" type: "ReLU" bottom: "fc2" top: "fc2_relu2"',
    ).replace(
        'name: "drop2" type: "Dropout" bottom: "fc2" top: "fc2"',
        'name: "drop2" type: "Dropout" bottom: "fc2_relu2" top: "fc2_drop2"',
    )
    fixed = plan_fix_all(read_net(wrong)).new_text
    found = run_job(measure_edit(any_process, wrong, fixed))
    assert [change.label for change in found.outputs] == ["prob"]
    assert not found.is_identical
    assert found.first_different_layer == "fc3"
    assert 0 < found.largest.relative_difference < math.inf


def test_what_changes_nothing_measures_nothing(
    torch_process: EngineProcess, small_net: str
) -> None:
    after = plan_rename_all(read_net(small_net)).new_text
    found = run_job(measure_edit(torch_process, small_net, after))
    assert found.is_identical
    assert found.largest.relative_difference == 0.0
    assert found.first_different_layer is None


def test_other_shapes_are_infinitely_far_and_kept_as_null(
    torch_process: EngineProcess, tmp_path: Path
) -> None:
    narrow = """
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 4 } } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
  inner_product_param { num_output: 3 } }
"""
    wide = narrow.replace("num_output: 3", "num_output: 5")
    found = run_job(measure_edit(torch_process, narrow, wide))
    assert found.outputs[0].relative_difference == math.inf
    path = write_measurement(tmp_path / "net.prototxt", measurement_record(found))
    assert path == measurement_path(tmp_path / "net.prototxt") == tmp_path / "net.measurement.json"
    kept = json.loads(path.read_text())
    assert kept["outputs"][0]["relative_difference"] is None
    assert kept["input"]["kind"] == "seeded values"
