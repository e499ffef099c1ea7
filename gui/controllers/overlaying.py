"""Colours the graph by a number for each layer; the table is sorted by it, the inspector tells."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from PyQt5.QtCore import QObject

from core.engines.host import NetToRun
from core.engines.values import EngineSpec
from core.errors import AppError, EngineCrashed
from core.files import is_plain_file
from core.jobs.layer_numbers import OF_VALUES, LayerNumbersRequest, NumberKind, layer_numbers
from core.jobs.look import LookRequest
from core.layer_numbers import LayerNumbers
from core.retrieval.sweep_file import TABLE_NAME
from core.words import plural
from gui.controllers.engine_child import EngineController
from gui.controllers.inspecting import InspectingController
from gui.controllers.searching.controller import SearchingController
from gui.controllers.spreads.folder import FolderStatistics
from gui.controllers.weighing_against import OtherWeights
from gui.dialogs.files import WEIGHTS_FILTER, FileChooser
from gui.document import ModelDocument
from gui.graph.overlay_menu import OverlayOffer
from gui.jobs import SLICE_SECONDS, Lanes
from gui.main_window import MainWindow
from gui.notices import Notices
from gui.settings import Settings

CSV_FILTER = "Table (*.csv);;All files (*)"
_OF_IMAGE = ("zeros", "dead", "mean", "ms")
_FOLDER = "folder "
"""Before the kind in the key of a number over the folder of the gallery."""
_BFLOAT16 = EngineSpec("torch", options=(("precision", "bfloat16"),))
_CAFFE = EngineSpec("caffe")


class OverlayingController(QObject):
    """Runs the job of the kind that is chosen; another image or net takes the colours away."""

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        engine: EngineController,
        inspecting: InspectingController,
        searching: SearchingController,
        folder: FolderStatistics,
        other: OtherWeights,
        window: MainWindow,
        notices: Notices,
        settings: Settings,
        chooser: Callable[[], FileChooser],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._lanes = lanes
        self._engine = engine
        self._inspecting = inspecting
        self._searching = searching
        self._folder = folder
        self._other = other
        self._window = window
        self._notices = notices
        self._settings = settings
        self._chooser = chooser
        self._key = ""
        self.numbers: LayerNumbers | None = None
        graph = window.panels.graph
        graph.overlay_offers = self.offers
        graph.overlay_chosen.connect(self.choose)
        document.opened.connect(self.clear)
        document.weights_changed.connect(self.clear)
        document.image_changed.connect(self._on_image)
        document.selection_changed.connect(lambda _name: self._tell_inspector())
        folder.changed.connect(self._on_folder)
        for changed in (searching.changed, document.weights_changed, document.recipe_changed,
                        engine.request_changed):  # fmt: skip
            changed.connect(folder.look_at_kept)

    def offers(self) -> tuple[OverlayOffer, ...]:
        """Every kind, with what it is of or what it needs."""
        image = self._document.image_path
        of_image = f"{image.name}, " if image is not None else ""
        second = self._second()
        other = self._other.path
        rows = (
            ("mAP", "mAP, best representation", self._sweep_words()),
            ("zeros", "zeros", f"{of_image}share of exact 0"),
            ("dead", "dead channels", f"{of_image}share that is 0 everywhere"),
            ("mean", "mean", f"{of_image}mean of the values"),
            ("ms", "time", f"{of_image}ms of each layer, the least of 3 passes"),
            ("change", "weight change", f"against {other.name}" if other else "choose a file…"),
            ("cosine", "cosine to the compared net", _name_of(second)),
            ("bfloat16", "cosine to bfloat16", f"{of_image}the same net, coarser"),
            ("caffe", "cosine to real Caffe", f"{of_image}the same net in Caffe"),
        )
        offers = []
        for key, name, note in rows:
            lacks = self._lacks(key)
            offers.append(OverlayOffer(key, name, f"needs {lacks}" if lacks else note, not lacks))
        csv = OverlayOffer("csv", "CSV…", "two columns: layer, value")
        return (*offers, csv, *self._folder_offers())

    def _folder_offers(self) -> tuple[OverlayOffer, ...]:
        """The numbers of what is kept of the folder, in a menu of their own."""
        folder, outlook = self._searching.folder, self._folder.outlook
        if folder is None:
            return ()
        if outlook is None or outlook.found is None:
            title = f"over {folder.name}"
            return (OverlayOffer("", "nothing is read of it", "Layer, All layers", False, title),)
        read = plural(outlook.found.n_images, "image")
        rest = f", {outlook.n_to_read:,} not read" if outlook.n_to_read else ""
        title = f"over {folder.name}, {read}{rest}"
        offers = []
        for kind, number in OF_VALUES.items():
            n_images, spreads = outlook.found.n_images, outlook.found.spreads.values()
            is_there = any(not math.isnan(number.of(spread, n_images)) for spread in spreads)
            note = number.what if is_there else "no layer has it"
            offers.append(OverlayOffer(_FOLDER + kind, number.name, note, is_there, title))
        return tuple(offers)

    def choose(self, key: str) -> None:
        """Show numbers of a kind; "" for the families alone."""
        if not key:
            self.clear()
        elif key == "csv":
            self._choose_file("Numbers of layers", "exports", CSV_FILTER, self._run_table)
        elif key == "change" and self._other.path is None:
            title = "Weights to compare with"
            self._choose_file(title, "models", WEIGHTS_FILTER, self._run_change)
        else:
            self._run(key, self._request(key))

    def show(self, numbers: LayerNumbers, key: str = "") -> None:
        """Colour the graph, sort the table, and say where the numbers come from."""
        self.numbers, self._key = numbers, key
        panels = self._window.panels
        panels.graph.show_numbers(numbers, key)
        panels.layer_table.show_numbers(numbers)
        self._tell_inspector()

    def show_on_net(self, numbers: LayerNumbers) -> None:
        """Go to the graph and show numbers that another page has, such as a sweep's."""
        self._window.show_page("net")
        self.show(numbers, "mAP")

    def clear(self) -> None:
        """The families alone."""
        self._lanes.cancel("overlay")
        self._key = ""
        if self.numbers is None:
            return
        self.numbers = None
        panels = self._window.panels
        panels.graph.show_numbers(None)
        panels.layer_table.show_numbers(None)
        self._tell_inspector()

    def _on_image(self) -> None:
        """A cheap net is measured again; the numbers of another image go."""
        if self._key in _OF_IMAGE and self._document.is_cheap and not self._lacks(self._key):
            self._run(self._key, self._request(self._key))
        elif self._key in (*_OF_IMAGE, "cosine", "bfloat16", "caffe"):
            self.clear()

    def _on_folder(self) -> None:
        """Another folder, or more of it, is known."""
        if not self._key.startswith(_FOLDER):
            return
        if self._folder.found is not None:
            self._run(self._key, self._request(self._key))
        elif not self._folder.is_reading:
            self.clear()

    def _tell_inspector(self) -> None:
        section = self._window.panels.inspector.numbers
        section.show_numbers(self.numbers, self._document.selection)

    def _look(self) -> LookRequest | None:
        """The net with the image, or the net alone where there is none."""
        if self._document.net is None:
            return None
        key = self._inspecting.run_key()
        return key if key is not None else LookRequest(self._engine.request())

    def _folder_request(self, kind: NumberKind) -> LayerNumbersRequest | None:
        asked = self._folder.request_of(self._searching.folder)
        if asked is None:
            return None
        return LayerNumbersRequest(kind, asked.look, asked.folder, asked.kept)

    def _request(
        self, key: str, *, against: Path | None = None, table: Path | None = None
    ) -> LayerNumbersRequest | None:
        for kind in OF_VALUES:
            if key == _FOLDER + kind:
                return self._folder_request(kind)
        look = self._look()
        if look is None:
            return None
        kinds: dict[str, NumberKind] = {
            "mAP": "mAP", "zeros": "zeros", "dead": "dead", "mean": "mean", "ms": "ms",
            "change": "change", "csv": "csv",
        }  # fmt: skip
        gallery = self._searching.gallery
        return LayerNumbersRequest(
            kinds.get(key, "cosine"),
            look,
            against=against or self._other.path,
            other={"bfloat16": _BFLOAT16, "caffe": _CAFFE}.get(key),
            second=self._second() if key == "cosine" else None,
            gallery=gallery.folder if gallery is not None and self._sweep_words() else None,
            table=table,
        )

    def _lacks(self, key: str) -> str:
        request = self._request(key)
        if request is None:
            return "a net"
        if key == "change" and self._document.weights_path is not None:
            return ""
        return request.lacks

    def _sweep_words(self) -> str:
        """ "sweep of landmarks", "" without one."""
        gallery, folder = self._searching.gallery, self._searching.folder
        if gallery is None or folder is None or not is_plain_file(gallery.folder / TABLE_NAME):
            return ""
        return f"sweep of {folder.name}"

    def _second(self) -> NetToRun | None:
        """The second net of the Compare page, with the weights last used with it."""
        comparison = self._window.compare_page.comparison
        second = comparison.second if comparison is not None else None
        if second is None or second.side is None or self._document.net is None:
            return None
        now = self._engine.request()
        weights = self._settings.weights_of(second.path)
        net = second.side.net
        return NetToRun(net.text, second.path, weights, net.state, now.device, now.seed, now.engine)

    def _choose_file(
        self, title: str, folder: str, filters: str, take: Callable[[Path], None]
    ) -> None:
        self._chooser().open_files(
            title, self._settings.folder(folder), filters, lambda paths: take(paths[0])
        )

    def _run_table(self, path: Path) -> None:
        self._run("csv", self._request("csv", table=path))

    def _run_change(self, path: Path) -> None:
        self._run("change", self._request("change", against=path))

    def _run(self, key: str, request: LayerNumbersRequest | None) -> None:
        if request is None:
            return
        runs_nothing = request.kind in ("change", "mAP", "csv") or request.kept is not None
        lane = self._lanes.compute if runs_nothing else self._lanes.engine
        lane.start(
            lambda: layer_numbers(request, self._engine.host),
            key="overlay",
            title="Numbers of the layers",
            revision=self._document.revision,
            slice_seconds=SLICE_SECONDS,
            on_result=lambda numbers: self.show(numbers, key),
            on_error=self._fail,
        )

    def _fail(self, error: AppError) -> None:
        if not isinstance(error, EngineCrashed):
            self._notices.show_error(error, "overlay")


def _name_of(second: NetToRun | None) -> str:
    return second.path.name if second is not None and second.path is not None else ""
