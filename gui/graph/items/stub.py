"""The short end of a wire that is not drawn: a line with a stop, and the blob's name."""

from __future__ import annotations

from collections.abc import Callable

from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import QPainter
from PyQt5.QtWidgets import (
    QGraphicsItem,
    QGraphicsSceneHoverEvent,
    QGraphicsSceneMouseEvent,
    QStyleOptionGraphicsItem,
    QWidget,
)

from gui.graph import metrics as m
from gui.graph.picture import StubPicture
from gui.graph.rooms import NO_ROOM, SideRooms
from gui.graph.style import GraphStyle
from gui.widgets.plain_text import plain_tip

_LINE = 11.0
_GAP = 4.0
_HEIGHT = 18.0
_WIDEST = 130.0


def stub_width(words: str, style: GraphStyle) -> float:
    """Pixels that a stub takes beside its box."""
    return min(_WIDEST, _LINE + _GAP + style.badge_text_width(words))


class StubItem(QGraphicsItem):
    """Right of its box, or below it in a net from left to right; a click lights all ends."""

    def __init__(
        self,
        stub: StubPicture,
        style: GraphStyle,
        on_pressed: Callable[[StubItem], None],
        on_pointed: Callable[[StubItem, bool], None],
    ) -> None:
        super().__init__()
        self.stub = stub
        self.is_lit = False
        self._style = style
        self._on_pressed = on_pressed
        self._on_pointed = on_pointed
        self._rooms = NO_ROOM
        self._width = stub_width(stub.words, style)
        self._is_sideways = False
        self.setZValue(2.2)
        self.setAcceptHoverEvents(True)
        self.setCursor(Qt.PointingHandCursor)
        self.setToolTip(plain_tip("\n".join(stub.lines)))

    @property
    def width(self) -> float:
        """Pixels at 100 %; the words keep their size when seen from farther away."""
        return self._width

    def set_place(self, box: QRectF, beside: float, rooms: SideRooms, *, is_sideways: bool) -> None:
        """Hang on a box; beside: pixels that its badges take, rooms: as of the box."""
        self.prepareGeometryChange()
        self._rooms, self._is_sideways = rooms, is_sideways
        if is_sideways:
            self.setPos(box.left() + 8 + beside, box.bottom() + 2)
        else:
            self.setPos(box.right() + beside, box.center().y())

    def set_lit(self, is_lit: bool) -> None:
        """Stand out, or not."""
        if is_lit != self.is_lit:
            self.is_lit = is_lit
            self.update()

    def restyle(self, style: GraphStyle) -> None:
        """Draw in another theme."""
        self._style = style
        self.update()

    def frame(self) -> QRectF:
        """What it covers at 100 %, in scene coordinates."""
        return QRectF(0, -_HEIGHT / 2, self._width, _HEIGHT).translated(self.pos())

    def boundingRect(self) -> QRectF:
        reach = max(self._width, self._rooms.right)
        return QRectF(-2, -_HEIGHT, reach + 2, 2 * _HEIGHT)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        style = self._style
        scale = style.scale_of(painter)
        if scale < m.NAMES_FROM:
            return
        width = self._width
        if scale < m.FULL_FROM and not self._is_sideways:
            rooms = self._rooms
            half = m.named_size(scale, rooms.left, rooms.right, width)[0] / 2
            painter.translate(half / scale - m.BOX_WIDTH / 2, 0)
            width = min(width, rooms.right * scale - half)
        shrunk = min(1.0, scale)
        painter.scale(1 / shrunk, 1 / shrunk)
        painter.setPen(style.edge_lit if self.is_lit else style.edge)
        painter.drawLine(QPointF(1, 0), QPointF(_LINE, 0))
        painter.drawLine(QPointF(_LINE, -4), QPointF(_LINE, 4))
        room = width - _LINE - _GAP
        words = self.stub.words
        if style.text_metrics.horizontalAdvance(words) > room + 1:
            if scale < m.FULL_FROM:
                return  # the stop alone says that there is more, and the tooltip what
            words = style.text_metrics.elidedText(words, Qt.ElideRight, max(0.0, room))
        painter.setFont(style.text_font)
        painter.setPen(style.theme.accent if self.is_lit else style.theme.secondary)
        row = QRectF(_LINE + _GAP, -_HEIGHT / 2, room + 4, _HEIGHT)
        painter.drawText(row, int(Qt.AlignLeft | Qt.AlignVCenter), words)

    def hoverEnterEvent(self, event: QGraphicsSceneHoverEvent) -> None:
        self._on_pointed(self, True)

    def hoverLeaveEvent(self, event: QGraphicsSceneHoverEvent) -> None:
        self._on_pointed(self, False)

    def mousePressEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        if event.button() == Qt.LeftButton:
            self._on_pressed(self)
            event.accept()
