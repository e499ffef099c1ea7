"""The settings of methods that take many passes: steps and their begin, patch and stride."""

from __future__ import annotations

from PyQt5.QtCore import QSignalBlocker, pyqtSignal
from PyQt5.QtWidgets import QGridLayout, QWidget

from core.attribution.methods import FILLS, MOST_STEPS, Fill, Method, MethodName
from gui.widgets.choice import Choice
from gui.widgets.labels import ThemedLabel
from gui.widgets.number_fields import WholeNumberField
from gui.widgets.plain_text import plain_tip

_MOST_PIXELS = 4096
_STEP = 4


class MethodFields(QWidget):
    """Shown for a method that has settings alone; `method` is that method with them."""

    changed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        plain = Method("integrated")
        self.steps = _number("Steps of integrated gradients", 1, MOST_STEPS)
        self.steps.setValue(plain.steps)
        self.baseline = _fills("Where the steps begin")
        self.patch = _number("Patch of occlusion in pixels", 0, _MOST_PIXELS)
        self.stride = _number("Stride of occlusion in pixels", 0, _MOST_PIXELS)
        for number, tip in (
            (self.patch, "Of the input, as the net sees it; auto is twice the stride"),
            (self.stride, "How far apart patches are; auto is a 14th of the shorter side"),
        ):
            number.setSpecialValueText("auto")
            number.setSingleStep(_STEP)
            number.setToolTip(plain_tip(tip))
        self.fill = _fills("What covers the picture")
        rows: tuple[tuple[tuple[str, ...], str, QWidget], ...] = (
            (("integrated",), "Steps", self.steps),
            (("integrated",), "from", self.baseline),
            (("occlusion",), "Patch", self.patch),
            (("occlusion",), "Stride", self.stride),
            (("occlusion",), "Cover with", self.fill),
        )
        grid = QGridLayout(self)
        grid.setContentsMargins(10, 6, 10, 2)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        self._of: list[tuple[tuple[str, ...], QWidget]] = []
        for place, (names, words, field) in enumerate(rows):
            label = ThemedLabel(words, "secondary")
            label.setBuddy(field)
            grid.addWidget(label, place, 0)
            grid.addWidget(field, place, 1)
            self._of += [(names, label), (names, field)]
        for number in (self.steps, self.patch, self.stride):
            number.valueChanged.connect(lambda _value: self.changed.emit())
        for choice in (self.baseline, self.fill):
            choice.activated.connect(lambda _index: self.changed.emit())
        self.show_method("gradcam")

    def method(self, name: MethodName) -> Method:
        """A method with its settings; of one without any, itself."""
        if name == "integrated":
            return Method(name, steps=self.steps.value(), baseline=_chosen(self.baseline))
        if name == "occlusion":
            return Method(
                name, patch=self.patch.value(), stride=self.stride.value(), fill=_chosen(self.fill)
            )
        return Method(name)

    @property
    def kept(self) -> str:
        """All settings in a line, for `take`."""
        numbers = self.steps.value(), self.patch.value(), self.stride.value()
        words = (*map(str, numbers), _chosen(self.baseline), _chosen(self.fill))
        return " ".join(words)

    def take(self, kept: str) -> None:
        """Show settings as they were kept; a line that says something else is passed over."""
        words = kept.split()
        if len(words) != 5 or not all(w.isascii() and w.isdecimal() for w in words[:3]):
            return
        if not set(words[3:]).issubset(FILLS):
            return
        with QSignalBlocker(self.steps), QSignalBlocker(self.patch), QSignalBlocker(self.stride):
            for number, word in zip((self.steps, self.patch, self.stride), words, strict=False):
                number.setValue(min(int(word[:9]), number.maximum()))
        for choice, word in zip((self.baseline, self.fill), words[3:], strict=True):
            choice.setCurrentIndex(choice.findData(word))

    def show_method(self, name: MethodName) -> None:
        """Show the settings of this one."""
        for names, widget in self._of:
            widget.setVisible(name in names)
        self.setVisible(any(name in names for names, _ in self._of))


def _number(name: str, least: int, most: int) -> WholeNumberField:
    field = WholeNumberField()
    field.setRange(least, most)
    field.setKeyboardTracking(False)
    field.setAccessibleName(name)
    return field


def _fills(name: str) -> Choice:
    choice = Choice()
    for fill in FILLS:
        choice.addItem("the mean" if fill == "mean" else fill, fill)
    choice.setAccessibleName(name)
    choice.setToolTip("The mean is 0 at the input of the net")
    return choice


def _chosen(choice: Choice) -> Fill:
    fill: Fill = choice.currentData()
    return fill
