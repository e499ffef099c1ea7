"""The augmentation of a training: chosen in step Data, shown by draws, written with the files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PyQt5.QtCore import QObject
from PyQt5.QtGui import QImage

from core.errors import AppError
from core.images.preprocess import Preprocess
from core.jobs.preview_images import PreviewRequest, PreviewRow, preview_images
from gui.controllers.training.project import OpenProject
from gui.document import ModelDocument
from gui.jobs import Lanes
from gui.notices import Notices
from gui.pages.training_page import TrainingPage
from gui.panels.training.data_augment import N_DRAWS

PREVIEW = "train-preview"
UNKNOWN = Preprocess("warp", 227, 227)
"""How images are shown as long as no net says what it takes."""


class AugmentingController(QObject):
    """Draws anew whenever the split, the net's recipe or what is chosen is another."""

    def __init__(
        self,
        project: OpenProject,
        document: ModelDocument,
        lanes: Lanes,
        page: TrainingPage,
        notices: Notices,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._project = project
        self._document = document
        self._lanes = lanes
        self._panel, self._source = page.data.augment, page.data.source
        self._notices = notices
        self._number = 0
        self._drawn: PreviewRequest | None = None
        self._panel.changed.connect(self._take)
        self._source.balance_decided.connect(self._take)
        self._panel.draw_requested.connect(self._draw_again)
        project.changed.connect(self._draw)
        document.recipe_changed.connect(self._draw)

    def _take(self) -> None:
        chosen = self._panel.chosen(balance=self._source.rare.isChecked())
        self._panel.show_augmentation(chosen)
        self._project.change(augmentation=chosen)

    def _draw_again(self) -> None:
        self._number += 1
        self._draw()

    def _draw(self) -> None:
        now = self._project.now
        made = now.split.split if now.split is not None else now.divided
        if made is None or not made.parts["train"]:
            self._panel.hide()
            return
        self._panel.show()
        train = made.parts["train"]
        name = train[(self._number * 7919) % len(train)]
        request = PreviewRequest(
            None,
            n_draws=N_DRAWS,
            augmentation=now.augmentation,
            seed=self._number,
            images=(Path(made.root) / name,),
            recipe=self._document.recipe or UNKNOWN,
        )
        if request == self._drawn:
            return
        self._drawn = request
        self._lanes.files.start(
            lambda: preview_images(request),
            key=PREVIEW,
            on_result=lambda rows: self._show(name, rows),
            on_error=self._show_nothing,
        )

    def _show(self, name: str, rows: tuple[PreviewRow, ...]) -> None:
        self._panel.show_draws(name, [_image(one) for one in (rows[0].whole, *rows[0].drawn)])

    def _show_nothing(self, _error: AppError) -> None:
        """A file that is gone or can't be read is no matter of the draws; the check tells."""
        self._panel.show_draws("", ())


def _image(picture: np.ndarray) -> QImage:
    height, width, _ = picture.shape
    raw = np.ascontiguousarray(picture).tobytes()
    return QImage(raw, width, height, 3 * width, QImage.Format_RGB888).copy()
