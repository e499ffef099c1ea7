"""The Data step: checks the images, divides what stays, and writes the split down."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal
from PyQt5.QtGui import QGuiApplication

from core.errors import AppError
from core.jobs.check_images import CheckImagesRequest, SplitMade, SplitRequest, check, split
from core.progress import Progress
from core.reports.data_report import write_data_report
from core.training.data_check import DataCheck, Kind
from core.training.split import Split, read_split, straddling
from core.words import plural
from gui.controllers.training.project import OpenProject
from gui.dialogs.files import LABELS_FILTER, FileChooser
from gui.jobs import SLICE_SECONDS, Lanes
from gui.notices import Notices
from gui.pages.training_page import TrainingPage
from gui.panels.training.data_source import class_count
from gui.panels.training.data_split import SplitWords
from gui.settings import Settings

CHECK, SPLIT, REPORT = "train-check", "train-split", "train-report"
_REPORT_FILTER = "Web page (*.html)"


class DataController(QObject):
    """Checks when images are chosen; what is decided after that only divides them anew."""

    said = pyqtSignal(str)
    """What was done, in a sentence for the status line."""
    written = pyqtSignal(object)
    """The path of a report that is there now."""

    def __init__(
        self,
        project: OpenProject,
        lanes: Lanes,
        page: TrainingPage,
        notices: Notices,
        settings: Settings,
        chooser: Callable[[], FileChooser],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._project = project
        self._lanes = lanes
        self._page, self._step = page, page.data
        self._notices = notices
        self._settings = settings
        self._chooser = chooser
        self._began = 0.0
        self._seconds: float | None = None
        self._connect()
        self._show()

    def choose_folder(self) -> None:
        """Ask for a folder that has one for each class."""
        start = self._settings.folder("training")
        self._chooser().open_folder("Images to learn from, a folder for each class", start,
                                    self.open)  # fmt: skip

    def choose_table(self) -> None:
        """Ask for a table or a list file of Caffe."""
        start = self._settings.folder("training")
        self._chooser().open_files("Images to learn from, a table or a list", start, LABELS_FILTER,
                                   lambda paths: self.open(paths[0]))  # fmt: skip

    def open(self, source: Path) -> None:
        """Check other images; the former project goes."""
        self._settings.set_folder("training", source.absolute().parent)
        self._project.begin(source)
        self.check()

    def check(self) -> None:
        """Look at every image of the project."""
        source = self._project.now.source
        if source is None:
            return
        self._notices.dismiss(CHECK)
        self._project.change(check=None, split=None)
        self._began, self._seconds = time.monotonic(), None
        self._step.checks.show_progress(f"Checking {source.name} …")
        self._page.bar.buttons["data"].show_state("checking the images")
        self._lanes.compute.start(
            lambda: check(CheckImagesRequest(source)),
            key=CHECK,
            title=f"Checking {source.name}",
            slice_seconds=SLICE_SECONDS,
            on_progress=self._show_progress,
            on_result=self._take_check,
            on_error=self._show_error,
            on_end=self._end_check,
        )

    def why_not(self) -> dict[str, str]:
        """The state words of the step's actions."""
        now = self._project.now
        none = "No images to learn from are chosen; the Training page asks for them."
        return {
            "training_source": "" if now.source is not None else none,
            "training_check": "" if now.check is not None else
            "The images are not checked yet." if now.source is not None else none,
        }  # fmt: skip

    def choose_split(self) -> None:
        """Ask for a folder that holds a split."""
        start = self._settings.folder("training")
        self._chooser().open_folder("Folder of a saved split", start, self.open_split)

    def open_split(self, folder: Path) -> None:
        """Go on with a split of before, without a check of its images."""
        self._notices.dismiss(SPLIT)

        def take(found: Split) -> None:
            self._settings.set_folder("training", folder.parent)
            self._seconds = None
            self._project.resume(folder, found)

        self._lanes.compute.start(
            lambda: read_split(folder),
            key=SPLIT,
            on_result=take,
            on_error=lambda error: self._notices.show_error(error, SPLIT),
        )

    def use_split(self) -> None:
        """Write the split down as it is shown."""
        self._divide(is_written=True)

    def save_report(self) -> None:
        """Ask where, and write what was found with its pictures."""
        found, source = self._project.now.check, self._project.now.source
        if found is None or source is None:
            return

        def write(path: Path) -> None:
            self._settings.set_folder("exports", path.parent)
            self._lanes.files.start(
                lambda: write_data_report(found, path),
                key=REPORT,
                title="Writing the report",
                on_result=lambda _: self.written.emit(path),
                on_error=lambda error: self._notices.show_error(error, "save"),
            )

        suggested = self._settings.folder("exports") / f"{source.stem}_check.html"
        self._chooser().save_file("Save the report of the check", suggested, _REPORT_FILTER, write)

    def copy_command(self) -> None:
        """Put the command that does the same on the clipboard."""
        request = self._request(is_written=True)
        if request is None or request.out is None:
            return
        shares = ",".join(f"{100 * share:g}" for share in request.shares)
        words = ["main.py", "split", str(request.checked.source), "--out", str(request.out),
                 "--shares", shares, "--seed", str(request.seed)]  # fmt: skip
        for option, kinds in (("--keep", request.keep), ("--leave-out", request.leave_out)):
            if kinds:
                words += [option, ",".join(kind.replace(" ", "-") for kind in kinds)]
        QGuiApplication.clipboard().setText(shlex.join(words))
        self.said.emit("The command is on the clipboard.")

    def _connect(self) -> None:
        source, checks, panel = self._step.source, self._step.checks, self._step.split
        source.folder_requested.connect(self.choose_folder)
        source.table_requested.connect(self.choose_table)
        source.few_decided.connect(lambda stays: self._decide("few images", stays))
        checks.choose_requested.connect(self.choose_folder)
        checks.report_requested.connect(self.save_report)
        checks.decided.connect(self._decide)
        panel.changed.connect(lambda: self._divide(is_written=False))
        panel.folder_requested.connect(self._choose_out)
        panel.use_requested.connect(self.use_split)
        panel.command_requested.connect(self.copy_command)
        self._project.changed.connect(self._show)

    def _choose_out(self) -> None:
        folder = self._project.now.folder
        start = folder.parent if folder is not None else self._settings.folder("training")
        self._chooser().open_folder("Folder for the split and what is trained with it", start,
                                    self._take_out)  # fmt: skip

    def _take_out(self, folder: Path) -> None:
        self._project.change(folder=folder, divided=None, prepared=None)

    def _decide(self, kind: Kind, stays: bool) -> None:
        """Keep the files of a finding, or leave them out; the parts are drawn anew."""
        now = self._project.now
        keep = tuple(one for one in now.keep if one != kind)
        leave_out = tuple(one for one in now.leave_out if one != kind)
        self._project.change(
            keep=(*keep, kind) if stays else keep,
            leave_out=leave_out if stays else (*leave_out, kind),
        )
        self._divide(is_written=False)

    def _request(self, *, is_written: bool) -> SplitRequest | None:
        now, panel = self._project.now, self._step.split
        if now.source is None:
            return None
        return SplitRequest(
            CheckImagesRequest(now.source),
            now.folder if is_written else None,
            panel.chosen_shares,
            panel.seed.value(),
            now.keep,
            now.leave_out,
        )

    def _divide(self, *, is_written: bool) -> None:
        request, found = self._request(is_written=is_written), self._project.now.check
        if request is None or found is None:
            return
        self._notices.dismiss(SPLIT)
        self._lanes.compute.start(
            lambda: split(request, found),
            key=SPLIT,
            on_result=self._take_split,
            on_error=lambda error: self._notices.show_error(error, SPLIT),
        )

    def _show_progress(self, step: Progress) -> None:
        if step.total:
            words = f"{step.done:,} of {plural(step.total, 'image')}"
            self._step.checks.show_progress(words)
            self._page.bar.buttons["data"].show_state(f"checking, {words}")

    def _take_check(self, found: DataCheck) -> None:
        self._seconds = time.monotonic() - self._began
        self._project.change(check=found)
        self.said.emit(self._checked_words(found))
        self._divide(is_written=False)

    def _end_check(self) -> None:
        now = self._project.now
        if now.check is None and now.source is not None and not self._lanes.is_running(CHECK):
            self._step.checks.say("The check was stopped. Change, or Check again, begins anew.")
            self._page.bar.buttons["data"].show_state("not checked")

    def _show_error(self, error: AppError) -> None:
        self._notices.show_error(error, CHECK)
        self._project.change(source=None, folder=None)

    def _take_split(self, made: SplitMade) -> None:
        self._project.change(split=made)
        if made.written:
            self._project.change(divided=made.split, prepared=None)
            folder = made.written[0].parent
            self.said.emit(f"Saved {plural(len(made.written), 'file')} in {folder.name}")

    def _checked_words(self, found: DataCheck) -> str:
        n_files = plural(len(found.images), "file")
        took = "" if self._seconds is None else f" in {max(1, round(self._seconds))} s"
        return f"Checked {n_files}{took}"

    def _show(self) -> None:
        now, step, button = self._project.now, self._step, self._page.bar.buttons["data"]
        step.source.show_source(now.source)
        step.split.show_folder(now.folder)
        step.show_chosen(now.source is not None)
        found = now.split.check if now.split is not None else now.check
        if found is None:
            step.source.show_check(None, {})
            step.split.show_split(None)
            if now.source is None or now.divided is not None:
                step.checks.show_none()
            if now.divided is not None:
                button.show_state(_divided_words(now.divided), is_done=True)
            elif now.source is None:
                button.show_state("choose images")
            return
        n_all, n_kept = len(found.images), len(found.kept)
        took = "" if self._seconds is None else f" in {max(1, round(self._seconds))} s"
        files = plural(n_all, "file")
        step.checks.show_check(
            found, f"{files}{took}, {n_kept:,} stay; nothing is deleted, only left out"
        )
        made = now.split
        parts = {} if made is None else {c: made.split.counts(c) for c in made.split.classes}
        step.source.show_check(found, parts)
        step.split.show_split(None if made is None else _split_words(made))
        is_saved = made is not None and bool(made.written)
        words = f"{files}, {n_kept:,} stay"
        if made is not None and is_saved:
            words = _divided_words(made.split)
        button.show_state(words, is_done=is_saved)


def _divided_words(made: Split) -> str:
    counts = " / ".join(f"{len(names):,}" for names in made.parts.values())
    return f"{class_count(len(made.classes))}, {counts}"


def _split_words(made: SplitMade) -> SplitWords:
    split_made = made.split
    by_class = {label: split_made.counts(label) for label in split_made.classes}
    smallest = min(by_class, key=lambda label: sum(by_class[label]))
    return SplitWords(
        tuple(len(names) for names in split_made.parts.values()),
        len(made.check.alike),
        straddling(split_made, made.check.alike),
        f"{smallest}: {' / '.join(map(str, by_class[smallest]))}",
        bool(made.written),
    )
