"""A hand-written encoder of the wire format, so that the reader is not tested with our writer."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest


class Encoder:
    """Builds protobuf messages field by field (protobuf.dev/programming-guides/encoding)."""

    def varint(self, value: int) -> bytes:
        out = b""
        value &= 0xFFFF_FFFF_FFFF_FFFF
        while value > 127:
            out += bytes([value & 127 | 128])
            value >>= 7
        return out + bytes([value])

    def number(self, field: int, value: int) -> bytes:
        return self.varint(field << 3) + self.varint(value)

    def data(self, field: int, payload: bytes | str) -> bytes:
        raw = payload.encode() if isinstance(payload, str) else payload
        return self.varint(field << 3 | 2) + self.varint(len(raw)) + raw

    def floats(self, field: int, *values: float) -> bytes:
        return self.data(field, struct.pack(f"<{len(values)}f", *values))

    def doubles(self, field: int, *values: float) -> bytes:
        return self.data(field, struct.pack(f"<{len(values)}d", *values))

    def unpacked(self, field: int, *values: float) -> bytes:
        tag = self.varint(field << 3 | 5)
        return b"".join(tag + struct.pack("<f", value) for value in values)

    def shape(self, *dims: int) -> bytes:
        return self.data(7, self.data(1, b"".join(self.varint(dim) for dim in dims)))

    def legacy(self, *dims: int) -> bytes:
        return b"".join(self.number(i + 1, dim) for i, dim in enumerate(dims))

    def layer(self, name: str, *blobs: bytes, type_name: str = "Convolution") -> bytes:
        """A V2 layer of a NetParameter."""
        body = self.data(1, name) + self.data(2, type_name)
        return self.data(100, body + b"".join(self.data(7, blob) for blob in blobs))

    def v1_layer(self, name: str, number: int, *blobs: bytes) -> bytes:
        """A V1 layer of a NetParameter."""
        body = self.data(4, name) + self.number(5, number)
        return self.data(2, body + b"".join(self.data(6, blob) for blob in blobs))

    def v0_layer(self, name: str, type_name: str, *blobs: bytes) -> bytes:
        """A V0 layer: a V1 connection around the layer itself."""
        body = self.data(1, name) + self.data(2, type_name)
        return self.data(2, self.data(1, body + b"".join(self.data(50, blob) for blob in blobs)))


@pytest.fixture
def encoder() -> Encoder:
    return Encoder()


@pytest.fixture
def shipped() -> Path:
    """Files of ours that real Caffe loads: one net's weights in five formats."""
    return Path(__file__).parents[2] / "data" / "weights"
