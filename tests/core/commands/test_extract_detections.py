"""`extract` from a net whose top has as many rows as it finds: one array over all passes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

# Two places, a box at each, of two classes: background and what the input's sign says.
DETECTOR = """
input: "data" input_shape { dim: 1 dim: 4 dim: 1 dim: 2 }
layer { name: "priors" type: "PriorBox" bottom: "data" bottom: "data" top: "priors"
        prior_box_param { min_size: 1 clip: true } }
layer { name: "still" type: "Power" bottom: "data" top: "still" power_param { scale: 0 } }
layer { name: "moves" type: "Flatten" bottom: "still" top: "moves" }
layer { name: "half" type: "Slice" bottom: "data" top: "scores" top: "rest"
        slice_param { axis: 1 slice_point: 2 } }
layer { name: "gone" type: "Silence" bottom: "rest" }
layer { name: "by_place" type: "Permute" bottom: "scores" top: "by_place"
        permute_param { order: 0 order: 2 order: 3 order: 1 } }
layer { name: "flat" type: "Flatten" bottom: "by_place" top: "flat" }
layer { name: "found" type: "DetectionOutput" bottom: "moves" bottom: "flat" bottom: "priors"
        top: "found" detection_output_param { num_classes: 2 confidence_threshold: 0.5 } }
"""
LEFT, RIGHT = [0.0, 0.0, 0.5, 1.0], [0.5, 0.0, 1.0, 1.0]


@pytest.fixture
def detector(tmp_path: Path) -> Path:
    path = tmp_path / "detector.prototxt"
    path.write_text(DETECTOR)
    return path


@pytest.fixture
def array(tmp_path: Path) -> Path:
    """Five images: found left, nothing, both, right, nothing."""
    data = np.zeros((5, 4, 1, 2), np.float32)
    data[0, 1, 0, 0], data[2, 1, 0, :], data[3, 1, 0, 1] = 0.9, (0.6, 0.8), 0.7
    path = tmp_path / "x.npy"
    np.save(path, data)
    return path


@pytest.mark.parametrize("batch", [2, 5])
def test_rows_of_all_passes_count_the_images_through(
    command, detector: Path, array: Path, tmp_path: Path, batch: int
) -> None:
    out = tmp_path / "o.npz"
    words = ("--net", detector, "--array", array, "--layers", "found", "--out", out)
    assert command("extract", *words, "--batch", batch).code == 0
    with np.load(out, allow_pickle=False) as values:
        rows = values["found"][0, 0]
        assert len(values["images"]) == 5
    wanted = [
        [0, 1, 0.9, *LEFT],
        [2, 1, 0.8, *RIGHT],
        [2, 1, 0.6, *LEFT],
        [3, 1, 0.7, *RIGHT],
    ]
    np.testing.assert_allclose(rows[rows[:, 1] > 0], wanted, atol=1e-6)
    # a pass that finds nothing says so for each of its images
    assert rows[rows[:, 1] < 0, 0].tolist() == ([4.0] if batch == 2 else [])


def test_info_says_that_the_number_of_detections_is_unknown(command, detector: Path) -> None:
    said = command("info", "--net", detector, "--json").json
    layer = next(one for one in said["layers"] if one["name"] == "found")
    assert layer["tops"][0]["shape"] is None
    assert not said["problems"]
    shown = command("info", "--net", detector).out
    row = next(line for line in shown.splitlines() if line.startswith("found"))
    assert row.split()[-1] == "?"
