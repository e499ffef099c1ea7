"""Pictures as PNG, in memory, so that files of them are written like all others."""

from __future__ import annotations

from PyQt5.QtCore import QBuffer, QIODevice
from PyQt5.QtGui import QImage


def png_of(picture: QImage) -> bytes:
    """The bytes of a PNG file."""
    buffer = QBuffer()
    buffer.open(QIODevice.WriteOnly)
    picture.save(buffer, "PNG")
    return bytes(buffer.data())
