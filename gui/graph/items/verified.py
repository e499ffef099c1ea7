"""The bracket and card at the right of renamed badges that tell how verifying went."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt5.QtCore import QRectF, QSizeF, Qt
from PyQt5.QtGui import QPainter, QPainterPath, QPen
from PyQt5.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from gui.graph import metrics as m
from gui.graph.style import GraphStyle
from gui.widgets.plain_text import plain_tip


@dataclass(frozen=True)
class VerifiedMark:
    """What the card says: "verified" over "bit-identical (prob)", or how the nets differ."""

    is_ok: bool
    title: str
    subtitle: str


class VerifiedItem(QGraphicsItem):
    """Spans badges on their right; in a drawing from left to right the card stands below them."""

    def __init__(self, mark: VerifiedMark, has_card: bool, style: GraphStyle) -> None:
        super().__init__()
        self.mark = mark
        self.has_card = has_card
        self._style = style
        self._badges = QRectF()
        self._card = QRectF()
        self._path = QPainterPath()
        self.setZValue(2.5)
        self.setToolTip(plain_tip(f"{mark.title}: {mark.subtitle}"))

    def set_place(self, badges: QRectF, *, is_sideways: bool) -> None:
        """Stand beside `badges`, the frame around the badges of the chain."""
        if badges == self._badges:
            return
        self.prepareGeometryChange()
        self._badges = QRectF(badges)
        self._path = QPainterPath()
        if is_sideways:
            y = badges.bottom() + 14
            self._bracket_below(badges, y)
            self._card = QRectF(badges.center().x() - m.CARD_WIDTH / 2, y + 8, 0, 0)
        else:
            x = badges.right() + m.CARD_GAP
            self._bracket_beside(badges, x)
            middle = badges.center().y()
            self._card = QRectF(x + 10, middle - m.CARD_HEIGHT / 2, 0, 0)
        width = max(
            m.CARD_WIDTH, 24 + self._style.text_metrics.horizontalAdvance(self.mark.subtitle)
        )
        self._card.setSize(QSizeF(width, m.CARD_HEIGHT))

    def _bracket_beside(self, badges: QRectF, x: float) -> None:
        self._path.moveTo(x - 6, badges.top() - 4)
        self._path.lineTo(x, badges.top() - 4)
        self._path.lineTo(x, badges.bottom() + 4)
        self._path.lineTo(x - 6, badges.bottom() + 4)
        self._path.moveTo(x, badges.center().y())
        self._path.lineTo(x + 10, badges.center().y())

    def _bracket_below(self, badges: QRectF, y: float) -> None:
        self._path.moveTo(badges.left(), y - 6)
        self._path.lineTo(badges.left(), y)
        self._path.lineTo(badges.right(), y)
        self._path.lineTo(badges.right(), y - 6)
        self._path.moveTo(badges.center().x(), y)
        self._path.lineTo(badges.center().x(), y + 8)

    def restyle(self, style: GraphStyle) -> None:
        """Draw in another theme."""
        self._style = style
        self.update()

    def boundingRect(self) -> QRectF:
        bounds = self._path.boundingRect()
        bounds = bounds.united(self._card) if self.has_card else bounds
        return bounds.adjusted(-2, -2, 2, 2)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        theme = self._style.theme
        colour = theme.ok_text if self.mark.is_ok else theme.error_text
        painter.setPen(QPen(colour, 2.0))
        painter.setBrush(self._style.no_brush)
        painter.drawPath(self._path)
        if not self.has_card:
            return
        painter.setPen(QPen(colour, 1.0))
        painter.setBrush(theme.ok_fill if self.mark.is_ok else theme.error_fill)
        painter.drawRoundedRect(self._card, 4, 4)
        if self._style.scale_of(painter) < m.TEXT_FROM:
            return
        left, top = self._card.left(), self._card.top()
        name = "check" if self.mark.is_ok else "error"
        self._style.draw_icon(painter, name, colour, QRectF(left + 8, top + 7, 14, 14))
        painter.setFont(self._style.label_font)
        painter.setPen(colour)
        row = QRectF(left + 27, top + 5, self._card.width() - 31, 19)
        painter.drawText(row, int(Qt.AlignLeft | Qt.AlignVCenter), self.mark.title)
        painter.setFont(self._style.text_font)
        row = QRectF(left + 8, top + 25, self._card.width() - 12, 17)
        painter.drawText(row, int(Qt.AlignLeft | Qt.AlignVCenter), self.mark.subtitle)
