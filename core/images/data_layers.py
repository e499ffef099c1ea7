"""Finding the data layer that says how the pictures of a net are made, and its recipe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from core.errors import PrototxtError
from core.images.transform_param import (
    IMAGE_FILE_PARAMETERS,
    Assumed,
    StatedRecipe,
    read_transform,
)
from core.net.definition import Layer, Net
from core.net.message import Message
from core.net.parser import parse

_PICTURES = frozenset((*IMAGE_FILE_PARAMETERS, "Data", "WindowData", "AnnotatedData", "VideoData"))
"""Types whose pictures are as stored where they have no transform_param."""
_NO_PICTURES = frozenset(("HDF5Data", "DummyData", "Parameter", "Input"))
_COMMENT = re.compile(r"(?:^[ \t]*#[^\n]*(?:\n|\Z))+", re.MULTILINE)
_MARKS = re.compile(r"^[ \t]*#+", re.MULTILINE)
_BLOCK = re.compile(r"transform_param\s*(?::\s*)?\{[^{}]*\}")


def read_stated_recipe(
    net: Net, blob: str, prototxt: Path | None, assumed: Assumed
) -> StatedRecipe | None:
    """The recipe that the file states for an input blob; None where it states none.

    That of the layer that writes the blob, else of a data layer for it in another phase or stage,
    else of a transform_param in a comment. Raises AppError where what is written can't be used.
    """
    found = _find_transform(net, blob)
    if found is None:
        return None
    layer, transform, note = found
    folder = None if prototxt is None else prototxt.parent
    stated = read_transform(layer, transform, folder, net.state.phase, assumed)
    return replace(stated, notes=(note, *stated.notes)) if note else stated


def _find_transform(net: Net, blob: str) -> tuple[Layer, Message, str] | None:
    """The data layer that counts, its transform_param, and a note where it is another's."""
    for layer in _data_layers(net, blob):
        transform = layer.param("transform_param")
        is_active = layer in net.layers
        if transform.fields or (is_active and layer.type in _PICTURES):
            note = f"It is of layer '{layer.written_name}', which this phase leaves out."
            return layer, transform, "" if is_active else note
    commented = _commented_transform(net.text)
    writer = next((layer for layer in net.layers if blob in layer.tops), None)
    if commented is None or writer is None:
        return None
    return writer, commented, "It stands in a comment of the file."


def _data_layers(net: Net, blob: str) -> Iterator[Layer]:
    """Layers that could read the pictures of a blob: those built here, then those of TEST."""
    for layer in (*net.layers, *sorted(net.inactive, key=_is_for_training)):
        if not layer.bottoms and layer.tops[:1] == (blob,) and layer.type not in _NO_PICTURES:
            yield layer


def _is_for_training(layer: Layer) -> bool:
    phases = {rule.word("phase") for rule in layer.message.messages("include")}
    return bool(phases) and phases <= {"TRAIN", "0"}


def _commented_transform(text: str) -> Message | None:
    """A transform_param in a comment, as the deploy files of MobileNet and ShuffleNet have it."""
    for comment in _COMMENT.finditer(text):
        block = _BLOCK.search(_MARKS.sub("", comment[0]))
        if block is None:
            continue
        try:
            return parse(block[0]).message("transform_param")
        except PrototxtError:
            continue
    return None
