"""The objects behind the views of the Layer page: one each, joined to the page."""

from __future__ import annotations

from collections.abc import Callable

from PyQt5.QtCore import QObject, pyqtSlot

from gui.connections.explaining import connect_explaining
from gui.controllers.channels.controller import ChannelsController
from gui.controllers.channels.matrix import MatrixController
from gui.controllers.engine_child import EngineController
from gui.controllers.explaining.controller import ExplainingController
from gui.controllers.explaining.files import ExplanationFiles
from gui.controllers.explaining.overlay import OverlayController
from gui.controllers.exporting import ExportingController
from gui.controllers.fields import FieldsController
from gui.controllers.inspecting import InspectingController
from gui.controllers.overlaying import OverlayingController
from gui.controllers.searching.controller import SearchingController
from gui.controllers.seeing import SeeingController
from gui.controllers.spreads.controller import AllLayersController
from gui.controllers.spreads.folder import FolderStatistics
from gui.controllers.spreads.sources import HistogramSources
from gui.controllers.weighing import WeighingController
from gui.controllers.weighing_against import OtherWeights
from gui.dialogs.files import FileChooser
from gui.dialogs.questions import Questioner
from gui.document import ModelDocument
from gui.intervention_bench import InterventionBench
from gui.jobs import Lanes
from gui.main_window import MainWindow
from gui.notices import Notices
from gui.pages.all_layers_view import AllLayersView
from gui.pages.layer_views import ALL_LAYERS_VIEW, GRADIENTS_VIEW, VALUES_VIEW, WEIGHTS_VIEW
from gui.panels.gradients.panel import GradientsPanel
from gui.panels.weights.panel import WeightsPanel
from gui.settings import Settings
from gui.theme import ThemeKeeper


class LayerBench(QObject):
    """Puts each view on the page, names its folder, and plays pictures through the views."""

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
        self.interventions = InterventionBench(keeper, document, lanes, engine, inspecting,
            searching, exporting, notices, window, settings, chooser, self)  # fmt: skip
        self._searching = searching
        self.weights_panel = WeightsPanel(keeper)
        self.other_weights = OtherWeights(keeper, document, lanes, notices, settings, chooser, self)
        self.weighing = WeighingController(document, lanes, self.weights_panel, exporting,
            self.other_weights, self)  # fmt: skip
        self.folder_statistics = FolderStatistics(
            document, lanes, engine, notices, lambda: searching.folder,
            searching.places.cache / "statistics", self,
        )  # fmt: skip
        self.overlaying = OverlayingController(
            document, lanes, engine, inspecting, searching, self.folder_statistics,
            self.other_weights, window, notices, settings, chooser, self,
        )  # fmt: skip
        panel = self.weights_panel
        parts = (panel.bar, panel.pictures, panel.side)
        window.layer_page.add_view(WEIGHTS_VIEW, panel, parts)
        panel.weights_requested.connect(window.actions_["open_weights"].trigger)
        self._link_filters(document, window)
        self._add_gradients(keeper, window, document, lanes, engine, inspecting, seeing, exporting,
            notices, settings, chooser)  # fmt: skip
        self._bar = window.layer_page.view_bar
        self.fields = FieldsController(document, lanes, engine, inspecting, seeing,
            window.panels, notices, self)  # fmt: skip
        self.channels = ChannelsController(
            document, lanes, engine, inspecting, searching, notices, window.panels.activations,
            window.layer_page.top_strip, self,
        )  # fmt: skip
        self.matrix = MatrixController(
            lanes, engine, self.channels, exporting, window.layer_page, self
        )
        searching.changed.connect(self._show_folder)
        self._add_all_layers(
            keeper, window, document, lanes, engine, inspecting, exporting, notices,
            settings, chooser,
        )  # fmt: skip
        self._show_folder()

    def _add_gradients(
        self,
        keeper: ThemeKeeper,
        window: MainWindow,
        document: ModelDocument,
        lanes: Lanes,
        engine: EngineController,
        inspecting: InspectingController,
        seeing: SeeingController,
        exporting: ExportingController,
        notices: Notices,
        settings: Settings,
        chooser: Callable[[], FileChooser],
    ) -> None:
        self.gradients = GradientsPanel(keeper)
        self.explaining = ExplainingController(document, lanes, engine, inspecting,
            self.gradients, self)  # fmt: skip
        self.explanation_files = ExplanationFiles(lanes, engine, self.explaining, exporting,
            notices, self.gradients, self)  # fmt: skip
        self.overlay = OverlayController(
            document, self.explaining, seeing, window.panels.activations, self
        )
        connect_explaining(document, window, self.gradients, self.explaining, settings, chooser)
        self.explaining.switch_off.connect(self.interventions.switch_off)
        window.layer_page.add_view(GRADIENTS_VIEW, self.gradients, self.gradients.areas)

    def _link_filters(self, document: ModelDocument, window: MainWindow) -> None:
        """A filter is chosen with the channel that it makes, in tiles, top images and back."""
        activations, page = window.panels.activations, window.layer_page

        def show_top_images(layer: str, channel: int) -> None:
            document.select(layer)
            page.show_view(VALUES_VIEW)
            activations.choose(channel)

        activations.channel_changed.connect(
            lambda: self.weighing.show_channel(activations.chosen[0])
        )
        self.weighing.channel_chosen.connect(activations.choose)
        self.weighing.top_images_requested.connect(show_top_images)

    def _add_all_layers(
        self,
        keeper: ThemeKeeper,
        window: MainWindow,
        document: ModelDocument,
        lanes: Lanes,
        engine: EngineController,
        inspecting: InspectingController,
        exporting: ExportingController,
        notices: Notices,
        settings: Settings,
        chooser: Callable[[], FileChooser],
    ) -> None:
        searching = self._searching
        all_layers = AllLayersView(keeper)
        self.all_layers = AllLayersController(
            document, lanes, engine, inspecting, searching, exporting, self.folder_statistics,
            window.panels.activations, window.layer_page, all_layers, self,
        )  # fmt: skip
        all_layers.panel.open_image_requested.connect(window.actions_["open_image"].trigger)
        window.layer_page.add_view(
            ALL_LAYERS_VIEW,
            all_layers,
            (all_layers.panel, all_layers.side),
            has_over=True,
            tools=all_layers.panel.tools,
        )
        self.sources = HistogramSources(
            document, lanes, engine, inspecting, searching, self.folder_statistics, notices,
            settings, chooser, window.layer_page, window.panels.histogram, self,
        )  # fmt: skip

    @pyqtSlot()
    def _show_folder(self) -> None:
        """The folder of the gallery is the one that a view may be over."""
        folder, gallery = self._searching.folder, self._searching.gallery
        self._bar.set_has_over(ALL_LAYERS_VIEW, has_over=folder is not None)
        name = folder.name if folder is not None else ""
        self._bar.set_has_over(VALUES_VIEW, has_over=folder is not None)
        self._bar.show_folder(name if gallery is None else f"{name}, {len(gallery):,}")
