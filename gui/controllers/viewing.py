"""Keeps the panels in step with the document, and the document with what is selected in them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PyQt5.QtCore import QObject
from PyQt5.QtGui import QImage

from core.images.preprocess import Preprocess
from core.images.thumbnails import thumbnail
from core.layers.failures import failing_layers
from core.weights.binding import Binding
from core.words import order_words
from gui.document import ModelDocument
from gui.jobs import Lanes
from gui.main_window import MainWindow
from gui.settings import Settings

THUMBNAIL_SIDE = 96


class ViewingController(QObject):
    """One direction each: document to panels by show_*, panels to document by select."""

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        window: MainWindow,
        settings: Settings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._lanes = lanes
        self._window = window
        self._settings = settings
        self._shown_binding: Binding | None = None
        self._connect_document()
        self._connect_panels()
        self._show_title()

    def _connect_document(self) -> None:
        document = self._document
        document.net_changed.connect(self._show_net)
        document.weights_changed.connect(self._show_weights)
        document.selection_changed.connect(self._show_selection)
        document.image_changed.connect(self._show_image)
        document.saved_changed.connect(self._show_title)
        document.recipe_changed.connect(self._show_recipe)

    def _connect_panels(self) -> None:
        panels = self._window.panels
        select = self._document.select
        panels.layer_table.layer_selected.connect(select)
        panels.layer_table.layers_selected.connect(panels.inspector.show_several)
        panels.graph.layer_selected.connect(select)
        panels.inspector.layer_selected.connect(select)
        panels.changes.layer_selected.connect(select)
        panels.layer_table.layer_hovered.connect(panels.graph.highlight)
        panels.graph.layers_chosen.connect(self._select_together)
        panels.layer_table.layers_selected.connect(panels.graph.show_together)
        panels.graph.layer_hovered.connect(panels.layer_table.highlight)

    def show_layers(self, names: list[str]) -> None:
        """Select those of these layers that the net has, and bring all of them into view."""
        net, panels = self._document.net, self._window.panels
        known = [name for name in names if net is not None and net.has_layer(name)]
        if known:
            self._document.select(known[0])
            self._select_together(known)
            panels.graph.show_layers(known)

    def _select_together(self, names: Sequence[str]) -> None:
        """Select rows of the table, which tells the graph; for none the selected layer alone."""
        table = self._window.panels.layer_table
        table.view.select_rows(map(table.model.place_of, (*names, self._document.selection)))

    def _show_net(self) -> None:
        document, panels = self._document, self._window.panels
        own = document.own_blobs()
        self._shown_binding = document.binding
        panels.graph.show_net(document.net, document.shapes, own)
        panels.layer_table.show_net(document.net, document.shapes, document.binding, own)
        self._show_inspector()

    def _show_weights(self) -> None:
        document = self._document
        if document.binding is self._shown_binding:
            return  # opening a net tells of its weights, too
        self._shown_binding = document.binding
        self._window.panels.layer_table.show_net(document.net, document.shapes, document.binding)
        self._show_inspector()

    def _show_selection(self, name: str) -> None:
        self._window.panels.layer_table.show_selection(name)
        self._window.panels.graph.show_selection(name)
        self._show_inspector()

    def _show_inspector(self) -> None:
        document = self._document
        inspector, net, shapes = self._window.panels.inspector, document.net, document.shapes
        inspector.show_layer(net, shapes, document.binding, document.selection or None)
        failing = failing_layers(net, shapes) if net is not None and shapes is not None else {}
        inspector.show_failure(failing.get(document.selection, ""))

    def _show_title(self) -> None:
        document = self._document
        name = document.path.name if document.path else ""
        self._window.show_document_title(name, document.is_edited)

    def _show_recipe(self) -> None:
        chosen = self._document.chosen_recipe
        if chosen is None:
            self._window.subjects.sees.set_line("", "")
            return
        self._window.subjects.sees.set_line(
            short_recipe(chosen.recipe),
            f"{chosen.describe()}\n{chosen.note}".rstrip(),
            is_guessed=chosen.is_guessed,
        )

    def _show_image(self) -> None:
        path = self._document.image_path
        self._window.subjects.image.set_images(self._settings.recent("images"))
        self._window.subjects.image.show_image(path, None)
        self._window.panels.graph.show_thumbnail(None)
        if path is None:
            return

        def show(picture: QImage) -> None:
            if self._document.image_path == path:
                self._window.subjects.image.show_image(path, picture)
                self._window.panels.graph.show_thumbnail(picture)

        self._lanes.files.start(
            lambda: as_image(thumbnail(path, THUMBNAIL_SIDE)),
            key="image-thumbnail",
            on_result=show,
            on_error=lambda error: None,  # the forward pass says what is wrong with the image
        )


def short_recipe(recipe: Preprocess) -> str:
    """Size and channels in a few characters: "224×224 BGR"."""
    order = order_words(recipe.colour_order)
    if recipe.size_policy == "original":
        return f"original {order}"
    if recipe.size_policy == "longest side":
        return f"{recipe.side} longest {order}"
    return f"{recipe.width}×{recipe.height} {order}"


def as_image(rgb: np.ndarray) -> QImage:
    """(height, width, 3) uint8 RGB as a picture that owns its bytes."""
    rows = np.ascontiguousarray(rgb)
    height, width = rows.shape[:2]
    return QImage(rows.tobytes(), width, height, 3 * width, QImage.Format_RGB888).copy()
