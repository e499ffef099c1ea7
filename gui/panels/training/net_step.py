"""Step 2 of a fine-tuning: the three files that Caffe wants, made of a net for these classes."""

from __future__ import annotations

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtGui import QResizeEvent
from PyQt5.QtWidgets import (
    QHBoxLayout,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core.jobs.prepare import PreparedFiles
from core.training.training_plan import TrainingPlan
from gui.panels.training.file_difference import FileDifference, FileLines
from gui.panels.training.net_fields import NetFields
from gui.panels.training.net_start import NetStart
from gui.theme import ThemeKeeper
from gui.widgets.empty_state import EmptyState
from gui.widgets.labels import ElidedLabel, FittingLabel
from gui.widgets.scroll_column import ScrollColumn

FILES = ("train_val", "solver", "deploy")
_WIDE = 1300
_SIDE, _NARROW_SIDE = 480, 412


class NetStep(QWidget):
    """Sentence, fields, the three files, and at the right how the layers begin."""

    asked = pyqtSignal()
    """The button of the empty step."""
    layer_clicked = pyqtSignal(str)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sentence = FittingLabel("text", pixels=14, semibold=True)
        self.reason = ElidedLabel(mode=Qt.ElideRight)
        self.fields = NetFields(keeper)
        self.start = NetStart(keeper)
        self.files = {name: FileDifference(keeper, f"{name}.prototxt") for name in FILES}
        self.empty = EmptyState(keeper, "curve", "", "Open a net…")
        self._side = ScrollColumn(is_stop=False)
        self._lay_out()
        self.empty.clicked.connect(self.asked)
        self.fields.whole_chosen.connect(self._show_whole)
        for file in self.files.values():
            file.lines.layer_clicked.connect(self.layer_clicked)
        self.start.layer_chosen.connect(self.layer_clicked)

    @property
    def plan(self) -> TrainingPlan:
        """What the fields say; the counts are the split's."""
        return self.start.put_into(self.fields.put_into(TrainingPlan(0, 0, 0)))

    def show_missing(self, sentence: str, button: str) -> None:
        """What is needed first, and what the button does; no button where "" is given."""
        self.empty.set_sentence(sentence)
        self.empty.set_button(button)
        self.empty.show_button(bool(button))
        self._stack.setCurrentWidget(self.empty)

    def show_prepared(
        self,
        found: PreparedFiles,
        lines: dict[str, FileLines],
        sentences: tuple[str, ...],
        reason: str,
    ) -> None:
        """Show what was made of the net; sentences: from the longest to the shortest wording."""
        self.sentence.show_wordings(*sentences)
        self.reason.setText(reason)
        self.fields.show_plan(found)
        self.start.show_prepared(found)
        for name, file in self.files.items():
            file.show_file(lines[name])
        self._stack.setCurrentWidget(self._body)

    def _show_whole(self, is_whole: bool) -> None:
        for file in self.files.values():
            file.show_whole(is_whole)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._side.setFixedWidth(_SIDE if self.width() >= _WIDE else _NARROW_SIDE)

    def _lay_out(self) -> None:
        said = QHBoxLayout()
        said.setContentsMargins(14, 8, 14, 8)
        said.setSpacing(12)
        self.sentence.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Preferred)
        said.addWidget(self.sentence)
        said.addWidget(self.reason, 1)
        small = QSplitter(Qt.Vertical)
        small.addWidget(self.files["solver"])
        small.addWidget(self.files["deploy"])
        splitter = QSplitter(Qt.Horizontal)
        splitter.addWidget(self.files["train_val"])
        splitter.addWidget(small)
        for one in (small, splitter):
            one.setChildrenCollapsible(False)
            one.setHandleWidth(8)
            one.setObjectName("clearSplitter")
            one.setSizes([500, 420])
        left = QVBoxLayout()
        left.setContentsMargins(10, 8, 2, 8)
        left.addWidget(splitter)
        self._side.setWidget(self.start)
        lower = QHBoxLayout()
        lower.setSpacing(0)
        lower.addLayout(left, 1)
        lower.addWidget(self._side)
        self._body = QWidget()
        column = QVBoxLayout(self._body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(said)
        column.addWidget(self.fields)
        column.addLayout(lower, 1)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._body)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)
