"""Writing .npz files: any key, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.activations.npz_file import write_npz
from core.errors import AppError


def test_keys_that_numpy_savez_refuses_are_read_back(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    written = {
        "file": np.arange(3.0, dtype=np.float32),
        "fire2/squeeze1x1": np.ones((1, 2), np.float32),
        "slice:a": np.zeros((2, 0), np.float32),
        "images": np.array(["ä.jpg", "b.jpg"]),
    }
    assert write_npz(path, written.items()) == 4
    with np.load(path, allow_pickle=False) as read:
        assert set(read.files) == set(written)
        for key, array in written.items():
            np.testing.assert_array_equal(read[key], array)


def test_an_error_half_way_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    write_npz(path, [("x", np.zeros(1))])

    def broken() -> Iterator[tuple[str, np.ndarray]]:
        yield "x", np.ones(1)
        raise AppError("no more")

    with pytest.raises(AppError, match="no more"):
        write_npz(path, broken())
    with np.load(path) as read:
        assert read["x"][0] == 0
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]


def test_a_folder_that_is_missing_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(AppError, match=r"can.t be written"):
        write_npz(tmp_path / "gone" / "a.npz", [("x", np.zeros(1))])
