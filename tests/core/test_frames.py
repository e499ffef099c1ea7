"""The frames between the program and its children: round trips, and refusing what is no frame."""

from __future__ import annotations

import io
import json
import struct

import numpy as np
import pytest

from core import frames


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
    frames.write_frame(stream, {"op": "é"}, [array, array])
    stream.seek(0)
    header, arrays = frames.read_frame(stream)
    assert header == {"op": "é"}
    assert len(arrays) == 2
    np.testing.assert_array_equal(arrays[0], array)
    assert arrays[0].shape == array.shape
    assert arrays[0].flags.writeable


def test_frames_follow_one_another() -> None:
    stream = io.BytesIO()
    for number in range(3):
        frames.write_frame(stream, {"n": number}, [np.full(number, number, np.float32)])
    stream.seek(0)
    assert [frames.read_frame(stream)[0]["n"] for _ in range(3)] == [0, 1, 2]
    with pytest.raises(frames.StreamEnded):
        frames.read_frame(stream)


@pytest.mark.parametrize(
    ("stream", "said"),
    [
        (io.BytesIO(b"Traceback (most recent call last):"), "not a frame"),
        (frame(b"not json"), "no JSON"),
        (frame([1, 2]), "no JSON object"),
        (frame({"arrays": 3}), "arrays are no list"),
        (frame({"arrays": [["<f4"]]}), "wrong array entry"),
        (frame({"arrays": [["|O8", [1]]]}, b"12345678"), "unknown type"),
        (frame({"arrays": [["<f4", [-1]]]}), "impossible shape"),
        (frame({"arrays": [["<f4", [1.5]]]}), "impossible shape"),
        (frame({"arrays": [["<f4", [True]]]}, b"1234"), "impossible shape"),
        (frame({"arrays": [["<f4", [1] * 33]]}, b"1234"), "impossible shape"),
        (frame({"arrays": [["<f4", [2]]]}, b"1234"), "do not add up"),
        (frame({"arrays": [["<f4", [2**36, 2**36]]]}, body_bytes=2**20), "do not add up"),
        (frame({}, body_bytes=2**40), "over the bound"),
        (frame({}, body_bytes=2**36 + 1), "over the bound"),
        (io.BytesIO(struct.pack("<4sIQ", b"BSW1", 2**31, 0)), "over the bound"),
        (io.BytesIO(struct.pack("<4sIQ", b"BSW1", 2**26 + 1, 0)), "over the bound"),
        (frame(b"[" * 100_000), "no JSON"),
    ],
    ids=range(17),
)
def test_nonsense_is_refused_before_anybody_waits_for_more(stream: io.BytesIO, said: str) -> None:
    """A pipe does not end after nonsense, so running out of bytes is no refusal."""
    open_pipe = io.BytesIO(stream.getvalue() + bytes(1000))
    with pytest.raises(frames.FrameError, match=said) as refused:
        frames.read_frame(open_pipe)
    assert not isinstance(refused.value, frames.StreamEnded)


def test_a_frame_cut_off_is_a_closed_stream() -> None:
    whole = frame({"arrays": [["<f4", [2]]]}, b"12345678").getvalue()
    for length in (0, 3, 20, len(whole) - 1):
        with pytest.raises(frames.StreamEnded):
            frames.read_frame(io.BytesIO(whole[:length]))


def test_objects_can_not_be_sent() -> None:
    with pytest.raises(frames.FrameError, match="object"):
        frames.write_frame(io.BytesIO(), {}, [np.array([None])])
