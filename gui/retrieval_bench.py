"""The objects behind the Retrieval page that come after its search: one each, joined to it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PyQt5.QtCore import QObject

from gui.controllers.engine_child import EngineController
from gui.controllers.exporting import ExportingController
from gui.controllers.mapping.controller import MappingController
from gui.controllers.searching.controller import SearchingController
from gui.controllers.searching.copies import CopiesController
from gui.controllers.searching.gallery_care import GalleryCareController
from gui.controllers.searching.gallery_list import GalleryListController
from gui.controllers.searching.gallery_memory import GalleryMemory
from gui.controllers.searching.ranking_files import RankingFiles
from gui.controllers.searching.results import ResultsController
from gui.controllers.searching.sanity import SanityController
from gui.controllers.searching.server import ServerController
from gui.controllers.searching.truths import TruthController
from gui.controllers.searching.two_rankings import TwoRankingsController
from gui.controllers.searching.why import WhyController
from gui.controllers.sweeping.controller import SweepingController
from gui.controllers.sweeping.files import SweepFiles
from gui.dialogs.cluster_address import ClusterAddressDialog
from gui.dialogs.files import FileChooser
from gui.dialogs.questions import Questioner
from gui.dialogs.server_address import ServerAddressDialog
from gui.document import ModelDocument
from gui.jobs import Lanes
from gui.main_window import MainWindow
from gui.notices import Notices
from gui.settings import Settings
from gui.theme import ThemeKeeper


class RetrievalBench(QObject):
    """Sweep, map, two rankings, why, files, care and the sanity gate of what is searched."""

    def __init__(
        self,
        keeper: ThemeKeeper,
        document: ModelDocument,
        lanes: Lanes,
        engine: EngineController,
        searching: SearchingController,
        gallery_list: GalleryListController,
        exporting: ExportingController,
        notices: Notices,
        window: MainWindow,
        questioner: Callable[[], Questioner],
        settings: Settings,
        chooser: Callable[[], FileChooser],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        panel = window.panels.retrieval
        self.ranking_files = RankingFiles(keeper, searching, panel, exporting, self)
        self.two_rankings = TwoRankingsController(
            lanes, engine, searching, gallery_list, notices, exporting, panel.two, self
        )
        self.why = WhyController(lanes, engine, searching, self.two_rankings, panel, self)
        self.gallery_care = GalleryCareController(lanes, searching, notices, self)
        choices = panel.query_column.choices
        self.server = ServerController(lanes, searching, notices, choices, settings, self)
        pages = panel.queries_page
        self.copies = CopiesController(lanes, searching, notices, pages.copies, self)
        self.results = ResultsController(
            lanes, searching, notices, settings, chooser, pages.results, self
        )
        self.truths = TruthController(lanes, engine, searching, notices, panel, self)
        self.sanity = SanityController(lanes, engine, searching, notices, panel, self)
        self.sweeping = SweepingController(
            document, lanes, engine, searching, notices, panel, questioner, self
        )
        self.sweep_files = SweepFiles(engine, self.sweeping, panel, exporting, notices, self)
        self.mapping = MappingController(
            lanes, searching, gallery_list, self.sweeping, notices, exporting, panel.map, self
        )
        self.memory = GalleryMemory(document, searching, panel.map, settings, self)
        panel.recipe_bar.export_menu.addAction(window.actions_["export_gallery"])
        window.actions_.on("check_gallery", self.gallery_care.check)
        window.actions_.on("why_matched", self.why.toggle)
        self.sanity.check_requested.connect(self.gallery_care.check)
        choices.server_wanted.connect(lambda: self._ask_server(keeper, window, settings))
        ask = partial(self._ask_cluster, keeper, searching, window, settings)
        window.actions_.on("index_cluster", ask)

    def _ask_server(self, keeper: ThemeKeeper, window: MainWindow, settings: Settings) -> None:
        dialog = ServerAddressDialog(keeper, settings.search_server, window)
        dialog.chosen.connect(self.server.search_on)
        dialog.open()

    def _ask_cluster(
        self,
        keeper: ThemeKeeper,
        searching: SearchingController,
        window: MainWindow,
        settings: Settings,
    ) -> None:
        def take(address: str) -> None:
            searching.state.cluster = address
            settings.index_cluster = address or settings.index_cluster
            if searching.choice is not None:
                searching.choose(searching.choice)  # the offer says who reads

        dialog = ClusterAddressDialog(
            keeper, searching.state.cluster or settings.index_cluster, window
        )
        dialog.chosen.connect(take)
        dialog.open()
