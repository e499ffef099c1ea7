"""Shows on every page what is looked at: net, layer, image, recipe, gallery; and what changed."""

from __future__ import annotations

from PyQt5.QtCore import QObject

from core.layers.registry import layer_type
from core.net.definition import Net
from core.net.value_words import blob_words
from gui.controllers.changing import ChangingController
from gui.controllers.searching.gallery_list import GalleryListController
from gui.document import ModelDocument
from gui.main_window import MainWindow
from gui.pages.layer_strip import StripLayer
from gui.widgets.chip_label import Chip
from gui.widgets.layer_rows import LayerRow, layer_rows


class SubjectsController(QObject):
    """One direction: document and gallery to the frame; what is chosen there selects and opens."""

    def __init__(
        self,
        document: ModelDocument,
        gallery_list: GalleryListController,
        changing: ChangingController,
        window: MainWindow,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._gallery_list = gallery_list
        self._changing = changing
        self._window = window
        self._connect()
        self._show_net()
        self._show_layers()

    def _connect(self) -> None:
        document, window = self._document, self._window
        for changed in (document.net_changed, document.weights_changed, document.saved_changed,
                        document.verification_changed, document.stray_changed):  # fmt: skip
            changed.connect(self._show_net)
        document.net_changed.connect(self._show_layers)
        document.selection_changed.connect(lambda _name: self._show_layers())
        window.subjects.layer.rows_wanted = self._rows
        window.panels.retrieval.recipe_bar.layer_button.rows_wanted = self._rows
        for line in window.panels.retrieval.two.lines:
            line.offer_rows(self._rows)
        window.subjects.layer.layer_chosen.connect(document.select)
        window.layer_page.strip.layer_selected.connect(document.select)
        window.actions_.on("layer_before", lambda: window.layer_page.strip.walk(-1))
        window.actions_.on("layer_after", lambda: window.layer_page.strip.walk(1))

    def _show_net(self) -> None:
        document, window = self._document, self._window
        path = document.path
        window.show_net_there(document.net is not None)
        window.subjects.net.show_value(
            path.stem if path else "", tip=str(path) if path else "Open a model (Ctrl+O)",
            chip=self._net_chip(),
        )  # fmt: skip

    def _net_chip(self) -> Chip | None:
        document = self._document
        stray = document.stray_weights is not None
        if document.net is None:
            return Chip("info", "weights waiting") if stray else None
        if stray:
            return Chip("error", "weights of another net")
        proof = self._changing.proof_chip()
        if proof is not None:
            return proof
        binding = document.binding
        if binding is None:
            return Chip("info", "no weights")
        n_bound, n_expected = binding.n_arrays_bound, binding.n_arrays_expected
        is_whole = not binding.wrong and not binding.unbound
        return None if is_whole else Chip("warning", f"weights {n_bound} of {n_expected}")

    def _show_layers(self) -> None:
        document, window = self._document, self._window
        net, name = document.net, document.selection
        window.layer_page.strip.show_layers(_strip(net) if net is not None else (), name)
        if net is None or not net.has_layer(name):
            window.subjects.layer.show_layer("", "", None)
            return
        layer = net.layer(name)
        blobs = ", ".join(filter(None, map(blob_words, net.written(name))))
        family = layer_type(layer.type).family
        window.subjects.layer.show_layer(name, blobs, family, f"{name}, {layer.type}")

    def _rows(self) -> tuple[LayerRow, ...]:
        net, shapes = self._document.net, self._document.shapes
        if net is None or shapes is None:
            return ()
        return layer_rows(net, shapes, self._gallery_list.in_gallery)


def _strip(net: Net) -> tuple[StripLayer, ...]:
    chain_of = {version.layer: chain.blob for chain in net.chains for version in chain.versions}
    return tuple(
        StripLayer(layer.name, layer_type(layer.type).family, chain_of.get(layer.name, ""))
        for layer in net.layers
    )
