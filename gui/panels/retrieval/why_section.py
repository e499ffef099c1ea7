"""Why the selected result matches: the wish to see it, how it was found, what carries most."""

from __future__ import annotations

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from core.retrieval.why_maps import Why
from core.retrieval.why_words import carriers, strongest_channels
from gui.panels.retrieval.query import FactSection
from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button
from gui.widgets.kept import keep
from gui.widgets.labels import SectionHeader, ThemedLabel
from gui.widgets.slider import Slider

OPACITY = 85
_TIP = "Colour the places of query and result that carry their similarity (Ctrl+Shift+Y)"
_MOST_CHANNELS = 3


class OpacityRow(QWidget):
    """How much of the picture the places cover."""

    changed = pyqtSignal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slider = Slider("Opacity of the places", OPACITY)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(ThemedLabel("Opacity", "secondary", pixels=11))
        row.addWidget(self.slider, 1)
        self.slider.valueChanged.connect(lambda value: self.changed.emit(value / 100))

    @property
    def opacity(self) -> float:
        """0 to 1."""
        return self.slider.value() / 100


class WhySection(QWidget):
    """A button that stays pressed; while it is, each selected result is explained."""

    toggled = pyqtSignal(bool)
    opacity_changed = pyqtSignal(float)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.header = SectionHeader("Why matched")
        self.button = Button(keeper, "Show places", "eye")
        self.button.setCheckable(True)
        self.button.setToolTip(_TIP)
        self.words = ThemedLabel("", "text")
        self.method = ThemedLabel("", "secondary", pixels=11)
        for label in (self.words, self.method):
            label.setWordWrap(True)
        self.channels = FactSection(keeper)
        self.opacity = OpacityRow()
        keep("why matched", opacity=self.opacity.slider)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.header)
        row = QHBoxLayout()
        row.addWidget(self.button)
        row.addStretch(1)
        column.addLayout(row)
        for widget in (self.words, self.opacity, self.channels, self.method):
            column.addWidget(widget)
        self.show_nothing()
        self.button.toggled.connect(self.toggled)
        self.opacity.changed.connect(self.opacity_changed)

    @property
    def is_on(self) -> bool:
        """Whether the user wants results to be explained."""
        return self.button.isChecked()

    def show_nothing(self, words: str = "") -> None:
        """Nothing is explained; words: why, or what is under way."""
        self.header.set_note("")
        self.words.set_role("secondary")
        self._say(words, "")
        self.channels.show_facts(())
        self.opacity.hide()

    def show_why(self, found: Why) -> None:
        """Say how it was found and what carries most."""
        self.header.set_note(short_method(found))
        self.words.set_role("text")
        self._say(carriers(found), "\n".join((sentence(found.method), *found.notes)))
        self.channels.show_facts(channel_facts(found))
        self.opacity.show()

    def _say(self, words: str, method: str) -> None:
        for label, text in ((self.words, words), (self.method, method)):
            label.setText(text)
            label.setVisible(bool(text))


def short_method(found: Why) -> str:
    """A word for a heading; the whole of it stands below."""
    if found.by_gradient:
        return "by gradient"
    return "exact" if found.is_exact else "shared by convention"


def sentence(method: str) -> str:
    """ "exact: shares of SPoC's sum" as a sentence."""
    return f"{method[0].upper()}{method[1:]}."


def channel_facts(found: Why) -> tuple[tuple[str, str], ...]:
    """The channels of the query that carry most, with their part of the cosine."""
    rows = []
    for channel, share in strongest_channels(found.query, _MOST_CHANNELS):
        part = f", {100 * share / found.cosine:.0f} %" if found.cosine > 0 else ""
        rows.append((f"Channel {channel:,}", f"{share:.3f}{part}"))
    return tuple(rows)
