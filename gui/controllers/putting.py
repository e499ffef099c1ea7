"""Puts another image's or another layer's value in the place of the one that is looked at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt5.QtCore import QObject

from core.engines.values import Value
from core.interventions.intervention import Intervention
from core.jobs.intervene import fitting_values
from core.words import shape_text
from gui.controllers.changed_channel import channel_at
from gui.controllers.searching.controller import SearchingController
from gui.controllers.sorted_paths import sort_paths
from gui.dialogs.files import IMAGE_FILTER, FileChooser
from gui.dialogs.put_value import PutDialog, PutView
from gui.document import ModelDocument
from gui.interventions import Interventions
from gui.main_window import MainWindow
from gui.settings import Settings
from gui.theme import ThemeKeeper
from gui.widgets.layer_rows import layer_rows

MOST_PICTURES = 7
NO_IMAGE = "{name} is no image."


class PuttingController(QObject):
    """Keeps the dialog on the value and channel of the Layer page while it is open."""

    def __init__(
        self,
        keeper: ThemeKeeper,
        model: Interventions,
        document: ModelDocument,
        searching: SearchingController,
        window: MainWindow,
        settings: Settings,
        chooser: Callable[[], FileChooser],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._keeper, self._model, self._document = keeper, model, document
        self._searching, self._window = searching, window
        self._settings, self._chooser = settings, chooser
        self._activations = window.panels.activations
        self.dialog: PutDialog | None = None
        self._activations.bar.switch.put_requested.connect(self.open)
        self._activations.channel_changed.connect(self._show)
        model.changed.connect(self._show)
        document.net_changed.connect(self.close)

    def open(self) -> None:
        """Ask what is to stand there."""
        if self._value() is None:
            return
        if self.dialog is None:
            self.dialog = PutDialog(self._keeper, self._window.panels.retrieval.thumbnails,
                                    self._window)  # fmt: skip
            self.dialog.image_requested.connect(self._ask_image)
            self.dialog.image_chosen.connect(self.put_image)
            self.dialog.layer_chosen.connect(self._put_layer)
            self.dialog.scope_changed.connect(self._show)
            self.dialog.finished.connect(self._forget)
        self._show()
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()

    def close(self) -> None:
        """Let the dialog go: another net has other values."""
        if self.dialog is not None:
            self.dialog.close()

    def put_image(self, path: Path) -> None:
        """Put what an image gives there."""
        value, dialog = self._value(), self.dialog
        if value is None or dialog is None:
            return
        if not sort_paths([path]).images:
            dialog.show_problem(NO_IMAGE.format(name=path.name))
            return
        dialog.show_problem("")
        image = str(path.absolute())
        self._model.put(Intervention(value, "image", self._channels(), image=image))

    def _put_layer(self, layer: str, top: str) -> None:
        value = self._value()
        if value is not None and layer:
            source = Value(layer, top)
            self._model.put(Intervention(value, "layer", self._channels(), source=source))

    def _ask_image(self) -> None:
        self._chooser().open_files(
            "The image whose value is put there", self._settings.folder("images"), IMAGE_FILTER,
            lambda paths: self.put_image(paths[0]) if paths else None,
        )  # fmt: skip

    def _value(self) -> Value | None:
        """What is looked at."""
        cards, drawing = self._activations.cards, self._activations.drawing
        if not cards:
            return None
        shown, net = cards[drawing.enlarged].value, self._document.net
        if net is None or not net.has_layer(shown.layer):  # tiles of the net before
            return None
        return Value(shown.layer, shown.top) if shown.top in net.layer(shown.layer).tops else None

    def _channels(self) -> tuple[int, ...]:
        channel = channel_at(self._activations)
        is_whole = self.dialog is None or self.dialog.is_whole
        return () if channel is None or is_whole else (channel,)

    def _show(self) -> None:
        dialog, value = self.dialog, self._value()
        net, shapes = self._document.net, self._document.shapes
        if dialog is None or value is None or net is None or shapes is None:
            return
        fitting = set(fitting_values(net, shapes, value))
        rows = (row for row in layer_rows(net, shapes) if Value(row.layer, row.top) in fitting)
        layer = net.layer(value.layer)
        shape = shapes.top(layer, layer.tops.index(value.top)) or ()
        channel = channel_at(self._activations)
        now = [
            one.label
            for one in self._model.active
            if one.value == value and (not one.channels or channel in one.channels)
        ]
        dialog.show_view(
            PutView(
                value.layer,
                channel if len(shape) > 1 else None,
                f"of the same shape, {shape_text(shape[1:] or shape)}",
                tuple(rows),
                self._pictures(),
                ", then ".join(now),
            )
        )

    def _pictures(self) -> tuple[Path, ...]:
        """Images at hand: the chosen result, the ranking's first, else the gallery's first."""
        found, gallery = self._searching.found, self._searching.gallery
        paths = []
        tile = self._window.panels.retrieval.selected.tile
        if tile is not None:
            paths.append(tile.path)
        if found is not None:
            n = min(MOST_PICTURES, len(found.tiles))
            paths += [found.query.path, *(found.tiles[i].path for i in range(n))]
        elif gallery is not None:
            paths += [gallery.path(i) for i in range(min(MOST_PICTURES, len(gallery)))]
        opened = self._document.image_path
        return tuple(dict.fromkeys(p for p in paths if p != opened))[:MOST_PICTURES]

    def _forget(self) -> None:
        self.dialog = None
