"""Writes a histogram to a file: PNG and SVG as drawn, CSV with every bin."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from PyQt5.QtCore import QBuffer, QIODevice, QRectF, QSize
from PyQt5.QtGui import QFont, QImage, QPainter
from PyQt5.QtSvg import QSvgGenerator

from core.errors import AppError
from core.files import write_file
from gui.panels.histogram.painting import paint_histogram, plan_frame
from gui.panels.histogram.view import HistogramView
from gui.theme import Theme

SIZE = QSize(720, 320)
FILTERS = "PNG picture (*.png);;SVG drawing (*.svg);;CSV table (*.csv)"


def write_histogram(path: Path, view: HistogramView, theme: Theme, font: QFont) -> None:
    """Write `view` in the format the suffix names; AppError when that can't be done."""
    writers = {".png": png_bytes, ".svg": svg_bytes, ".csv": csv_bytes}
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise AppError(
            f"No histogram can be saved as '{path.suffix}'.", hint="Use .png, .svg or .csv."
        )
    content = writer(view, theme, font)
    write_file(path, content)


def png_bytes(view: HistogramView, theme: Theme, font: QFont) -> bytes:
    """The plot as a PNG, twice as fine as the screen."""
    image = QImage(SIZE * 2, QImage.Format_RGB32)
    image.setDevicePixelRatio(2.0)
    painter = QPainter(image)
    _paint(painter, view, theme, font)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(buffer.data())


def svg_bytes(view: HistogramView, theme: Theme, font: QFont) -> bytes:
    """The plot as an SVG drawing."""
    buffer = QBuffer()
    buffer.open(QIODevice.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(SIZE)
    generator.setViewBox(QRectF(0, 0, SIZE.width(), SIZE.height()))
    generator.setTitle(" and ".join(one.label for one in view.series))
    painter = QPainter(generator)
    _paint(painter, view, theme, font)
    painter.end()
    return bytes(buffer.data())


def csv_bytes(view: HistogramView, theme: Theme, font: QFont) -> bytes:
    """A row for the exact zeros, then a row for each bin: low, high, one count per series."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("kind", "low", "high", *(f"count {one.label}" for one in view.series)))
    zeros = (one.statistics.n_zeros for one in view.series)
    writer.writerow(("exactly 0", 0, 0, *zeros))
    for index in range(view.n_bins):
        low, high = float(view.edges[index]), float(view.edges[index + 1])
        counts = (int(one.histogram.counts[index]) for one in view.series)
        writer.writerow(("bin", repr(low), repr(high), *counts))
    return text.getvalue().encode()


def _paint(painter: QPainter, view: HistogramView, theme: Theme, font: QFont) -> None:
    area = QRectF(0, 0, SIZE.width(), SIZE.height())
    painter.fillRect(area, theme.panel)
    painter.setFont(font)
    paint_histogram(painter, view, plan_frame(view, area, font), theme)
