"""Writes a histogram to a file: PNG and SVG as drawn, below what it is of; CSV with every bin."""

from __future__ import annotations

from pathlib import Path

from PyQt5.QtCore import QBuffer, QIODevice, QRectF, QSize
from PyQt5.QtGui import QImage, QPainter, QPicture
from PyQt5.QtSvg import QSvgGenerator

from core.csv_table import rows_as_csv
from core.errors import AppError
from core.files import write_file
from gui.panels.histogram.plot import HistogramPlot
from gui.panels.histogram.view import HistogramView
from gui.theme import ThemeKeeper, text_font
from gui.widgets.alignment import LEFT
from gui.widgets.png import png_of

SIZE = QSize(720, 352)
CAPTION_HEIGHT = 32


def write_histogram(path: Path, view: HistogramView, keeper: ThemeKeeper) -> None:
    """Write `view` in the format the suffix names; AppError when that can't be done."""
    writers = {".png": png_bytes, ".svg": svg_bytes, ".csv": csv_bytes}
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise AppError(
            f"No histogram can be saved as '{path.suffix}'.", hint="Use .png, .svg or .csv."
        )
    content = writer(view, keeper)
    write_file(path, content)


def png_bytes(view: HistogramView, keeper: ThemeKeeper) -> bytes:
    """The plot as a PNG, twice as fine as the screen."""
    image = QImage(SIZE * 2, QImage.Format_RGB32)
    image.setDevicePixelRatio(2.0)
    painter = QPainter(image)
    _paint(painter, view, keeper)
    painter.end()
    return png_of(image)


def svg_bytes(view: HistogramView, keeper: ThemeKeeper) -> bytes:
    """The plot as an SVG drawing."""
    buffer = QBuffer()
    buffer.open(QIODevice.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(SIZE)
    generator.setViewBox(QRectF(0, 0, SIZE.width(), SIZE.height()))
    generator.setTitle(view.title)
    generator.setResolution(QPicture().logicalDpiX())  # axes are kept as QPictures, which scale
    painter = QPainter(generator)
    _paint(painter, view, keeper)
    painter.end()
    return bytes(buffer.data())


def csv_bytes(view: HistogramView, keeper: ThemeKeeper) -> bytes:
    """A row for the exact zeros, then a row for each bin: low, high, one count per series."""
    zeros = (one.statistics.n_zeros for one in view.series)
    rows: list[tuple[object, ...]] = [
        ("kind", "low", "high", *(f"count {one.label}" for one in view.series)),
        ("exactly 0", 0, 0, *zeros),
    ]
    for index in range(view.n_bins):
        low, high = float(view.edges[index]), float(view.edges[index + 1])
        counts = (int(one.histogram.counts[index]) for one in view.series)
        rows.append(("bin", repr(low), repr(high), *counts))
    return rows_as_csv(rows)


def _paint(painter: QPainter, view: HistogramView, keeper: ThemeKeeper) -> None:
    plot = HistogramPlot(keeper)
    plot.show_view(view)
    width, height = SIZE.width(), SIZE.height()
    painter.fillRect(QRectF(0, 0, width, height), keeper.theme.panel)
    painter.setFont(text_font(12, semibold=True))
    painter.setPen(keeper.theme.text)
    painter.drawText(QRectF(12, 6, width - 24, 20), LEFT, view.title)
    plot.render_to(painter, QRectF(0, CAPTION_HEIGHT, width, height - CAPTION_HEIGHT))
    plot.deleteLater()
