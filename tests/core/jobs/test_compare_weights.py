"""How far weights have moved: by hand, filter by filter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.jobs.compare_weights import (
    ComparedWeights,
    CompareWeightsRequest,
    compare_weights,
    sentence_of,
)
from core.progress import run_job
from core.weights.writer import write_caffemodel


def compare(tmp_path: Path, first: list, second: list) -> ComparedWeights:
    paths = tmp_path / "a.caffemodel", tmp_path / "b.caffemodel"
    for path, layers in zip(paths, (first, second), strict=True):
        write_caffemodel(path, "net", layers)
    return run_job(compare_weights(CompareWeightsRequest(*paths)))


def conv(rows: list[list[float]], bias: list[float]) -> tuple[str, str, list[np.ndarray]]:
    return "conv", "Convolution", [np.array(rows)[:, :, None, None], np.array(bias)]


def test_changes_are_those_worked_out_by_hand(tmp_path: Path) -> None:
    found = compare(
        tmp_path,
        [conv([[3, 4], [0, 0], [1, 0]], [1, 1, 1]), ("fc8", "InnerProduct", [np.ones((2, 2))])],
        [conv([[3, 0], [0, 0], [1, 2]], [1, 1, 1]), ("new", "InnerProduct", [np.ones((3, 2))])],
    )
    weights, bias = found.layers[0].arrays
    # |b - a| is the root of 16 + 4, |a| that of 9 + 16 + 1
    assert weights.change == pytest.approx((20 / 26) ** 0.5)
    assert weights.filters == ((2, 2.0), (0, pytest.approx(0.8)))
    assert (weights.n_different, weights.largest) == (2, 4.0)
    assert bias.is_equal
    assert [(x.name, x.why_not) for x in found.layers[1:]] == [
        ("fc8", "only in A"), ("new", "only in B"),
    ]  # fmt: skip
    assert sentence_of(found) == (
        "Every layer of both files moved; conv moved most (88 %).",
        "Only in one file: fc8 and new.",
    )


def test_equal_files_are_equal_bit_for_bit(tmp_path: Path) -> None:
    layer = conv([[3, 4], [5, 6]], [1, 1])
    found = compare(tmp_path, [layer], [layer])
    assert found.layers[0].is_equal
    assert sentence_of(found)[0] == "1 layer of both files is equal, bit for bit."


def test_other_shapes_are_said_and_not_told_apart(tmp_path: Path) -> None:
    found = compare(
        tmp_path,
        [conv([[1, 2]], [0]), ("fc", "InnerProduct", [np.ones((4, 2))])],
        [conv([[1, 2]], [0]), ("fc", "InnerProduct", [np.ones((3, 2))])],
    )
    assert found.layers[1].arrays[0].why_not == "4×2 and 3×2"
    assert sentence_of(found)[1] == "Not told apart, as shapes differ: fc."


def test_a_row_longer_than_a_chunk_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.jobs.compare_weights._CHUNK_VALUES", 3)
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(2, 5, 4)).astype(np.float32)
    found = compare(tmp_path, [("fc", "InnerProduct", [a])], [("fc", "InnerProduct", [b])]).layers[
        0
    ]
    assert found.change == pytest.approx(float(np.linalg.norm(b - a) / np.linalg.norm(a)))
