"""The one spelling of a value for people: `relu7 · fc7@1`, `pool5`."""

from __future__ import annotations

from core.net.definition import AUTOMATIC_TOP, BlobVersion


def blob_words(version: BlobVersion) -> str:
    """ "fc7@1" where it says more than the layer's name does, else ""."""
    says_nothing = version.label == version.layer or version.blob == AUTOMATIC_TOP
    return "" if says_nothing else version.label


def value_words(version: BlobVersion) -> str:
    """The layer, and the blob version beside it where that says more."""
    blob = blob_words(version)
    return f"{version.layer} · {blob}" if blob else version.layer
