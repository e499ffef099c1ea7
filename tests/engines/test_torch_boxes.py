"""Overlaps and suppression of boxes, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.engines.base import EngineProcess, Value
from core.engines.torch.boxes import best_first, overlaps, suppress
from core.errors import EngineError

# A and B share 1 of 4 + 4 - 1; A and C touch in a line; D is turned inside out.
A, B, C, D = [0, 0, 2, 2], [1, 1, 3, 3], [2, 0, 4, 2], [3, 3, 1, 1]


def boxes(*rows: list[float]) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 4)


def test_overlap_is_the_shared_area_over_all_that_is_covered() -> None:
    found = overlaps(boxes(A), boxes(A, B, C, D))
    np.testing.assert_allclose(found, [[1, 1 / 7, 0, 0]], rtol=1e-6)


def test_corners_that_are_pixels_reach_one_further() -> None:
    # 3 x 3 pixels each: A and B share 2 x 2, A and C a column of 3
    found = overlaps(boxes(A), boxes(B, C), extra=1.0)
    np.testing.assert_allclose(found, [[4 / 14, 3 / 15]], rtol=1e-6)


def test_a_box_goes_when_it_overlaps_a_kept_one_too_much() -> None:
    rows = boxes(A, B, C, A)
    assert suppress(rows, 0.5) == [0, 1, 2]
    assert suppress(rows, 0.1) == [0, 2]
    assert suppress(rows, 0.5, at_most=2) == [0, 1]
    assert suppress(boxes(), 0.5) == []


@pytest.mark.parametrize(("keeps_equal", "kept"), [(True, [0, 1]), (False, [0])])
def test_an_overlap_of_just_the_threshold_is_kept_by_ssd_but_not_by_yolo(
    keeps_equal: bool, kept: list[int]
) -> None:
    half = boxes([0, 0, 2, 1], [0, 0, 1, 1])
    assert suppress(half, 0.5, keeps_equal=keeps_equal) == kept


def test_only_kept_boxes_suppress_and_over_blocks_too() -> None:
    # each box overlaps the next by a half, and no other: every second one stays
    chain = boxes(*([i, 0, i + 3, 1] for i in range(0, 1000, 1)))
    assert suppress(chain, 0.3) == list(range(0, 1000, 2))


def test_the_threshold_shrinks_with_each_box_kept() -> None:
    # overlaps with the first: 0.55 and, for the last, 0.52
    rows = boxes([0, 0, 100, 1], [0, 0, 55, 1], [48, 0, 100, 1])
    assert suppress(rows, 0.6) == [0, 1, 2]
    assert suppress(rows, 0.6, eta=0.85) == [0]  # 0.51
    assert suppress(rows, 0.6, eta=0.9) == [0, 2]  # 0.54
    assert suppress(rows, 0.6, eta=0.92) == [0, 1]  # 0.552, then 0.508


def test_equal_scores_keep_their_order() -> None:
    scores = np.array([0.5, 0.9, 0.5, 0.9], np.float32)
    assert best_first(scores).tolist() == [1, 3, 0, 2]
    assert best_first(scores, 3).tolist() == [1, 3, 0]


def test_boxes_of_an_untrained_net_are_refused_instead_of_compared_for_hours(
    torch_process: EngineProcess,
) -> None:
    text = """
    input: "data" input_shape { dim: 1 dim: 85 dim: 40 dim: 40 }
    layer { name: "found" type: "Yolov3DetectionOutput" bottom: "data" top: "found"
            yolov3_detection_output_param { num_classes: 80 num_box: 1 biases: 9 biases: 9 mask: 0
                                            mask_group_num: 1 anchors_scale: 8 } }
    """
    engine = torch_process.open(text)
    data = np.zeros((1, 85, 40, 40), np.float32)
    with pytest.raises(EngineError, match="finds 128,000 boxes"):
        engine.forward({"data": data}, [Value("found", "found")])
    data[:, 5:] = -9.0
    none = engine.forward({"data": data}, [Value("found", "found")])
    assert none[Value("found", "found")].tolist() == [[[[0.0, *[-1.0] * 6]]]]
