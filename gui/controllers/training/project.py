"""What the steps of a fine-tuning share: images, split, the files made of them, run and proof."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PyQt5.QtCore import QObject, pyqtSignal

from core.jobs.check_images import SplitMade
from core.jobs.prepare import PreparedFiles
from core.jobs.report import Report
from core.training.augmentation import Augmentation
from core.training.data_check import DataCheck, Kind
from core.training.split import Split

NO_AUGMENTATION = Augmentation()


@dataclass(frozen=True)
class TrainingProject:
    """A fine-tuning as far as it is.

    source: a folder with one a class, a table or a list. folder: for all that is written. check:
    what was found of the images, as the check gave it. keep, leave_out: kinds of findings that the
    user decided on. split: as it is shown; its `written` is () until it is saved. divided: the
    split that lies in the folder. net, weights: in place of the window's. prepared: the files that
    lie in the folder, as they were made. run: the folder of the run that is shown. proof: of it.
    augmentation: of the images that a net learns from.
    """

    source: Path | None = None
    folder: Path | None = None
    check: DataCheck | None = None
    keep: tuple[Kind, ...] = ()
    leave_out: tuple[Kind, ...] = ()
    split: SplitMade | None = None
    divided: Split | None = None
    net: Path | None = None
    weights: Path | None = None
    prepared: PreparedFiles | None = None
    run: Path | None = None
    proof: Report | None = None
    augmentation: Augmentation = NO_AUGMENTATION


class OpenProject(QObject):
    """The project that the page shows; every step reads it here and changes it here."""

    changed = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.now = TrainingProject()

    def change(self, **fields: Any) -> None:
        """Change some fields, and tell everyone once."""
        now = replace(self.now, **fields)
        if now != self.now:
            self.now = now
            self.changed.emit()

    def begin(self, source: Path) -> None:
        """Another set of images: nothing of the former project holds for it."""
        source = source.absolute()
        self.now = TrainingProject(source, folder_beside(source))
        self.changed.emit()

    def resume(self, folder: Path, divided: Split) -> None:
        """A split of before, whose images are not checked again."""
        net, weights = self.now.net, self.now.weights
        source = Path(divided.root)
        self.now = TrainingProject(
            source, folder.absolute(), divided=divided, net=net, weights=weights
        )
        self.changed.emit()


def folder_beside(source: Path) -> Path:
    """Where the files of a fine-tuning go unless the user says otherwise."""
    stem = source.name if source.is_dir() else source.stem
    return source.parent / f"{stem}_training"
