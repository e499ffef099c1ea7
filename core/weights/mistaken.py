"""Naming what a file is that was given for weights by mistake."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from core.errors import WeightsError
from core.weights.wire import BYTES, VARINT

_SIGNATURES = (
    (b"\x1f\x8b", "is compressed with gzip", "Unpack it first."),
    (b"PK\x03\x04", "is a zip archive, not a caffemodel", "Unpack it first."),
    (b"\x93NUMPY", "is a NumPy array, not a caffemodel", "As a mean image it may do."),
    (b"MATLAB", "is a MATLAB file, not a caffemodel", "Convert it to a caffemodel first."),
    (b"\x80\x02", "is a pickle, which is never opened", "Convert it to a caffemodel first."),
)
_WEIGHTS_ARE = "Weights are in a .caffemodel file."
_TEXTS = (
    (rb"version https://git-lfs", "is a Git LFS pointer, not the weights", "Run `git lfs pull`."),
    (
        rb"(layers?|name|input\w*)\s*[:{]",
        "is a prototxt, the text that describes a net",
        _WEIGHTS_ARE,
    ),
    (rb"<", "is a web page, not the weights", "Download or copy it again."),
    (rb"", "is a text file, not a caffemodel", _WEIGHTS_ARE),
)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_ARRAY = {(5, BYTES), (8, BYTES), (5, 5), (8, 1)}


def refuse_other_formats(path: Path, head: bytes) -> None:
    """Raise WeightsError when the first 512 bytes of a file show that it is no protobuf message."""
    for signature, claim, hint in _SIGNATURES:
        if head.startswith(signature):
            raise WeightsError(f"{path.name} {claim}.", hint=hint)
    if not _is_text(head):
        return
    lines = (line.strip() for line in head.removeprefix(codecs.BOM_UTF8).splitlines())
    text = next((line for line in lines if line and not line.startswith(b"#")), b"")
    for pattern, claim, hint in _TEXTS:
        if re.match(pattern, text):
            raise WeightsError(f"{path.name} {claim}.", hint=hint)


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


def _is_text(head: bytes) -> bool:
    if not head.strip() or _CONTROL.search(head):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # a character may be cut at the end
    except UnicodeDecodeError:
        return False
    return True
