"""Beside the gains: classes that gained and lost, queries that changed most, weights that moved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PyQt5.QtCore import QEvent, QRect, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QFontMetrics, QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from PyQt5.QtWidgets import QSizePolicy, QToolTip, QWidget

from core.jobs.compare_weights import LayerChange
from core.jobs.report import FirstResults
from core.words import percent_number, points
from gui.icons import paint_icon
from gui.theme import ThemeKeeper, text_font
from gui.thumbnails import ThumbnailStore
from gui.widgets.alignment import LEFT, RIGHT
from gui.widgets.elided import elided_rows
from gui.widgets.plain_text import plain_tip

_CLASS_ROW, _MOVED_ROW = 20, 20
_NUMBER = 44
SIDE = 120
"""The longer side of pictures that is decoded."""
_QUERY, _TOP_WIDTH, _TOP_HEIGHT, _QUERY_ROW = 84, 54, 38, 92
ClassRow = tuple[str, float, float, int]


class ClassGains(QWidget):
    """A row for each class: mAP before and after, and its gain as a bar from zero."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._rows: tuple[ClassRow, ...] = ()
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        self.setAccessibleName("Gains by class")
        keeper.changed.connect(self.update)

    @property
    def rows(self) -> tuple[ClassRow, ...]:
        """Label, mAP before, mAP after, queries."""
        return self._rows

    def show_rows(self, rows: Sequence[ClassRow]) -> None:
        """Show other classes."""
        self._rows = tuple(rows)
        self.setAccessibleDescription(
            "\n".join(
                f"{label} {percent_number(a)} {percent_number(b)} {points(b - a)}"
                for label, a, b, _ in rows
            )
        )
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(300, _CLASS_ROW * len(self._rows))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._keeper.theme
        metrics = QFontMetrics(text_font(12))
        labels = [row[0] for row in self._rows]
        widest = max(map(metrics.horizontalAdvance, labels), default=0) + 8
        name = min(widest, max(80, self.width() - 3 * _NUMBER - 120))
        shown = elided_rows(labels, [name - 4] * len(labels), metrics)
        gains = [b - a for _, a, b, _ in self._rows]
        low, high = min([0.0, *gains]), max([0.0, *gains])
        left = name + 2 * _NUMBER + 12
        room = max(20, self.width() - left - _NUMBER - 8)
        for place, ((_, a, b, _), words) in enumerate(zip(self._rows, shown, strict=True)):
            top = place * _CLASS_ROW
            painter.setFont(text_font(12))
            painter.setPen(theme.text)
            painter.drawText(QRect(0, top, name, _CLASS_ROW), LEFT, words)
            painter.setPen(theme.secondary)
            painter.drawText(QRect(name, top, _NUMBER, _CLASS_ROW), RIGHT, percent_number(a))
            painter.setPen(theme.text)
            painter.drawText(
                QRect(name + _NUMBER, top, _NUMBER, _CLASS_ROW), RIGHT, percent_number(b)
            )
            scale = room / ((high - low) or 1.0)
            zero, width = left - low * scale, (b - a) * scale
            colour = theme.ok_text if b >= a else theme.not_relevant
            painter.fillRect(QRectF(min(zero, zero + width), top + 5, abs(width), 10), colour)
            painter.fillRect(QRectF(zero, top, 1, _CLASS_ROW), theme.outline)
            painter.setPen(colour)
            painter.setFont(text_font(12, semibold=True))
            place_of_gain = QRect(self.width() - _NUMBER, top, _NUMBER, _CLASS_ROW)
            painter.drawText(place_of_gain, RIGHT, points(b - a))
        painter.end()


class MovedWeights(QWidget):
    """How far each layer's weights moved, relative to their length before."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._rows: tuple[tuple[str, str, float], ...] = ()
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        self.setAccessibleName("Weights that moved")
        keeper.changed.connect(self.update)

    @property
    def rows(self) -> tuple[tuple[str, str, float], ...]:
        """Name, words, share of the bar."""
        return self._rows

    def show_layers(self, layers: Sequence[LayerChange]) -> None:
        """Show other layers; those that did not move are one row."""
        moved = [one for one in layers if one.change]
        still = [one for one in layers if one.is_equal]
        most = max((one.change or 0.0 for one in moved), default=0.0) or 1.0
        rows = []
        if still:
            name = still[0].name if len(still) == 1 else f"{still[0].name} … {still[-1].name}"
            rows.append((name, "0, frozen", 0.0))
        rows += [(one.name, f"{100 * (one.change or 0):.2g} %", (one.change or 0) / most)
                 for one in moved]  # fmt: skip
        rows += [(one.name, "new", 1.0) for one in layers if not one.in_first]
        self._rows = tuple(rows)
        self.setAccessibleDescription("\n".join(f"{name} {words}" for name, words, _ in rows))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(300, _MOVED_ROW * ((len(self._rows) + 1) // 2))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._keeper.theme
        half = (self.width() - 24) // 2
        n_left = (len(self._rows) + 1) // 2
        room = max(80, half - 170)
        metrics = QFontMetrics(text_font(12))
        shown = elided_rows([row[0] for row in self._rows], [room] * len(self._rows), metrics)
        for place, ((_, words, share), name) in enumerate(zip(self._rows, shown, strict=True)):
            x = 0 if place < n_left else half + 24
            top = (place % n_left) * _MOVED_ROW
            painter.setFont(text_font(12))
            painter.setPen(theme.text)
            painter.drawText(QRect(x, top, room, _MOVED_ROW), LEFT, name)
            track = QRectF(x + room + 8, top + 5, half - room - 78, 10)
            painter.fillRect(track, theme.grid)
            painter.fillRect(QRectF(track.x(), track.y(), track.width() * share, 10),
                             theme.sweep_bar)  # fmt: skip
            painter.drawText(QRect(x + half - 66, top, 66, _MOVED_ROW), RIGHT, words)
        painter.end()


class ChangedQueries(QWidget):
    """Queries with their first results before, above those after; what is relevant has a check."""

    file_opened = pyqtSignal(object)

    def __init__(
        self, keeper: ThemeKeeper, store: ThumbnailStore, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._keeper, self._store = keeper, store
        self._root = Path()
        self._queries: tuple[FirstResults, ...] = ()
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        self.setAccessibleName("Queries that changed most")
        self.setMouseTracking(True)
        keeper.changed.connect(self.update)
        store.arrived.connect(self.update)

    @property
    def queries(self) -> tuple[FirstResults, ...]:
        """What is shown."""
        return self._queries

    def show_queries(self, queries: Sequence[FirstResults], root: Path) -> None:
        """Show other queries; root: of their files."""
        self._queries, self._root = tuple(queries), root
        self.setAccessibleDescription(
            "\n".join(f"{one.query.file} {points(one.query.gain)}" for one in queries)
        )
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(360, _QUERY_ROW * len(self._queries))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._keeper.theme
        painter.setRenderHint(QPainter.SmoothPixmapTransform)
        for place, one in enumerate(self._queries):
            top = place * _QUERY_ROW
            for file, box, is_relevant in self._pictures(one, top):
                self._paint_picture(painter, file, box, is_relevant)
            for line, (word, value) in enumerate(
                (("before", one.query.before), ("after", one.query.after))
            ):
                y = top + line * 43
                painter.setFont(text_font(11, semibold=line == 1))
                painter.setPen(theme.text if line else theme.secondary)
                painter.drawText(QRect(_QUERY + 8, y + 2, 46, 18), LEFT, word)
                painter.drawText(QRect(_QUERY + 8, y + 18, 46, 18), LEFT, f"AP {100 * value:.0f} %")
            gain = one.query.gain
            painter.setPen(theme.ok_text if gain > 0 else theme.error_text)
            painter.setFont(text_font(12, semibold=True))
            words = points(gain, 0)
            painter.drawText(QRect(self.width() - 40, top, 40, _QUERY_ROW - 8), RIGHT, words)
            painter.fillRect(0, top + _QUERY_ROW - 5, self.width(), 1, theme.grid)
        painter.end()

    def _pictures(self, one: FirstResults, top: int) -> list[tuple[str, QRectF, bool | None]]:
        """(file, box, whether it is relevant, None for the query)."""
        found: list[tuple[str, QRectF, bool | None]] = [
            (one.query.file, QRectF(0, top, _QUERY, _QUERY_ROW - 10), None)
        ]
        n_fit = max(1, (self.width() - _QUERY - 62 - 40) // (_TOP_WIDTH + 4))
        for line, results in enumerate((one.before, one.after)):
            for at, (file, is_relevant) in enumerate(results[:n_fit]):
                x = _QUERY + 62 + at * (_TOP_WIDTH + 4)
                box = QRectF(x, top + line * 43, _TOP_WIDTH, _TOP_HEIGHT)
                found.append((file, box, is_relevant))
        return found

    def _paint_picture(
        self, painter: QPainter, file: str, box: QRectF, is_relevant: bool | None
    ) -> None:
        theme = self._keeper.theme
        image = self._store.get(self._root / file, SIDE)
        painter.save()
        if image is not None and not image.isNull():
            painter.setOpacity(0.45 if is_relevant is False else 1.0)
            scale = max(box.width() / image.width(), box.height() / image.height())
            part = QRectF(0, 0, box.width() / scale, box.height() / scale)
            part.moveCenter(QRectF(image.rect()).center())
            painter.drawImage(box, image, part)
        else:
            painter.fillRect(box, theme.alternate_row)
        painter.restore()
        if is_relevant is not None:
            mark = QRectF(box.right() - 14, box.top() + 2, 12, 12)
            painter.setPen(Qt.NoPen)
            painter.setBrush(theme.relevant if is_relevant else theme.panel)
            painter.setRenderHint(QPainter.Antialiasing)
            painter.drawEllipse(mark)
            name = "check" if is_relevant else "cross"
            colour = theme.panel if is_relevant else theme.secondary
            paint_icon(painter, name, colour, mark.adjusted(2, 2, -2, -2))

    def _file_at(self, x: int, y: int) -> str:
        place = y // _QUERY_ROW
        if not 0 <= place < len(self._queries):
            return ""
        for file, box, _ in self._pictures(self._queries[place], place * _QUERY_ROW):
            if box.contains(x, y):
                return file
        return ""

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        has_file = bool(self._file_at(event.x(), event.y()))
        self.setCursor(Qt.PointingHandCursor if has_file else Qt.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        file = self._file_at(event.x(), event.y())
        if file and event.button() == Qt.LeftButton:
            self.file_opened.emit(self._root / file)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.ToolTip:
            file = self._file_at(event.x(), event.y())
            QToolTip.showText(event.globalPos(), plain_tip(file), self)
            return True
        return super().event(event)
