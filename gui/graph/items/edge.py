"""The arrow from one box to another, as one path."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QPointF, QRectF
from PyQt5.QtGui import QPainter, QPainterPath, QPainterPathStroker, QPolygonF
from PyQt5.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from core.net.layout.layered import Direction
from core.net.layout.routes import Point
from gui.graph import metrics as m
from gui.graph.items.edge_label import EdgeLabel
from gui.graph.picture import EdgePicture
from gui.graph.style import GraphStyle
from gui.widgets.plain_text import plain_tip


class EdgeItem(QGraphicsItem):
    """Paints the route of one edge with a pen that keeps its width at every zoom."""

    def __init__(self, edge: EdgePicture, style: GraphStyle) -> None:
        super().__init__()
        self.edge = edge
        self.is_lit = False
        self._style = style
        self._route: tuple[Point, ...] = ()
        self._direction: Direction = "TB"
        self._drawn: tuple[QPainterPath, QPolygonF] | None = None
        self._label: EdgeLabel | None = None
        self._bounds = QRectF()
        self.setZValue(1)

    @property
    def label(self) -> str:
        """The shapes that stand beside the arrow, "" for none."""
        return self._label.words if self._label else ""

    def set_edge(self, edge: EdgePicture) -> None:
        """Take over what travels along the same arrow."""
        if edge != self.edge or not self.toolTip():
            self.edge = edge
            self.setToolTip(plain_tip(_tip(edge)))

    def set_route(
        self, route: tuple[Point, ...], direction: Direction, label: EdgeLabel | None = None
    ) -> None:
        """Follow another path of cubic curves, with shapes beside it or without."""
        if (route, label) == (self._route, self._label):
            return
        self.prepareGeometryChange()
        self._route, self._direction, self._label = route, direction, label
        self._drawn = None
        reach = m.ARROW_HALF_WIDTH + 1
        xs, ys = [x for x, _ in route], [y for _, y in route]
        left, top = min(xs) - reach, min(ys) - reach
        self._bounds = QRectF(left, top, max(xs) + reach - left, max(ys) + reach - top)
        if label is not None:
            self._bounds = self._bounds.united(label.box)

    def restyle(self, style: GraphStyle) -> None:
        """Draw in another theme."""
        self._style = style
        self.update()

    def set_lit(self, is_lit: bool) -> None:
        """Stand out, or not."""
        if is_lit != self.is_lit:
            self.is_lit = is_lit
            self.setZValue(1.5 if is_lit else 1)
            self.update()

    def boundingRect(self) -> QRectF:
        return self._bounds

    def shape(self) -> QPainterPath:
        stroker = QPainterPathStroker()
        stroker.setWidth(8)
        return stroker.createStroke(self._parts()[0])

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        style = self._style
        path, arrow = self._parts()
        scale = self._style.scale_of(painter)
        is_far = scale < m.NAMES_FROM
        near = style.edge_far if is_far else style.edge
        painter.setPen(style.edge_lit if self.is_lit else near)
        painter.setBrush(style.no_brush)
        painter.drawPath(path)
        if is_far:
            return
        painter.setPen(style.edge_lit if self.is_lit else style.edge)
        painter.setBrush(style.edge_lit_fill if self.is_lit else style.edge_fill)
        painter.drawPolygon(arrow)
        if self._label is not None and scale >= m.FULL_FROM:
            painter.setFont(style.edge_font)
            painter.setPen(style.text if self.is_lit else style.secondary)
            painter.drawText(self._label.box, self._label.side, self._label.words)

    def _parts(self) -> tuple[QPainterPath, QPolygonF]:
        """Line and arrow head, made when first seen."""
        if self._drawn is None:
            self._drawn = _draw(self._route, self._direction)
        return self._drawn


def _tip(edge: EdgePicture) -> str:
    pairs = zip(edge.blobs, edge.shapes, strict=False)
    return "\n".join(f"{blob}  {shape}" for blob, shape in pairs) or "\n".join(edge.blobs)


def _draw(route: Sequence[Point], direction: Direction) -> tuple[QPainterPath, QPolygonF]:
    """The line up to the foot of its arrow head, and the head."""
    tip_x, tip_y = route[-1]
    before_x, before_y = route[-2]
    if direction == "LR":
        sign = 1.0 if tip_x >= before_x else -1.0
        foot = (tip_x - sign * m.ARROW_LENGTH, tip_y)
        wings = [(foot[0], tip_y - m.ARROW_HALF_WIDTH), (foot[0], tip_y + m.ARROW_HALF_WIDTH)]
    else:
        sign = 1.0 if tip_y >= before_y else -1.0
        foot = (tip_x, tip_y - sign * m.ARROW_LENGTH)
        wings = [(tip_x - m.ARROW_HALF_WIDTH, foot[1]), (tip_x + m.ARROW_HALF_WIDTH, foot[1])]
    path = QPainterPath(QPointF(*route[0]))
    for i in range(1, len(route), 3):
        first, second, end = route[i : i + 3]
        end = foot if i + 3 >= len(route) else end
        if first[0] == second[0] == end[0] or first[1] == second[1] == end[1]:
            path.lineTo(*end)
        else:
            path.cubicTo(*first, *second, *end)
    return path, QPolygonF([QPointF(tip_x, tip_y), *(QPointF(*wing) for wing in wings)])
