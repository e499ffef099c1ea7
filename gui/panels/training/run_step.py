"""Step 3 of a fine-tuning: the run while it goes, its curves and its snapshots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtGui import QPainter, QPaintEvent, QResizeEvent
from PyQt5.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button
from gui.widgets.empty_state import EmptyState
from gui.widgets.fact_list import Fact, FactList
from gui.widgets.figure_table import ROW_HEIGHT, FigureTable
from gui.widgets.hint_box import HintBox
from gui.widgets.kept import keep
from gui.widgets.labels import SectionHeader, ThemedLabel
from gui.widgets.plain_text import plain_tip
from gui.widgets.scroll_column import ScrollColumn

if TYPE_CHECKING:
    from gui.panels.training.curve_plot import CurvePlot
    from gui.panels.training.run_view import RunView

_WIDE = 1300
_SIDE, _NARROW_SIDE = 395, 352
_TABLE_HEAD, _MOST_ROWS = 26, 6
_KEEPS = "Stop keeps a snapshot; a run goes on from there later with the same numbers."
_SAID = {
    "running": "of {last:,} iterations",
    "paused": "of {last:,} iterations, paused",
    "stopped": "of {last:,} iterations, stopped",
    "finished": "of {last:,} iterations, finished",
    "diverged": "of {last:,} iterations, diverged",
    "cut off": "of {last:,} iterations, cut off",
}


class _Key(QWidget):
    """A short line in a curve's colour, before its name."""

    def __init__(self, keeper: ThemeKeeper, role: str) -> None:
        super().__init__()
        self._keeper, self._role = keeper, role
        self.setFixedSize(18, 12)
        keeper.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(0, 5, 18, 2, getattr(self._keeper.theme, self._role))
        painter.end()


class RunStep(QWidget):
    """Curves at the left, how it stands at the right."""

    asked = pyqtSignal()
    """The button of the empty step."""
    pause_requested = pyqtSignal()
    stop_requested = pyqtSignal()
    go_on_requested = pyqtSignal()
    start_requested = pyqtSignal()
    snapshot_used = pyqtSignal(int)
    snapshot_resumed = pyqtSignal(int)
    command_requested = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self.setObjectName("runStep")
        self.empty = EmptyState(keeper, "curve", "", "Start training", button_icon="play")
        self.done = ThemedLabel("0", pixels=22, semibold=True)
        self.of = ThemedLabel("", "secondary")
        self.pace = ThemedLabel("")
        self.keeps = ThemedLabel(_KEEPS, "secondary", pixels=11)
        self.keeps.setWordWrap(True)
        self.pause = Button(keeper, "Pause", "pause")
        self.stop = Button(keeper, "Stop", "stop")
        self.go_on = Button(keeper, "Go on", "play", is_primary=True)
        self.values = FigureTable(keeper, ("Value", "Now", "Best"), "Values of the run")
        self.hint = HintBox(keeper)
        self.snapshots = FigureTable(
            keeper, ("Iteration", "val loss", "accuracy", ""), "Snapshots", left=(3,), least_name=70
        )
        self.use = Button(keeper, "Use in the window", "weights")
        self.resume = Button(keeper, "Resume here", "play")
        self.trains = FactList(keeper, name_width=84)
        self.facts = FactList(keeper, name_width=84)
        self.command = Button(keeper, "Copy as command", "copy")
        self.log = QCheckBox("log")
        keep("run", log=self.log)
        self.log.setToolTip("Losses by their logarithms")
        self.log.setChecked(True)
        self.again = Button(keeper, "Start anew", "restart")
        self._iterations: tuple[int, ...] = ()
        self._wanted: int | None = None
        self._plots: tuple[CurvePlot, CurvePlot, CurvePlot] | None = None
        self._side = ScrollColumn(is_stop=False)
        self._lay_out()
        self._connect()

    @property
    def plots(self) -> tuple[CurvePlot, CurvePlot, CurvePlot]:
        """Loss, accuracy and learning rate; made when there is something to draw."""
        if self._plots is None:
            from gui.panels.training.curve_plot import CurvePlot

            self._plots = (
                CurvePlot(self._keeper, "Loss by iteration", is_log=self.log.isChecked()),
                CurvePlot(self._keeper, "Accuracy by iteration", is_share=True),
                CurvePlot(self._keeper, "Learning rate by iteration", from_zero=True),
            )
            for column, plot in zip(self._columns, self._plots, strict=True):
                column.addWidget(plot, 1)
        return self._plots

    @property
    def chosen(self) -> int | None:
        """The iteration of the snapshot that is chosen; None where there is none."""
        place = self.snapshots.currentIndex().row()
        return self._iterations[place] if 0 <= place < len(self._iterations) else None

    @property
    def wanted(self) -> int | None:
        """The iteration that the user chose; None where that was left to the step."""
        return self._wanted

    def show_missing(self, sentence: str, button: str, why_not: str = "") -> None:
        """What comes first, or that a run may begin."""
        self.empty.set_sentence(sentence)
        self.empty.set_button(button)
        self.empty.show_button(bool(button) and not why_not)
        self._stack.setCurrentWidget(self.empty)

    def show_run(self, view: RunView) -> None:
        """Show how a run stands."""
        loss, accuracy, rate = self.plots
        loss.show_curves(*view.losses)
        accuracy.show_curves(*view.accuracies)
        rate.show_curves(*view.rates)
        self._accuracy_box.setVisible(bool(len(view.accuracies[0][0].xs)))
        self.done.setText(f"{view.n_done:,}")
        self.of.setText(_SAID.get(view.state, "of {last:,} iterations").format(last=view.last))
        self.pace.setText(view.pace)
        self.pace.setVisible(bool(view.pace))
        is_live = view.state in ("running", "paused")
        self.pause.setVisible(is_live)
        self.pause.setText("Go on" if view.state == "paused" else "Pause")
        self.pause.set_icon("play" if view.state == "paused" else "pause")
        self.stop.setVisible(is_live)
        self.keeps.setVisible(is_live)
        self.go_on.setVisible(not is_live and view.state not in ("finished", ""))
        self.again.setVisible(not is_live)
        self.values.show_rows(view.values)
        self.values.setFixedHeight(ROW_HEIGHT * len(view.values) + _TABLE_HEAD)
        self.hint.show_hint(*view.warning)
        self._show_snapshots(view, is_live=is_live)
        self.trains.show_facts(view.trains)
        self._stack.setCurrentWidget(self._body)

    def show_facts(self, facts: tuple[Fact, ...]) -> None:
        """What of the run does not change: solver, folder, weights."""
        self.facts.show_facts(facts)

    def _show_snapshots(self, view: RunView, *, is_live: bool) -> None:
        self._iterations = view.snapshot_iterations
        self.snapshots.show_rows(view.snapshots)
        self.snapshots.setFixedHeight(
            ROW_HEIGHT * max(1, min(6, len(view.snapshots))) + _TABLE_HEAD
        )
        if self._iterations:
            wanted = self._wanted if self._wanted in self._iterations else view.best
            place = 0 if wanted is None else self._iterations.index(wanted)
            self.snapshots.choose(place)
        has_any = bool(self._iterations)
        self.use.setEnabled(has_any)
        self.use.setToolTip(plain_tip(
            "Open the net for use with these weights" if has_any else "There is no snapshot yet."
        ))  # fmt: skip
        self.resume.setEnabled(has_any and not is_live)
        why_not = "The run goes on; stop it first." if is_live else "There is no snapshot yet."
        self.resume.setToolTip(plain_tip(
            "Go on from this iteration; what was recorded after it is dropped"
            if has_any and not is_live else why_not
        ))  # fmt: skip

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._side.setFixedWidth(_SIDE if self.width() >= _WIDE else _NARROW_SIDE)

    def _connect(self) -> None:
        self.empty.clicked.connect(self.asked)
        self.pause.clicked.connect(lambda: self.pause_requested.emit())
        self.stop.clicked.connect(lambda: self.stop_requested.emit())
        self.go_on.clicked.connect(lambda: self.go_on_requested.emit())
        self.again.clicked.connect(lambda: self.start_requested.emit())
        self.snapshots.row_chosen.connect(self._want)
        self.command.clicked.connect(lambda: self.command_requested.emit())
        self.log.toggled.connect(lambda is_on: self.plots[0].set_log(is_on))
        self.use.clicked.connect(lambda: self._tell(self.snapshot_used))
        self.resume.clicked.connect(lambda: self._tell(self.snapshot_resumed))

    def _want(self, place: int) -> None:
        self._wanted = self._iterations[place] if place < len(self._iterations) else None

    def _tell(self, signal: object) -> None:
        if self.chosen is not None:
            signal.emit(self.chosen)  # type: ignore[attr-defined]

    def _lay_out(self) -> None:
        keeper = self._keeper
        self.left = QWidget()
        left = QVBoxLayout(self.left)
        left.setContentsMargins(14, 8, 10, 8)
        left.setSpacing(6)
        boxes = []
        self._columns: list[QVBoxLayout] = []
        for title, keys, share in (
            ("Loss", (("series_a", "train, each iteration and smoothed"), ("series_b", "val")), 9),
            ("Accuracy on val", (), 5),
            ("Learning rate", (), 3),
        ):
            box = QWidget()
            column = QVBoxLayout(box)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(0)
            head = QHBoxLayout()
            head.setSpacing(6)
            head.addWidget(ThemedLabel(title, semibold=True))
            for role, words in keys:
                head.addSpacing(8)
                head.addWidget(_Key(keeper, role))
                head.addWidget(ThemedLabel(words, "secondary"))
            head.addStretch(1)
            if keys:
                head.addWidget(self.log)
            column.addLayout(head)
            left.addWidget(box, share)
            boxes.append(box)
            self._columns.append(column)
        self._accuracy_box = boxes[1]
        self._side.setWidget(self._made_side())
        self._body = QWidget()
        row = QHBoxLayout(self._body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.left, 1)
        row.addWidget(self._side)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._body)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)

    def _made_side(self) -> QWidget:
        side = QWidget()
        side.setObjectName("runSide")
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.done)
        head.addWidget(self.of, 1, Qt.AlignBottom)
        for button in (self.pause, self.stop, self.again, self.go_on):
            head.addWidget(button)
        use = QHBoxLayout()
        use.addWidget(self.use)
        use.addWidget(self.resume)
        use.addStretch(1)
        column = QVBoxLayout(side)
        column.setContentsMargins(14, 8, 14, 10)
        column.setSpacing(6)
        column.addLayout(head)
        for widget in (self.pace, self.keeps, self.values, self.hint):
            column.addWidget(widget)
        column.addWidget(SectionHeader("Snapshots", ".caffemodel and .solverstate"))
        column.addWidget(self.snapshots)
        column.addLayout(use)
        column.addWidget(SectionHeader("What trains"))
        column.addWidget(self.trains)
        column.addWidget(SectionHeader("Run"))
        column.addWidget(self.facts)
        column.addStretch(1)
        column.addWidget(self.command, 0, Qt.AlignLeft)
        self.side = side
        return side
