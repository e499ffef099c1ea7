"""Saves what the activations panel shows: the tiles as PNG, the values as .npy or .npz."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PyQt5.QtCore import QBuffer, QIODevice
from PyQt5.QtGui import QImage

from core.errors import AppError
from core.files import write_file
from gui.panels.activations.tiles import TileCard

FILTERS = (
    "PNG picture of the tiles (*.png);;"
    "NumPy array of the layer (*.npy);;"
    "NumPy arrays of all shown (*.npz)"
)


def write_tiles(path: Path, picture: QImage, cards: Sequence[TileCard], layer: str) -> None:
    """Write in the format the suffix names; AppError when that can't be done.

    layer: whose array goes into a .npy; where it is not shown, the first card's.
    """
    suffix = path.suffix.lower()
    if suffix not in (".png", ".npy", ".npz"):
        raise AppError(f"No tiles can be saved as '{suffix}'.", hint="Use .png, .npy or .npz.")
    content = _png(picture) if suffix == ".png" else _numpy(suffix, cards, layer)
    write_file(path, content)


def _png(picture: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.WriteOnly)
    picture.save(buffer, "PNG")
    return bytes(buffer.data())


def _numpy(suffix: str, cards: Sequence[TileCard], layer: str) -> bytes:
    stream = io.BytesIO()
    if suffix == ".npy":
        chosen = next((card for card in cards if card.value.layer == layer), cards[0])
        np.save(stream, chosen.array, allow_pickle=False)
    else:
        arrays = {_array_name(card, cards): card.array for card in cards}
        np.savez(stream, **arrays)  # type: ignore[arg-type]
    return stream.getvalue()


def _array_name(card: TileCard, cards: Sequence[TileCard]) -> str:
    """The layer's name; `layer:top` where a layer is shown with several tops."""
    same = sum(other.value.layer == card.value.layer for other in cards)
    return card.value.layer if same == 1 else f"{card.value.layer}:{card.value.top}"
