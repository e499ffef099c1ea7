"""The versions of one blob, a row each: which are overwritten, which one can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PyQt5.QtCore import QPoint, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QSizePolicy, QWidget

from core.net.elision import elide_names
from gui.icons import paint_icon
from gui.theme import ThemeKeeper, text_font
from gui.widgets.alignment import LEFT

ROW = 22
_EYE = 14
_LEFT = 8
_LEAST_CELL = 30


@dataclass(frozen=True)
class VersionRow:
    """One version; `is_current` is the layer being inspected."""

    label: str
    layer: str
    type: str
    is_readable: bool
    is_current: bool


class VersionList(QWidget):
    """Paints the rows under the in-place card; a click selects the layer."""

    layer_clicked = pyqtSignal(str)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._rows: tuple[VersionRow, ...] = ()
        self.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Fixed)
        self.setCursor(Qt.PointingHandCursor)
        self.setAccessibleName("Versions of the blob")
        keeper.changed.connect(self.update)

    @property
    def rows(self) -> tuple[VersionRow, ...]:
        """The versions shown."""
        return self._rows

    def show_rows(self, rows: Sequence[VersionRow]) -> None:
        """Show other versions."""
        self._rows = tuple(rows)
        words = (
            f"{r.label} {r.layer} {'readable' if r.is_readable else 'overwritten'}" for r in rows
        )
        self.setAccessibleDescription("\n".join(words))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, ROW * len(self._rows) + 1)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._keeper.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        painter.fillRect(self.rect(), theme.panel)
        lefts = self._columns()
        bold = QFontMetrics(text_font(12, semibold=True)).horizontalAdvance
        labels = elide_names([r.label for r in self._rows], lefts[1] - lefts[0] - 6, bold)
        layers = elide_names([r.layer for r in self._rows], lefts[2] - lefts[1] - 6, bold)
        for place, (label, layer) in enumerate(zip(labels, layers, strict=True)):
            shown = replace(self._rows[place], label=label, layer=layer)
            self._paint_row(painter, shown, place * ROW, lefts)
        painter.setRenderHint(QPainter.Antialiasing, False)
        painter.setPen(QPen(theme.border, 1))
        painter.setBrush(Qt.NoBrush)
        painter.drawRect(self.rect().adjusted(0, -1, -1, -1))
        painter.end()

    def _paint_row(
        self, painter: QPainter, row: VersionRow, top: int, lefts: tuple[int, int, int, int]
    ) -> None:
        theme = self._keeper.theme
        if row.is_current:
            painter.fillRect(1, top, self.width() - 2, ROW, theme.selected_row)
        eye = QRectF(_LEFT, top + (ROW - _EYE) / 2, _EYE, _EYE)
        paint_icon(painter, "eye" if row.is_readable else "eye-off", theme.mark_text, eye)
        name = text_font(12, semibold=True)
        name.setStrikeOut(not row.is_readable)
        state = "readable" if row.is_readable else "overwritten"
        cells = (
            (row.label, name, theme.mark_text),
            (row.layer, text_font(12), theme.text),
            (row.type, text_font(12), theme.secondary),
            (state, text_font(12), theme.secondary),
        )
        ends = (*lefts[1:], self.width() - 4)
        for (words, font, colour), left, end in zip(cells, lefts, ends, strict=True):
            painter.setFont(font)
            painter.setPen(colour)
            room = end - left - 6
            if room < _LEAST_CELL:
                continue
            if words == row.type and painter.fontMetrics().horizontalAdvance(words) > room:
                continue  # half a type reads as another one
            painter.drawText(QRectF(left, top, room, ROW), LEFT, words)

    def _columns(self) -> tuple[int, int, int, int]:
        """Left edges of label, layer, type and state.

        The type goes first where there is no room, then the state, which the eye says too.
        """
        metrics = QFontMetrics(text_font(12, semibold=True))
        label = max((metrics.horizontalAdvance(row.label) for row in self._rows), default=0) + 14
        layer = max((metrics.horizontalAdvance(row.layer) for row in self._rows), default=0) + 10
        state = metrics.horizontalAdvance("overwritten") + 8
        start = _LEFT + _EYE + 8
        if label + layer > self.width() - start - state:
            state = 0
        rest = self.width() - start - state
        if label + layer > rest:
            label = min(label, max(rest - layer, rest // 2))
            layer = rest - label
        return start, start + label, start + label + layer, self.width() - state

    def _row_at(self, position: QPoint) -> VersionRow | None:
        place = position.y() // ROW
        return self._rows[place] if 0 <= place < len(self._rows) else None

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        row = self._row_at(event.pos())
        if row is not None and event.button() == Qt.LeftButton:
            self.layer_clicked.emit(row.layer)
