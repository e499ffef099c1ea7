"""One fake engine that the windows of many tests use in turn: starting one takes half a second."""

from __future__ import annotations

import contextlib
from typing import Any

from core.engines.base import Engine, EngineProcess, EngineSpec
from core.engines.consent import Agree, agree_to_nothing
from core.engines.registry import start_engine
from core.errors import AppError

PLAIN = EngineSpec("fake")


class LentEngine:
    """An engine as its window sees it: closing ends the nets that this window opened, no more.

    Killing kills the child for good; the next test gets a new one.
    """

    def __init__(self, process: EngineProcess) -> None:
        self._process = process
        self._opened: list[Engine] = []
        self._is_given_back = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._process, name)

    @property
    def is_alive(self) -> bool:
        return not self._is_given_back and self._process.is_alive

    def open(self, *given: Any, **named: Any) -> Engine:
        engine = self._process.open(*given, **named)
        self._opened.append(engine)
        return engine

    def close(self) -> None:
        if self._is_given_back:
            return
        self._is_given_back = True
        if self._process._lock.locked():  # busy: whoever closes a window does not wait for a job
            self._process.kill()
        for engine in self._opened:
            with contextlib.suppress(AppError):
                engine.close()


class Lender:
    """Keeps one child ready between tests; a test that asks for another kind gets its own."""

    def __init__(self) -> None:
        self._process: EngineProcess | None = None

    @property
    def is_in_use(self) -> bool:
        """Whether there was a child, dead or alive."""
        return self._process is not None

    def prepare(self) -> None:
        """Between two tests: a thread that a test starts itself counts as left behind."""
        if self._process is None or not self._process.is_alive:
            self.close()
            self._process = start_engine(PLAIN)

    def start(
        self, spec: EngineSpec, *, agree: Agree = agree_to_nothing
    ) -> EngineProcess | LentEngine:
        """Stands in for start_engine()."""
        process = self._process
        if spec != PLAIN or process is None or not process.is_alive:
            return start_engine(spec, agree=agree)
        return LentEngine(process)

    def close(self) -> None:
        """End the child."""
        if self._process is not None:
            self._process.close()
            self._process = None
