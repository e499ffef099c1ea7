"""What stands between two nets drawn side by side: signs of differences, links, and distances."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import QColor, QPainter, QPen
from PyQt5.QtWidgets import (
    QGraphicsItem,
    QStyleOptionGraphicsItem,
    QWidget,
)

from gui.graph import metrics as m
from gui.graph.style import GraphStyle
from gui.theme import Theme, text_font
from gui.widgets.plain_text import plain_tip

SIGN_SIZE = 18.0
_CHIP_HEIGHT = 24.0
_CHIP_LEAST = 76.0
_PADDING = 8.0
FAR_SIZE = 0.8
"""Of the words on the screen where boxes are drawn smaller than whole."""


@dataclass(frozen=True)
class Chip:
    """The words of a link.

    share: how far both are apart, 0 to 1, which tints it; None for what has no number. is_equal:
    bit for bit.
    """

    text: str
    tip: str = ""
    share: float | None = None
    is_equal: bool = False


class SignItem(QGraphicsItem):
    """A sign in a disc beside a box, in the colours of a kind: "warning", "error", "ok"."""

    def __init__(self, sign: str, kind: str, tip: str, style: GraphStyle) -> None:
        super().__init__()
        self._sign, self._kind, self._style = sign, kind, style
        self.setToolTip(plain_tip(tip))
        self.setZValue(4)

    def restyle(self, style: GraphStyle) -> None:
        """Draw in another theme."""
        self._style = style
        self.update()

    def boundingRect(self) -> QRectF:
        return QRectF(-1, -1, SIGN_SIZE + 2, SIGN_SIZE + 2)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        theme = self._style.theme
        disc = QRectF(0, 0, SIGN_SIZE, SIGN_SIZE)
        painter.setPen(Qt.NoPen)
        painter.setBrush(theme.kind_fill(self._kind))
        painter.drawEllipse(disc)
        painter.setPen(theme.kind_text(self._kind))
        painter.setFont(text_font(13, semibold=True))
        painter.drawText(disc, int(Qt.AlignCenter), self._sign)


class LinkItem(QGraphicsItem):
    """A dotted line from a box to its counterpart, with words in the middle where there are any.

    box: the key of the first net's box, which a click on the words selects.
    """

    def __init__(
        self, box: int, start: QPointF, end: QPointF, middle: float, style: GraphStyle
    ) -> None:
        super().__init__()
        self.box = box
        self._start, self._end, self._middle = start, end, middle
        self._style = style
        self._chip: Chip | None = None
        self._is_chosen = False
        self.setZValue(1.1)

    @property
    def chip(self) -> Chip | None:
        """The words that it shows."""
        return self._chip

    def show_chip(self, chip: Chip | None) -> None:
        """Show words in the middle, or none."""
        self.prepareGeometryChange()
        self._chip = chip
        self.setToolTip(plain_tip(chip.tip) if chip is not None else "")
        self.update()

    def set_chosen(self, is_chosen: bool) -> None:
        """Outline the words, or not."""
        if is_chosen != self._is_chosen:
            self._is_chosen = is_chosen
            self.update()

    def restyle(self, style: GraphStyle) -> None:
        """Draw in another theme."""
        self._style = style
        self.update()

    def boundingRect(self) -> QRectF:
        line = QRectF(self._start, self._end).normalized()
        words = self._chip_frame()
        grown = FAR_SIZE / m.NAMES_FROM / 2
        across, along = words.width() * grown, words.height() * grown
        centre = words.center()
        far = QRectF(centre.x() - across, centre.y() - along, 2 * across, 2 * along)
        return line.united(far).adjusted(-2, -2, 2, 2)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        theme = self._style.theme
        pen = QPen(theme.edge, 1.0)
        pen.setDashPattern([2.0, 4.0])
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.drawLine(self._start, self._end)
        if self._chip is not None:
            self._paint_chip(painter, self._chip)

    def _paint_chip(self, painter: QPainter, chip: Chip) -> None:
        """Its words keep their size on the screen when boxes no longer do."""
        theme = self._style.theme
        scale = self._style.scale_of(painter)
        frame = self._chip_frame()
        if scale < m.FULL_FROM:
            painter.save()
            painter.translate(frame.center())
            painter.scale(FAR_SIZE / scale, FAR_SIZE / scale)
            painter.translate(-frame.center())
        self._paint_words(painter, chip, frame, theme)
        if scale < m.FULL_FROM:
            painter.restore()

    def _paint_words(self, painter: QPainter, chip: Chip, frame: QRectF, theme: Theme) -> None:
        has_number = chip.is_equal or chip.share is not None
        painter.setPen(QPen(theme.accent, 2.0) if self._is_chosen else QPen(theme.border, 1.0))
        painter.setBrush(theme.canvas if not has_number else self._fill(chip))
        if not has_number and not self._is_chosen:
            painter.setPen(Qt.NoPen)
        painter.drawRoundedRect(frame, 4, 4)
        painter.setFont(text_font(11.5, semibold=has_number))
        painter.setPen(theme.text if has_number else theme.secondary)
        painter.drawText(frame, int(Qt.AlignCenter), chip.text)

    def _fill(self, chip: Chip) -> QColor:
        theme = self._style.theme
        if chip.is_equal:
            return theme.selected_row
        return tinted(theme.panel, theme.tile_positive, chip.share or 0.0)

    def _chip_frame(self) -> QRectF:
        if self._chip is None:
            return QRectF(
                QPointF(self._middle, self._start.y()), QPointF(self._middle, self._end.y())
            )
        advance = self._style.badge_text_width(self._chip.text)
        width = max(_CHIP_LEAST, advance + 2 * _PADDING)
        y = (self._start.y() + self._end.y()) / 2
        return QRectF(self._middle - width / 2, y - _CHIP_HEIGHT / 2, width, _CHIP_HEIGHT)


def tinted(ground: QColor, colour: QColor, share: float) -> QColor:
    """`ground` with up to 40 % of a colour in it, so that text on it can still be read."""
    part = 0.4 * min(1.0, max(0.0, share))
    return QColor(
        round(ground.red() + part * (colour.red() - ground.red())),
        round(ground.green() + part * (colour.green() - ground.green())),
        round(ground.blue() + part * (colour.blue() - ground.blue())),
    )
