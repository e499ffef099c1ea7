"""The Proof step: measures before and after, shows what was gained, and saves the report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PyQt5.QtCore import QObject, QUrl, pyqtSignal
from PyQt5.QtGui import QDesktopServices

from core.errors import AppError, EngineCrashed
from core.files import is_plain_file
from core.jobs.report import ReportRequest, report
from core.progress import Progress
from core.training.made_from import FILE_NAME
from core.training.proof import Queries
from core.words import plural, points
from gui.controllers.engine_child import EngineController
from gui.controllers.searching.offers import CANCEL, READ
from gui.controllers.training.project import OpenProject
from gui.controllers.training.proof_work import (
    ProofAsked,
    ProofPriced,
    Proved,
    again,
    prove_training,
)
from gui.controllers.training.run import RunController
from gui.dialogs.files import FileChooser
from gui.dialogs.questions import Questioner
from gui.document import ModelDocument
from gui.jobs import SLICE_SECONDS, Lanes
from gui.main_window import MainWindow
from gui.notices import Notices
from gui.panels.training.proof_rows import name_of
from gui.settings import Settings
from gui.widgets.fact_list import Fact
from gui.widgets.plain_text import plain_tip

PROOF, REPORT = "train-proof", "train-proof-report"
NO_RUN = "The proof sets the net after a training against the net before. Train it in step Run."
NO_FILES = "What the net was made from is not known; write the files of step Net again."
_FILTER = "Web page (*.html)"


class ProofController(QObject):
    """One proof at a time, of the snapshot that step Run has chosen."""

    said = pyqtSignal(str)
    written = pyqtSignal(object)
    state_changed = pyqtSignal()

    def __init__(
        self,
        project: OpenProject,
        document: ModelDocument,
        lanes: Lanes,
        window: MainWindow,
        notices: Notices,
        settings: Settings,
        engine: EngineController,
        run: RunController,
        chooser: Callable[[], FileChooser],
        questioner: Callable[[], Questioner],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._project = project
        self._document = document
        self._lanes = lanes
        self._window, self._page = window, window.training_page
        self._step = self._page.proof
        self._notices = notices
        self._settings = settings
        self._engine = engine
        self._run = run
        self._chooser, self._questioner = chooser, questioner
        self._proved: Proved | None = None
        self._is_running = False
        self._of: Queries = "held back"
        self.open_file: Callable[[Path], object] = _open_in_browser
        self._connect()
        self._show()

    @property
    def proved(self) -> Proved | None:
        """What is shown; None before anything was measured."""
        return self._proved

    def why_not(self) -> dict[str, str]:
        """The state words of the step's actions."""
        missing = "It is being measured." if self._is_running else self._missing()
        none = "Nothing is measured yet. Step Proof of the Training page does."
        return {
            "training_provable": missing,
            "training_proved": "" if self._proved is not None else none,
        }

    def start(self, *, is_agreed: bool = False) -> None:
        """Measure before and after; asks first where that may take long."""
        asked = self._asked()
        if asked is None or self._is_running:
            return
        self._notices.dismiss(PROOF)
        self._is_running, host = True, self._engine.host
        self._step.show_missing("Measuring before and after …", "")
        self._show_state("measuring")
        self._lanes.engine.start(
            lambda: prove_training(asked, host, is_agreed=is_agreed),
            key=PROOF,
            title="Proof",
            slice_seconds=SLICE_SECONDS,
            on_progress=self._take_progress,
            on_result=self._take,
            on_error=self._show_error,
            on_end=self._end,
        )
        self.state_changed.emit()

    def save_report(self) -> None:
        """Ask where, write the report as one HTML file, and open it."""
        found, folder = self._proved, self._project.now.folder
        if found is None or folder is None:
            return

        def write(path: Path) -> None:
            request = replace(found.request, out=path)
            self._lanes.compute.start(
                lambda: report(request),
                key=REPORT,
                title="Writing the report",
                on_result=lambda _: self._take_written(path),
                on_error=lambda error: self._notices.show_error(error, "save"),
            )

        suggested = folder / "report.html"
        self._chooser().save_file("Save the report of the training", suggested, _FILTER, write)

    def _connect(self) -> None:
        step = self._step
        step.asked.connect(lambda: self.start())
        step.queries_chosen.connect(self._choose_queries)
        self._page.measure_again.clicked.connect(lambda: self.start())
        self._page.save_report.clicked.connect(lambda: self.save_report())
        self._project.changed.connect(self._follow)
        self._run.state_changed.connect(self._show)
        self._page.step_shown.connect(lambda _step: self._show())

    def _missing(self) -> str:
        folder = self._project.now.folder
        if self._run.snapshot is None or folder is None:
            return NO_RUN
        return "" if is_plain_file(folder / FILE_NAME) else NO_FILES

    def _asked(self) -> ProofAsked | None:
        folder, snapshot = self._project.now.folder, self._run.snapshot
        if folder is None or snapshot is None or self._missing():
            return None
        document = self._document
        spec = self._engine.spec.exact
        recipe = document.chosen_recipe if document.path is not None else None
        recipe = recipe if self._is_of_project(document.path) else None
        return ProofAsked(folder, snapshot[1], self._engine.device, spec, recipe, self._of)

    def _is_of_project(self, path: Path | None) -> bool:
        """Whether the open net is the one before, as far as this session made its files."""
        now = self._project.now
        return path is not None and now.prepared is not None and now.net in (None, path)

    def _choose_queries(self, of: str) -> None:
        self._of = of  # type: ignore[assignment]
        found = self._proved
        if found is None:
            return
        self._lanes.compute.start(
            lambda: again(found, self._of),
            key=PROOF,
            on_result=self._take,
            on_error=self._refuse_queries,
        )

    def _refuse_queries(self, error: AppError) -> None:
        """No such queries: the choice goes back."""
        self._notices.show_error(error, PROOF)
        if self._proved is not None:
            self._of = self._proved.asked.of
            self._step.queries.choose(self._of)

    def _take_progress(self, step: Progress) -> None:
        if step.total:
            self._show_state(f"{step.done:,} of {step.total:,} {step.what}")
            self._step.show_missing(f"{step.done:,} of {step.total:,} {step.what}", "")

    def _take(self, found: Proved | ProofPriced) -> None:
        self._is_running = False
        if isinstance(found, ProofPriced):
            self._ask(found)
            return
        self._notices.dismiss(PROOF)
        self._proved = found
        self._project.change(proof=found.report)
        self._show()
        self.said.emit(f"Swept {plural(found.n_images, 'image')} before and after")

    def _ask(self, priced: ProofPriced) -> None:
        def take(answer: str) -> None:
            if answer == READ:
                self.start(is_agreed=True)

        minutes, seconds = divmod(round(priced.seconds), 60)
        self._questioner().ask(
            f"Measure {plural(priced.n_images, 'image')} before and after?",
            f"About {minutes}:{seconds:02d}, decoding not counted. After Cancel it goes on from "
            "where it was.",
            ((READ, "Measure"), (CANCEL, "Cancel")),
            take,
        )

    def _end(self) -> None:
        self._is_running = self._lanes.is_running(PROOF)
        self._show()
        self.state_changed.emit()

    def _show_error(self, error: AppError) -> None:
        if not isinstance(error, EngineCrashed):  # which has its own notice
            self._notices.show_error(error, PROOF)

    def _take_written(self, path: Path) -> None:
        self.written.emit(path)
        self.open_file(path)

    def _follow(self) -> None:
        """Another project has no proof of this one."""
        now = self._project.now
        if self._proved is not None and now.folder != self._proved.asked.folder:
            self._proved = None
        self._show()

    def _show(self) -> None:
        if self._is_running:
            return
        found, why_not = self._proved, self._missing()
        if found is not None:
            self._step.show_report(found.report, _facts(found, self._run))
            lead = found.report.proof.rows[0]
            gain = "unchanged" if lead.is_unchanged else points(lead.difference.mean)
            self._show_state(f"{name_of(lead)} {gain}", is_done=True)
            return
        snapshot = self._run.snapshot
        words = "" if snapshot is None else f"iteration {snapshot[0]:,}"
        ready = (
            f"The images of the split are ranked by the net before and by the snapshot of {words}: "
            "for each layer that can have changed, what was gained, and whether that is chance."
        )
        self._step.show_missing(why_not or ready, "" if why_not else "Measure before and after")
        self._show_state("after the run" if why_not else "not measured yet")

    def _show_state(self, words: str, *, is_done: bool = False) -> None:
        self._page.bar.buttons["proof"].show_state(words, is_done=is_done)
        facts = self.why_not()
        for tool, word, tip in (
            (self._page.measure_again, "training_provable", "Measure the snapshot chosen now"),
            (self._page.save_report, "training_proved", "Save the report with its pictures"),
        ):
            tool.setEnabled(not facts[word])
            tool.setToolTip(plain_tip(facts[word] or tip))


def _facts(found: Proved, run: RunController) -> tuple[Fact, ...]:
    request: ReportRequest = found.request
    n_queries = len(found.report.proof.queries)
    facts = [
        Fact("Queries", f"{plural(n_queries, 'image')}, {found.asked.of}"),
        Fact("Ranked", f"{plural(found.n_images, 'image')}, the query left out"),
        Fact("Weights", found.asked.weights.name),
    ]
    channels = run.history.channels
    if channels:
        first, last = ({one.layer: one for one in channels[at].layers} for at in (0, -1))
        dead = [
            f"{layer} {first[layer].n_dead if layer in first else 0} to {one.n_dead} of "
            f"{one.n_channels}"
            for layer, one in last.items()
            if one.n_dead != (first[layer].n_dead if layer in first else 0)
        ]
        n_dead = sum(one.n_dead for one in last.values())
        words = "; ".join(dead) or f"{n_dead:,} before and after"
        facts.append(Fact("Dead channels", words, role="warning_text" if dead else "text"))
    facts.append(Fact("Sweeps in", str(request.after.parent)))
    return tuple(facts)


def _open_in_browser(path: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
