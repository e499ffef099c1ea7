"""Arrays in memory that two processes share: round trips, growth, and places that are none."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import shared_arrays
from core.frames import FrameError
from core.shared_arrays import SharedArrays

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere frames carry arrays")

Sides = tuple[SharedArrays, SharedArrays]
RAMP = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
NOTHING = np.zeros((2, 0), np.float64)


@pytest.fixture
def sides() -> Iterator[Sides]:
    """A parent's and a child's view of the same memory."""
    parent = SharedArrays.create()
    child = SharedArrays.of_parent([os.dup(file) for file in parent.files])
    yield parent, child
    parent.close()
    child.close()


def sent(sender: SharedArrays, receiver: SharedArrays, *arrays: np.ndarray) -> list[np.ndarray]:
    header, places = sender.lend({"op": "x"}, arrays)
    assert receiver.is_named(header)
    assert places is not None
    for place, array in zip(places, arrays, strict=True):
        place[...] = array
    found = receiver.look(header, [])
    assert header == {"op": "x"}
    return found


@pytest.mark.parametrize(
    "array",
    [
        RAMP,
        RAMP.transpose(2, 0, 1),
        np.array(3.5, np.float32),
        np.array([[7]], np.int64),
        np.array([np.nan, -0.0, np.inf], np.float64),
    ],
    ids=["plain", "transposed", "no axes", "int64", "odd numbers"],
)
def test_arrays_arrive_both_ways_as_they_were_sent(sides: Sides, array: np.ndarray) -> None:
    parent, child = sides
    for one, other in ((parent, child), (child, parent)):
        found = sent(one, other, array, NOTHING, RAMP)
        assert found[0].tobytes() == array.tobytes()
        assert [each.shape for each in found] == [array.shape, NOTHING.shape, RAMP.shape]
        np.testing.assert_array_equal(found[2], RAMP)


def test_the_memory_is_written_over_and_grows_while_earlier_views_stay_readable(
    sides: Sides,
) -> None:
    parent, child = sides
    (first,) = sent(parent, child, RAMP)
    (second,) = sent(parent, child, RAMP + 1)
    np.testing.assert_array_equal(first, RAMP + 1)
    large = np.arange(3 << 20, dtype=np.float32)
    (third,) = sent(parent, child, large)
    np.testing.assert_array_equal(third, large)
    assert first[0, 0, 1] == second[0, 0, 1] == 1
    (small,) = sent(parent, child, RAMP)
    np.testing.assert_array_equal(small, RAMP)


def test_what_is_too_large_or_of_no_known_type_goes_with_the_frame(
    sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_arrays, "MOST_BYTES", 100)
    big_endian = np.array([1, -2], dtype=">f4")
    for array in (np.zeros(26, np.float32), big_endian, np.zeros((0, 3), np.float32)):
        assert sides[0].lend({}, [array]) == ({}, None)


def test_without_memory_everything_goes_with_the_frame() -> None:
    nobody = SharedArrays()
    assert nobody.lend({"a": 1}, [RAMP]) == ({"a": 1}, None)
    assert nobody.look({}, [RAMP]) == [RAMP]
    with pytest.raises(FrameError, match="no shared memory"):
        nobody.look({"shared": []}, [])


@pytest.mark.parametrize(
    "places",
    [
        3,
        [3],
        [["<f4", [2]]],
        [["<f4", [2], -4]],
        [["<f4", [2], True]],
        [["<f4", [2], 1.0]],
        [["|O8", [1], 0]],
        [["<f4", [-1], 0]],
        [["<f4", [1 << 18], 1]],
        [["<f4", [1 << 36], 0]],
        [["<f4", [0, 1 << 36, 1 << 36], 0]],
        [["<f4", [1], 1 << 62]],
    ],
    ids=range(12),
)
def test_places_that_are_none_are_refused(sides: Sides, places: Any) -> None:
    parent, child = sides
    sent(child, parent, RAMP)
    with pytest.raises(FrameError):
        parent.look({"shared": places}, [])


def test_nobody_can_shorten_memory_that_another_reads(sides: Sides) -> None:
    sent(sides[0], sides[1], RAMP)
    with pytest.raises(PermissionError):
        os.ftruncate(sides[0].files[0], 0)


def test_closing_gives_the_files_back() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    parent = SharedArrays.create()
    parent.lend({}, [RAMP])
    parent.close()
    parent.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_note_can_be_read_at_any_time_and_takes_no_array_s_place(sides: Sides) -> None:
    parent, child = sides
    assert parent.noted() == ""
    assert child.note("conv1")
    assert parent.noted() == "conv1"
    array = np.arange(6, dtype=np.float32)
    header, places = child.lend({}, [array])
    assert places is not None
    places[0][...] = array
    seen = parent.look(header, [])
    assert child.note("a layer of a long name " * 40)
    assert parent.noted().startswith("a layer of a long name a layer")
    child.note("ü" * 300)
    assert set(parent.noted()) == {"ü"}  # cut off between letters
    np.testing.assert_array_equal(seen[0], array)
    parent.forget_noted()
    assert parent.noted() == ""
    child.close()
    parent.close()
    assert parent.noted() == ""
    assert not SharedArrays().note("conv1")
