"""The frames between window and child: round trips, and refusing what is no frame."""

from __future__ import annotations

import io
import json
import struct

import numpy as np
import pytest

from core.engines import wire


def frame(header: object, body: bytes = b"", *, body_bytes: int | None = None) -> io.BytesIO:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    length = len(body) if body_bytes is None else body_bytes
    return io.BytesIO(struct.pack("<4sIQ", b"BSW1", len(text), length) + text + body)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(24, dtype=np.float32).reshape(2, 3, 4),
        np.arange(24, dtype=np.float32).reshape(2, 3, 4).transpose(2, 0, 1),
        np.array(3.5, dtype=np.float32),
        np.zeros((0, 5), np.float64),
        np.array([1, -2], dtype=">f4"),
        np.array([[7]], dtype=np.int64),
    ],
    ids=["plain", "transposed", "no axes", "empty", "big endian", "int64"],
)
def test_an_array_arrives_as_it_was_sent(array: np.ndarray) -> None:
    stream = io.BytesIO()
    wire.write_frame(stream, {"op": "é"}, [array, array])
    stream.seek(0)
    header, arrays = wire.read_frame(stream)
    assert header == {"op": "é"}
    assert len(arrays) == 2
    np.testing.assert_array_equal(arrays[0], array)
    assert arrays[0].shape == array.shape
    assert arrays[0].flags.writeable


def test_frames_follow_one_another() -> None:
    stream = io.BytesIO()
    for number in range(3):
        wire.write_frame(stream, {"n": number}, [np.full(number, number, np.float32)])
    stream.seek(0)
    assert [wire.read_frame(stream)[0]["n"] for _ in range(3)] == [0, 1, 2]
    with pytest.raises(wire.WireClosed):
        wire.read_frame(stream)


@pytest.mark.parametrize(
    "stream",
    [
        io.BytesIO(b"Traceback (most recent call last):"),
        frame(b"not json"),
        frame([1, 2]),
        frame({"arrays": 3}),
        frame({"arrays": [["<f4"]]}),
        frame({"arrays": [["|O8", [1]]]}, b"12345678"),
        frame({"arrays": [["<f4", [-1]]]}),
        frame({"arrays": [["<f4", [1.5]]]}),
        frame({"arrays": [["<f4", [1] * 33]]}, b"1234"),
        frame({"arrays": [["<f4", [2]]]}, b"1234"),
        frame({"arrays": [["<f4", [2**36, 2**36]]]}, body_bytes=2**20),
        frame({}, body_bytes=2**40),
        io.BytesIO(struct.pack("<4sIQ", b"BSW1", 2**31, 0)),
        frame(b"[" * 100_000),
    ],
    ids=range(14),
)
def test_nonsense_is_refused(stream: io.BytesIO) -> None:
    with pytest.raises(wire.WireError):
        wire.read_frame(stream)


def test_a_frame_cut_off_is_a_closed_stream() -> None:
    whole = frame({"arrays": [["<f4", [2]]]}, b"12345678").getvalue()
    for length in (0, 3, 20, len(whole) - 1):
        with pytest.raises(wire.WireClosed):
            wire.read_frame(io.BytesIO(whole[:length]))


def test_objects_can_not_be_sent() -> None:
    with pytest.raises(wire.WireError, match="object"):
        wire.write_frame(io.BytesIO(), {}, [np.array([None])])
