"""Step 4 of a fine-tuning: what it did to retrieval, on images that the training never saw."""

from __future__ import annotations

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtGui import QResizeEvent
from PyQt5.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from core.jobs.report import Report
from core.representations.titles import pooling_title
from gui.panels.training.proof_rows import ProofRows, name_of
from gui.panels.training.proof_side import ChangedQueries, ClassGains, MovedWeights
from gui.theme import ThemeKeeper
from gui.thumbnails import ThumbnailStore
from gui.widgets.empty_state import EmptyState
from gui.widgets.fact_list import Fact, FactList
from gui.widgets.kept import keep
from gui.widgets.labels import SectionHeader, ThemedLabel, breakable
from gui.widgets.scroll_column import ScrollColumn
from gui.widgets.segments import Segments

_WIDE = 1300
_SIDE, _NARROW_SIDE = 480, 400
QUERIES = (
    ("held back", "held back", "Images of the trained classes that training did not see"),
    ("new classes", "new classes", "Images of classes that training did not see"),
    ("all", "all images", "With those that the net was trained on"),
)


class ProofStep(QWidget):
    """Sentence, rows and weights at the left; classes and queries at the right."""

    asked = pyqtSignal()
    """The button of the empty step."""
    queries_chosen = pyqtSignal(str)
    file_opened = pyqtSignal(object)

    def __init__(
        self, keeper: ThemeKeeper, store: ThumbnailStore, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._report: Report | None = None
        self.empty = EmptyState(keeper, "curve", "", "Measure before and after", button_icon="play")
        self.sentence = ThemedLabel("", pixels=14, semibold=True)
        self.caveats = ThemedLabel("", "warning_text")
        for label in (self.sentence, self.caveats):
            label.setWordWrap(True)
        self.queries = Segments(keeper, "Queries that count")
        for key, words, tip in QUERIES:
            self.queries.add(key, words, tip)
        self.rows = ProofRows(keeper)
        self.moved = MovedWeights(keeper)
        self.facts = FactList(keeper, name_width=110)
        self.classes = ClassGains(keeper)
        self.class_head = SectionHeader("Classes")
        self.shown = Segments(keeper, "Queries shown")
        keep("proof", queries=self.queries, shown=self.shown)
        self.shown.add("gains", "gains", "Queries that find more")
        self.shown.add("losses", "losses", "Queries that find less")
        self.changed = ChangedQueries(keeper, store)
        self._left, self.side = ScrollColumn(), ScrollColumn()
        self._lay_out()
        self.empty.clicked.connect(self.asked)
        self.queries.chosen.connect(self.queries_chosen)
        self.shown.chosen.connect(lambda _key: self._show_queries())
        self.changed.file_opened.connect(self.file_opened)

    @property
    def left(self) -> QWidget:
        """Rows and weights."""
        return self._left

    def show_missing(self, sentence: str, button: str) -> None:
        """What comes first, or what a click measures; no button where "" is given."""
        self.empty.set_sentence(sentence)
        self.empty.set_button(button)
        self.empty.show_button(bool(button))
        self._stack.setCurrentWidget(self.empty)

    def show_report(self, report: Report, facts: tuple[Fact, ...]) -> None:
        """Show a proof; facts: what was measured, and how."""
        self._report = report
        proof = report.proof
        self.sentence.setText(breakable(proof.sentence))
        self.caveats.setText(breakable(" ".join(proof.caveats)))
        self.rows.show_rows(proof.rows)
        self.moved.show_layers(report.moved)
        self.facts.show_facts(facts)
        lead = proof.rows[0]
        self.class_head.set_note(
            f"{name_of(lead)}, {pooling_title(lead.pooling)}: mAP before, after, gain"
        )
        self.classes.show_rows(proof.classes)
        self._show_queries()
        self._stack.setCurrentWidget(self._body)

    def _show_queries(self) -> None:
        if self._report is None:
            return
        is_gains = self.shown.current == "gains"
        tops = [one for one in self._report.tops if (one.query.gain > 0) == is_gains]
        self.changed.show_queries(tops, self._report.root)
        self._none.setVisible(not tops)
        self._none.setText(f"No query finds {'more' if is_gains else 'less'}.")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.side.setFixedWidth(_SIDE if self.width() >= _WIDE else _NARROW_SIDE)

    def _lay_out(self) -> None:
        self._none = ThemedLabel("", "secondary")
        head = QHBoxLayout()
        head.setContentsMargins(14, 8, 14, 8)
        head.setSpacing(12)
        said = QVBoxLayout()
        said.setSpacing(2)
        said.addWidget(self.sentence)
        said.addWidget(self.caveats)
        head.addLayout(said, 1)
        head.addWidget(self.queries, 0, Qt.AlignTop)
        inner = _column(10, self.rows, SectionHeader("Weights that moved",
                        "relative change of a layer's weights"), self.moved,
                        SectionHeader("Measured"), self.facts)  # fmt: skip
        query_head = QHBoxLayout()
        query_head.addWidget(SectionHeader("Queries that changed most"), 1)
        query_head.addWidget(self.shown, 0, Qt.AlignBottom)
        right = _column(12, self.class_head, self.classes, query_head, self._none, self.changed)
        for area, widget, name in (
            (self._left, inner, "proofLeft"),
            (self.side, right, "proofSide"),
        ):
            widget.setObjectName(name)
            area.setWidget(widget)
        self._left.setAccessibleName("Gains by layer and weights that moved")
        self.side.setAccessibleName("Classes and queries")
        lower = QHBoxLayout()
        lower.setSpacing(0)
        lower.addWidget(self._left, 1)
        lower.addWidget(self.side)
        self._body = QWidget()
        column = QVBoxLayout(self._body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addLayout(lower, 1)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._body)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)


def _column(margin: int, *parts: QWidget | QHBoxLayout) -> QWidget:
    widget = QWidget()
    column = QVBoxLayout(widget)
    column.setContentsMargins(margin, 0, margin, 10)
    column.setSpacing(4)
    for part in parts:
        if isinstance(part, QWidget):
            column.addWidget(part)
        else:
            column.addLayout(part)
    column.addStretch(1)
    return widget
