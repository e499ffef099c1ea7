"""What is to be explained: a class before or after its Softmax, a channel, or a match."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtWidgets import QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from gui.panels.gradients.shown import CHANNEL, CLASS, MATCH, ClassChoice, TargetWish
from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button
from gui.widgets.choice import Choice
from gui.widgets.labels import ElidedLabel, FittingLabel, ThemedLabel
from gui.widgets.number_fields import WholeNumberField
from gui.widgets.segments import Segments

NO_MATCH = "A match needs another image: choose a result in Retrieval, or a file."
_MOST_CHANNELS = 1 << 20


class TargetBox(QWidget):
    """Tells of each change; the wish that it stands for is `wish`."""

    changed = pyqtSignal()
    image_requested = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kinds = Segments(keeper, "Target")
        for kind, tip in (
            (CLASS, "The score of a class"),
            (CHANNEL, "A channel of the selected layer"),
            (MATCH, "The cosine of the selected layer's means and those of another image"),
        ):
            self.kinds.add(kind, kind, tip)
        self._choices: tuple[ClassChoice, ...] = ()
        self._number: int | None = None
        self._stack = QStackedWidget()
        self._stack.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Fixed)
        self.classes = Choice()
        self.classes.setAccessibleName("Class")
        self.classes.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Fixed)
        self.of = Choice()
        self.of.setAccessibleName("Score")
        self.of.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Fixed)
        self.next = FittingLabel(pixels=11)
        self.channel = WholeNumberField()
        self.channel.setRange(0, _MOST_CHANNELS)
        self.channel.setAccessibleName("Channel")
        self.how = Choice()
        self.how.addItems(["the sum of its places", "its largest place"])
        self.how.setAccessibleName("Of the channel")
        self.layer = ElidedLabel("")
        self.match = ElidedLabel("")
        self.button = Button(keeper, "Choose image…", "image")
        self._no_match = ThemedLabel(NO_MATCH, "secondary", pixels=11)
        self._lay_out()
        self.kinds.chosen.connect(self._show_kind)
        self.classes.activated.connect(self._on_class)
        for changed in (self.of.activated, self.how.activated, self.channel.valueChanged):
            changed.connect(lambda _: self.changed.emit())
        self.button.clicked.connect(lambda: self.image_requested.emit())
        self.show_match("", "")
        self._show_page(CLASS)

    @property
    def wish(self) -> TargetWish:
        """What the fields say."""
        return TargetWish(
            self.kinds.current,
            self._number,
            self.of.currentIndex() == 1,
            self.channel.value(),
            "max" if self.how.currentIndex() else "sum",
        )

    def show_scores(self, before: str, after: str) -> None:
        """Which values hold the scores; after: "" where no Softmax follows."""
        now = self.of.currentIndex()
        self.of.clear()
        self.of.addItem(f"score before {after} ({before})" if after else f"score ({before})")
        if after:
            self.of.addItem(f"after {after}")
        self.of.setCurrentIndex(max(0, min(now, self.of.count() - 1)))
        self.of.setEnabled(bool(after))

    def show_classes(self, choices: Sequence[ClassChoice], next_words: Sequence[str]) -> None:
        """The classes, best first; what was chosen stays, else the best is."""
        self._choices = tuple(choices)
        self.classes.clear()
        self.classes.addItems([choice.words for choice in choices])
        numbers = [choice.number for choice in choices]
        place = numbers.index(self._number) if self._number in numbers else 0
        self.classes.setCurrentIndex(place if choices else -1)
        self.next.show_wordings(*next_words)

    def choose_class(self, number: int | None) -> None:
        """Make a class the target; None for the best."""
        self._number = number
        numbers = [choice.number for choice in self._choices]
        self.classes.setCurrentIndex(numbers.index(number) if number in numbers else 0)
        self.kinds.choose(CLASS)
        self.changed.emit()

    def show_layer(self, words: str, n_channels: int) -> None:
        """The selected layer, of which a channel can be the target."""
        self.layer.setText(words)
        self.channel.blockSignals(True)
        self.channel.setMaximum(max(0, n_channels - 1))
        self.channel.blockSignals(False)

    def show_match(self, name: str, layer: str) -> None:
        """The other image by its name, "" for none, and the layer whose means are compared."""
        self.match.setText(f"{name}, at {layer}" if name else "")
        self.match.setVisible(bool(name))
        self._no_match.setVisible(not name)

    def offer_classes(self, *, is_there: bool) -> None:
        """Whether the net has scores of classes."""
        self.kinds.set_shown(CLASS, is_shown=is_there)

    def _on_class(self, place: int) -> None:
        self._number = self._choices[place].number if place < len(self._choices) else None
        self.changed.emit()

    def _show_kind(self, kind: str) -> None:
        self._show_page(kind)
        self.changed.emit()

    def _show_page(self, kind: str) -> None:
        self._stack.setCurrentIndex((CLASS, CHANNEL, MATCH).index(kind))

    def _lay_out(self) -> None:
        of = QHBoxLayout()
        of.addWidget(ThemedLabel("Of", "secondary"))
        of.addWidget(self.of, 1)
        one = QHBoxLayout()
        one.addWidget(ThemedLabel("Channel", "secondary"))
        one.addWidget(self.channel)
        one.addStretch(1)
        for parts in (
            (self.classes, of, self.next),
            (self.layer, one, self.how),
            (self.match, self._no_match, self.button),
        ):
            page = QWidget()
            column = QVBoxLayout(page)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(5)
            for part in parts:
                if isinstance(part, QWidget):
                    column.addWidget(part)
                else:
                    column.addLayout(part)
            column.addStretch(1)
            self._stack.addWidget(page)
        self._no_match.setWordWrap(True)
        self._stack.setFixedHeight(88)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(10, 8, 10, 6)
        whole.setSpacing(6)
        whole.addWidget(ThemedLabel("Target", semibold=True))
        whole.addWidget(self.kinds, 0, Qt.AlignLeft)
        whole.addWidget(self._stack)
