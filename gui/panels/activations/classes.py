"""The five best classes of an output, with names, bars and scores."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt5.QtCore import QRect, QRectF, QSize, Qt
from PyQt5.QtGui import QPainter, QPaintEvent
from PyQt5.QtWidgets import QWidget

from gui.theme import ThemeKeeper, text_font
from gui.widgets.alignment import LEFT, RIGHT
from gui.widgets.plain_text import plain_tip

HEADER_HEIGHT, ROW_HEIGHT, WIDTH = 38, 34, 224


@dataclass(frozen=True)
class ClassScore:
    """One class: its index in the output, its name ("" when unknown) and its share, 0 to 1."""

    index: int
    name: str
    score: float


@dataclass(frozen=True)
class ClassScores:
    """The best classes, best first; `are_probabilities` where the net's own Softmax made them."""

    layer: str
    classes: tuple[ClassScore, ...]
    are_probabilities: bool

    @property
    def note(self) -> str:
        """What the numbers are."""
        return "probabilities" if self.are_probabilities else "softmax of its scores"


class ClassList(QWidget):
    """Paints ClassScores: a heading, then a row with name, score and bar for each class."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._scores: ClassScores | None = None
        self.setFixedWidth(WIDTH)
        self.setAccessibleName("Best classes")
        keeper.changed.connect(self.update)

    def show_scores(self, scores: ClassScores | None) -> None:
        """Show `scores`, or hide."""
        self._scores = scores
        self.setVisible(scores is not None)
        if scores is not None:
            lines = (f"{class_text(one)}: {score_text(one)}" for one in scores.classes)
            self.setToolTip(plain_tip("\n".join(lines)))
            self.setMinimumHeight(0)
        self.update()

    @property
    def scores(self) -> ClassScores | None:
        """What is shown."""
        return self._scores

    def sizeHint(self) -> QSize:
        n_rows = len(self._scores.classes) if self._scores else 5
        return QSize(WIDTH, HEADER_HEIGHT + ROW_HEIGHT * n_rows)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._keeper.theme
        painter.fillRect(self.rect(), theme.panel)
        painter.fillRect(QRect(0, 0, 1, self.height()), theme.border)
        if self._scores is None:
            return
        painter.setPen(theme.text)
        painter.setFont(text_font(11, semibold=True))
        head = QRectF(12, 4, self.width() - 24, 16)
        painter.drawText(head, LEFT, f"Top {len(self._scores.classes)} of {self._scores.layer}")
        painter.setPen(theme.secondary)
        painter.setFont(text_font(11))
        painter.drawText(head.translated(0, 15), LEFT, self._scores.note)
        for number in range(len(self._scores.classes)):
            self._paint_row(painter, self._scores, number)

    def _paint_row(self, painter: QPainter, scores: ClassScores, number: int) -> None:
        theme, one = self._keeper.theme, scores.classes[number]
        top = HEADER_HEIGHT + number * self._row_height()
        row = QRectF(12, top, self.width() - 24, 18)
        painter.setFont(text_font(12, semibold=True))
        painter.setPen(theme.text)
        number_text = score_text(one)
        painter.drawText(row, RIGHT, number_text)
        taken = painter.fontMetrics().horizontalAdvance(number_text) + 10
        painter.setFont(text_font(12, semibold=number == 0))
        name = painter.fontMetrics().elidedText(
            class_text(one), Qt.ElideRight, int(row.width() - taken)
        )
        painter.drawText(row, LEFT, name)
        bar = QRectF(row.left(), row.bottom() + 1, row.width(), 5)
        painter.fillRect(bar, theme.grid)
        bar.setWidth(bar.width() * min(1.0, max(0.0, one.score)))
        painter.fillRect(bar, theme.accent if number == 0 else theme.sweep_bar)

    def _row_height(self) -> int:
        n_rows = len(self._scores.classes) if self._scores else 5
        room = (self.height() - HEADER_HEIGHT) // max(1, n_rows)
        return max(26, min(ROW_HEIGHT, room))


def class_text(one: ClassScore) -> str:
    """The class's name, or its index where names are not known."""
    return one.name or f"class {one.index}"


def score_text(one: ClassScore) -> str:
    """A share in percent."""
    return f"{100 * one.score:.1f} %"
