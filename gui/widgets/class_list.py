"""The best classes of an output, or the largest values of a vector, as bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt5.QtCore import QRectF, QSize, Qt
from PyQt5.QtGui import QPainter, QPaintEvent
from PyQt5.QtWidgets import QWidget

from core.net.elision import elide_name
from core.words import value_text
from gui.theme import ThemeKeeper, text_font
from gui.widgets.alignment import LEFT, RIGHT
from gui.widgets.plain_text import plain_tip

HEADER_HEIGHT, ROW_HEIGHT, WIDTH = 34, 34, 224


@dataclass(frozen=True)
class ClassScore:
    """One class: its index in the output, its name ("" when unknown) and its share, 0 to 1."""

    index: int
    name: str
    score: float


@dataclass(frozen=True)
class ClassScores:
    """The best classes, best first; `are_probabilities` where the net's own Softmax made them.

    names: of every class, in the order of the output; () where unknown. is_trained: False where
    no weights are open and the net ran on what its fillers gave.
    """

    layer: str
    classes: tuple[ClassScore, ...]
    are_probabilities: bool
    names: tuple[str, ...] = ()
    is_trained: bool = True

    @property
    def note(self) -> str:
        """What the numbers are."""
        if not self.is_trained:
            return "no weights: filler values, no meaning"
        return "probabilities" if self.are_probabilities else "softmax of its scores"


@dataclass(frozen=True)
class BarRow:
    """One bar: what it is of, its number in words, and its length, 0 to 1."""

    name: str
    number: str
    share: float


class ClassList(QWidget):
    """A heading, then rows with a name, a number and a bar: best classes, or largest values."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._scores: ClassScores | None = None
        self._title, self._note = "", ""
        self._rows: tuple[BarRow, ...] = ()
        self.setAccessibleName("Best classes")
        keeper.changed.connect(self.update)

    def show_scores(self, scores: ClassScores | None) -> None:
        """Show the best classes, or nothing."""
        self._scores = scores
        if scores is None:
            self._show("", "", ())
            return
        rows = tuple(BarRow(class_text(one), score_text(one), one.score) for one in scores.classes)
        self._show(f"Top {len(rows)} of {scores.layer}", scores.note, rows)

    def show_largest(self, layer: str, values: Sequence[tuple[int, float]]) -> None:
        """Show the largest values of a vector as bars; values: (index, value), largest first."""
        self._scores = None
        most = max((abs(value) for _, value in values), default=0.0) or 1.0
        rows = tuple(
            BarRow(f"value {index}", value_text(value), abs(value) / most)
            for index, value in values
        )
        self._show(f"Largest of {layer}", "by value", rows)

    @property
    def scores(self) -> ClassScores | None:
        """The classes that are shown."""
        return self._scores

    @property
    def rows(self) -> tuple[BarRow, ...]:
        """What is shown, row by row."""
        return self._rows

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, HEADER_HEIGHT + ROW_HEIGHT * (len(self._rows) or 5))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._keeper.theme
        painter.fillRect(self.rect(), theme.panel)
        if not self._rows:
            return
        painter.setPen(theme.text)
        painter.setFont(text_font(11, semibold=True))
        head = QRectF(8, 0, self.width() - 16, 16)
        room = painter.fontMetrics().horizontalAdvance
        painter.drawText(head, LEFT, elide_name(self._title, head.width(), room))
        is_warning = self._scores is not None and not self._scores.is_trained
        painter.setPen(theme.warning_text if is_warning else theme.secondary)
        painter.setFont(text_font(11))
        painter.drawText(head.translated(0, 15), LEFT, self._note)
        for number in range(len(self._rows)):
            self._paint_row(painter, number)

    def _show(self, title: str, note: str, rows: tuple[BarRow, ...]) -> None:
        self._title, self._note, self._rows = title, note, rows
        words = "\n".join(f"{one.name}: {one.number}" for one in rows)
        self.setToolTip(plain_tip(words))
        self.setAccessibleDescription(words)
        self.update()

    def _paint_row(self, painter: QPainter, number: int) -> None:
        theme, one = self._keeper.theme, self._rows[number]
        height = max(24, min(ROW_HEIGHT, (self.height() - HEADER_HEIGHT) // len(self._rows)))
        row = QRectF(8, HEADER_HEIGHT + number * height, self.width() - 16, 17)
        painter.setFont(text_font(12, semibold=True))
        painter.setPen(theme.text)
        painter.drawText(row, RIGHT, one.number)
        taken = painter.fontMetrics().horizontalAdvance(one.number) + 10
        painter.setFont(text_font(12, semibold=number == 0))
        metrics = painter.fontMetrics()
        name = metrics.elidedText(one.name, Qt.ElideRight, int(row.width() - taken))
        painter.drawText(row, LEFT, name)
        bar = QRectF(row.left(), row.bottom(), row.width(), 4)
        painter.fillRect(bar, theme.grid)
        bar.setWidth(bar.width() * min(1.0, max(0.0, one.share)))
        painter.fillRect(bar, theme.accent if number == 0 else theme.sweep_bar)


def class_text(one: ClassScore) -> str:
    """The class's name, or its index where names are not known."""
    return one.name or f"class {one.index}"


def score_text(one: ClassScore) -> str:
    """A share in percent; what rounds to none is told from none."""
    percent = 100 * one.score
    return "< 0.1 %" if 0 < percent < 0.05 else f"{percent:.1f} %"
