"""What an intervention does to the chosen channel: as it is, off, scaled, alone, or another's."""

from __future__ import annotations

from PyQt5.QtCore import QSignalBlocker, pyqtSignal
from PyQt5.QtWidgets import QHBoxLayout, QWidget

from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button
from gui.widgets.labels import ThemedLabel
from gui.widgets.number_fields import DecimalField
from gui.widgets.segments import Segments

AS_IT_IS, OFF, SCALE, ONLY, PUT = "as it is", "off", "scale", "only", "put"
_HALF = 0.5


class ChannelSwitch(QWidget):
    """The number of a channel and what is done to it; takes no room where none is chosen."""

    wished = pyqtSignal(str, float)
    """What is to be done, and the factor of "scale"."""
    put_requested = pyqtSignal()
    """Another image's or layer's value is wanted in the place of it."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.label = ThemedLabel("", "secondary")
        self.choice = Segments(keeper, "What is done to the channel")
        for key, words, tip in (
            (AS_IT_IS, "as it is", "The values that the net gives"),
            (OFF, "off", "0 in every place of the channel (X)"),
            (SCALE, "× …", "The channel times a number"),
            (ONLY, "only this", "0 in every other channel of the layer"),
            (PUT, "put", "Another value stands there"),
        ):
            self.choice.add(key, words, tip)
        self.choice.set_shown(PUT, is_shown=False)
        self.factor = DecimalField()
        self.factor.setRange(-1000, 1000)
        self.factor.setDecimals(2)
        self.factor.setSingleStep(0.25)
        self.factor.setValue(_HALF)
        self.factor.setKeyboardTracking(False)
        self.factor.setAccessibleName("Factor of the channel")
        self.factor.hide()
        self.put_button = Button(keeper, "Put…")
        self.put_button.setToolTip("Put another image's or another layer's value in its place")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        for widget in (self.label, self.choice, self.factor, self.put_button):
            row.addWidget(widget)
        self.hide()
        self.put_button.clicked.connect(lambda: self.put_requested.emit())
        self.choice.chosen.connect(self._wish)
        self.factor.valueChanged.connect(lambda _value: self._wish(self.choice.current))

    def show_channel(self, channel: int | None) -> None:
        """Name the channel; None for no channel."""
        self.label.setText("" if channel is None else str(channel))
        self.setVisible(channel is not None)

    def show_done(self, what: str, factor: float = _HALF) -> None:
        """What is done to the channel now."""
        blockers = QSignalBlocker(self.choice), QSignalBlocker(self.factor)
        if what == PUT:
            self.choice.set_shown(PUT, is_shown=True)
        self.choice.choose(what)
        self.choice.set_shown(PUT, is_shown=what == PUT)
        if what == SCALE:
            self.factor.setValue(factor)
        self.factor.setVisible(what == SCALE)
        del blockers

    def _wish(self, what: str) -> None:
        self.factor.setVisible(what == SCALE)
        self.wished.emit(what, self.factor.value())
