"""The line of the Net step: the new layer, what stays as it is, and how fast which part learns."""

from __future__ import annotations

from dataclasses import replace

from PyQt5.QtCore import QSignalBlocker, pyqtSignal
from PyQt5.QtWidgets import QLineEdit, QWidget

from core.jobs.prepare import PreparedFiles
from core.training.training_plan import TrainingPlan
from core.words import plural
from gui.theme import ThemeKeeper
from gui.widgets.kept import keep
from gui.widgets.labels import ThemedLabel
from gui.widgets.layer_picker import LayerPickerButton
from gui.widgets.number_fields import DecimalField
from gui.widgets.panel_bar import PanelBar
from gui.widgets.segments import Segments

NOTHING = "nothing"


class NetFields(PanelBar):
    """A field that is changed tells so once; `plan` reads all of them."""

    changed = pyqtSignal()
    whole_chosen = pyqtSignal(bool)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(keeper, parent)
        self.head = ThemedLabel("New layer", "secondary")
        self.suffix = QLineEdit()
        self.suffix.setMaxLength(32)
        self.suffix.setFixedWidth(124)
        self.suffix.setAccessibleName("Ending of the new layer's name")
        self.outputs = ThemedLabel("", "secondary")
        self.freeze = LayerPickerButton(keeper, "Freeze up to", nothing=NOTHING)
        self.weights, self.bias = (_rate(f"lr_mult of the new layer's {what}")
                                   for what in ("weights", "bias"))  # fmt: skip
        self.shown = Segments(keeper, "Lines shown")
        keep("training files", lines=self.shown)
        self.shown.add("changes", "changes", "The lines that differ from the net's own file")
        self.shown.add("whole", "whole files", "Every line of the three files")
        self.row.addWidget(self.head)
        self.row.addWidget(self.suffix)
        self.row.addWidget(self.outputs)
        self.add_field("Freeze up to", self.freeze)
        self.add_field("lr × weights, bias", self.weights)
        self.row.addWidget(self.bias)
        self.add_stretch()
        self.row.addWidget(self.shown)
        self.suffix.editingFinished.connect(self._on_suffix)
        self._suffix = ""
        self.freeze.value_chosen.connect(self._take_layer)
        for field in (self.weights, self.bias):
            field.valueChanged.connect(lambda _value: self.changed.emit())
        self.shown.chosen.connect(lambda key: self.whole_chosen.emit(key == "whole"))

    def put_into(self, plan: TrainingPlan) -> TrainingPlan:
        """The plan with what the fields say."""
        return replace(
            plan,
            suffix=self.suffix.text().strip() or "new",
            freeze=self.freeze.value[0],
            head=(self.weights.value(), self.bias.value()),
        )

    def show_suffix(self, suffix: str) -> None:
        """What is added to the old name."""
        self._suffix = suffix
        self.suffix.setText(suffix)
        self.suffix.setCursorPosition(0)

    def show_plan(self, found: PreparedFiles) -> None:
        """Show what was carried out, without telling anyone."""
        plan = found.plan
        self.show_suffix(plan.suffix)
        old = [old for old, _ in found.made.renamed]
        self.head.setText(f"{old[0]}_" if len(old) == 1 else f"{plural(len(old), 'layer')}, _")
        self.outputs.setText(plural(plan.n_classes, "output"))
        self.freeze.show_value((plan.freeze, ""), plan.freeze or NOTHING)
        for field, value in ((self.weights, plan.head[0]), (self.bias, plan.head[1])):
            blocker = QSignalBlocker(field)
            field.setValue(value)
            del blocker

    def _on_suffix(self) -> None:
        if self.suffix.text() != self._suffix:
            self._suffix = self.suffix.text()
            self.changed.emit()

    def _take_layer(self, layer: str, _top: str) -> None:
        self.freeze.show_value((layer, ""), layer or NOTHING)
        self.changed.emit()


def _rate(name: str) -> DecimalField:
    field = DecimalField()
    field.setRange(0.0, 1000.0)
    field.setDecimals(1)
    field.setFixedWidth(64)
    field.setAccessibleName(name)
    return field
