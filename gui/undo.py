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
        self._fixes: dict[str, frozenset[int]] = {}
        self.current_text = self.first_text = ""

    def begin(self, text: str) -> None:
        """Forget every step and start from `text`."""
        self.clear()
        self._fixes = {text: frozenset()}
        self.current_text = self.first_text = text

    def do(self, title: str, plan: RenamePlan, *, changes_values: bool = False) -> None:
        """Make an edit that can be undone."""
        fixes = self._fixes.get(plan.old_text, frozenset())
        if changes_values:
            fixes |= {len(self._fixes)}
        self._fixes.setdefault(plan.new_text, fixes)  # known before the text is told
        self.push(TextEditCommand(self, title, plan, changes_values=changes_values))

    def compute_the_same(self, one: str, other: str) -> bool:
        """Whether only renames lie between two texts; False for a text that never was here."""
        fixes = self._fixes
        return one == other or (one in fixes and fixes[one] == fixes.get(other))

    def n_fixes_between(self, one: str, other: str) -> int:
        """How many fixes one of two texts has and the other has not."""
        none: frozenset[int] = frozenset()
        return len(self._fixes.get(one, none) ^ self._fixes.get(other, none))

    def place_of(self, text: str) -> int | None:
        """The index at which this text is the current one, None where no undo leads to it."""
        texts = [self.first_text, *(step.new_text for step in self._commands())]
        places = [place for place, known in enumerate(texts) if known == text]
        return min(places, key=lambda place: abs(place - self.index()), default=None)

    def _commands(self) -> list[TextEditCommand]:
        commands = (self.command(index) for index in range(self.count()))
        return [command for command in commands if isinstance(command, TextEditCommand)]

    def steps(self) -> tuple[EditStep, ...]:
        """Every step, those that were taken back included."""
        return tuple(command.step for command in self._commands())

    def restore(self, steps: Sequence[EditStep], n_done: int) -> None:
        """Make every step again, then take back all but the first `n_done`."""
        for step in steps:
            new_text = apply_edits(self.current_text, step.edits)
            plan = RenamePlan((), step.edits, self.current_text, new_text)
            self.do(step.title, plan, changes_values=step.changes_values)
        self.setIndex(n_done)

    def base_text(self, saved_text: str) -> str:
        """What the text must compute the same as: the saved one, or the last fix of it."""
        if self.compute_the_same(saved_text, self.current_text):
            return saved_text
        texts = [self.first_text, *(step.new_text for step in self._commands())]
        same = (text for text in texts if self.compute_the_same(text, self.current_text))
        return next(same, self.current_text)

    def change(self, plan: RenamePlan) -> None:
        """Apply a plan's edits; RenameError when they do not fit the text."""
        self.current_text = apply_edits(self.current_text, plan.edits)
        self._apply_text(self.current_text)
