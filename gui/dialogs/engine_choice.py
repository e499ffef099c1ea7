"""Which engine runs nets: PyTorch and its precision, one for CPUs, or the user's own Caffe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QRadioButton, QWidget

from core.engine_names import AUTO, ENGINE_CHOICES, GRAPH_ENGINES, engine_title
from gui.dialogs.frame import FramedDialog
from gui.theme import ThemeKeeper, fixed_font
from gui.widgets.buttons import Button
from gui.widgets.choice import Choice
from gui.widgets.labels import LinkLabel, SectionHeader, ThemedLabel
from gui.widgets.precision_choice import PrecisionChoice

TORCH, CAFFE = "torch", "caffe"
_TRIAL = "Fastest by trial: the quickest of these and PyTorch for index, sweep and extract"
EXAMPLES = (
    ("python3", "pycaffe of this computer"),
    ("docker run -i --rm bvlc/caffe:cpu python", "an image"),
    ("ssh gpu-server python3", "another computer, with a key and no password"),
    ("chroot /opt/caffe python3", "a folder with a system in it"),
)


@dataclass(frozen=True)
class EngineChoice:
    """What the user chose; `command` starts a Python that has caffe, as typed."""

    name: str = TORCH
    precision: str = "float32"
    command: str = ""


class EngineDialog(FramedDialog):
    """`choice_made` carries an `EngineChoice`; `test_requested` the one to try.

    `fidelity_requested` carries the precision whose distance from float32 is asked for.
    """

    choice_made = pyqtSignal(object)
    test_requested = pyqtSignal(object)
    fidelity_requested = pyqtSignal(str)

    def __init__(
        self,
        keeper: ThemeKeeper,
        choice: EngineChoice,
        why_no_precision: Mapping[str, str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(keeper, "Engine", accept_text="Use this engine", parent=parent)
        self._make_fields(choice)
        self.precision.offer(why_no_precision)
        self._lay_out()
        self._connect()
        self._check()

    def choice(self) -> EngineChoice:
        """What the fields say."""
        name = next(name for name, button in self.engines.items() if button.isChecked())
        return EngineChoice(name, self.precision.currentData(), self.command.text().strip())

    def show_testing(self) -> None:
        """A test runs: say so until `show_tested`."""
        self.finding.set_role("secondary")
        self.finding.setText("Starting it…")
        self.test_button.setEnabled(False)

    def show_tested(self, sentence: str, *, is_available: bool) -> None:
        """What a test found."""
        self.finding.set_role("ok_text" if is_available else "error_text")
        self.finding.setText(sentence)
        self._check()

    def show_found(self, found: Sequence[tuple[str, str]]) -> None:
        """Offer what was found on this computer: pairs of a command and what it starts."""
        for command, sentence in found:
            self.found.addItem(sentence, command)
        self.found.setVisible(bool(found))

    def accept(self) -> None:
        self.choice_made.emit(self.choice())
        super().accept()

    def _make_fields(self, choice: EngineChoice) -> None:
        titles = {AUTO: _TRIAL, CAFFE: "Your own Caffe"}
        self.engines = {
            name: QRadioButton(titles.get(name, engine_title(name))) for name in ENGINE_CHOICES
        }
        self.engines.get(choice.name, self.engines[TORCH]).setChecked(True)
        self.precision = PrecisionChoice()
        self.precision.choose(choice.precision)
        self.fidelity_link = LinkLabel("How far is each layer from float32?")
        self.command = QLineEdit(choice.command)
        self.command.setAccessibleName("Command")
        self.command.setPlaceholderText("a command that starts a Python with caffe")
        self.command.setClearButtonEnabled(True)
        self.found = Choice()
        self.found.setAccessibleName("Caffe found on this computer")
        self.found.addItem("Found on this computer…", "")
        self.found.hide()
        self.test_button = Button(self.keeper, "Test", "play")
        self.test_button.setAutoDefault(False)
        self.finding = ThemedLabel("", "secondary")
        self.finding.setWordWrap(True)
        self.finding.setTextInteractionFlags(Qt.TextSelectableByMouse)
        self.finding.setMinimumHeight(3 * self.finding.fontMetrics().lineSpacing())
        self.finding.setAlignment(Qt.AlignTop | Qt.AlignLeft)

    def _lay_out(self) -> None:
        self.body.addWidget(SectionHeader("PyTorch", "comes with Blobscope"))
        self.body.addWidget(self.engines[TORCH])
        precision = QHBoxLayout()
        precision.setContentsMargins(22, 0, 0, 0)
        precision.addWidget(ThemedLabel("Precision", "secondary"))
        precision.addWidget(self.precision)
        precision.addWidget(self.fidelity_link)
        precision.addStretch(1)
        self.body.addLayout(precision)
        self.body.addWidget(SectionHeader("On a CPU", "often faster; plain layers only"))
        for name in (*GRAPH_ENGINES, AUTO):
            self.body.addWidget(self.engines[name])
        self.body.addWidget(SectionHeader("Caffe", "the reference"))
        self.body.addWidget(self.engines[CAFFE])
        line = QHBoxLayout()
        line.setContentsMargins(22, 0, 0, 0)
        line.addWidget(self.command, 1)
        line.addWidget(self.test_button)
        self.body.addLayout(line)
        offered = QHBoxLayout()
        offered.setContentsMargins(22, 0, 0, 0)
        offered.addWidget(self.found)
        self.body.addLayout(offered)
        self.body.addLayout(self._examples())
        found = QHBoxLayout()
        found.setContentsMargins(22, 4, 0, 0)
        found.addWidget(self.finding)
        self.body.addLayout(found)
        self.body.addStretch(1)
        self.setMinimumWidth(600)

    def _examples(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setContentsMargins(22, 0, 0, 0)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(2)
        note = "Nothing is installed there. It needs Python 2.7 or newer, NumPy and caffe:"
        label = ThemedLabel(note, "secondary", pixels=11)
        label.setWordWrap(True)
        grid.addWidget(label, 0, 0, 1, 2)
        for row, (command, meaning) in enumerate(EXAMPLES, 1):
            shown = ThemedLabel(command, pixels=11)
            shown.setFont(fixed_font(11))
            shown.setTextInteractionFlags(Qt.TextSelectableByMouse)
            grid.addWidget(shown, row, 0)
            grid.addWidget(ThemedLabel(meaning, "secondary", pixels=11), row, 1)
        grid.setColumnStretch(1, 1)
        return grid

    def _connect(self) -> None:
        for button in self.engines.values():
            button.toggled.connect(self._check)
        self.precision.currentIndexChanged.connect(self._check)
        self.fidelity_link.clicked.connect(self._ask_fidelity)
        self.command.textEdited.connect(self._take_command)
        self.found.activated.connect(self._take_found)
        self.test_button.clicked.connect(lambda: self.test_requested.emit(self.choice()))

    def _ask_fidelity(self) -> None:
        """Another view shows it; the engine stays what it was."""
        precision: str = self.precision.currentData()
        self.reject()
        self.fidelity_requested.emit(precision)

    def _take_command(self) -> None:
        """Who types a command wants Caffe; what was found before holds no longer."""
        self.engines[CAFFE].setChecked(True)
        self.finding.setText("")
        self._check()

    def _take_found(self) -> None:
        """Put what was found into the fields; Caffe is run when the user says so."""
        command = self.found.currentData()
        if command:
            self.command.setText(command)
            self._take_command()
            self.show_tested(self.found.currentText(), is_available=True)

    def _check(self, *_: object) -> None:
        choice = self.choice()
        self.precision.setEnabled(choice.name == TORCH)
        self.fidelity_link.setVisible(choice.name == TORCH and choice.precision != "float32")
        self.test_button.setEnabled(bool(choice.command))
        is_missing = choice.name == CAFFE and not choice.command
        self.show_problem("Type the command that starts your Caffe's Python." if is_missing else "")
