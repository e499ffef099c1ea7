"""The Training page: builds what its steps share and a controller for each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal

from core.files import is_plain_file
from core.training.split import SPLIT_NAME
from gui.controllers.engine_child import EngineController
from gui.controllers.searching.thumbnails import ThumbnailLoader
from gui.controllers.training.augmenting import AugmentingController
from gui.controllers.training.data import DataController
from gui.controllers.training.net import NetController
from gui.controllers.training.project import OpenProject
from gui.controllers.training.proof import ProofController
from gui.controllers.training.run import RunController
from gui.dialogs.files import FileChooser
from gui.dialogs.questions import Questioner
from gui.document import ModelDocument
from gui.jobs import Lanes
from gui.main_window import MainWindow
from gui.notices import Notices
from gui.settings import Settings


class TrainingController(QObject):
    """Holds the project and the controllers of the steps."""

    image_opened = pyqtSignal(object)
    """A picture of the page was clicked: its path."""

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        window: MainWindow,
        notices: Notices,
        settings: Settings,
        engine: EngineController,
        chooser: Callable[[], FileChooser],
        questioner: Callable[[], Questioner],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window, self.page = window, window.training_page
        self.project = OpenProject(self)
        self._thumbnails = ThumbnailLoader(lanes, self.page.thumbnails, self)
        self.data = DataController(self.project, lanes, self.page, notices, settings, chooser, self)
        self.augmenting = AugmentingController(
            self.project, document, lanes, self.page, notices, self
        )
        self.net = NetController(
            self.project, document, lanes, window, notices, settings, chooser, self
        )
        self.run = RunController(
            self.project, document, lanes, window, notices, engine, questioner, self
        )
        self.proof = ProofController(
            self.project, document, lanes, window, notices, settings, engine, self.run, chooser,
            questioner, self,
        )  # fmt: skip
        self.page.proof.file_opened.connect(self.image_opened)
        self.page.data.checks.file_opened.connect(self.image_opened)

    def open_images(self, source: Path) -> None:
        """Check images to learn from, and show the step."""
        self._window.show_page("training")
        self.page.show_step("data")
        self.data.open(source)

    def take(self, path: Path) -> None:
        """What was dropped: a training of before, or images to learn from."""
        if is_plain_file(path / SPLIT_NAME):
            self.data.open_split(path)
        else:
            self.open_images(path)

    def folder_to_remember(self) -> Path | None:
        """Where split, files and runs lie, once a split is saved."""
        now = self.project.now
        return now.folder if now.divided is not None else None

    def facts(self) -> dict[str, str]:
        """The state words of the page's actions."""
        steps = (self.data, self.net, self.run, self.proof)
        return {word: why_not for step in steps for word, why_not in step.why_not().items()}
