"""Saving the edited text as a new file, with the proof beside it, and asking before edits go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PyQt5.QtCore import QObject, pyqtSignal

from core.engines.verification import Verification
from core.engines.verification_report import (
    ReportStanding,
    report_path,
    report_record,
    report_standing,
    write_report,
)
from core.errors import NetError
from core.net.text import write_prototxt
from gui.dialogs.files import PROTOTXT_FILTER, FileChooser
from gui.dialogs.questions import Questioner
from gui.document import ModelDocument
from gui.jobs import Lanes
from gui.notices import Notice, Notices
from gui.settings import Settings

KEPT_PROOF = "kept-proof"


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
        document.verification_changed.connect(self._keep_late_proof)
        document.opened.connect(self._look_for_proof)

    def suggested_path(self) -> Path:
        """`<name>_renamed.prototxt` beside the opened file, with a number where it is taken."""
        opened = self._document.path or Path.cwd() / "net.prototxt"
        stem = opened.name.removesuffix(".txt").removesuffix(".prototxt")
        stem = stem.removesuffix("_renamed")
        path, number = opened.with_name(f"{stem}_renamed.prototxt"), 2
        while path.exists():
            path, number = opened.with_name(f"{stem}_renamed_{number}.prototxt"), number + 1
        return path

    def choose_and_save(self, on_saved: Callable[[], None] = lambda: None) -> None:
        """Ask where, then save."""
        self.chooser.save_file(
            "Save as new file",
            self.suggested_path(),
            PROTOTXT_FILTER,
            lambda path: self.save(path, on_saved),
        )

    def save_named(self, name: str) -> None:
        """Save under a name typed in a panel: beside the opened file unless it has a folder."""
        name = name.strip()
        if not name:
            self._notices.show_error(NetError("A file needs a name."), "save")
            return
        folder = (self._document.path or Path.cwd() / "net").parent
        path = folder / Path(name).expanduser()
        if not path.exists():
            self.save(path)
            return
        self.questioner.ask(
            f"{path.name} exists already",
            "Replacing it loses what it holds now.",
            (("replace", "Replace it"), ("keep", "Choose another name")),
            lambda answer: self.save(path) if answer == "replace" else None,
        )

    def save(self, path: Path, on_saved: Callable[[], None] = lambda: None) -> None:
        """Write the text to `path` and the proof, if there is one, beside it."""
        document = self._document
        text = document.text
        proof = self._proof(document.verification)

        def finish(_: None) -> None:
            self._notices.dismiss("save")
            if document.text == text:
                document.set_saved(path)
            self._settings.add_recent("models", path)
            if document.weights_path is not None:
                self._settings.set_weights_of(path, document.weights_path)
            self.saved.emit(path)
            on_saved()

        self._lanes.files.start(
            lambda: _write(path, text, proof),
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
        count = len(document.renames)
        answers: dict[str, Callable[[], None]] = {
            "save": lambda: self.choose_and_save(go_on),
            "discard": go_on,
            "cancel": lambda: None,
        }
        self.questioner.ask(
            f"{name} has edits that are not saved",
            f"{count} blob name{'s' if count != 1 else ''} changed since the file was opened.",
            (("save", "Save as new file…"), ("discard", "Discard edits"), ("cancel", "Cancel")),
            lambda answer: answers[answer](),
        )

    def _look_for_proof(self) -> None:
        """A file that was verified when it was saved says so when it is opened again."""
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
        """A verify that ends after the file was saved still belongs beside it."""
        document = self._document
        is_saved_rename = document.renames and not document.is_edited and document.path is not None
        proof = self._proof(document.verification)
        if proof is None or not is_saved_rename or document.path is None:
            return
        path = document.path
        self._lanes.files.start(lambda: write_report(path, proof), key="save-proof")

    def _proof(self, verification: Verification | None) -> dict[str, Any] | None:
        document = self._document
        if verification is None or document.original_net is None:
            return None
        return report_record(
            verification,
            renames=document.renames,
            weights_name=document.weights_path.name if document.weights_path else None,
            image_name=document.image_path.name if document.image_path else None,
        )


def _write(path: Path, text: str, proof: dict[str, Any] | None) -> None:
    write_prototxt(path, text)
    if proof is not None:
        write_report(path, proof)
    else:
        report_path(path).unlink(missing_ok=True)
