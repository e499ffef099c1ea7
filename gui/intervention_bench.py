"""The objects behind interventions, and behind the slide show that plays pictures through them."""

from __future__ import annotations

from collections.abc import Callable

from PyQt5.QtCore import QObject, pyqtSlot

from core.engines.values import Value
from gui.controllers.changed_channel import ChangedChannelController
from gui.controllers.changed_ranking import ChangedRankingController
from gui.controllers.engine_child import EngineController
from gui.controllers.exporting import ExportingController
from gui.controllers.inspecting import InspectingController
from gui.controllers.intervening import InterveningController
from gui.controllers.putting import PuttingController
from gui.controllers.searching.controller import SearchingController
from gui.controllers.slides import SlidesController
from gui.dialogs.files import FileChooser
from gui.document import ModelDocument
from gui.interventions import Interventions
from gui.jobs import Lanes
from gui.main_window import MainWindow
from gui.notices import Notices
from gui.panels.interventions.panel import InterventionsPanel
from gui.panels.retrieval.moves_canvas import MovesCanvas
from gui.settings import Settings
from gui.theme import ThemeKeeper


class InterventionBench(QObject):
    """Makes them once and joins them; `switch_off` is for whoever names a channel elsewhere."""

    def __init__(
        self,
        keeper: ThemeKeeper,
        document: ModelDocument,
        lanes: Lanes,
        engine: EngineController,
        inspecting: InspectingController,
        searching: SearchingController,
        exporting: ExportingController,
        notices: Notices,
        window: MainWindow,
        settings: Settings,
        chooser: Callable[[], FileChooser],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self.model = Interventions(self)
        moves = MovesCanvas(keeper, window.panels.retrieval.thumbnails)
        self.panel = InterventionsPanel(keeper, moves)
        window.layer_page.add_changes(self.panel)
        self.running = InterveningController(
            self.model, document, lanes, inspecting, exporting, notices, settings, chooser,
            self.panel, self,
        )  # fmt: skip
        self.seen = ChangedChannelController(self.model, window, self)
        self.ranking = ChangedRankingController(
            document, lanes, engine, searching, self.running, self.panel, moves, self
        )
        self.slides = SlidesController(
            document, lanes, notices, settings, chooser, window.slide_bar, self
        )
        self.putting = PuttingController(
            keeper, self.model, document, searching, window, settings, chooser, self
        )
        self._document = document
        self.panel.channel_requested.connect(self._open_channel)

    @pyqtSlot(int)
    def _open_channel(self, channel: int) -> None:
        """Of the layer whose channels were ranked, wherever the selection is by now."""
        self._document.select(self.running.ranked_layer)
        self._window.panels.activations.choose(channel)

    @pyqtSlot(str, str, int)
    def switch_off(self, layer: str, top: str, channel: int) -> None:
        """Switch a channel off, whatever was done to it before, and show what follows."""
        self.seen.change(Value(layer, top), channel, "off")
        self.seen.open()
