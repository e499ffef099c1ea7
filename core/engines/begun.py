"""A pass that runs while its caller goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from core.engines.operations import Begin, End, GiveUp

OF_BEGUN = (Begin, End, GiveUp)
"""What is asked while passes are running that have begun."""

T = TypeVar("T")
U = TypeVar("U")


def _nothing() -> None:
    """Of a pass that is over, or that nothing can stop."""


@dataclass(frozen=True)
class BegunPass(Generic[T]):
    """Called, it waits for what the pass gives.

    give_up: called in place of that, where nobody wants it any more; the pass may end early.
    """

    wait: Callable[[], T]
    give_up: Callable[[], object] = _nothing

    def __call__(self) -> T:
        return self.wait()

    def then(self, work: Callable[[T], U]) -> BegunPass[U]:
        """The same pass, whose result is worked on where it is waited for."""
        return BegunPass(lambda: work(self.wait()), self.give_up)
