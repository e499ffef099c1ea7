"""The whole graph as an SVG, PDF or PNG file, with its title and legend, whatever is in view."""

from __future__ import annotations

import contextlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PyQt5.QtCore import QMarginsF, QPointF, QRectF, QSize, QSizeF
from PyQt5.QtGui import QImage, QPagedPaintDevice, QPageSize, QPainter, QPdfWriter
from PyQt5.QtSvg import QSvgGenerator
from PyQt5.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem

from core.errors import AppError
from core.progress import Job, Progress
from gui.graph.drawing import Drawing
from gui.graph.export_legend import ExportLegend
from gui.graph.items.tip import TipItem
from gui.graph.items.verified import VerifiedMark
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
    """What to write where; the suffix of `path` chooses the format."""

    drawing: Drawing
    theme: Theme
    path: Path
    verified: VerifiedMark | None = None


@dataclass(frozen=True)
class ExportReport:
    """The file that was written; scale: 1.0 at 100 %, less for a graph that no page holds."""

    path: Path
    width: int
    height: int
    scale: float


class PaintedGraph:
    """A graph that is painted but not where it belongs; any thread may `write` it."""

    def __init__(self, page: _Page, part: Path, path: Path, extent: QSizeF) -> None:
        self._page = page
        self._part = part
        self._path = path
        self._extent = extent

    def write(self) -> ExportReport:
        """Let the whole file appear. Raises AppError where the disk refuses."""
        try:
            self._page.compress()
            self._part.replace(self._path)
        except OSError as error:
            raise _unwritable(self._path, error) from error
        finally:
            self.discard()
        width, height = round(self._extent.width()), round(self._extent.height())
        return ExportReport(self._path, width, height, self._page.scale)

    def discard(self) -> None:
        """Take away what lies beside the file, if it is still there."""
        _discard(self._part)


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
    scene.show_verified(request.verified)
    scene.show_drawing(request.drawing)
    legend = ExportLegend(request.drawing, scene.graph_style)
    graph = scene.content_rect()
    width = max(graph.width(), legend.width) + 2 * _MARGIN
    extent = QSizeF(width, graph.height() + legend.height + 3 * _MARGIN)
    origin = QPointF(_MARGIN - graph.left(), 2 * _MARGIN + legend.height - graph.top())
    try:
        beside = Path(tempfile.mkdtemp(prefix=".blobscope-", dir=request.path.parent))
    except OSError as error:
        raise _unwritable(request.path, error) from error
    part = beside / f"graph{request.path.suffix.lower()}"
    page: _Page | None = None
    try:
        page = _open_page(part, extent)
        yield from _paint(page, scene, legend, origin, extent)
        page.painter.end()
    except BaseException as error:  # a painting that is given up is closed as well
        if page is not None:
            page.painter.end()  # Qt ends the program over a device that goes while it is painted
        _discard(part)
        if isinstance(error, OSError):
            raise _unwritable(request.path, error) from error
        raise
    finally:
        scene.deleteLater()
    return PaintedGraph(page, part, request.path, extent)


def _discard(part: Path) -> None:
    part.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        part.parent.rmdir()


def _unwritable(path: Path, error: OSError) -> AppError:
    return AppError(
        f"Can't write {path}: {error.strerror or error}.", hint="Choose another folder."
    )


class _Page:
    """Something to paint on that ends up in a file."""

    def __init__(
        self, device: QSvgGenerator | QPdfWriter | QImage, path: Path, scale: float
    ) -> None:
        self.scale = scale
        self._device = device
        self._path = path
        self.painter = QPainter()
        if not self.painter.begin(device):
            raise OSError(f"no painter for {path.name}")
        self.painter.scale(scale, scale)
        self.painter.setRenderHint(QPainter.Antialiasing)

    def compress(self) -> None:
        """Make a file of what is painted, where ending the painter has not made it already."""
        if isinstance(self._device, QImage) and not self._device.save(str(self._path)):
            raise AppError(f"Can't write {self._path.name}.", hint="Choose another folder.")


def _open_page(path: Path, extent: QSizeF) -> _Page:
    if path.suffix == ".svg":
        svg = QSvgGenerator()
        svg.setFileName(str(path))
        svg.setResolution(_DPI)
        svg.setSize(QSize(round(extent.width()), round(extent.height())))
        svg.setViewBox(QRectF(QPointF(), extent))
        svg.setTitle("Caffe net drawn by Blobscope")
        return _Page(svg, path, 1.0)
    longest = max(extent.width(), extent.height())
    if path.suffix == ".pdf":
        scale = min(1.0, _LONGEST_PDF_SIDE / longest)
        pdf = QPdfWriter(str(path))
        pdf.setResolution(_DPI)
        pdf.setPdfVersion(QPagedPaintDevice.PdfVersion_1_4)
        pdf.setPageSize(QPageSize(extent * scale * 72 / _DPI, QPageSize.Point))
        pdf.setPageMargins(QMarginsF(0, 0, 0, 0))
        pdf.setTitle("Caffe net drawn by Blobscope")
        return _Page(pdf, path, scale)
    area = extent.width() * extent.height()
    scale = min(_PNG_SCALE, _LONGEST_PNG_SIDE / longest, (_MOST_PNG_PIXELS / area) ** 0.5)
    size = QSize(max(1, round(extent.width() * scale)), max(1, round(extent.height() * scale)))
    return _Page(QImage(size, QImage.Format_RGB32), path, scale)


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
