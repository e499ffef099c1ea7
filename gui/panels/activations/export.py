"""Writes what the activations panel shows: the tiles as a picture, the values as arrays or CSV."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np
from PyQt5.QtCore import QRectF, QSize
from PyQt5.QtGui import QFontMetrics, QImage, QPainter

from core.csv_table import rows_as_csv
from core.errors import AppError
from core.files import write_file
from gui.panels.activations.shown import ShownCard
from gui.theme import Theme, text_font
from gui.widgets.alignment import LEFT
from gui.widgets.png import png_of

FILTERS = (
    "PNG picture of the tiles (*.png);;"
    "SVG drawing of the tiles (*.svg);;"
    "NumPy array of the layer (*.npy);;"
    "NumPy arrays of all shown (*.npz);;"
    "CSV table of the channels (*.csv)"
)
CAPTION_HEIGHT = 24


def captioned(picture: QImage, caption: str, theme: Theme) -> QImage:
    """A picture below one line that says what it is of; it is widened where the line is longer."""
    ratio = picture.devicePixelRatioF()
    size = QSize(round(picture.width() / ratio), round(picture.height() / ratio))
    font = text_font(12, semibold=True)
    probe = QPainter(picture)
    probe.setFont(font)
    width = max(size.width(), probe.fontMetrics().horizontalAdvance(caption) + 16)
    probe.end()
    whole = QImage(QSize(width, size.height() + CAPTION_HEIGHT) * ratio, QImage.Format_RGB32)
    whole.setDevicePixelRatio(ratio)
    whole.fill(theme.panel)
    painter = QPainter(whole)
    painter.setFont(font)
    painter.setPen(theme.text)
    painter.drawText(QRectF(8, 0, width - 16, CAPTION_HEIGHT), LEFT, caption)
    painter.drawImage(0, CAPTION_HEIGHT, picture)
    painter.end()
    return whole


def svg_of(picture: QImage, caption: str, theme: Theme) -> bytes:
    """An SVG with the picture as PNG inside, below one line of text that says what it is of."""
    ratio = picture.devicePixelRatioF()
    width, height = round(picture.width() / ratio), round(picture.height() / ratio)
    advance = QFontMetrics(text_font(12, semibold=True)).horizontalAdvance(caption)
    wide, high = max(width, advance + 16), height + CAPTION_HEIGHT
    words = escape("".join(one for one in caption if one.isprintable()))
    png = base64.b64encode(png_of(picture)).decode("ascii")
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
 width="{wide}" height="{high}" viewBox="0 0 {wide} {high}">
<title>{words}</title>
<rect width="{wide}" height="{high}" fill="{theme.panel.name()}"/>
<text x="8" y="16" font-family="sans-serif" font-size="12" font-weight="600"
 fill="{theme.text.name()}">{words}</text>
<image x="0" y="{CAPTION_HEIGHT}" width="{width}" height="{height}"
 xlink:href="data:image/png;base64,{png}"/>
</svg>
""".encode()


def csv_of(cards: Sequence[ShownCard], caption: str) -> str:
    """A first row that says what it is of, then a row for each channel of each value.

    Of a vector each row has its value; of maps maximum, mean and share of zeros.
    """
    rows: list[tuple[object, ...]] = [(caption,)]
    is_vector = all(card.stack.is_vector for card in cards)
    rows.append(
        ("value of", "index", "value")
        if is_vector
        else ("value of", "channel", "max", "min", "mean", "zeros")
    )
    for card in cards:
        for channel, one in enumerate(card.stack.maps):
            if is_vector:
                rows.append((card.value.words, channel, repr(float(one[0, 0]))))
                continue
            numbers = (one.max(), one.min(), one.mean(dtype=np.float64), (one == 0).mean())
            rows.append((card.value.words, channel, *(repr(float(n)) for n in numbers)))
    return rows_as_csv(rows).decode("utf-8")


def write_shown(
    path: Path,
    picture: QImage,
    cards: Sequence[ShownCard],
    leader: int,
    caption: str,
    theme: Theme,
) -> None:
    """Write in the format the suffix names; AppError when that can't be done."""
    suffix = path.suffix.lower()
    if suffix == ".png":
        content = png_of(captioned(picture, caption, theme))
    elif suffix == ".svg":
        content = svg_of(picture, caption, theme)
    elif suffix == ".csv":
        content = csv_of(cards, caption).encode("utf-8")
    elif suffix in (".npy", ".npz"):
        content = _numpy(suffix, cards, leader)
    else:
        raise AppError(
            f"No tiles can be saved as '{suffix}'.", hint="Use .png, .svg, .npy, .npz or .csv."
        )
    write_file(path, content)


def _numpy(suffix: str, cards: Sequence[ShownCard], leader: int) -> bytes:
    stream = io.BytesIO()
    if suffix == ".npy":
        np.save(stream, cards[leader].array, allow_pickle=False)
    else:
        arrays = {_array_name(card, cards): card.array for card in cards}
        np.savez(stream, **arrays)  # type: ignore[arg-type]
    return stream.getvalue()


def _array_name(card: ShownCard, cards: Sequence[ShownCard]) -> str:
    """The layer's name; `layer:top` where a layer is shown with several tops."""
    same = sum(other.value.layer == card.value.layer for other in cards)
    return card.value.layer if same == 1 else f"{card.value.layer}:{card.value.top}"
