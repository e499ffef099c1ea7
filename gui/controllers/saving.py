"""Saving the edited text as a new file, with the proof beside it, and asking before edits go."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PyQt5.QtCore import QObject, pyqtSignal

from core.comparison.changes import NO_CHANGES, Changes
from core.engines.measurement import (
    measurement_path,
    measurement_record,
    write_measurement,
)
from core.engines.verification_report import (
    ReportStanding,
    report_path,
    report_record,
    report_standing,
    write_report,
)
from core.net.text import write_prototxt
from gui.dialogs.files import PROTOTXT_FILTER, FileChooser
from gui.dialogs.questions import Questioner
from gui.document import ModelDocument
from gui.jobs import Lanes
from gui.notices import Notice, Notices
from gui.settings import Settings

KEPT_PROOF = "kept-proof"
_OWN_ENDING = re.compile(r"_(renamed|fixed)(_\d+)?$")
"""What this window adds to a name; another copy gets it once."""


class SavingController(QObject):
    """Writes beside and renames; the opened file stays as it is unless it is chosen by name."""

    saved = pyqtSignal(object)

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        notices: Notices,
        settings: Settings,
        chooser: FileChooser,
        questioner: Questioner,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._lanes = lanes
        self._notices = notices
        self._settings = settings
        self.chooser = chooser
        self.questioner = questioner
        self._last_saved: Changes = NO_CHANGES
        document.verification_changed.connect(self._keep_late_proof)
        document.opened.connect(self._look_for_proof)

    def suggested_path(self) -> Path:
        """`<name>_renamed.prototxt` beside the opened file, with a number where it is taken.

        `_fixed` where a fix is among the edits.
        """
        document = self._document
        opened = document.path or Path.cwd() / "net.prototxt"
        stem = opened.name.removesuffix(".txt").removesuffix(".prototxt")
        what = "fixed" if document.changes.n_fixes else "renamed"
        stem = f"{_OWN_ENDING.sub('', stem) or stem}_{what}"
        path, number = opened.with_name(f"{stem}.prototxt"), 2
        while path.exists():
            path, number = opened.with_name(f"{stem}_{number}.prototxt"), number + 1
        return path

    def choose_and_save(self, on_saved: Callable[[], None] = lambda: None) -> None:
        """Ask where, then save."""
        self.chooser.save_file(
            "Save as new file",
            self.suggested_path(),
            PROTOTXT_FILTER,
            lambda path: self.save(path, on_saved),
        )

    def save(self, path: Path, on_saved: Callable[[], None] = lambda: None) -> None:
        """Write the text to `path` and the proof, if there is one, beside it."""
        document = self._document
        text = document.text
        proof, numbers = self._proof(document.changes), self._numbers()

        def finish(_: None) -> None:
            self._notices.dismiss("save")
            if document.text == text:
                self._last_saved = document.changes
                document.set_saved(path)
            self._settings.add_recent("models", path)
            if document.weights_path is not None:
                self._settings.set_weights_of(path, document.weights_path)
            self.saved.emit(path)
            on_saved()

        self._lanes.files.start(
            lambda: _write(path, text, proof, numbers),
            key="save",
            title=f"Saving {path.name}",
            on_result=finish,
            on_error=lambda error: self._notices.show_error(error, "save"),
        )

    def before_loss(self, go_on: Callable[[], None]) -> None:
        """Go on at once when nothing is unsaved, else ask; Cancel goes nowhere."""
        document = self._document
        if not document.is_edited:
            go_on()
            return
        name = document.path.name if document.path else "The net"
        changes = document.changes
        answers: dict[str, Callable[[], None]] = {
            "save": lambda: self.choose_and_save(go_on),
            "discard": go_on,
            "cancel": lambda: None,
        }
        self.questioner.ask(
            f"{name} has edits that are not saved",
            f"{': '.join(filter(None, (changes.words, changes.names_words)))}.".capitalize(),
            (("save", "Save as new file…"), ("discard", "Discard edits"), ("cancel", "Cancel")),
            lambda answer: answers[answer](),
        )

    def _look_for_proof(self) -> None:
        """A file that was verified when it was saved says so when it is opened again."""
        self._last_saved = NO_CHANGES
        path, text = self._document.path, self._document.text
        if path is None or self._document.is_edited:
            return
        self._lanes.files.start(
            lambda: report_standing(path, text),
            key="kept-proof",
            on_result=lambda standing: self._show_standing(path, standing),
        )

    def _show_standing(self, path: Path, standing: ReportStanding) -> None:
        if standing.status == "none" or path != self._document.path:
            return
        is_proved = standing.status == "matches" and standing.report is not None
        is_identical = is_proved and standing.report is not None and standing.report.is_identical
        kind = "ok" if is_identical else "error" if is_proved else "info"
        title = "Verified when it was saved" if is_identical else "About this file's verification"
        self._notices.show(Notice(kind, title, standing.sentence, key=KEPT_PROOF))

    def _keep_late_proof(self) -> None:
        """A verify or a measurement that ends after the file was saved still belongs beside it."""
        document = self._document
        path = document.path
        proof, numbers = self._proof(self._last_saved), self._numbers()
        if document.is_edited or path is None or (proof is None and numbers is None):
            return
        self._lanes.files.start(lambda: _write_reports(path, proof, numbers), key="save-proof")

    def _proof(self, changes: Changes) -> dict[str, Any] | None:
        """The proof as its report keeps it; none where it is against a fix and not the file."""
        document = self._document
        if document.verification is None or changes.n_fixes:
            return None
        return report_record(
            document.verification,
            renames=changes.renames,
            weights_name=document.weights_path.name if document.weights_path else None,
            image_name=document.image_path.name if document.image_path else None,
        )

    def _numbers(self) -> dict[str, Any] | None:
        """What was measured of a fix, as its report keeps it."""
        document = self._document
        if document.measurement is None:
            return None
        return measurement_record(
            document.measurement,
            weights_name=document.weights_path.name if document.weights_path else None,
            image_name=document.image_path.name if document.image_path else None,
        )


def _write(
    path: Path, text: str, proof: dict[str, Any] | None, numbers: dict[str, Any] | None
) -> None:
    write_prototxt(path, text)
    for report in (report_path(path), measurement_path(path)):  # of the text that was there
        report.unlink(missing_ok=True)
    _write_reports(path, proof, numbers)


def _write_reports(
    path: Path, proof: dict[str, Any] | None, numbers: dict[str, Any] | None
) -> None:
    if proof is not None:
        write_report(path, proof)
    if numbers is not None:
        write_measurement(path, numbers)
