"""The box of a block seen from far: its colour, its name in constant size, its layers counted."""

from __future__ import annotations

from PyQt5.QtCore import QRectF, Qt
from PyQt5.QtGui import QPainter
from PyQt5.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from gui.graph.blocks import Block
from gui.graph.items.layer import DIMMED
from gui.graph.overlay import OverlayMark
from gui.graph.style import GraphStyle

_BAND = 13.0
_NARROW = 90.0
"""Pixels of words; with less a number gives way to a name that it would cut."""


class BlockItem(QGraphicsItem):
    """Paints one Block in screen pixels; `shown_name` is what its room leaves of its name."""

    def __init__(self, block: Block, style: GraphStyle, scale: float) -> None:
        super().__init__()
        self.block = block
        self.is_chosen = False
        self.is_lit = False
        self.is_dimmed = False
        self.shown_name = ""
        self._count = ""
        self.mark: OverlayMark | None = None
        self._has_overlay = False
        self._style = style
        self._scale = scale
        place = block.place
        self._frame = QRectF(0, 0, place.right - place.left, place.bottom - place.top)
        self.setPos(place.left / scale, place.top / scale)
        self.setZValue(5)

    def frame(self) -> QRectF:
        """What the block covers, in scene coordinates."""
        size = self._frame.size() / self._scale
        return QRectF(self.pos(), size)

    def set_marks(self, *, chosen: bool, lit: bool, dimmed: bool) -> None:
        """Say how the block stands out."""
        marks = (chosen, lit, dimmed)
        if marks != (self.is_chosen, self.is_lit, self.is_dimmed):
            self.is_chosen, self.is_lit, self.is_dimmed = marks
            self.update()

    def show_overlay(self, mark: OverlayMark | None, *, is_on: bool) -> None:
        """Fill the body by a number; one without a number is dashed while an overlay is on."""
        self.mark, self._has_overlay = mark, is_on
        self.update()

    def restyle(self, style: GraphStyle) -> None:
        """Draw in another theme."""
        self._style = style
        self.update()

    def boundingRect(self) -> QRectF:
        outer = self._frame.adjusted(-4, -4, 4, 4)
        scale = self._scale
        return QRectF(outer.topLeft() / scale, outer.size() / scale)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        style = self._style
        painter.setRenderHint(QPainter.Antialiasing)
        painter.scale(1 / self._scale, 1 / self._scale)
        frame = self._frame.adjusted(0.5, 0.5, -0.5, -0.5)
        is_dashed = self._has_overlay and self.mark is None
        painter.setPen(style.outline_inactive if is_dashed else style.outline)
        painter.setBrush(
            style.panel if self.mark is None else style.overlay_fill(self.mark.fraction)
        )
        if self.is_lit:
            painter.setPen(style.lit_outline)
            painter.setBrush(style.lit)
        painter.drawRoundedRect(frame, 2.5, 2.5)
        if self.is_dimmed:
            painter.setOpacity(DIMMED)
        band = QRectF(1, 1, _BAND, frame.height() - 1)
        painter.fillRect(band, style.family(self.block.family))
        self._paint_words(painter)
        if self.is_chosen:
            painter.setOpacity(1.0)
            painter.setPen(style.selected)
            painter.setBrush(style.no_brush)
            painter.drawRoundedRect(frame.adjusted(-2, -2, 2, 2), 4, 4)

    @property
    def name_room(self) -> float:
        """Screen pixels for the name; a number gives way to a name that it would cut."""
        style, row = self._style, self._row.width()
        self._count = str(self.block.n_layers) if self.block.n_layers > 1 else ""
        if self.mark is not None:
            self._count = self.mark.words
        room = row - style.text_metrics.horizontalAdvance(self._count) - 5 * bool(self._count)
        is_cut = style.block_metrics.horizontalAdvance(self.block.name) > room
        if is_cut and row < _NARROW:
            self._count, room = "", row
        return float(room)

    @property
    def _row(self) -> QRectF:
        return self._frame.adjusted(_BAND + 5.5, 0.5, -5.5, -0.5)

    def _paint_words(self, painter: QPainter) -> None:
        style, row = self._style, self._row
        painter.setFont(style.text_font)
        painter.setPen(style.secondary if self.mark is None else style.text)
        painter.drawText(row, int(Qt.AlignRight | Qt.AlignVCenter), self._count)
        painter.setFont(style.block_font)
        painter.setPen(style.text)
        painter.drawText(row, int(Qt.AlignLeft | Qt.AlignVCenter), self.shown_name)
