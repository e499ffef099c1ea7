"""Bytes of weights, means, frames and pictures: sound small ones, to be damaged."""

from __future__ import annotations

import io
import struct
from functools import cache
from pathlib import Path

import h5py
import numpy as np
from hypothesis import strategies as st
from PIL import Image

from core.frames import write_frame
from tests.fuzz.mutations import NUMBERS, mutated_bytes, varint

SHIPPED = Path(__file__).resolve().parents[1] / "data" / "weights"
PICTURE_FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM")


@cache
def shipped(ending: str) -> tuple[bytes, ...]:
    """The weights files of the repository with that ending."""
    return tuple(path.read_bytes() for path in sorted(SHIPPED.glob(f"*{ending}")))


def field(number: int, payload: bytes) -> bytes:
    """A length-delimited field."""
    return varint(number << 3 | 2) + varint(len(payload)) + payload


numbers = st.one_of(st.integers(0, 5), st.sampled_from(NUMBERS))
sizes = st.lists(numbers, max_size=5)
values = st.lists(st.floats(width=32), max_size=8)


def _packed(found: list[float], kind: str) -> bytes:
    return struct.pack(f"<{len(found)}{kind}", *found)


blob_fields = st.one_of(
    st.builds(lambda axis, n: varint(axis << 3) + varint(n), st.integers(1, 4), numbers),
    sizes.map(lambda dims: field(7, field(1, b"".join(map(varint, dims))))),
    sizes.map(lambda dims: field(7, b"".join(b"\x08" + varint(dim) for dim in dims))),
    st.builds(lambda n, v: field(n, _packed(v, "f")), st.sampled_from((5, 6)), values),
    st.builds(lambda n, v: field(n, _packed(v, "d")), st.sampled_from((8, 9)), values),
    st.builds(
        lambda n, v: b"".join(bytes([n << 3 | 5]) + _packed([x], "f") for x in v),
        st.sampled_from((5, 6)),
        values,
    ),
    numbers.map(lambda n: b"\x50" + varint(n)),
    st.builds(lambda n, raw: field(n, raw), st.sampled_from((10, 12)), st.binary(max_size=9)),
    st.sampled_from((b"\x83\x04\x08\x01\x84\x04", b"\x83\x04", b"\x84\x04", field(99, b"abc"))),
)
blobs = st.lists(blob_fields, max_size=5).map(b"".join)
names = st.sampled_from((b"c", b"fc", b"", b"\xff\xfe", b"old"))


@st.composite
def grown_weights(draw: st.DrawFn) -> bytes:
    """Layers of the three generations with arrays of all sorts."""
    raw = b""
    for _ in range(draw(st.integers(0, 4))):
        name, arrays = draw(names), draw(st.lists(blobs, max_size=3))
        kind = draw(st.sampled_from(("V0", "V1", "V2", "V2")))
        blobs_field = {"V0": 50, "V1": 6, "V2": 7}[kind]
        body = field(4 if kind == "V1" else 1, name)
        body += b"".join(field(blobs_field, array) for array in arrays)
        raw += field(100 if kind == "V2" else 2, field(1, body) if kind == "V0" else body)
    return raw


@cache
def frames() -> tuple[bytes, ...]:
    """Sound frames of the wire protocol."""
    made = []
    for header, arrays in (
        ({"kind": "hello"}, []),
        ({"kind": "blobs", "names": ["a", "b"]}, [np.ones((2, 3), "f4"), np.zeros(0, "u1")]),
        ({"x": [None, {"y": 1e300}]}, [np.array(3.0), np.ones((1, 1, 2), "<i8")]),
    ):
        stream = io.BytesIO()
        write_frame(stream, header, arrays)
        made.append(stream.getvalue())
    return tuple(made)


@st.composite
def framed(draw: st.DrawFn) -> bytes:
    """A frame whose parts are drawn on their own, so that lengths agree more often."""
    kinds = st.sampled_from(('"<f4"', '"|u1"', '"|O"', "1", '"<f8"', '"<U3"'))
    entries = st.builds(lambda kind, dims: f"[{kind}, {dims}]", kinds, sizes)
    listed = ", ".join(draw(st.lists(entries, max_size=3)))
    header = draw(
        st.sampled_from((f'{{"arrays": [{listed}]}}', listed, "[" * 5000, "{}", "1" * 5000))
    )
    body = draw(st.binary(max_size=64))
    length = draw(st.sampled_from((len(body), 0, 4, 2**20)))
    return struct.pack("<4sIQ", b"BSW1", len(header), length) + header.encode() + body


@cache
def means() -> tuple[bytes, ...]:
    """Sound mean files: .npy in several spellings, and the shipped binaryproto."""
    made = [*shipped(".binaryproto"), *shipped("mean.npy")]
    for array in (
        np.ones((3, 2, 2), "f4"),
        np.ones((2, 2, 3)),
        np.arange(3),
        np.ones((1, 1), "f2"),
    ):
        stream = io.BytesIO()
        np.save(stream, array)
        made.append(stream.getvalue())
    made.append(made[-1].replace(b"(1, 1)", b"(1L,1)"))
    return tuple(made)


@cache
def pictures() -> tuple[bytes, ...]:
    """One small picture in each format."""
    rng = np.random.default_rng(0)
    picture = Image.fromarray(rng.integers(0, 256, (9, 7, 3), np.uint8))
    made = []
    for name in PICTURE_FORMATS:
        stream = io.BytesIO()
        picture.save(stream, name)
        made.append(stream.getvalue())
    return tuple(made)


@cache
def hdf5_files() -> tuple[bytes, ...]:
    """HDF5 weights: the shipped file, one with chunks and links, one of the newest format."""
    made = list(shipped(".h5"))
    for options in ({}, {"libver": "latest"}):
        stream = io.BytesIO()
        with h5py.File(stream, "w", **options) as file:
            file["data/c/0"] = np.ones((2, 3, 1, 1), "f4")
            file.create_dataset("data/c/1", data=np.zeros(2, "f4"), chunks=(1,), compression="gzip")
            file["data/fc/0"] = h5py.SoftLink("/data")
            file["data/old/0"] = np.ones(3)
        made.append(stream.getvalue())
    return tuple(made)


caffemodels = st.one_of(
    grown_weights(),
    mutated_bytes(grown_weights()),
    mutated_bytes(st.deferred(lambda: st.sampled_from(shipped(".caffemodel")))),
    st.binary(max_size=40),
)
_hdf5 = st.deferred(lambda: st.sampled_from(hdf5_files()))
hdf5_bytes = st.one_of(mutated_bytes(_hdf5), mutated_bytes(_hdf5), mutated_bytes(_hdf5), _hdf5)
_means = mutated_bytes(st.deferred(lambda: st.sampled_from(means())))
mean_bytes = st.one_of(_means, _means, blobs, st.binary(max_size=40))
frame_bytes = st.one_of(
    framed(), mutated_bytes(st.deferred(lambda: st.sampled_from(frames()))), mutated_bytes(framed())
)
picture_bytes = mutated_bytes(st.deferred(lambda: st.sampled_from(pictures())))
