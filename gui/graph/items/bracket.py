"""The bracket over boxes that share a blob, with its two lines of label."""

from __future__ import annotations

from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import QFont, QFontMetricsF, QPainter, QPainterPath
from PyQt5.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from core.net.elision import elide_name
from core.net.layout.layered import Direction
from gui.graph import metrics as m
from gui.graph.picture import BracketPicture
from gui.graph.rooms import NO_ROOM, SideRooms
from gui.graph.style import GraphStyle, fine_pen
from gui.widgets.plain_text import plain_tip

_LEAST_LABEL = 56.0
_LINE_HEIGHT = 16.0
_PALE = 0.55


class BracketItem(QGraphicsItem):
    """Left of the boxes in a drawing from top to bottom, above them in one from left to right."""

    def __init__(self, bracket: BracketPicture, style: GraphStyle) -> None:
        super().__init__()
        self.bracket = bracket
        self._style = style
        self._frame = QRectF()
        self._direction: Direction = "TB"
        self._room = 0.0
        self._path = QPainterPath()
        self._bounds = QRectF()
        self._rooms = NO_ROOM
        self.is_strong = False
        self._seen_at = 0.0
        self.setZValue(1.2)
        self.setToolTip(plain_tip(bracket.sentence))

    def set_place(
        self, boxes: QRectF, direction: Direction, label_room: float, rooms: SideRooms
    ) -> None:
        """Span `boxes`, the frame around the bracketed boxes.

        rooms: how far these may grow from their middle where they show only names.
        """
        place = (boxes, direction, label_room, rooms)
        if place == (self._frame, self._direction, self._room, self._rooms):
            return
        self.prepareGeometryChange()
        self._rooms = rooms
        self._frame, self._direction, self._room = QRectF(boxes), direction, label_room
        self._path = _draw(boxes, direction, has_tick=self.bracket.kind != "folded")
        self._bounds = self._path.boundingRect().united(self._label_box())
        self._bounds.adjust(-2, -2, 2, 2)
        if direction == "TB":
            grown = min(rooms.half, m.NAMED_WIDTH / 2 / m.NAMES_FROM) - m.BOX_WIDTH / 2
            self._bounds.adjust(-max(0.0, grown) - 8, 0, 0, 0)

    def restyle(self, style: GraphStyle) -> None:
        """Draw in another theme."""
        self._style = style
        self.update()

    def set_strong(self, is_strong: bool) -> None:
        """Full colour for the chain that is selected, thin and pale for the others."""
        if is_strong != self.is_strong:
            self.is_strong = is_strong
            covered = self._path.boundingRect().united(self._label_box()).adjusted(-2, -2, 2, 2)
            self.update(self._bounds if self._seen_at < m.FULL_FROM else covered)

    def line_frame(self) -> QRectF:
        """What the bracket's own line covers."""
        return self._path.boundingRect()

    def label_frame(self) -> QRectF:
        """What the words of the label cover; empty where they have no room."""
        if self._room < _LEAST_LABEL or not self.bracket.title:
            return QRectF()
        box = self._label_box()
        title = QFontMetricsF(self._title_font()).horizontalAdvance(self.bracket.title)
        subtitle = QFontMetricsF(self._style.text_font).horizontalAdvance(self.bracket.subtitle)
        spare = max(0.0, box.width() - max(title, subtitle))
        if self._direction == "LR":
            return box.adjusted(spare / 2, 0, -spare / 2, 0)
        return box.adjusted(spare, 0, 0, 0)

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        scale = self._seen_at = self._style.scale_of(painter)
        if scale < m.NAMES_FROM:
            return
        if scale < m.FULL_FROM and self._direction == "TB":
            grown = (
                m.named_size(scale, self._rooms.left, self._rooms.right)[0] / 2 / scale
                - m.BOX_WIDTH / 2
            )
            painter.translate(-max(0.0, grown), 0)
        self._paint_line(painter)
        if scale < m.FULL_FROM or self._room < _LEAST_LABEL:
            return
        theme = self._style.theme
        colour = theme.ok_text if self.bracket.kind == "own" else theme.mark_text
        box = self._label_box()
        grown = m.label_growth(scale)
        if grown > 1:
            origin = box.center()
            if self._direction == "TB":
                origin.setX(box.right())
            painter.translate(origin)
            painter.scale(grown, grown)
            painter.translate(-origin)
            box.setLeft(box.right() - box.width() / grown)
        across = Qt.AlignRight if self._direction == "TB" else Qt.AlignHCenter
        painter.setPen(colour)
        self._line(painter, self.bracket.title, self._title_font(), box, across)
        painter.setPen(theme.secondary)
        box.translate(0, _LINE_HEIGHT)
        self._line(painter, self.bracket.subtitle, self._style.text_font, box, across)

    def _paint_line(self, painter: QPainter) -> None:
        theme = self._style.theme
        painter.setBrush(self._style.no_brush)
        colour = theme.ok_text if self.bracket.kind == "own" else theme.mark
        painter.setPen(fine_pen(colour, 2.0 if self.is_strong else 1.0))
        if not self.is_strong:
            painter.setOpacity(_PALE)
        painter.drawPath(self._path)
        painter.setOpacity(1.0)

    def _line(
        self, painter: QPainter, words: str, font: QFont, box: QRectF, across: Qt.AlignmentFlag
    ) -> None:
        painter.setFont(font)
        shown = _shortened(words, QFontMetricsF(font), box.width())
        row = QRectF(box.left(), box.top(), box.width(), _LINE_HEIGHT)
        painter.drawText(row, int(across | Qt.AlignVCenter), shown)

    def _title_font(self) -> QFont:
        is_thin = self.bracket.kind == "folded"
        return self._style.label_thin_font if is_thin else self._style.label_font

    def _label_box(self) -> QRectF:
        height = 2 * _LINE_HEIGHT
        if self._direction == "LR":
            middle = self._frame.center().x()
            top = self._frame.top() - m.BRACKET_GAP - m.BRACKET_TICK - height
            return QRectF(middle - m.LABEL_ROOM / 2, top, m.LABEL_ROOM, height)
        right = self._frame.left() - m.BRACKET_GAP - m.LABEL_GAP
        right -= 2 if self.bracket.kind == "folded" else m.BRACKET_TICK
        width = max(0.0, self._room)
        return QRectF(right - width, self._frame.center().y() - height / 2, width, height)


def _shortened(words: str, metrics: QFontMetricsF, room: float) -> str:
    """The words, or as much as fits: the blob's name gives way, not what is said of it."""
    lead, blob, name = words.partition("blob ")
    if not blob or metrics.horizontalAdvance(words) <= room:
        return metrics.elidedText(words, Qt.ElideRight, room)
    room -= metrics.horizontalAdvance(lead)
    return lead + elide_name(name, room, metrics.horizontalAdvance)


def _draw(boxes: QRectF, direction: Direction, *, has_tick: bool) -> QPainterPath:
    path = QPainterPath()
    if direction == "LR":
        y = boxes.top() - m.BRACKET_GAP
        left, right = boxes.left() + m.BRACKET_INSET, boxes.right() - m.BRACKET_INSET
        path.moveTo(left, y + m.BRACKET_ARM)
        path.lineTo(left, y)
        path.lineTo(right, y)
        path.lineTo(right, y + m.BRACKET_ARM)
        if has_tick:
            path.moveTo(boxes.center().x(), y)
            path.lineTo(boxes.center().x(), y - m.BRACKET_TICK)
        return path
    x = boxes.left() - m.BRACKET_GAP
    top, bottom = boxes.top() + m.BRACKET_INSET, boxes.bottom() - m.BRACKET_INSET
    path.moveTo(QPointF(x + m.BRACKET_ARM, top))
    path.lineTo(x, top)
    path.lineTo(x, bottom)
    path.lineTo(x + m.BRACKET_ARM, bottom)
    if has_tick:
        path.moveTo(x, boxes.center().y())
        path.lineTo(x - m.BRACKET_TICK, boxes.center().y())
    return path
