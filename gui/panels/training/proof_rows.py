"""Each representation before and after, the gain with its interval, and how sure it is."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QPointF, QRectF, QSize, Qt
from PyQt5.QtGui import QColor, QContextMenuEvent, QFontMetrics, QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QApplication, QMenu, QSizePolicy, QWidget

from core.representations.titles import pooling_title
from core.training.proof import ProofRow
from core.words import percent_number, points
from gui.theme import Theme, ThemeKeeper, text_font
from gui.widgets.alignment import LEFT, RIGHT
from gui.widgets.elided import elided_rows

ROW, HEAD = 26, 24
_SURE = 0.05
_POOLING, _NUMBER, _GAIN, _P = 52, 52, 78, 62
_LEAST_NAME = 130
_LEAST_PLOT = 90


class ProofRows(QWidget):
    """Paints its rows; the best after the training is the first. Its rows are copied as text."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._rows: tuple[ProofRow, ...] = ()
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        self.setAccessibleName("Gains by layer")
        keeper.changed.connect(self.update)

    @property
    def rows(self) -> tuple[ProofRow, ...]:
        """The rows shown."""
        return self._rows

    def show_rows(self, rows: Sequence[ProofRow]) -> None:
        """Show other rows."""
        self._rows = tuple(rows)
        self.setAccessibleDescription(self.plain_text())
        self.updateGeometry()
        self.update()

    def plain_text(self) -> str:
        """A line for each row, its cells apart by tabs, below their headings."""
        lines = [("layer", "pooling", "before", "after", "gain", "low", "high", "p")]
        lines += [
            (name_of(row), pooling_title(row.pooling), percent_number(row.before),
             percent_number(row.after),
             gain_words(row), points(row.difference.low), points(row.difference.high), p_words(row))
            for row in self._rows
        ]  # fmt: skip
        return "\n".join("\t".join(line) for line in lines)

    def sizeHint(self) -> QSize:
        return QSize(560, HEAD + ROW * len(self._rows))

    def minimumSizeHint(self) -> QSize:
        return QSize(440, self.sizeHint().height())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.addAction(
            "Copy the table", lambda: QApplication.clipboard().setText(self.plain_text())
        )
        menu.exec(event.globalPos())
        menu.deleteLater()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._keeper.theme
        painter.setRenderHint(QPainter.Antialiasing)
        left, right = self._columns()
        self._paint_head(painter, theme, left, right)
        names = elided_rows(
            [name_of(row) for row in self._rows], [int(left["name"][1])] * len(self._rows),
            QFontMetrics(text_font(12, semibold=True)),
        )  # fmt: skip
        for place, (row, name) in enumerate(zip(self._rows, names, strict=True)):
            top = HEAD + place * ROW
            if top > event.rect().bottom() or top + ROW < event.rect().top():
                continue
            self._paint_row(painter, theme, row, name, place, left | right)
        painter.end()

    def _columns(self) -> tuple[dict[str, tuple[float, float]], dict[str, tuple[float, float]]]:
        """(left, width) of each column; the two plots share what the words leave."""
        fixed = _POOLING + 2 * _NUMBER + _GAIN + _P + 44
        metrics = QFontMetrics(text_font(12, semibold=True))
        widest = max((metrics.horizontalAdvance(name_of(r)) for r in self._rows), default=0) + 20
        spare = self.width() - fixed
        name = min(widest, max(_LEAST_NAME, spare - 2 * _LEAST_PLOT))
        plot = max(40.0, (spare - name) / 2)
        x, found = 10.0, {}
        for key, width in (("name", name), ("pooling", _POOLING), ("before", _NUMBER),
                           ("after", _NUMBER), ("maps", plot), ("gains", plot), ("gain", _GAIN),
                           ("p", _P)):  # fmt: skip
            found[key] = (x, float(width))
            x += width + (8 if key in ("after", "maps", "gains") else 0)
        return {"name": found["name"]}, {k: v for k, v in found.items() if k != "name"}

    def _paint_head(
        self, painter: QPainter, theme: Theme, left: dict[str, tuple[float, float]],
        right: dict[str, tuple[float, float]],
    ) -> None:  # fmt: skip
        painter.fillRect(0, 0, self.width(), HEAD, theme.header)
        painter.setFont(text_font(11, semibold=True))
        columns = left | right
        words = {"name": "Layer", "pooling": "Pooling", "before": "Before", "after": "After",
                 "maps": "mAP, %", "gains": "Gain, 95 %", "gain": "Gain", "p": "p"}  # fmt: skip
        colours = {"before": theme.series_a, "after": theme.series_b}
        for key, word in words.items():
            x, width = columns[key]
            painter.setPen(colours.get(key, theme.secondary))
            aligned = LEFT if key in ("name", "pooling", "maps", "gains") else RIGHT
            painter.drawText(QRectF(x, 0, width, HEAD), aligned, word)

    def _paint_row(
        self, painter: QPainter, theme: Theme, row: ProofRow, name: str, place: int,
        columns: dict[str, tuple[float, float]],
    ) -> None:  # fmt: skip
        top, is_lead = HEAD + place * ROW, place == 0
        ground = theme.alternate_row if place % 2 else theme.panel
        painter.fillRect(0, top, self.width(), ROW, theme.selected_row if is_lead else ground)
        is_quiet = row.is_unchanged
        cells = (
            ("name", name, theme.text, is_lead, LEFT),
            ("pooling", pooling_title(row.pooling), theme.secondary, False, LEFT),
            ("before", percent_number(row.before), theme.text, False, RIGHT),
            ("after", percent_number(row.after), theme.secondary if is_quiet else theme.text,
             not is_quiet, RIGHT),
            ("gain", gain_words(row), _gain_colour(theme, row), not is_quiet, RIGHT),
            ("p", p_words(row), theme.secondary, False, RIGHT),
        )  # fmt: skip
        for key, words, colour, is_strong, aligned in cells:
            x, width = columns[key]
            painter.setFont(text_font(12, semibold=is_strong))
            painter.setPen(colour)
            painter.drawText(QRectF(x, top, width, ROW), aligned, words)
        middle = top + ROW / 2
        self._paint_maps(painter, theme, row, columns["maps"], middle)
        self._paint_gain(painter, theme, row, columns["gains"], middle)

    def _paint_maps(
        self, painter: QPainter, theme: Theme, row: ProofRow, column: tuple[float, float],
        middle: float,
    ) -> None:  # fmt: skip
        values = [value for one in self._rows for value in (one.before, one.after)]
        low, high = min(values), max(values)
        room = (high - low) or 1.0

        def x_of(value: float) -> float:
            return column[0] + 7 + (column[1] - 14) * (value - low) / room

        first, second = x_of(row.before), x_of(row.after)
        painter.setPen(QPen(theme.outline, 3))
        painter.drawLine(QPointF(first, middle), QPointF(second, middle))
        colour = theme.edge if row.is_unchanged else theme.series_a
        painter.setPen(QPen(colour, 2))
        painter.setBrush(theme.panel)
        painter.drawEllipse(QPointF(first, middle), 4, 4)
        if not row.is_unchanged:
            painter.setPen(Qt.NoPen)
            painter.setBrush(theme.series_b)
            painter.drawEllipse(QPointF(second, middle), 4.5, 4.5)

    def _paint_gain(
        self, painter: QPainter, theme: Theme, row: ProofRow, column: tuple[float, float],
        middle: float,
    ) -> None:  # fmt: skip
        ends = [end for one in self._rows for end in (one.difference.low, one.difference.high)]
        low, high = min(0.0, *ends), max(0.0, *ends)
        room = (high - low) or 1.0

        def x_of(value: float) -> float:
            return column[0] + 4 + (column[1] - 8) * (value - low) / room

        pen = QPen(theme.edge, 1, Qt.DashLine)
        painter.setPen(pen)
        painter.drawLine(QPointF(x_of(0.0), middle - ROW / 2), QPointF(x_of(0.0), middle + ROW / 2))
        if row.is_unchanged:
            return
        found, colour = row.difference, _gain_colour(theme, row)
        painter.setPen(QPen(colour, 1.5))
        painter.drawLine(QPointF(x_of(found.low), middle), QPointF(x_of(found.high), middle))
        for end in (found.low, found.high):
            painter.drawLine(QPointF(x_of(end), middle - 4), QPointF(x_of(end), middle + 4))
        painter.fillRect(QRectF(x_of(found.mean) - 3, middle - 3, 6, 6), colour)


def name_of(row: ProofRow) -> str:
    """ "conv10 → conv10_corel" for a layer that was renamed."""
    return row.layer if row.layer == row.after_layer else f"{row.layer} → {row.after_layer}"


def gain_words(row: ProofRow) -> str:
    """The gain in points, or that nothing changed."""
    return "unchanged" if row.is_unchanged else points(row.difference.mean)


def p_words(row: ProofRow) -> str:
    """The corrected p."""
    if row.is_unchanged:
        return ""
    return "< 0.001" if row.p_corrected < 0.001 else f"{row.p_corrected:.3f}"


def _gain_colour(theme: Theme, row: ProofRow) -> QColor:
    if row.is_unchanged or row.p_corrected >= _SURE:
        return theme.secondary
    return theme.ok_text if row.difference.mean > 0 else theme.error_text
