"""Undo as inverse text edits: every step knows the edits that make it and those that unmake it."""

from __future__ import annotations

from collections.abc import Callable

from PyQt5.QtWidgets import QUndoCommand, QUndoStack

from core.net.rename import RenamePlan, apply_edits

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
        self.current_text = self._first_text = ""

    def begin(self, text: str) -> None:
        """Forget every step and start from `text`."""
        self.clear()
        self.current_text = self._first_text = text

    def do(self, title: str, plan: RenamePlan, *, changes_values: bool = False) -> None:
        """Make an edit that can be undone."""
        self.push(TextEditCommand(self, title, plan, changes_values=changes_values))

    @property
    def base_text(self) -> str:
        """What the text must compute the same as: the file, or the last fix of it."""
        for index in reversed(range(self.index())):
            step = self.command(index)
            if isinstance(step, TextEditCommand) and step.changes_values:
                return step.new_text
        return self._first_text

    def change(self, plan: RenamePlan) -> None:
        """Apply a plan's edits; RenameError when they do not fit the text."""
        self.current_text = apply_edits(self.current_text, plan.edits)
        self._apply_text(self.current_text)
