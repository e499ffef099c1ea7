"""The Training page: the steps of a fine-tuning, each usable alone."""

from __future__ import annotations

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from gui.panels.training.data_step import DataStep
from gui.panels.training.net_step import NetStep
from gui.panels.training.proof_step import ProofStep
from gui.panels.training.run_step import RunStep
from gui.panels.training.step_bar import Step, StepBar
from gui.theme import ThemeKeeper
from gui.thumbnails import ThumbnailStore
from gui.widgets.buttons import Button

STEPS = (
    Step("data", "Data", "The images to learn from: checked, and divided"),
    Step("net", "Net", "The files that Caffe wants, made of a net for these classes"),
    Step("run", "Run", "The training: its curves, its snapshots, and what it warns of"),
    Step("proof", "Proof", "What retrieval gained, on images that training never saw"),
)


class TrainingPage(QWidget):
    """The line of steps, and the one that is shown."""

    step_shown = pyqtSignal(str)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("trainingPage")
        self.setAttribute(Qt.WA_StyledBackground)
        self.thumbnails = ThumbnailStore(self)
        self.bar = StepBar(keeper, STEPS)
        self.bar.note.show_wordings("Each step can be used alone", "")
        self.data = DataStep(keeper, self.thumbnails)
        self.net = NetStep(keeper)
        self.run = RunStep(keeper)
        self.proof = ProofStep(keeper, self.thumbnails)
        self.steps: dict[str, QWidget] = {
            "data": self.data,
            "net": self.net,
            "run": self.run,
            "proof": self.proof,
        }
        self.write_files = Button(keeper, "Write 3 files", "save", is_primary=True)
        self.start_run = Button(keeper, "Start training", "play")
        self.bar.add_tool("net", self.write_files)
        self.bar.add_tool("net", self.start_run)
        self.measure_again = Button(keeper, "Measure", "bars")
        self.save_report = Button(keeper, "Report", "save", is_primary=True)
        self.bar.add_tool("proof", self.measure_again)
        self.bar.add_tool("proof", self.save_report)
        self._stack = QStackedWidget()
        for step in self.steps.values():
            self._stack.addWidget(step)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self._stack, 1)
        self._step = "data"
        self.bar.step_chosen.connect(self.show_step)
        self.show_step("data")

    @property
    def step(self) -> str:
        """The step that is shown."""
        return self._step

    @property
    def areas(self) -> tuple[QWidget, ...]:
        """What F6 walks below the line of steps."""
        net = self.net
        return (
            *(self.data.source, self.data.checks, self.data.split),
            *(net.fields, *net.files.values(), net.start, net.empty),
            *(self.run.left, self.run.side, self.run.empty),
            *(self.proof.left, self.proof.side, self.proof.empty),
        )

    def show_step(self, step: str) -> None:
        """Show a step; each stays as it was left."""
        self._step = step
        self.bar.show_step(step)
        self._stack.setCurrentWidget(self.steps[step])
        self.step_shown.emit(step)
