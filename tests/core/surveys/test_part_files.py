"""Parts of an extraction: whatever a kill or a power cut took, what counts is what is there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import AppError
from core.surveys.part_files import PartFiles

ROWS = np.arange(12, dtype=np.float32).reshape(4, 3)


def grown(out: Path, n_passes: int = 4) -> PartFiles:
    parts = PartFiles(out, 2, "request")
    for number in range(n_passes):
        rows = ROWS[number : number + 1]
        parts.append([f"{number}.png"], [rows, -rows], [rows.shape, rows.shape])
    parts.close()
    return parts


def values(parts: PartFiles, number: int) -> np.ndarray:
    chunks = list(parts.chunks(number))
    return np.concatenate(chunks).reshape(-1, 3) if chunks else np.zeros((0, 3), np.float32)


@pytest.mark.parametrize(("lost_bytes", "n_left"), [(0, 4), (1, 3), (12, 3), (30, 1), (48, 0)])
def test_a_pass_counts_only_where_all_its_rows_are_there(
    tmp_path: Path, lost_bytes: int, n_left: int
) -> None:
    """Rows that a failing disk lost are run again; they are never taken for zeros."""
    part = grown(tmp_path / "out.npz").folder / "1.f32"
    with part.open("ab") as file:
        file.truncate(part.stat().st_size - lost_bytes)
    again = PartFiles(tmp_path / "out.npz", 2, "request")
    assert again.images == [f"{number}.png" for number in range(n_left)]
    np.testing.assert_array_equal(values(again, 0), ROWS[:n_left])
    np.testing.assert_array_equal(values(again, 1), -ROWS[:n_left])


@pytest.mark.parametrize("name", ["request", "journal.jsonl", "0.f32", "1.f32"])
def test_a_removal_that_was_killed_midway_invents_nothing(tmp_path: Path, name: str) -> None:
    (grown(tmp_path / "out.npz").folder / name).unlink()
    again = PartFiles(tmp_path / "out.npz", 2, "request")
    assert again.images == []
    assert (len(values(again, 0)), len(values(again, 1))) == (0, 0)


def test_removed_parts_are_gone(tmp_path: Path) -> None:
    grown(tmp_path / "out.npz")
    PartFiles(tmp_path / "out.npz", 2, "request").remove()
    assert list(tmp_path.iterdir()) == []


def test_two_at_once_would_mix_their_rows_and_are_refused(tmp_path: Path) -> None:
    first = PartFiles(tmp_path / "out.npz", 1, "request")
    first.append(["0.png"], [ROWS[:1]], [(1, 3)])
    for request in ("request", "another request"):
        with pytest.raises(AppError, match="Another extraction"):
            PartFiles(tmp_path / "out.npz", 1, request)
    first.append(["1.png"], [ROWS[1:2]], [(1, 3)])
    np.testing.assert_array_equal(values(first, 0), ROWS[:2])
    first.close()
    assert PartFiles(tmp_path / "out.npz", 1, "another request").images == []
