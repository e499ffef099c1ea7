"""The objects behind the views of the Layer page: one each, joined to the page."""

from __future__ import annotations

from collections.abc import Callable

from PyQt5.QtCore import QObject, pyqtSlot

from gui.controllers.engine_child import EngineController
from gui.controllers.exporting import ExportingController
from gui.controllers.fields import FieldsController
from gui.controllers.inspecting import InspectingController
from gui.controllers.searching.controller import SearchingController
from gui.controllers.seeing import SeeingController
from gui.dialogs.files import FileChooser
from gui.dialogs.questions import Questioner
from gui.document import ModelDocument
from gui.jobs import Lanes
from gui.main_window import MainWindow
from gui.notices import Notices
from gui.settings import Settings
from gui.theme import ThemeKeeper


class LayerBench(QObject):
    """Puts each view on the page, and names the folder that it may be over."""

    def __init__(
        self,
        keeper: ThemeKeeper,
        document: ModelDocument,
        lanes: Lanes,
        engine: EngineController,
        inspecting: InspectingController,
        searching: SearchingController,
        seeing: SeeingController,
        exporting: ExportingController,
        notices: Notices,
        window: MainWindow,
        questioner: Callable[[], Questioner],
        settings: Settings,
        chooser: Callable[[], FileChooser],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._searching = searching
        self._bar = window.layer_page.view_bar
        self.fields = FieldsController(
            document, lanes, engine, inspecting, seeing, window.panels, notices, self
        )
        searching.changed.connect(self._show_folder)
        self._show_folder()

    @pyqtSlot()
    def _show_folder(self) -> None:
        """The folder of the gallery is the one that a view may be over."""
        folder, gallery = self._searching.folder, self._searching.gallery
        name = folder.name if folder is not None else ""
        self._bar.show_folder(name if gallery is None else f"{name}, {len(gallery):,}")
