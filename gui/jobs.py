"""Lanes: long work off the window's thread, with progress, replacement, cancel and late-drop."""

from __future__ import annotations

import itertools
import logging
import math
import queue
import time
import traceback
from collections.abc import Callable, Generator
from typing import Any

from PyQt5.QtCore import QObject, QThread, QTimer, pyqtSignal

from core.errors import AppError, EngineCancelled, EngineCrashed
from core.progress import Progress
from core.reading import cancelled_when
from gui.runs import OnError, OnProgress, OnResult, Run

_LOG = logging.getLogger(__name__)

PROGRESS_SECONDS = 0.05
STUCK_MILLISECONDS = 1000
CLOSE_SECONDS = 3.0
SLICE_SECONDS = 0.7
"""Of a long job: how long those wait that queue behind it, such as a look into a layer."""
_PAUSED = object()


class _Worker(QThread):
    """Takes runs from a queue until it is given None; never touches a widget."""

    progressed = pyqtSignal(object, object)
    ended = pyqtSignal(object, object, object)

    def __init__(self, runs: queue.SimpleQueue[Run | None], name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._runs = runs

    def run(self) -> None:
        while (run := self._runs.get()) is not None:
            result: Any = None
            error: BaseException | None = None
            try:
                with cancelled_when(run.cancelled.is_set):
                    result = self._perform(run)
            except Exception as problem:  # the lane must outlive any job
                error = problem
            if result is _PAUSED:
                self._runs.put(run)  # behind those that wait
            else:
                self.ended.emit(run, result, error)
            del run, result, error

    def _perform(self, run: Run) -> Any:
        """What the job gives, or _PAUSED where its time is up and others wait."""
        if run.cancelled.is_set():
            run.close()
            raise EngineCancelled
        run.is_running = True
        if run.steps is None:
            outcome = run.work()
            if not isinstance(outcome, Generator):
                return outcome
            run.steps = outcome
        return self._go_on(run, run.steps, time.monotonic() + run.slice_seconds)

    def _go_on(self, run: Run, steps: Generator[Any, None, Any], until: float) -> Any:
        last = 0.0
        while True:
            try:
                step = next(steps)
            except StopIteration as stop:
                return stop.value
            if run.cancelled.is_set():
                steps.close()
                raise EngineCancelled
            now = time.monotonic()
            if isinstance(step, Progress) and (
                now - last > PROGRESS_SECONDS or step.done == step.total
            ):
                last = now
                self.progressed.emit(run, step)
            if now > until and not self._runs.empty():
                return _PAUSED


class Lane(QObject):
    """A queue of jobs and the threads that work on it, one by one or side by side."""

    def __init__(self, name: str, lanes: Lanes, n_threads: int = 1) -> None:
        super().__init__(lanes)
        self.name = name
        self._lanes = lanes
        self._queue: queue.SimpleQueue[Run | None] = queue.SimpleQueue()
        self._workers = [_Worker(self._queue, f"{name}-{i}") for i in range(n_threads)]
        for worker in self._workers:
            worker.progressed.connect(lanes._on_progressed)
            worker.ended.connect(lanes._on_ended)
            worker.start()

    def start(
        self,
        work: Callable[[], Any],
        *,
        key: str,
        title: str = "",
        revision: int | None = None,
        slice_seconds: float = math.inf,
        on_result: OnResult | None = None,
        on_error: OnError | None = None,
        on_progress: OnProgress | None = None,
        on_end: Callable[[], None] | None = None,
        stop_softly: Callable[[], None] | None = None,
    ) -> Run:
        """Queue `work`; a job with the same key is replaced.

        work: called on the lane; returns a value, or a generator of `Progress` with the result.
        title: shown in the status bar while it runs; "" keeps it quiet.
        revision: the document's revision the result belongs to; a late one is dropped.
        slice_seconds: a generator that has run so long lets the jobs go first that wait behind it,
            at its next step; its progress and its result come as those of one job.
        stop_softly: what a first cancel does in place of ending it.
        on_result, on_error, on_progress, on_end: called in the window's thread. A cancelled,
            replaced or late job calls only `on_end`, which every job calls once.
        """
        run = Run(self.name, key, title, revision, work, on_result, on_error, on_progress, on_end,
                  self._lanes._next_number(), slice_seconds=slice_seconds,
                  stop_softly=stop_softly)  # fmt: skip
        self._lanes._begin(run)
        self._queue.put(run)
        return run

    def stop(self) -> None:
        """Let the threads end after the job they are on."""
        for _worker in self._workers:
            self._queue.put(None)

    def wait(self, seconds: float) -> bool:
        """Wait for the threads to end; True if they did."""
        deadline = time.monotonic() + seconds
        return all(
            worker.wait(max(1, round((deadline - time.monotonic()) * 1000)))
            for worker in self._workers
        )


class WindowLane(QObject):
    """Jobs that only the window's thread may do, such as painting a scene, between its events."""

    def __init__(self, lanes: Lanes) -> None:
        super().__init__(lanes)
        self._lanes = lanes
        self._runs: list[Run] = []

    def start(
        self,
        work: Callable[[], Generator[Any, None, Any]],
        *,
        key: str,
        title: str = "",
        on_result: OnResult | None = None,
        on_error: OnError | None = None,
    ) -> Run:
        """Take a step of the job whenever the window has nothing else to do; as `Lane.start`."""
        run = Run("window", key, title, None, work, on_result, on_error, None, None,
                  self._lanes._next_number())  # fmt: skip
        self._lanes._begin(run)
        self._runs.append(run)
        QTimer.singleShot(0, self._go_on)
        return run

    def stop(self) -> None:
        """Close what has begun."""
        for run in self._runs:
            run.close()
        self._runs = []

    def _go_on(self) -> None:
        if not self._runs:
            return
        run = self._runs.pop(0)
        result: Any = None
        error: BaseException | None = None
        try:
            result = self._step(run)
        except Exception as problem:  # as in a thread of the other lanes
            error = problem
        if result is _PAUSED:
            self._runs.append(run)
        else:
            self._lanes._on_ended(run, result, error)
        if self._runs:
            QTimer.singleShot(0, self._go_on)

    def _step(self, run: Run) -> Any:
        if run.cancelled.is_set():
            run.close()
            raise EngineCancelled
        if run.steps is None:
            run.steps = run.work()
        try:
            step = next(run.steps)
        except StopIteration as stop:
            return stop.value
        if isinstance(step, Progress):
            self._lanes._on_progressed(run, step)
        return _PAUSED


class Lanes(QObject):
    """The lanes of the window and the list of what runs."""

    changed = pyqtSignal()
    """The set of titled jobs, or the progress of one, changed."""
    bug_found = pyqtSignal(object)
    """A job raised something that is no AppError: the exception."""
    stuck = pyqtSignal(object)
    """A cancelled run of the engine lane did not stop within a second."""
    failed = pyqtSignal(object, object)
    """(run, AppError) of a job that gave no `on_error`."""
    engine_crashed = pyqtSignal(object)
    """A job of the engine lane met a dead child: the EngineCrashed, before its `on_error`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._numbers = itertools.count(1)
        self._runs: dict[str, Run] = {}
        self._unended: set[Run] = set()
        self._is_closed = False
        self.revision: Callable[[], int] = lambda: 0
        # One thread for the engine: its child answers one call at a time, and jobs for it must not
        # overtake one another. The second of `files` lets a thumbnail pass a long write; `compute`
        # is pure Python, where a second thread would only fight for the interpreter's lock. What
        # must not be lost has `keeping` to itself, and never waits behind other work.
        self.engine = Lane("engine", self)
        self.files = Lane("files", self, n_threads=2)
        self.compute = Lane("compute", self)
        self.keeping = Lane("keeping", self)
        self.training = Lane("training", self)  # for hours, in a child of its own
        self.server = Lane("server", self)  # waits for machines elsewhere
        self.window = WindowLane(self)

    @property
    def running(self) -> tuple[Run, ...]:
        """The titled jobs, oldest first."""
        titled = (run for run in self._runs.values() if run.title)
        return tuple(sorted(titled, key=lambda run: run.number))

    @property
    def is_idle(self) -> bool:
        """Whether no job at all is queued or running."""
        return not self._unended

    def is_running(self, key: str) -> bool:
        """Whether a job of that key is queued or running."""
        return key in self._runs

    def cancel(self, key: str) -> None:
        """Stop the job of that key; on the engine lane a deaf one is reported as `stuck`."""
        run = self._runs.get(key)
        if run is None:
            return
        if run.stop_softly is not None and run.is_running and not self._is_closed:
            stop, run.stop_softly = run.stop_softly, None
            stop()
            return
        del self._runs[key]
        run.cancelled.set()
        if run.lane == "engine" and not self._is_closed:
            QTimer.singleShot(STUCK_MILLISECONDS, lambda: self._report_stuck(run))
        self.changed.emit()

    def cancel_all(self) -> None:
        """Stop every job."""
        for key in list(self._runs):
            self.cancel(key)

    def close(self, close_engine: Callable[[], None] = lambda: None) -> bool:
        """Cancel all, let the engine go, wait up to 3 s; True if every thread ended."""
        self._is_closed = True
        self.cancel_all()
        self.window.stop()
        lanes = (
            self.engine, self.files, self.compute, self.keeping, self.training, self.server,
        )  # fmt: skip
        for lane in lanes:
            lane.stop()
        close_engine()
        deadline = time.monotonic() + CLOSE_SECONDS
        ended = [lane.wait(deadline - time.monotonic()) for lane in lanes]
        return all(ended)

    def _next_number(self) -> int:
        return next(self._numbers)

    def _begin(self, run: Run) -> None:
        _LOG.debug("Job %s (%s) is queued on lane %s", run.key, run.title or "quiet", run.lane)
        older = self._runs.pop(run.key, None)
        if older is not None:
            older.cancelled.set()
        self._runs[run.key] = run
        self._unended.add(run)
        if run.title:
            self.changed.emit()

    def _report_stuck(self, run: Run) -> None:
        if run.is_running and not run.is_ended and not self._is_closed:
            self.stuck.emit(run)

    def _on_progressed(self, run: Run, step: Progress) -> None:
        if run.cancelled.is_set():
            return
        if run.first is None:
            run.first, run.first_at = step, time.monotonic()
        run.progress = step
        if run.on_progress is not None:
            run.on_progress(step)
        if run.title:
            self.changed.emit()

    def _on_ended(self, run: Run, result: Any, error: BaseException | None) -> None:
        run.is_ended = True
        _log_end(run, error)
        self._unended.discard(run)
        if self._runs.get(run.key) is run:  # a newer job may have taken the key
            del self._runs[run.key]
        try:
            if self._is_wanted(run):
                self._deliver(run, result, error)
        finally:
            if run.on_end is not None:
                run.on_end()
            run.forget()
            self.changed.emit()

    def _is_wanted(self, run: Run) -> bool:
        # Looked at here, in the window's thread: between the end of the work and now the user may
        # have cancelled, edited the net or closed the window.
        is_late = run.revision is not None and run.revision != self.revision()
        return not (run.cancelled.is_set() or is_late or self._is_closed)

    def _deliver(self, run: Run, result: Any, error: BaseException | None) -> None:
        if error is None:
            if run.on_result is not None:
                run.on_result(result)
            return
        if isinstance(error, EngineCancelled):
            return
        if isinstance(error, EngineCrashed):
            self.engine_crashed.emit(error)
        shown = error if isinstance(error, AppError) else _as_app_error(error)
        if run.on_error is not None:
            run.on_error(shown)
        else:
            self.failed.emit(run, shown)
        if shown is not error:
            self.bug_found.emit(error)


def _log_end(run: Run, error: BaseException | None) -> None:
    if error is None or isinstance(error, EngineCancelled):
        how = "was stopped" if error or run.cancelled.is_set() else "ended"
        _LOG.debug("Job %s %s after %.2f s", run.key, how, run.seconds)
    elif isinstance(error, AppError):
        _LOG.warning("Job %s failed: %s", run.key, error)
    else:
        _LOG.error("Job %s met a bug", run.key, exc_info=error)


def _as_app_error(error: BaseException) -> AppError:
    return AppError(
        f"Something went wrong inside Blobscope: {error}",
        hint="A crash report was written; your file and your edits are safe.",
        details="".join(traceback.format_exception(error)),
    )
