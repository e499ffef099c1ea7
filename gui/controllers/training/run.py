"""The Run step: starts a training in its own lane, shows it while it goes, pauses and stops it."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal
from PyQt5.QtGui import QGuiApplication

from core.engines.values import EngineSpec
from core.errors import AppError
from core.files import is_plain_file
from core.jobs.finetune import Finetuned, FinetuneRequest, finetune, resumed
from core.progress import Job, Progress
from core.training.run.control import RunControl
from core.training.run.curves import CurveReader
from core.training.run.history import History
from core.training.run.keeping import snapshot_files
from core.training.run.log import RunProgress
from gui.controllers.engine_child import EngineController
from gui.controllers.training.project import OpenProject
from gui.controllers.training.run_folders import (
    LoadedRun,
    last_folder,
    load_run,
    next_folder,
    rate_words,
    solver_words,
)
from gui.dialogs.questions import Questioner
from gui.document import ModelDocument
from gui.jobs import Lanes
from gui.main_window import MainWindow
from gui.notices import Notices
from gui.panels.training.run_view import view_of
from gui.throttle import Throttle
from gui.widgets.fact_list import Fact
from gui.widgets.plain_text import plain_tip

RUN, LOAD = "train-run", "train-load"
SHOW_MILLISECONDS = 250
NO_FILES = (
    "A run needs the files of step Net: write train_val, solver and deploy first, or open a saved "
    "split whose folder has them."
)
READY = "The files are there. A run may take minutes to hours; the window can be used meanwhile."
_EACH_ALONE = "Each step can be used alone"
_CLOSE, _STAY = "close", "stay"


class RunController(QObject):
    """One run at a time; it goes on whatever page is shown."""

    said = pyqtSignal(str)
    used = pyqtSignal(object)
    """Net and weights of a snapshot, to be opened: a list of two paths."""
    state_changed = pyqtSignal()
    """A run began, paused or ended, or another one is shown."""

    def __init__(
        self,
        project: OpenProject,
        document: ModelDocument,
        lanes: Lanes,
        window: MainWindow,
        notices: Notices,
        engine: EngineController,
        questioner: Callable[[], Questioner],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._project = project
        self._document = document
        self._lanes = lanes
        self._window, self._page = window, window.training_page
        self._step = self._page.run
        self._notices = notices
        self._engine = engine
        self._questioner = questioner
        self._control: RunControl | None = None
        self._history = History()
        self._reader = CurveReader()
        self._loaded: LoadedRun | None = None
        self._folder: Path | None = None
        self._looked: Path | None = None
        self._after: Callable[[], object] | None = None
        self._soon = Throttle(SHOW_MILLISECONDS, self)
        self._connect()
        self._show()

    @property
    def is_running(self) -> bool:
        """Whether a run goes on or is paused."""
        return self._control is not None

    @property
    def history(self) -> History:
        """What the run that is shown has recorded."""
        return self._history

    @property
    def snapshot(self) -> tuple[int, Path] | None:
        """Iteration and weights of the chosen snapshot, else of the best or the last one."""
        run, kept = self._project.now.run, self._history.snapshots
        if run is None or not kept:
            return None
        best = self._history.best_snapshot() or kept[-1]
        wanted = self._step.wanted
        found = next((one for one in kept if one.iteration == wanted), best)
        return found.iteration, snapshot_files(run, found).weights

    def why_not(self) -> dict[str, str]:
        """The state words of the step's actions."""
        runs = "" if self.is_running else "No training runs."
        busy = "A training runs; stop it first." if self.is_running else ""
        has_more = bool(self._history.snapshots) and not self._is_finished
        none = "There is no run to go on with."
        return {
            "training_ready": busy or ("" if self._solver() is not None else NO_FILES),
            "training_runs": runs,
            "training_resumable": busy or ("" if has_more else none),
        }

    def start(self) -> None:
        """Begin a new run, in a folder of its own."""
        solver, now = self._solver(), self._project.now
        if solver is None or now.folder is None or self.is_running:
            return
        folder = next_folder(now.folder)
        request = FinetuneRequest(
            solver, weights=self._weights(), run=folder, device=self._engine.device,
            engine=self._spec(),
        )  # fmt: skip
        self._begin(folder, lambda control: finetune(request, control))

    def go_on(self, iteration: int | None = None) -> None:
        """Go on with the run that is shown, from a snapshot; None for the last whole one."""
        folder, spec, device = self._project.now.run, self._spec(), self._engine.device
        if folder is None or self.is_running:
            return

        def work(control: RunControl) -> Job[Finetuned]:
            return (yield from finetune(resumed(folder, spec, device, iteration), control))

        self._begin(folder, work)

    def pause(self) -> None:
        """Wait after the iteration that runs, or go on."""
        if self._control is None:
            return
        if self._control.is_paused:
            self._control.go_on()
        else:
            self._control.pause()
        self._show()
        self.state_changed.emit()

    def stop(self) -> None:
        """End after the iteration that runs, with a snapshot."""
        if self._control is not None:
            self._control.stop()
            self._page.bar.buttons["run"].show_state("stopping, with a snapshot")

    def before_close(self, on_closed: Callable[[], object]) -> None:
        """Ask whether the run may end, and close once its snapshot is written."""

        def take(answer: str) -> None:
            if answer == _CLOSE:
                self._after = on_closed
                self.stop()
                if not self.is_running:
                    on_closed()

        self._questioner().ask(
            "A training runs. Stop it and close?",
            "It ends with a snapshot, and goes on from there with the same numbers: open its split "
            "again and choose Go on.",
            ((_CLOSE, "Stop and close"), (_STAY, "Keep the window open")),
            take,
        )

    def use(self, iteration: int) -> None:
        """Open the net for use with the weights of a snapshot."""
        run = self._project.now.run
        found = [one for one in self._history.snapshots if one.iteration == iteration]
        if run is None or not found:
            return
        net = self._deploy(run)
        if net is not None:
            self.used.emit([net, snapshot_files(run, found[-1]).weights])

    def copy_command(self) -> None:
        """Put the command that does the same on the clipboard."""
        solver, run = self._solver(), self._project.now.run
        loaded = self._loaded
        if loaded is not None and run is not None:
            words = ["main.py", "finetune", "--solver", str(loaded.solver)]
            words += ["--weights", loaded.weights] if loaded.weights else []
            words += ["--run", str(run)]
        elif solver is not None:
            words = ["main.py", "finetune", "--solver", str(solver)]
        else:
            return
        QGuiApplication.clipboard().setText(shlex.join(words))
        self.said.emit("The command is on the clipboard.")

    def _connect(self) -> None:
        step = self._step
        step.asked.connect(self.start)
        step.start_requested.connect(self.start)
        step.pause_requested.connect(self.pause)
        step.stop_requested.connect(self.stop)
        step.go_on_requested.connect(lambda: self.go_on())
        step.snapshot_used.connect(self.use)
        step.snapshot_resumed.connect(self.go_on)
        step.command_requested.connect(self.copy_command)
        self._project.changed.connect(self._follow)
        self._soon.due.connect(self._show)
        self._page.step_shown.connect(lambda _step: self._show())
        self._window.page_shown.connect(lambda _page: self._show())

    @property
    def _is_finished(self) -> bool:
        ended = self._history.ended
        return ended is not None and ended.why == "finished"

    def _spec(self) -> EngineSpec:
        """Real Caffe where the window runs it; else float32 PyTorch, whatever it shows nets in."""
        return self._engine.spec.exact

    def _solver(self) -> Path | None:
        folder = self._project.now.folder
        path = None if folder is None else folder / "solver.prototxt"
        return path if path is not None and is_plain_file(path) else None

    def _deploy(self, run: Path) -> Path | None:
        for folder in (run.parent, self._project.now.folder):
            if folder is not None and is_plain_file(folder / "deploy.prototxt"):
                return folder / "deploy.prototxt"
        return None

    def _weights(self) -> Path | None:
        now, document = self._project.now, self._document
        is_open = now.net is None or now.net == document.path
        return now.weights or (document.weights_path if is_open else None)

    def _begin(self, folder: Path, work: Callable[[RunControl], Job[Finetuned]]) -> None:
        self._notices.dismiss(RUN)
        control = self._control = RunControl()
        self._history, self._folder, self._looked = History(), folder, folder
        self._loaded = None
        self._project.change(run=folder)
        self._step.show_missing("Starting: the net is read, and what does not learn is computed "
                                "once for each image.", "")  # fmt: skip
        self._lanes.training.start(
            lambda: work(control),
            key=RUN,
            title="Training",
            on_progress=self._take_progress,
            on_result=self._take_result,
            on_error=lambda error: self._notices.show_error(error, RUN),
            on_end=self._end,
            stop_softly=self.stop,
        )
        self._show_state()
        self.state_changed.emit()

    def _take_progress(self, step: Progress) -> None:
        if isinstance(step, RunProgress):
            if self._loaded is None and self._folder is not None and step.history.n_done:
                self._load(self._folder)
            self._history = step.history
            self._soon.wish()

    def _take_result(self, found: Finetuned) -> None:
        self._history = found.history
        ended = found.history.ended
        words = ended.why if ended is not None else "ended"
        self.said.emit(f"The training {words} after {found.history.n_done:,} iterations")

    def _end(self) -> None:
        self._control = None
        self._soon.stop()
        self._show()
        self.state_changed.emit()
        after, self._after = self._after, None
        if after is not None:
            after()

    def _follow(self) -> None:
        """Show the run of the project, the last one in its folder where it names none."""
        now = self._project.now
        if self.is_running:
            return
        folder = now.run or (None if now.folder is None else last_folder(now.folder))
        if folder != self._looked:
            self._looked, self._loaded, self._history = folder, None, History()
            if folder is not None:
                self._load(folder)
        elif now.run is None and self._loaded is not None:  # its folder was opened once more
            self._project.change(run=folder)
        self._show()

    def _load(self, folder: Path) -> None:
        def take(found: LoadedRun) -> None:
            if self._looked != found.folder:
                return
            self._loaded = found
            if self.is_running:
                return
            self._history = found.history
            self._project.change(run=found.folder)
            self._show()
            self.state_changed.emit()

        if self._lanes.is_running(LOAD):
            return
        self._lanes.compute.start(
            lambda: load_run(folder),
            key=LOAD,
            on_result=take,
            on_error=lambda error: self._show_unreadable(error),
        )

    def _show_unreadable(self, error: AppError) -> None:
        self._notices.show_error(error, RUN)
        self._show()

    def _state(self) -> str:
        if self._control is not None:
            return "paused" if self._control.is_paused else "running"
        ended = self._history.ended
        if ended is not None:
            return ended.why
        return "cut off" if self._history.n_done else ""

    def _show(self) -> None:
        self._show_state()
        if self._window.page != "training" or self._page.step != "run":
            return
        if self._history.began is None:
            if not self.is_running:
                is_ready = self._solver() is not None
                self._step.show_missing(READY if is_ready else NO_FILES,
                                        "Start training" if is_ready else "")  # fmt: skip
            return
        divided = self._project.now.divided
        n_classes = 0 if divided is None else len(divided.classes)
        view = view_of(self._history, self._state(), n_classes, self._reader)
        self._step.show_run(view)
        self._step.show_facts(self._facts())

    def _show_state(self) -> None:
        button, history, state = self._page.bar.buttons["run"], self._history, self._state()
        last = history.began.last if history.began is not None else 0
        words = {
            "": "not started" if self._solver() is not None else "after the net",
            "running": f"running, {history.n_done:,} of {last:,}" if last else "starting",
            "paused": f"paused at {history.n_done:,} of {last:,}",
            "finished": f"{history.n_done:,} iterations{_best_words(history)}",
            "stopped": f"stopped at {history.n_done:,} of {last:,}",
            "diverged": f"diverged at {history.n_done:,}",
            "cut off": f"cut off at {history.n_done:,} of {last:,}",
        }[state]
        button.show_state(words, is_done=state == "finished")
        note = "Goes on while you use the other pages" if self.is_running else _EACH_ALONE
        self._page.bar.note.show_wordings(note, "")
        why_not = self.why_not()["training_ready"]
        self._page.start_run.setEnabled(not why_not)
        self._page.start_run.setToolTip(plain_tip(why_not or "Train by the files as written"))

    def _facts(self) -> tuple[Fact, ...]:
        loaded, run = self._loaded, self._project.now.run
        facts = []
        if loaded is not None:
            facts.append(Fact("Solver", solver_words(loaded.settings)))
            facts.append(Fact("base_lr", rate_words(loaded.settings)))
            weights = Path(loaded.weights).name if loaded.weights else "fillers"
            facts.append(Fact("Begins with", weights))
        if run is not None:
            facts.append(Fact("Folder", f"{run.parent.name}/{run.name}"))
        return tuple(facts)


def _best_words(history: History) -> str:
    best = history.best_snapshot()
    return "" if best is None else f", best {best.iteration:,}"
