"""The sentence beside a badge under the mouse."""

from __future__ import annotations

from PyQt5.QtCore import QPoint, QRect, QRectF, QSize, QSizeF, Qt
from PyQt5.QtGui import QFontMetricsF, QPainter
from PyQt5.QtWidgets import QGraphicsItem, QGraphicsView, QStyleOptionGraphicsItem, QWidget

from gui.graph import metrics as m
from gui.graph.items.badge import BadgeItem
from gui.graph.style import GraphStyle

_PADDING = 8.0
_WRAPPED = int(Qt.TextWordWrap | Qt.AlignLeft | Qt.AlignTop)
TIP_EDGE = 6


def tip_place(size: QSize, column: QRect, left: int, room: QRect) -> QPoint:
    """Where a tip of this size covers none of a column of badges, inside the canvas.

    left: where the badge begins; room: the canvas. All in pixels of the canvas. Below the column
    is best, then above, right and left of it; with no room at all below.
    """
    inner = room.adjusted(TIP_EDGE, TIP_EDGE, -TIP_EDGE, -TIP_EDGE)
    places = (
        (left, column.bottom() + 8),
        (left, column.top() - 8 - size.height()),
        (column.right() + 8, column.top()),
        (column.left() - 8 - size.width(), column.top()),
    )
    inside = [
        QPoint(
            max(inner.left(), min(x, inner.right() - size.width())),
            max(inner.top(), min(y, inner.bottom() - size.height())),
        )
        for x, y in places
    ]
    free = (place for place in inside if not QRect(place, size).intersects(column))
    return next(free, inside[0])


class TipItem(QGraphicsItem):
    """A dark card of wrapped text that keeps its size at every zoom."""

    def __init__(self, style: GraphStyle) -> None:
        super().__init__()
        self.sentence = ""
        self._style = style
        self._bounds = QRectF()
        self.setFlag(QGraphicsItem.ItemIgnoresTransformations)
        self.setAcceptedMouseButtons(Qt.NoButton)
        self.setZValue(10)
        self.hide()

    def restyle(self, style: GraphStyle) -> None:
        """Draw in another theme."""
        self._style = style
        self.update()

    def say(self, sentence: str) -> None:
        """Show a sentence; an empty one hides the card."""
        self.prepareGeometryChange()
        self.sentence = sentence
        metrics = QFontMetricsF(self._style.text_font)
        text = metrics.boundingRect(
            QRectF(0, 0, m.TIP_WIDTH - 2 * _PADDING, 900), _WRAPPED, sentence
        )
        self._bounds = QRectF(0, 0, text.width() + 2 * _PADDING + 2, text.height() + 2 * _PADDING)
        self.setVisible(bool(sentence))

    def show_beside(
        self, badge: BadgeItem, sentence: str, column: QRectF, view: QGraphicsView
    ) -> None:
        """Say something of a badge, whose button goes below it where the canvas ends.

        column: what the badges of its chain cover, in scene coordinates.
        """
        badge.put_button(is_below=False)
        right = view.mapFromScene(badge.active_frame().topRight()).x()
        badge.put_button(is_below=right > view.viewport().width() - TIP_EDGE)
        self.say(sentence)
        taken = view.mapFromScene(column.united(badge.active_frame())).boundingRect()
        left, room = view.mapFromScene(badge.pos()).x(), view.viewport().rect()
        self.setPos(view.mapToScene(tip_place(self.size.toSize(), taken, left, room)))

    @property
    def size(self) -> QSizeF:
        """Screen pixels that it takes."""
        return self._bounds.size()

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        painter.setPen(Qt.NoPen)
        painter.setBrush(self._style.theme.tooltip_fill)
        painter.drawRoundedRect(self._bounds, 3, 3)
        painter.setFont(self._style.text_font)
        painter.setPen(self._style.theme.tooltip_text)
        inner = self._bounds.adjusted(_PADDING, _PADDING, -_PADDING + 2, 0)
        painter.drawText(inner, _WRAPPED, self.sentence)
