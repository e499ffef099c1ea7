"""Interventions as they are seen: chips, status, marks on the tiles, and the chosen channel."""

from __future__ import annotations

from PyQt5.QtCore import QObject

from core.engines.values import Value
from core.interventions.intervention import Intervention
from gui.interventions import Interventions
from gui.main_window import MainWindow
from gui.panels.activations.channel_marks import ChannelMarks
from gui.panels.activations.channel_switch import AS_IT_IS, OFF, ONLY, PUT, SCALE
from gui.panels.activations.panel import ActivationsPanel
from gui.panels.activations.shown import ShownValue

TOGGLE = "toggle"


class ChangedChannelController(QObject):
    """The list to whatever shows it; what is wished at a channel changes the list."""

    def __init__(
        self, model: Interventions, window: MainWindow, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._model = model
        self._window = window
        self._activations: ActivationsPanel = window.panels.activations
        self._connect()
        self._show()

    def change(self, value: Value, channel: int, what: str, factor: float = 0.0) -> None:
        """Do something to one channel: "off", "scale", "only", "as it is", or "toggle" off."""
        if what == TOGGLE:
            self._model.toggle_off(value, channel)
        elif what == AS_IT_IS:
            self._model.set_channel(value, channel, None)
        elif what == SCALE:
            wanted = Intervention(value, "scale", (channel,), factor)
            self._model.set_channel(value, channel, wanted)
        elif what in (OFF, ONLY):
            kind = "off" if what == OFF else "only"
            self._model.set_channel(value, channel, Intervention(value, kind, (channel,)))  # type: ignore[arg-type]

    def _connect(self) -> None:
        model, window, activations = self._model, self._window, self._activations
        model.changed.connect(self._show)
        activations.channel_changed.connect(self._show_channel)
        activations.bar.switch.wished.connect(self._wish)
        activations.canvas.off_toggled.connect(lambda: self._wish(TOGGLE, 0.0))
        window.subjects.changed.removed.connect(model.remove_active)
        for opened in (
            window.subjects.changed.opened,
            window.status_line.interventions_link.clicked,
        ):
            opened.connect(self.open)

    def _wish(self, what: str, factor: float) -> None:
        """Do something to the channel that is looked at."""
        shown = self._activations
        channel = channel_at(shown)
        if shown.cards and channel is not None:
            value = _value(shown.cards[shown.drawing.enlarged].value)
            self.change(value, channel, what, factor)

    def open(self) -> None:
        """Show the Layer page with the panel of interventions."""
        self._window.show_page("layer")
        self._window.layer_page.show_view("values")

    def _show(self) -> None:
        active = self._model.active
        labels = [one.label for one in active]
        self._window.subjects.show_changed(labels, [one.sentence for one in active])
        self._window.status_line.set_interventions(len(active))
        self._window.layer_page.show_changes(are_there=bool(self._model.rows))
        self._show_channel()

    def _show_channel(self) -> None:
        """Marks, and what is done to the chosen channel."""
        canvas, cards = self._activations.canvas, self._activations.cards
        marks: ChannelMarks = {
            place: self._marks(_value(card.value), len(card.stack.maps))
            for place, card in enumerate(cards)
        }
        if marks != canvas.marks:
            canvas.marks = marks
            canvas.viewport().update()
        channel = channel_at(self._activations)
        switch = self._activations.bar.switch
        switch.show_channel(channel if cards else None)
        if not cards or channel is None:
            return
        value = _value(cards[self._activations.drawing.enlarged].value)
        one = self._model.of_channel(value, channel)
        kinds = {"off": OFF, "scale": SCALE, "only": ONLY}
        done = AS_IT_IS if one is None else kinds.get(one.kind, PUT)
        factor = one.number if one is not None and one.kind == "scale" else 0.5
        switch.show_done(done, factor)

    def _marks(self, value: Value, n_channels: int) -> dict[int, str]:
        marks: dict[int, str] = {}
        for one in self._model.active:
            if one.value != value:
                continue
            channels = one.channels or range(n_channels)
            if one.kind == "only":
                others = set(range(n_channels)) - set(channels)
                marks.update(dict.fromkeys(sorted(others), ""))
                continue
            words = "" if one.kind == "off" else one.label.split(" ", 1)[1]
            marks.update(dict.fromkeys(channels, words))
        return marks


def channel_at(activations: ActivationsPanel) -> int | None:
    """The chosen channel, where the value that leads has one of that number."""
    channel, cards = activations.chosen[0], activations.cards
    if not cards or channel is None:
        return None
    return channel if channel < len(cards[activations.drawing.enlarged].stack.maps) else None


def _value(shown: ShownValue) -> Value:
    return Value(shown.layer, shown.top)
