"""One planted fault, and planting it in a copy of the tree."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class DoesNotApply(Exception):
    """The text that a mutation changes is not there, or more than once."""


@dataclass(frozen=True)
class Mutation:
    """A fault that the tests named must notice.

    fault: what is wrong then, in words. old: stands in the file exactly once.
    """

    fault: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def planted(self, root: Path) -> str:
        """The file's text with the fault; DoesNotApply where the code has moved on."""
        try:
            text = (root / self.file).read_text(encoding="utf-8")
        except FileNotFoundError as error:
            raise DoesNotApply(f"{self.file} is not there any more ({self.fault})") from error
        n_found = text.count(self.old)
        if n_found != 1:
            raise DoesNotApply(f"{self.file} has {n_found} times {self.old!r} ({self.fault})")
        if self.old == self.new:
            raise DoesNotApply(f"nothing changes ({self.fault})")
        return text.replace(self.old, self.new)


class Faults:
    """Collects mutations of one file and the tests that guard it."""

    def __init__(self, file: str, *tests: str) -> None:
        self._file, self._tests = file, tests
        self.planted: list[Mutation] = []

    def plant(self, fault: str, old: str, new: str) -> Faults:
        """Add one; returns itself."""
        self.planted.append(Mutation(fault, self._file, old, new, self._tests))
        return self
