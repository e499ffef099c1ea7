""".npy files as numpy.save writes them, and headers that lie."""

from __future__ import annotations

import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from core.errors import AppError
from core.npy_file import MAGIC, NotNpyError, read_npy


@pytest.mark.parametrize(
    "array",
    [np.arange(6, dtype=">i2").reshape(2, 3), np.asfortranarray(np.ones((3, 4))), np.array(2.5),
     np.zeros((0, 3), "f4"), np.array([True, False]), np.ones((2, 2), "f2")],
    ids=str,
)  # fmt: skip
def test_arrays_come_back(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "x.npy", array)
    found = read_npy(tmp_path / "x.npy", 1 << 20)
    np.testing.assert_array_equal(found, array)
    assert found.dtype == array.dtype


def header(shape: str, dtype: str = "<f4") -> bytes:
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}}}".encode()
    return MAGIC + b"\x01\x00" + struct.pack("<H", len(text)) + text


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (header("(500000000,)") + b"1234", "claims 2,000,000,000 bytes; there are 4"),
        (header(f"({2**63}, {2**63})"), "claims"),
        (header("(-1,)") + b"1234", "negative"),
        (header("(1,)", "|O") + b"12345678", "never opened"),
        (MAGIC + b"\x03\x00" + b"\0" * 20, "."),
        (MAGIC + b"\x02\x00\xff\xff\xff\xff{", "too long"),
        (header("(" * 900), "."),
        (b"", "."),
    ],
)
def test_a_header_is_not_believed_and_costs_nothing(tmp_path: Path, raw: bytes, words: str) -> None:
    (tmp_path / "x.npy").write_bytes(raw)
    tracemalloc.start()
    with pytest.raises(NotNpyError, match=words):
        read_npy(tmp_path / "x.npy", 1 << 20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20


def test_a_larger_file_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros(1000))
    with pytest.raises(AppError, match="larger than 1 KB"):
        read_npy(tmp_path / "x.npy", 1024)
