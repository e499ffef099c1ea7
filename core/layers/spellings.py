"""Fields that branches of Caffe spell in several ways for the same meaning."""

from __future__ import annotations

from core.net.definition import Layer
from core.net.message import Message


def first_message(layer: Layer, *names: str) -> Message:
    """The first of these messages that the layer has; an empty one when it has none."""
    return layer.param(next((name for name in names if layer.message.has(name)), names[0]))


def first_field(param: Message, *names: str) -> str:
    """The first of these field names that is written, else the first of all."""
    return next((name for name in names if param.has(name)), names[0])
