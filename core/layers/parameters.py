"""A layer's parameters for the reader's eye: as written, then what Caffe fills in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.layers.registry import layer_type
from core.net.definition import Layer
from core.net.message import Field, Message, Scalar

_NOT_PARAMETERS = frozenset(
    "name type bottom top param blobs_lr weight_decay include exclude blobs phase".split()
)
_SPELLED_AS_PAIR = {
    "kernel_size": ("kernel_h", "kernel_w"),
    "stride": ("stride_h", "stride_w"),
    "pad": ("pad_h", "pad_w"),
}
_OTHER_SPELLINGS = {"axis": ("concat_dim", "slice_dim")}


@dataclass(frozen=True)
class ParameterRow:
    """One parameter; `value` is as a prototxt writes it. is_default: the file leaves it out."""

    name: str
    value: str
    is_default: bool
    message: str = ""


def written_and_default(layer: Layer) -> tuple[ParameterRow, ...]:
    """Every parameter written for the layer in file order, then the defaults Caffe adds."""
    written = list(_written_rows(layer.message))
    names = {row.name.split(".")[0] for row in written}
    added = [
        ParameterRow(default.name, default.value, True, default.message)
        for default in layer_type(layer.type).defaults
        if not _is_written(default.name, names)
    ]
    return (*written, *added)


def _written_rows(message: Message) -> Iterator[ParameterRow]:
    for field in message.fields:
        if field.name in _NOT_PARAMETERS:
            continue
        if isinstance(field.value, Scalar):
            yield ParameterRow(field.name, show_scalar(field.value), False)
        else:
            yield from _message_rows(field.name, "", field.value)


def _message_rows(message_name: str, prefix: str, message: Message) -> Iterator[ParameterRow]:
    """Repeated fields share a row; an inner message such as a filler becomes one row."""
    groups: dict[str, list[Field]] = {}
    for field in message.fields:
        groups.setdefault(field.name, []).append(field)
    for name, fields in groups.items():
        value = ", ".join(show_value(field.value) for field in fields)
        yield ParameterRow(f"{prefix}{name}", value, False, message_name)


def show_value(value: Scalar | Message) -> str:
    """A value on one line; a message as `type=xavier, std=0.1`."""
    if isinstance(value, Scalar):
        return show_scalar(value)
    parts = [f"{field.name}={show_value(field.value)}" for field in value.fields]
    if all(field.name == "dim" for field in value.fields):
        return " x ".join(show_value(field.value) for field in value.fields)
    return ", ".join(parts)


def show_scalar(scalar: Scalar) -> str:
    """A scalar without quotes."""
    return scalar.value


def _is_written(name: str, names: set[str]) -> bool:
    spellings = (name, *_SPELLED_AS_PAIR.get(name, ()), *_OTHER_SPELLINGS.get(name, ()))
    return any(spelling in names for spelling in spellings)
