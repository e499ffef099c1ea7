"""Writes a histogram to a file: PNG and SVG as drawn, below what it is of; CSV with every bin."""

from __future__ import annotations

from collections.abc import Callable
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
CAPTION_LINE = 18


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
    """The plot as a PNG."""
    return png_of(plot_image(view, keeper))


def plot_image(view: HistogramView, keeper: ThemeKeeper) -> QImage:
    """The plot below what it is of, twice as fine as the screen."""
    image = QImage(SIZE * 2, QImage.Format_RGB32)
    image.setDevicePixelRatio(2.0)
    painter = QPainter(image)
    _paint(painter, view, keeper)
    painter.end()
    return image


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
    """What it is of; then the exact zeros, and each bin: low, high, one count per series."""
    zeros = (one.statistics.n_zeros for one in view.series)
    rows: list[tuple[object, ...]] = [
        (view.title,),
        ("kind", "low", "high", *(f"count {one.label}" for one in view.series)),
        ("exactly 0", 0, 0, *zeros),
    ]
    for index in range(view.n_bins):
        low, high = float(view.edges[index]), float(view.edges[index + 1])
        counts = (int(one.histogram.counts[index]) for one in view.series)
        rows.append(("bin", repr(low), repr(high), *counts))
    return rows_as_csv(rows)


def _paint(painter: QPainter, view: HistogramView, keeper: ThemeKeeper) -> None:
    plot = HistogramPlot(keeper, has_legend=True)
    plot.show_view(view)
    width, height = SIZE.width(), SIZE.height()
    painter.fillRect(QRectF(0, 0, width, height), keeper.theme.panel)
    painter.setFont(text_font(12, semibold=True))
    painter.setPen(keeper.theme.text)
    lines = caption_lines(view.title, width - 24, painter.fontMetrics().horizontalAdvance)
    for number, line in enumerate(lines):
        place = QRectF(12, 6 + CAPTION_LINE * number, width - 24, CAPTION_LINE)
        painter.drawText(place, LEFT, line)
    top = 10 + CAPTION_LINE * len(lines)
    plot.render_to(painter, QRectF(0, top, width, height - top))
    plot.deleteLater()


def caption_lines(text: str, room: int, advance: Callable[[str], int]) -> list[str]:
    """A caption in as many lines as it needs, broken behind commas and spaces."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".lstrip()
        if lines[-1] and advance(longer) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
