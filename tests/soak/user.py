"""A user in front of the window: answers its dialogs, waits for it, and feels how it stalls."""

from __future__ import annotations

import faulthandler
import re
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PyQt5.QtCore import QEventLoop, QObject, Qt, QTimer

BEAT_MILLISECONDS = 20
STALL_SECONDS = 0.5


class Answers:
    """Stands in for the file dialogs and questions: what is to be answered is set before."""

    def __init__(self) -> None:
        self.files: tuple[Path, ...] = ()
        self.folder: Path | None = None
        self.out: Path | None = None
        self.answer = ""
        self.n_asked = 0
        self.last_question = ""

    def open_files(
        self, title: str, folder: Path, filters: str, on_chosen: Callable[[tuple[Path, ...]], None]
    ) -> None:
        self.n_asked += 1
        if self.files:
            on_chosen(self.files)

    def open_folder(self, title: str, folder: Path, on_chosen: Callable[[Path], None]) -> None:
        self.n_asked += 1
        if self.folder is not None:
            on_chosen(self.folder)

    def save_file(
        self, title: str, path: Path, filters: str, on_chosen: Callable[[Path], None]
    ) -> None:
        self.n_asked += 1
        if self.out is not None:
            on_chosen(self.out)

    def ask(
        self,
        title: str,
        body: str,
        choices: Sequence[tuple[str, str]],
        on_answer: Callable[[str], None],
    ) -> None:
        self.n_asked += 1
        self.last_question = f"{title} {body}"
        keys = [key for key, _ in choices]
        on_answer(self.answer if self.answer in keys else keys[-1])


@dataclass
class Stall:
    """The longest time in which the window answered nothing, and during what."""

    seconds: float = 0.0
    own_seconds: float = 0.0
    """Of it, the time that the window's own thread computed; the rest it waited for the machine."""
    step: str = ""


@dataclass
class Heartbeat(QObject):
    """Beats in the event loop; whatever keeps it from beating keeps the user waiting."""

    step: str = ""
    worst: Stall = field(default_factory=Stall)
    places: Counter[str] = field(default_factory=Counter)
    """Where the window's thread stood during long stalls."""

    def __post_init__(self) -> None:
        super().__init__()
        self._last, self._last_own = time.monotonic(), time.thread_time()
        self._is_watched = True
        self._main = threading.get_ident()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start(BEAT_MILLISECONDS)
        self._ended = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="stall-watcher", daemon=True)
        self._watcher.start()

    def restart(self) -> Stall:
        """The worst stall so far; a new count begins."""
        worst, self.worst = self.worst, Stall()
        self.pause()
        return worst

    def pause(self) -> None:
        """What came since the last beat was not the window's: begin anew with the next one."""
        self._last, self._last_own = time.monotonic(), time.thread_time()

    def stop(self) -> None:
        """End the watch."""
        self._timer.stop()
        self._ended.set()
        self._watcher.join()

    def _beat(self) -> None:
        now, own = time.monotonic(), time.thread_time()
        if now - self._last > self.worst.seconds:
            self.worst = Stall(now - self._last, own - self._last_own, self.step)
        self._last, self._last_own = now, own

    def _watch(self) -> None:
        while not self._ended.wait(0.2):
            if time.monotonic() - self._last < STALL_SECONDS:
                continue
            ours = [f"{Path(name).name}:{line} {function}" for name, line, function in self._stack()
                    if "/gui/" in name or "/core/" in name]  # fmt: skip
            self.places[f"{self.step}: {' < '.join(ours[:4])}"] += 1

    def _stack(self) -> list[tuple[str, str, str]]:
        """(file, line, function) of the window's thread, innermost first.

        By faulthandler: whoever holds a frame keeps the painter alive that a paint event ends by
        letting go of it.
        """
        with tempfile.TemporaryFile("w+") as report:
            faulthandler.dump_traceback(report)
            report.seek(0)
            threads = report.read().split("\n\n")
        mine = next((one for one in threads if f"0x{self._main:016x}" in one), "")
        return re.findall(r'File "(.+)", line (\d+) in (.+)', mine)


def end_window(bench: Any) -> bool:
    """Close a window for good, whatever was edited; True if every thread ended.

    With all behind it: its timers would go on without it, and Python would let go of it at any
    time, in whichever thread, as that of a job, while Qt looks at it in its own.
    """
    bench.document.saved_text = bench.document.text
    bench.window.close()
    ended: bool = bench.close()
    bench.deleteLater()
    bench.window.deleteLater()
    return ended


def wait_until(holds: Callable[[], bool], seconds: float) -> bool:
    """Run the event loop until a condition holds; False where it did not in time."""
    loop, poll, limit = QEventLoop(), QTimer(), QTimer()
    poll.timeout.connect(lambda: loop.exit(1) if holds() else None)
    limit.setSingleShot(True)
    limit.timeout.connect(loop.quit)
    poll.start(BEAT_MILLISECONDS)
    limit.start(round(seconds * 1000))
    return loop.exec_() == 1


def rest(seconds: float) -> None:
    """Let the event loop run for a while."""
    wait_until(lambda: False, seconds)
