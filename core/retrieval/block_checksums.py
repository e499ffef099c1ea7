"""A CRC-32 for each block of descriptors, kept in the transaction that names the rows."""

from __future__ import annotations

import sqlite3
import zlib

import numpy as np

BLOCK_ROWS = 4096


def read_checksums(db: sqlite3.Connection, n_rows: int) -> dict[int, int] | None:
    """The checksum of each block of n_rows rows; None where they are not all there.

    Galleries of schema 1 have none.
    """
    there = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'blocks'"
    if db.execute(there).fetchone() is None:
        return None
    found = dict(db.execute("SELECT number, crc FROM blocks"))
    return found if found.keys() == set(range(-(-n_rows // BLOCK_ROWS))) else None


def extend_checksums(db: sqlite3.Connection, n_rows: int, added: np.ndarray) -> None:
    """Bring the checksums up to date for rows that were added behind n_rows others.

    added: (n, dimension) float32. The last block goes on from its checksum, so nothing is read.
    """
    done = 0
    while done < len(added):
        number, start = divmod(n_rows + done, BLOCK_ROWS)
        part = added[done : done + BLOCK_ROWS - start]
        crc = 0
        if start:
            (crc,) = db.execute("SELECT crc FROM blocks WHERE number = ?", (number,)).fetchone()
        crc = zlib.crc32(_content(part), crc)
        db.execute("INSERT OR REPLACE INTO blocks VALUES (?, ?)", (number, crc))
        done += len(part)


def sum_anew(db: sqlite3.Connection, rows: np.ndarray) -> None:
    """Make the checksums those of `rows`, (n_rows, dimension) float32, as they are now."""
    db.execute("DELETE FROM blocks")
    for start in range(0, len(rows), BLOCK_ROWS):
        extend_checksums(db, start, rows[start : start + BLOCK_ROWS])


def crc_of(rows: np.ndarray) -> int:
    """The checksum of one block."""
    return zlib.crc32(_content(rows))


def _content(rows: np.ndarray) -> memoryview:
    return np.ascontiguousarray(rows, dtype="<f4").data
