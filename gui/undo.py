"""Undo as inverse text edits: every step knows the edits that make it and those that unmake it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PyQt5.QtWidgets import QUndoCommand, QUndoStack

from core.net.rename_plan import RenamePlan
from core.net.text_edits import apply_edits
from core.session_file import EditStep

ApplyText = Callable[[str], None]


class TextEditCommand(QUndoCommand):
    """One rename or fix; a fix changes what the net computes, a rename does not."""

    def __init__(
        self, history: TextHistory, title: str, plan: RenamePlan, *, changes_values: bool
    ) -> None:
        super().__init__(title)
        self._history = history
        self._plan = plan
        self.changes_values = changes_values

    @property
    def step(self) -> EditStep:
        """This step as a session keeps it."""
        return EditStep(self.text(), self._plan.edits, self.changes_values)

    @property
    def new_text(self) -> str:
        """The text this step leads to."""
        return self._plan.new_text

    def redo(self) -> None:
        self._history.change(self._plan)

    def undo(self) -> None:
        self._history.change(self._plan.inverse())


class TextHistory(QUndoStack):
    """The undo stack and the text it stands at; `apply_text` is told every new text."""

    def __init__(self, apply_text: ApplyText) -> None:
        super().__init__()
        self._apply_text = apply_text
        self.current_text = self.first_text = ""

    def begin(self, text: str) -> None:
        """Forget every step and start from `text`."""
        self.clear()
        self.current_text = self.first_text = text

    def do(self, title: str, plan: RenamePlan, *, changes_values: bool = False) -> None:
        """Make an edit that can be undone."""
        self.push(TextEditCommand(self, title, plan, changes_values=changes_values))

    def steps(self) -> tuple[EditStep, ...]:
        """Every step, those that were taken back included."""
        commands = (self.command(index) for index in range(self.count()))
        return tuple(c.step for c in commands if isinstance(c, TextEditCommand))

    def restore(self, steps: Sequence[EditStep], n_done: int) -> None:
        """Make every step again, then take back all but the first `n_done`."""
        for step in steps:
            new_text = apply_edits(self.current_text, step.edits)
            plan = RenamePlan((), step.edits, self.current_text, new_text)
            self.do(step.title, plan, changes_values=step.changes_values)
        self.setIndex(n_done)

    @property
    def base_text(self) -> str:
        """What the text must compute the same as: the file, or the last fix of it."""
        for index in reversed(range(self.index())):
            step = self.command(index)
            if isinstance(step, TextEditCommand) and step.changes_values:
                return step.new_text
        return self.first_text

    def change(self, plan: RenamePlan) -> None:
        """Apply a plan's edits; RenameError when they do not fit the text."""
        self.current_text = apply_edits(self.current_text, plan.edits)
        self._apply_text(self.current_text)
