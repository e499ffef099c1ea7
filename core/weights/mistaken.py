"""Naming what a file is that was given for weights by mistake."""

from __future__ import annotations

import re
from pathlib import Path

from core.errors import WeightsError
from core.file_kinds import file_kind, first_words
from core.weights.wire import BYTES, VARINT

_WEIGHTS_ARE = "Weights are in a .caffemodel file."
_PROTOTXT = re.compile(rb"(layers?|name|input\w*)\s*[:{]")
_ARRAY = {(5, BYTES), (8, BYTES), (5, 5), (8, 1)}


def refuse_other_formats(path: Path, head: bytes) -> None:
    """Raise WeightsError when the first 512 bytes of a file show that it is no protobuf message."""
    kind = file_kind(head)
    if kind is not None:
        raise WeightsError(f"{path.name} is {kind.words}, not the weights.", hint=kind.hint)
    text = first_words(head)
    if _PROTOTXT.match(text):
        claim = "is a prototxt, the text that describes a net"
        raise WeightsError(f"{path.name} {claim}.", hint=_WEIGHTS_ARE)
    if text:
        raise WeightsError(f"{path.name} is a text file, not a caffemodel.", hint=_WEIGHTS_ARE)


def refuse_other_messages(path: Path, fields: set[tuple[int, int]]) -> None:
    """Raise WeightsError when the numbers and kinds of a message's fields are not a net's.

    After SolverState and BlobProto of caffe.proto, and ModelProto of ONNX: a net starts with a
    text as field 1, these have a number there or the values of an array beside it.
    """
    has_number = (1, VARINT) in fields
    if fields & _ARRAY and (has_number or (7, BYTES) in fields):
        claim, hint = "holds one array, as a mean image does", "It can be the mean of a recipe."
    elif has_number and (7, BYTES) in fields:
        claim, hint = "looks like an ONNX model", "Open the caffemodel it was made from."
    elif has_number and ((3, BYTES) in fields or (2, BYTES) in fields):
        claim = "is a solverstate, what training resumes from"
        hint = "Open the .caffemodel that was saved with it."
    else:
        return
    raise WeightsError(f"{path.name} {claim}, not the weights.", hint=hint)
