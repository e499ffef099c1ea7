"""How a script reads a blob version with pycaffe."""

from __future__ import annotations

from core.net.definition import BlobVersion


def pycaffe_expression(version: BlobVersion) -> str:
    """An expression for the values of `version`, given a pycaffe `net` whose inputs are set.

    What a later layer overwrites is there only while the pass stops at its own layer.
    """
    if version.is_readable:
        return f"net.blobs[{version.blob!r}].data"
    return f"net.forward(end={version.layer!r})[{version.blob!r}].copy()"
