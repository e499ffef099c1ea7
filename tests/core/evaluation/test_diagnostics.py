"""What explains a mAP, on descriptors whose figures are known."""

from __future__ import annotations

import numpy as np
import pytest

from core.evaluation.diagnostics import MOST_IMAGES, chosen_images, diagnose


def test_directions_in_use_are_counted() -> None:
    rng = np.random.default_rng(1)
    for rank in (1, 4, 16):
        rows = (
            rng.standard_normal((4000, rank)) @ np.linalg.qr(rng.standard_normal((40, rank)))[0].T
        )
        found = diagnose(rows.astype(np.float32), [None] * 4000)
        assert found.effective_rank == pytest.approx(rank, rel=0.02)
    wide = np.eye(30, 500, dtype=np.float32)  # 30 points of a simplex spread along 29 directions
    assert diagnose(wide, [None] * 30).effective_rank == pytest.approx(29)
    assert diagnose(np.ones((9, 4), np.float32), [None] * 9).effective_rank == 0


def test_zeros_are_counted() -> None:
    rows = np.array([[0, 1, 0, 2], [3, 0, 0, 0]], np.float32)
    assert diagnose(rows, ["a", "a"]).sparsity == 5 / 8


def test_a_hub_skews_the_neighbours() -> None:
    rng = np.random.default_rng(2)
    even = rng.standard_normal((500, 4)).astype(np.float32)
    # a dozen images near the mean direction of points that are far from one another
    hubs = rng.standard_normal((500, 300)).astype(np.float32) + 0.7
    hubs[:12] = 0.7 + 0.2 * hubs[:12]
    labels = [None] * 500
    assert abs(diagnose(even, labels).hubness) < 1
    assert diagnose(hubs, labels).hubness > 4


def test_separation_is_how_often_a_pair_of_one_label_is_nearer() -> None:
    angles = np.radians([0, 10, 40, 90])
    rows = np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)
    # same: 10 and 50 degrees; apart: 40, 90, 30, 80; 10 is nearer than 4 of them, 50 than 2
    assert diagnose(rows, ["a", "a", "b", "b"]).separation == 6 / 8
    assert diagnose(rows[[0, 0, 0, 0]], ["a", "a", "b", "b"]).separation == 0.5
    assert np.isnan(diagnose(rows, ["a", "a", "a", None]).separation)
    assert diagnose(rows, ["a"] * 4).to_json()["separation"] is None


def test_many_images_are_sampled_the_same_every_time() -> None:
    assert chosen_images(5).tolist() == [0, 1, 2, 3, 4]
    found = chosen_images(100_000)
    assert len(set(found.tolist())) == MOST_IMAGES
    np.testing.assert_array_equal(found, chosen_images(100_000))
