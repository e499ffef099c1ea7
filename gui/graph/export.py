"""The whole graph as an SVG, PDF or PNG file, with its title and legend, whatever is in view."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PyQt5.QtCore import (
    QFile,
    QFileDevice,
    QIODevice,
    QMarginsF,
    QPointF,
    QRectF,
    QSize,
    QSizeF,
)
from PyQt5.QtGui import (
    QImage,
    QPagedPaintDevice,
    QPageSize,
    QPaintDevice,
    QPainter,
    QPdfWriter,
)
from PyQt5.QtSvg import QSvgGenerator
from PyQt5.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem

from core.errors import AppError
from core.files import FileBeside, check_writable
from core.progress import Job, Progress
from gui.graph.drawing import Drawing
from gui.graph.export_legend import ExportLegend
from gui.graph.items.tip import TipItem
from gui.graph.overlay import Overlay, scale_over
from gui.graph.scene import GraphScene
from gui.graph.style import GraphStyle
from gui.theme import Theme

FILTERS = "SVG drawing (*.svg);;PDF document (*.pdf);;PNG picture (*.png)"
SUFFIXES = (".svg", ".pdf", ".png")
_MARGIN = 24.0
_DPI = 96
_ITEMS_A_STEP = 80
_PNG_SCALE = 2.0
_LONGEST_PNG_SIDE = 30_000
_MOST_PNG_PIXELS = 80_000_000
_LONGEST_PDF_SIDE = 14_400 * _DPI / 72
"""Readers refuse longer pages: 200 inches (ISO 32000-1, annex C)."""


@dataclass(frozen=True)
class ExportRequest:
    """What to write where; the suffix of `path` chooses the format.

    overlay: numbers that colour the boxes, None for the families alone.
    """

    drawing: Drawing
    theme: Theme
    path: Path
    overlay: Overlay | None = None


@dataclass(frozen=True)
class ExportReport:
    """The file that was written; scale: 1.0 at 100 %, less for a graph that no page holds."""

    path: Path
    width: int
    height: int
    scale: float


class PaintedGraph:
    """A graph that is painted but not where it belongs; any thread may `write` it."""

    def __init__(self, page: _Page, beside: FileBeside, path: Path, extent: QSizeF) -> None:
        self._page = page
        self._beside = beside
        self._path = path
        self._extent = extent

    def write(self) -> ExportReport:
        """Let the whole file appear. Raises AppError where the disk refuses."""
        try:
            self._page.finish()
            self._beside.take_place()
        except OSError as error:
            raise self._beside.refusal(error) from error
        finally:
            self.discard()
        width, height = round(self._extent.width()), round(self._extent.height())
        return ExportReport(self._path, width, height, self._page.scale)

    def discard(self) -> None:
        """Take away what lies beside the file, if it is still there."""
        self._beside.discard()


def paint_graph(request: ExportRequest) -> Job[PaintedGraph]:
    """Paint the whole graph, in steps of a few milliseconds that the window's thread must do.

    Raises AppError for an unknown suffix and when the folder can't be written to.
    """
    if request.path.suffix.lower() not in SUFFIXES:
        raise AppError(
            f"A graph can't be written as {request.path.suffix or request.path.name}.",
            hint=f"Choose a name that ends in {', '.join(SUFFIXES)}.",
        )
    scene = GraphScene(GraphStyle(request.theme, is_for_file=True))
    scene.show_drawing(request.drawing)
    boxes = request.drawing.picture.boxes
    scale = scale_over(request.overlay, (box.layers for box in boxes)) if request.overlay else None
    scene.show_overlay(scale)
    legend = ExportLegend(request.drawing, scene.graph_style, scale)
    graph = scene.content_rect()
    width = max(graph.width(), legend.width) + 2 * _MARGIN
    extent = QSizeF(width, graph.height() + legend.height + 3 * _MARGIN)
    origin = QPointF(_MARGIN - graph.left(), 2 * _MARGIN + legend.height - graph.top())
    check_writable(request.path)
    beside = FileBeside(request.path)
    page: _Page | None = None
    try:
        page = _open_page(beside.path, request.path.suffix.lower(), extent)
        yield from _paint(page, scene, legend, origin, extent)
        page.painter.end()
    except BaseException as error:  # a painting that is given up is closed as well
        if page is not None:
            page.close()
        beside.discard()
        if isinstance(error, OSError):
            raise beside.refusal(error) from error
        raise
    finally:
        scene.deleteLater()
    return PaintedGraph(page, beside, request.path, extent)


class _Page:
    """Something to paint on that ends up in a file."""

    def __init__(self, device: QPaintDevice, file: QFile, scale: float) -> None:
        self.scale = scale
        self._device = device
        self._file = file
        if not file.open(QIODevice.WriteOnly):
            raise OSError(file.errorString())
        self.painter = QPainter()
        if not self.painter.begin(device):
            raise OSError(f"no painter for {file.fileName()}")
        self.painter.scale(scale, scale)
        self.painter.setRenderHint(QPainter.Antialiasing)

    def close(self) -> None:
        """Let go of the file; Qt ends the program over a device that goes while it is painted."""
        self.painter.end()
        self._file.close()

    def finish(self) -> None:
        """End the file; pixels are compressed here. Raises OSError where the disk is full.

        Qt's own writers tell nobody when a disk refuses; the file that they write to knows.
        """
        if isinstance(self._device, QImage):
            self._device.save(self._file, "PNG")
        self._file.flush()
        has_failed, why = self._file.error() != QFileDevice.NoError, self._file.errorString()
        self._file.close()
        if has_failed:
            raise OSError(why)


def _open_page(path: Path, suffix: str, extent: QSizeF) -> _Page:
    file = QFile(str(path))
    if suffix == ".svg":
        svg = QSvgGenerator()
        svg.setOutputDevice(file)
        svg.setResolution(_DPI)
        svg.setSize(QSize(round(extent.width()), round(extent.height())))
        svg.setViewBox(QRectF(QPointF(), extent))
        svg.setTitle("Caffe net drawn by Blobscope")
        return _Page(svg, file, 1.0)
    longest = max(extent.width(), extent.height())
    if suffix == ".pdf":
        scale = min(1.0, _LONGEST_PDF_SIDE / longest)
        pdf = QPdfWriter(file)
        pdf.setResolution(_DPI)
        pdf.setPdfVersion(QPagedPaintDevice.PdfVersion_1_4)
        pdf.setPageSize(QPageSize(extent * scale * 72 / _DPI, QPageSize.Point))
        pdf.setPageMargins(QMarginsF(0, 0, 0, 0))
        pdf.setTitle("Caffe net drawn by Blobscope")
        return _Page(pdf, file, scale)
    area = extent.width() * extent.height()
    scale = min(_PNG_SCALE, _LONGEST_PNG_SIDE / longest, (_MOST_PNG_PIXELS / area) ** 0.5)
    size = QSize(max(1, round(extent.width() * scale)), max(1, round(extent.height() * scale)))
    return _Page(QImage(size, QImage.Format_RGB32), file, scale)


def _paint(
    page: _Page, scene: GraphScene, legend: ExportLegend, origin: QPointF, extent: QSizeF
) -> Job[None]:
    painter = page.painter
    painter.fillRect(QRectF(QPointF(), extent), scene.graph_style.theme.canvas)
    legend.paint(painter, QPointF(_MARGIN, _MARGIN))
    option = QStyleOptionGraphicsItem()
    items = [item for item in scene.items() if item.isVisible() and not isinstance(item, TipItem)]
    items.sort(key=lambda item: item.zValue())
    for i, item in enumerate(items):
        _paint_item(painter, item, option, origin)
        if i % _ITEMS_A_STEP == 0:
            yield Progress(i, len(items), "items")


def _paint_item(
    painter: QPainter, item: QGraphicsItem, option: QStyleOptionGraphicsItem, origin: QPointF
) -> None:
    painter.save()
    painter.translate(origin + item.pos())
    item.paint(painter, option, None)
    painter.restore()
