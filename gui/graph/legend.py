"""What the band colours mean; only the families of this net, and it can be closed."""

from __future__ import annotations

from collections.abc import Iterable

from PyQt5.QtCore import QPoint, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QWidget

from gui.icons import family_glyph, paint_icon
from gui.theme import FAMILY_TOKENS, ThemeKeeper, text_font

_ROW = 18
_PADDING = 8
_SQUARE = 14
_CLOSE = 12


class Legend(QWidget):
    """One row a family: a square with its glyph and its name."""

    closed = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._families: tuple[str, ...] = ()
        self.setMouseTracking(True)
        self.setAccessibleName("Legend")
        keeper.changed.connect(self.update)

    @property
    def families(self) -> tuple[str, ...]:
        """The families listed."""
        return self._families

    def show_families(self, families: Iterable[str]) -> None:
        """List the families that are present, in the order of the design."""
        present = set(families)
        self._families = tuple(family for family in FAMILY_TOKENS if family in present)
        self.resize(self.sizeHint())
        self.update()

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(text_font(11))
        widest = max((metrics.horizontalAdvance(f) for f in self._families), default=0)
        width = 2 * _PADDING + _SQUARE + 7 + widest + 8
        return QSize(width, len(self._families) * _ROW + 2 * _PADDING - 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._keeper.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        painter.setPen(QPen(theme.border, 1))
        painter.setBrush(theme.panel)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setFont(text_font(11))
        for i, family in enumerate(self._families):
            self._paint_row(painter, family, _PADDING - 1 + i * _ROW)
        if self.underMouse():
            paint_icon(painter, "cross", theme.secondary, QRectF(self._close_box()))
        painter.end()

    def _paint_row(self, painter: QPainter, family: str, top: float) -> None:
        theme = self._keeper.theme
        square = QRectF(_PADDING, top + (_ROW - _SQUARE) / 2, _SQUARE, _SQUARE)
        painter.setPen(QPen(theme.outline, 1))
        painter.setBrush(theme.family(family))
        painter.drawRoundedRect(square, 2, 2)
        inner = square.adjusted(1.5, 1.5, -1.5, -1.5)
        paint_icon(painter, family_glyph(family), theme.family_glyph(family), inner)
        painter.setPen(theme.secondary)
        row = QRectF(square.right() + 7, top, self.width(), _ROW)
        painter.drawText(row, int(Qt.AlignLeft | Qt.AlignVCenter), family)

    def _close_box(self) -> QRectF:
        return QRectF(self.width() - _CLOSE - 4, 4, _CLOSE, _CLOSE)

    def enterEvent(self, event: object) -> None:
        self.update()

    def leaveEvent(self, event: object) -> None:
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event is not None:
            is_close = self._is_on_close(event.pos())
            self.setCursor(Qt.PointingHandCursor if is_close else Qt.ArrowCursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._is_on_close(event.pos()):
            self.closed.emit()

    def _is_on_close(self, place: QPoint) -> bool:
        return self._close_box().adjusted(-3, -3, 3, 3).contains(place)
