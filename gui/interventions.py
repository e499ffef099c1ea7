"""The interventions on the net that is open: a list, active or not, with its own undo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PyQt5.QtCore import QObject, pyqtSignal
from PyQt5.QtWidgets import QUndoCommand, QUndoStack

from core.engines.values import Value
from core.interventions.intervention import Intervention


@dataclass(frozen=True)
class Listed:
    """One row of the list; one that is not active stays listed."""

    intervention: Intervention
    is_active: bool = True


Rows = tuple[Listed, ...]


class Interventions(QObject):
    """Changed by steps that can be taken back; nothing of it is ever written into a net."""

    changed = pyqtSignal()
    stepped = pyqtSignal()
    """There may be another step to take back."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: Rows = ()
        self.history = QUndoStack(self)

    @property
    def rows(self) -> Rows:
        """All that are listed, in the order they were made."""
        return self._rows

    @property
    def active(self) -> tuple[Intervention, ...]:
        """Those that act now."""
        return tuple(row.intervention for row in self._rows if row.is_active)

    def begin(self, rows: Sequence[Listed] = ()) -> None:
        """Begin with these, without a way back."""
        self.history.clear()
        self.take(tuple(rows))
        self.stepped.emit()

    def undo(self) -> None:
        """Take the last step back."""
        self.history.undo()
        self.stepped.emit()

    def redo(self) -> None:
        """Take the step again that was taken back."""
        self.history.redo()
        self.stepped.emit()

    def take(self, rows: Rows) -> None:
        """Show these; the steps of the history call it."""
        if rows != self._rows:
            self._rows = rows
            self.changed.emit()

    def of_channel(self, value: Value, channel: int) -> Intervention | None:
        """What acts on one channel alone, the last of several; None where it is as it is."""
        found = (one for one in reversed(self.active) if one.value == value)
        return next((one for one in found if one.channels == (channel,)), None)

    def set_channel(self, value: Value, channel: int, wanted: Intervention | None) -> None:
        """Put one in the place of what acts on a channel alone; None leaves it as it is."""
        if wanted is not None:
            self.put(wanted)
            return
        former = self.of_channel(value, channel)
        words = f"{channel} as it is" if former is None else f"without “{former.label}”"
        self._do(words, self._without(value, (channel,)))

    def put(self, wanted: Intervention) -> None:
        """List one in the place of what acts on the very same channels."""
        rest = self._without(wanted.value, wanted.channels)
        self._do(wanted.label, (*rest, Listed(wanted)))

    def _without(self, value: Value, channels: tuple[int, ...]) -> Rows:
        """The rows but for those that act on the very same channels."""
        listed = ((row, row.intervention) for row in self._rows)
        return tuple(row for row, one in listed if (one.value, one.channels) != (value, channels))

    def toggle_off(self, value: Value, channel: int) -> None:
        """Switch a channel off; one that is off, back on."""
        former = self.of_channel(value, channel)
        is_off = former is not None and former.kind == "off"
        off = Intervention(value, "off", (channel,))
        self.set_channel(value, channel, None if is_off else off)

    def add(self, added: Sequence[Intervention], words: str) -> None:
        """List some more, all active."""
        self._do(words, (*self._rows, *(Listed(one) for one in added)))

    def set_active(self, number: int, *, is_active: bool) -> None:
        """Let one act, or rest."""
        if 0 <= number < len(self._rows) and self._rows[number].is_active != is_active:
            rows = list(self._rows)
            rows[number] = replace(rows[number], is_active=is_active)
            label = rows[number].intervention.label
            self._do(f"“{label}” {'on' if is_active else 'rests'}", tuple(rows))

    def remove(self, number: int) -> None:
        """Take one from the list."""
        if 0 <= number < len(self._rows):
            label = self._rows[number].intervention.label
            self._do(f"without “{label}”", self._rows[:number] + self._rows[number + 1 :])

    def remove_active(self, number: int) -> None:
        """Take away the active one of that number."""
        places = [place for place, row in enumerate(self._rows) if row.is_active]
        if 0 <= number < len(places):
            self.remove(places[number])

    def remove_all(self) -> None:
        """Take all away; undo brings them back."""
        if self._rows:
            self._do("without interventions", ())

    def _do(self, words: str, rows: Rows) -> None:
        if rows != self._rows:
            self.history.push(_Step(self, words, self._rows, rows))
            self.stepped.emit()


class _Step(QUndoCommand):
    """From one list to another."""

    def __init__(self, of: Interventions, words: str, before: Rows, after: Rows) -> None:
        super().__init__(words)
        self._of, self._before, self._after = of, before, after

    def redo(self) -> None:
        self._of.take(self._after)

    def undo(self) -> None:
        self._of.take(self._before)
