"""Walking the protobuf wire format over a mapped file: no schema, no copies, every length checked.

After the encoding rules at protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from mmap import mmap
from typing import NamedTuple

from core.words import plural

VARINT, FIXED64, BYTES, GROUP_START, GROUP_END, FIXED32 = 0, 1, 2, 3, 4, 5
MAX_GROUP_DEPTH = 100
MIN_FIELDS_ALLOWED = 16_384
BYTES_A_FIELD = 32
MOST_FIELDS = 1_000_000
"""Inception v4 has 8,600 fields in 163 MB, nets without parameters one in 5 bytes of a few hundred;
the bound keeps a hostile file from costing hours or gigabytes."""


class WireError(Exception):
    """The bytes break the wire format; the text is the end of a sentence about the file."""


class WireField(NamedTuple):
    """One field: `start` to `end` is its payload, `value` its number when it is a varint."""

    number: int
    kind: int
    start: int
    end: int
    value: int


@dataclass
class Wire:
    """The bytes of a file and how many fields may still be read from it."""

    buffer: mmap | bytes
    fields_left: int = field(init=False)

    def __post_init__(self) -> None:
        allowed = MIN_FIELDS_ALLOWED + len(self.buffer) // BYTES_A_FIELD
        self.fields_left = min(allowed, MOST_FIELDS)

    def fields(self, start: int, end: int) -> Iterator[WireField]:
        """The fields of the message between two offsets, unknown groups left out."""
        at = start
        while at < end:
            found = self.field_at(at, end)
            if found.kind == GROUP_START:
                at = self._skip_group(found.end, end)
                continue
            yield found
            at = found.end

    def field_at(self, at: int, end: int) -> WireField:
        """The field whose tag stands at `at`; WireError when it does not fit before `end`."""
        self.fields_left -= 1
        if self.fields_left < 0:
            raise WireError("has far more fields than any weights file of its size")
        tag, start = self.varint(at, end)
        number, kind = tag >> 3, tag & 7
        if number == 0 or kind > FIXED32:
            raise WireError(f"has a byte that starts no field at offset {at}")
        if kind == VARINT:
            value, stop = self.varint(start, end)
            return WireField(number, kind, start, stop, value)
        if kind == BYTES:
            length, start = self.varint(start, end)
        else:
            length = {FIXED64: 8, FIXED32: 4}.get(kind, 0)
        if length > end - start:
            missing = length - (end - start)
            raise WireError(
                f"is cut off: field {number} at offset {at} misses {plural(missing, 'byte')}"
            )
        return WireField(number, kind, start, start + length, 0)

    def varint(self, at: int, end: int) -> tuple[int, int]:
        """The unsigned number at `at` and the offset after it."""
        value = 0
        for shift in range(0, 70, 7):
            if at >= end:
                raise WireError(f"is cut off at offset {at}")
            byte = self.buffer[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value & 0xFFFF_FFFF_FFFF_FFFF, at
        raise WireError(f"has a number longer than 64 bits at offset {at - 10}")

    def text(self, found: WireField) -> str:
        """The payload as text; bytes that are no UTF-8 become replacement marks."""
        return bytes(self.buffer[found.start : found.end]).decode("utf-8", "replace")

    def _skip_group(self, at: int, end: int) -> int:
        depth = 1
        while depth:
            if at >= end:
                raise WireError("is cut off inside a group")
            found = self.field_at(at, end)
            depth += {GROUP_START: 1, GROUP_END: -1}.get(found.kind, 0)
            if depth > MAX_GROUP_DEPTH:
                raise WireError(f"nests groups deeper than {MAX_GROUP_DEPTH}")
            at = found.end
        return at


def signed32(value: int) -> int:
    """A varint read as int32, as protobuf does: the low 32 bits, two's complement."""
    low = value & 0xFFFF_FFFF
    return low - (1 << 32) if low >> 31 else low


def signed64(value: int) -> int:
    """A varint read as int64, two's complement."""
    return value - (1 << 64) if value >> 63 else value
