"""The sweep view: the sentence, the matrix, the bars beside it, and the numbers of one cell."""

from __future__ import annotations

from PyQt5.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt5.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from core.representations.titles import AFTER_TITLES, pooling_title
from core.words import percent_number, with_minus
from gui.panels.retrieval.evaluations import EvaluationChart
from gui.panels.retrieval.sweep_bar import SweepBar
from gui.panels.retrieval.sweep_matrix import SweepMatrix
from gui.panels.retrieval.sweep_table import SweepTable, SweptRow
from gui.panels.retrieval.view import EvaluationRow, RecipeChoice
from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button
from gui.widgets.choice import Choice
from gui.widgets.empty_state import EmptyState
from gui.widgets.fact_list import Fact, FactList
from gui.widgets.kept import keep
from gui.widgets.labels import ThemedLabel

EMPTY = (
    "Which layer retrieves best? One pass over the folder measures every layer under every pooling."
)
LEGEND = "Dashed: waiting.  –: has no meaning there.  Semibold: within the interval of the best."


class SweepView(QWidget):
    """Wishes go out as signals: an opened row, and those of the bar."""

    row_opened = pyqtSignal(object)
    """The SweptRow whose ranking is wanted."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table = SweepTable()
        self.bar = SweepBar(keeper)
        self.headline = ThemedLabel("", pixels=15, semibold=True)
        self.rest = ThemedLabel("", "secondary")
        for label in (self.headline, self.rest):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextSelectableByMouse)
        self.matrix = SweepMatrix(keeper)
        self.chart = EvaluationChart(keeper)
        self.after_choice, self.pooling_choice = Choice(), Choice()
        keep("sweep", shown_after=self.after_choice, shown_pooling=self.pooling_choice)
        for choice in (self.after_choice, self.pooling_choice):
            choice.setMinimumContentsLength(14)
        self.after_choice.setAccessibleName("Post-processing shown")
        self.pooling_choice.setAccessibleName("Pooling of the bars")
        self.open_button = Button(keeper, "Open this ranking", is_primary=False)
        self.open_button.setEnabled(False)
        self.facts = FactList(keeper), FactList(keeper)
        self.empty = EmptyState(keeper, "bars", EMPTY)
        self._lay_out()
        self._connect()

    @property
    def table(self) -> SweepTable:
        """What is shown."""
        return self._table

    @property
    def after(self) -> str:
        """The post-processing whose rows are shown."""
        return str(self.after_choice.currentData() or "l2")

    def show_table(self, table: SweepTable, said: str = "") -> None:
        """Show a sweep as far as it is; said: in place of its sentence, as while it begins."""
        self._table = table
        self.headline.setText(said or table.headline)
        self.rest.setText(table.rest)
        self.headline.setVisible(bool(self.headline.text()))
        self.rest.setVisible(bool(table.rest))
        self._offer(self.after_choice, {key: AFTER_TITLES.get(key, key) for key in table.afters})
        every = {"": "All poolings"}
        self._offer(
            self.pooling_choice, every | {word: pooling_title(word) for word in table.poolings}
        )
        self.after_choice.setVisible(len(table.afters) > 1)
        self._pages.setCurrentIndex(1 if table.layers else 0)
        self._show_rows()

    def select(self, row: SweptRow) -> None:
        """Mark a row in the matrix and among the bars."""
        self.matrix.choose(row)
        self._mark(row)

    def _lay_out(self) -> None:
        heads = QVBoxLayout()
        heads.setContentsMargins(12, 8, 12, 8)
        heads.setSpacing(3)
        heads.addWidget(self.headline)
        heads.addWidget(self.rest)
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._left(), 1)
        row.addWidget(_line(vertical=True))
        row.addWidget(self._right(), 1)
        empty = QWidget()
        around = QVBoxLayout(empty)
        around.addWidget(self.empty)
        pages = QWidget()
        self._pages = QStackedLayout(pages)
        self._pages.addWidget(empty)
        self._pages.addWidget(body)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addLayout(heads)
        column.addWidget(pages, 1)

    def _left(self) -> QWidget:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 6)
        column.setSpacing(6)
        head = self._head("mAP, %", "layers in the order of the net", self.after_choice)
        legend = ThemedLabel(LEGEND, "secondary", pixels=11)
        legend.setWordWrap(True)
        legend.setContentsMargins(12, 0, 12, 0)
        column.addLayout(head)
        column.addWidget(self.matrix, 1)
        column.addWidget(legend)
        return left

    def _right(self) -> QWidget:
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 8)
        column.setSpacing(6)
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setWidget(self.chart)
        column.addLayout(self._head("Best first", "", self.pooling_choice))
        column.addWidget(scroll, 1)
        column.addWidget(_line(vertical=False))
        facts = QHBoxLayout()
        facts.setContentsMargins(12, 0, 12, 0)
        facts.setSpacing(16)
        for one in self.facts:
            facts.addWidget(one, 1, Qt.AlignTop)
        column.addLayout(facts)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(12, 0, 12, 0)
        buttons.addWidget(self.open_button)
        buttons.addStretch(1)
        column.addLayout(buttons)
        return right

    def _head(self, title: str, note: str, choice: QWidget) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(12, 4, 12, 0)
        row.setSpacing(8)
        row.addWidget(ThemedLabel(title, semibold=True))
        if note:
            row.addWidget(ThemedLabel(note, "secondary"))
        row.addStretch(1)
        row.addWidget(choice)
        row.addStrut(26)  # both heads are as high, with a choice or without
        return row

    def _connect(self) -> None:
        self.after_choice.activated.connect(lambda _place: self._show_rows())
        self.pooling_choice.activated.connect(lambda _place: self._show_bars())
        self.matrix.pointed.connect(self._show_facts)
        self.matrix.opened.connect(self.row_opened)
        self.chart.recipe_requested.connect(self._open_bar)
        self.open_button.clicked.connect(self._open_current)

    def _open_current(self) -> None:
        if self.matrix.current is not None:
            self.row_opened.emit(self.matrix.current)

    def _open_bar(self, choice: RecipeChoice) -> None:
        row = next((row for row in self._shown_rows() if row.choice == choice), None)
        if row is not None:
            self.select(row)
            self.row_opened.emit(row)

    def _show_rows(self) -> None:
        self.matrix.show_table(self._table, self.after)
        self._show_bars()

    def _show_bars(self) -> None:
        wanted = self.pooling_choice.currentData() or ""
        rows = [row for row in self._shown_rows() if wanted in ("", row.pooling)]
        current = self.matrix.current
        self.chart.show_rows(
            [_bar(row) for row in rows], None if current is None else current.choice
        )

    def _shown_rows(self) -> tuple[SweptRow, ...]:
        return tuple(self._table.after(self.after).values())

    def _mark(self, row: SweptRow | None) -> None:
        if self.chart.rows:
            self.chart.show_rows(self.chart.rows, None if row is None else row.choice)

    def _show_facts(self, row: SweptRow | None) -> None:
        self.open_button.setEnabled(self.matrix.current is not None)
        self._mark(self.matrix.current)
        first, second = _facts(row)
        self.facts[0].show_facts(first)
        self.facts[1].show_facts(second)

    @staticmethod
    def _offer(choice: Choice, words: dict[str, str]) -> None:
        if [choice.itemData(place) for place in range(choice.count())] == list(words):
            return
        before = choice.currentData()
        with QSignalBlocker(choice):
            choice.clear()
            for key, word in words.items():
                choice.addItem(word, key)
            choice.setCurrentIndex(max(0, choice.findData(before)))


def _line(*, vertical: bool) -> QWidget:
    line = QWidget()
    line.setObjectName("sweepLine")
    line.setAttribute(Qt.WA_StyledBackground)
    if vertical:
        line.setFixedWidth(1)
    else:
        line.setFixedHeight(1)
    return line


def _bar(row: SweptRow) -> EvaluationRow:
    return EvaluationRow(
        row.choice,
        f"{row.text}, {row.pooling_text}",
        row.dimension,
        row.mean_ap,
        row.low,
        row.high,
        row.p_at_1,
        row.n_queries,
    )


def _facts(row: SweptRow | None) -> tuple[tuple[Fact, ...], tuple[Fact, ...]]:
    if row is None:
        empty = (Fact("Cell", "nothing measured there"),)
        return (*empty, *(Fact("", "") for _ in range(4))), ()
    apart = "–" if row.separation is None else f"{row.separation:.3f}"
    after = AFTER_TITLES.get(row.after_key, row.after)
    return (
        Fact("Value", row.text, is_strong=True),
        Fact("Pooling", row.pooling_text),
        Fact("After", f"{after} {row.after.partition(':')[2]}".rstrip()),
        Fact("mAP", f"{row.percent} % ({percent_number(row.low)} to {percent_number(row.high)})"),
        Fact("P@1, P@10", f"{row.p_at_1:.2f}, {row.p_at_10:.2f}"),
    ), (
        Fact("Dimension", f"{row.dimension:,}"),
        Fact("Sparsity", f"{100 * row.sparsity:.0f} %"),
        Fact("Effective rank", f"{row.effective_rank:.1f}"),
        Fact("Hubness", with_minus(f"{row.hubness:.1f}")),
        Fact("Separation", apart),
    )
