"""Our parsed prototxts as the rows in which the child of real Caffe gives its own."""

from __future__ import annotations

import struct
from typing import Any

from core.net.message import Message, Scalar, to_boolean, to_integer, to_number
from core.net.schema import caffe_schema
from core.net.text import encode_prototxt

Rows = list[list[Any]]


def rows_of(message: Message, name: str = "NetParameter", *, skip: tuple[str, ...] = ()) -> Rows:
    """Fields with a value, in the order of the names, every value as protobuf holds it."""
    values: dict[str, list[Any]] = {}
    schema = caffe_schema()
    for field in message.fields:
        if field.name in skip:
            continue
        kind = schema.messages[name][field.name].kind
        if isinstance(field.value, Message):
            values.setdefault(field.name, []).append(rows_of(field.value, kind))
        else:
            values.setdefault(field.name, []).append(_value(field.value, kind))
    return [[name, values[name]] for name in sorted(values)]


def sorted_rows(rows: Rows) -> Rows:
    """Rows of real Caffe in the order of the names; bytes that are no text as we show them."""
    return sorted(
        [name, [sorted_rows(v) if _is_rows(v) else _shown(v) for v in values]]
        for name, values in rows
    )


def _is_rows(value: object) -> bool:
    return isinstance(value, list)


def _shown(value: object) -> object:
    return value[2:-1] if isinstance(value, str) and value.startswith("b'") else value


def _value(scalar: Scalar, kind: str) -> object:
    if kind in ("string", "bytes"):
        return encode_prototxt(scalar.value).decode("utf-8", "backslashreplace")
    if kind == "float":
        return repr(_as_float32(to_number(scalar.value)))
    if kind == "double":
        return repr(to_number(scalar.value))
    if kind == "bool":
        return to_boolean(scalar.value)
    if kind in caffe_schema().enums:
        return _enum_word(scalar.value, kind)
    return to_integer(scalar.value)


def _enum_word(written: str, kind: str) -> str:
    words = caffe_schema().enums[kind]
    if written in words:
        return written
    return next(word for word, number in words.items() if number == to_integer(written))


def _as_float32(value: float) -> float:
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
