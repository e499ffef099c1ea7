"""Progress of a job on standard error: one moving line on a terminal, a few lines elsewhere."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TextIO

from core.progress import Progress
from core.words import on_one_line

_REDRAW_SECONDS = 0.1
_SPARSE_SECONDS = 10.0
_NOTEWORTHY_SECONDS = 2.0
_BAR_WIDTH = 24


class ProgressLine:
    """Call it with each Progress; leaves no half line behind. Use as a context manager."""

    def __init__(
        self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream or sys.stderr
        self._clock = clock
        self._is_terminal = self._stream.isatty()
        self._started = clock()
        self._work = ""
        self._last_shown: float | None = None
        self._is_drawn = False

    def __call__(self, step: Progress) -> None:
        now = self._clock()
        work = step.what.partition(",")[0]
        if work != self._work:
            self._work, self._started = work, now
            self._last_shown = None if self._is_terminal else now
        pause = _REDRAW_SECONDS if self._is_terminal else _SPARSE_SECONDS
        is_last = bool(step.total) and step.done >= step.total and self._is_worth_a_line(now)
        if self._last_shown is not None and now - self._last_shown < pause and not is_last:
            return
        self._last_shown = now
        self._show(step, now - self._started)

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._is_drawn:
            self._clear_line()
            self._stream.flush()

    def _is_worth_a_line(self, now: float) -> bool:
        """A log is spared the end of work that was over at once."""
        return self._is_terminal or now - self._started >= _NOTEWORTHY_SECONDS

    def _show(self, step: Progress, seconds: float) -> None:
        line = on_one_line(describe(step, seconds))
        if self._is_terminal:
            width = shutil.get_terminal_size().columns - 1
            self._clear_line()
            self._stream.write(f"{_bar(step)}{line}"[:width])
            self._is_drawn = True
        else:
            self._stream.write(f"{line}\n")
        self._stream.flush()

    def _clear_line(self) -> None:
        write = getattr(self._stream, "write_control", self._stream.write)
        write("\r\x1b[K")


def describe(step: Progress, seconds: float) -> str:
    """ "120 of 400 images, 38.1/s, 7 s left"; a rate that `what` brings itself stays."""
    if not step.total:
        return f"{step.done} {step.what}" if step.done else step.what
    said = f"{step.done} of {step.total} {step.what}"
    if step.done and seconds >= 1:
        rate = step.done / seconds
        if "," not in step.what:
            said += f", {rate:.3g}/s"
        if step.done < step.total:
            said += f", {(step.total - step.done) / rate:.0f} s left"
    return said


def _bar(step: Progress) -> str:
    if not step.total:
        return ""
    filled = min(_BAR_WIDTH, round(_BAR_WIDTH * step.done / step.total))
    return f"[{'=' * filled}{' ' * (_BAR_WIDTH - filled)}] "
