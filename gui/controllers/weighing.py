"""Fills the Weights view: reads a layer, draws it off the window's thread, and another file too."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal
from PyQt5.QtGui import QGuiApplication, QImage

from core.csv_table import rows_as_csv
from core.errors import AppError
from core.files import write_file
from core.filters.export import (
    COLUMNS,
    filter_rows,
    write_array,
    write_filter_table,
)
from core.filters.pictures import FilterTiles, MapRegion, draw_map, draw_tiles
from core.filters.source import WeightsSource
from core.jobs.weights import (
    TWIN_COSINE,
    ReadLayer,
    WeightsRequest,
    changes_of,
    nearest_with_weights,
    of_chain,
    reads_picture,
    weights,
)
from core.jobs.weights_files import SUFFIXES, SavedWeights, SaveWeightsRequest, save_weights
from core.progress import Job, Progress
from core.words import plural
from gui.controllers.exporting import ExportingController
from gui.controllers.weighing_against import OtherWeights
from gui.document import ModelDocument
from gui.jobs import SLICE_SECONDS, Lanes
from gui.panels.weights.panel import NO_WEIGHTS, WeightsPanel
from gui.panels.weights.shown import ShownWeights
from gui.widgets.png import png_of

NO_LAYER = "Select a layer to see its weights."
FILTERS = (
    "NumPy arrays of the layer (*.npz);;"
    "HDF5 arrays of the layer (*.h5);;"
    "NumPy array, the layer's first (*.npy);;"
    "CSV table of the filters (*.csv);;"
    "PNG picture (*.png)"
)
ALL_FILTERS = "NumPy arrays of all layers (*.npz);;HDF5, which Caffe reads as weights (*.h5)"
_KEPT = 6


class WeighingController(QObject):
    """Reads a layer when its weights can be seen; needs neither an engine nor an image."""

    top_images_requested = pyqtSignal(str, int)
    """Layer and channel: what fires it is asked for."""
    channel_chosen = pyqtSignal(int)
    """The channel that a filter makes, which is looked at now."""

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        panel: WeightsPanel,
        exporting: ExportingController,
        other: OtherWeights,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._lanes = lanes
        self._panel = panel
        self._exporting = exporting
        self._other = other
        self._source: WeightsSource | None = None
        self._read: dict[str, ReadLayer] = {}
        self._is_stale = True
        self._note = ""
        self._channel: int | None = None
        document.selection_changed.connect(self._on_changed)
        document.weights_changed.connect(self._on_other_files)
        document.net_changed.connect(self._on_other_files)
        panel.look_changed.connect(self._draw)
        panel.region_requested.connect(self._draw_region)
        panel.layer_requested.connect(document.select)
        panel.filter_chosen.connect(self._on_filter)
        panel.top_images_requested.connect(self.top_images_requested)
        panel.twins_requested.connect(self._find_twins)
        panel.other_requested.connect(other.choose)
        panel.save_requested.connect(self._save)
        panel.save_all_requested.connect(self._save_all)
        panel.copy_requested.connect(self._copy)
        panel.became_visible.connect(self._refresh)
        other.compared.connect(self._on_compared)

    def _on_other_files(self) -> None:
        self._source = None
        self._read.clear()
        self._other.forget_if_other(self._document.weights_path)
        self._on_changed()

    def _on_changed(self, _layer: str = "") -> None:
        self._is_stale = True
        self._refresh()

    def _refresh(self) -> None:
        if not self._is_stale or not self._panel.isVisible():
            return
        self._is_stale = False
        document, source = self._document, self.source()
        if source is None:
            self._panel.show_empty(NO_WEIGHTS, offers_weights=document.net is not None)
            return
        if not document.selection:
            self._panel.show_empty(NO_LAYER)
            return
        layer = self._layer_of(source, document.selection)
        if layer:
            self._show_layer(source, layer)

    def show_channel(self, channel: int | None) -> None:
        """Choose the filter of a channel that is looked at elsewhere, where the layer has it."""
        shown, self._channel = self._panel.shown, channel
        if shown is None or channel is None or channel == self._panel.chosen or self._is_stale:
            return
        if shown.is_by_output and channel < shown.array.n_filters:
            self._panel.choose(channel)

    def _on_filter(self, index: int) -> None:
        shown = self._panel.shown
        if shown is not None and shown.is_by_output:
            self._channel = index
            self.channel_chosen.emit(index)

    def source(self) -> WeightsSource | None:
        """The open weights with the net as it is now; None without either."""
        document = self._document
        if document.weights is None or document.net is None or document.shapes is None:
            return None
        if self._source is None:
            self._source = WeightsSource(document.weights, document.net, document.shapes)
        return self._source

    def _layer_of(self, source: WeightsSource, selected: str) -> str:
        """The layer whose weights show; "" where the panel says that there are none."""
        self._note = ""
        if selected in source.layer_names:
            return selected
        found = of_chain(source, selected)
        if found:
            self._note = f"{selected} works in place on {found}: these are {found}'s weights."
            return found
        kind = source.type_of(selected)
        near = nearest_with_weights(source, selected)
        said = f"{selected} ({kind}) has no weights in this file."
        self._panel.show_empty(f"{said} {near} has some." if near else said, near=near)
        return ""

    def _show_layer(self, source: WeightsSource, layer: str) -> None:
        if layer in self._read:
            self._show_read(self._read[layer])
            return
        request = WeightsRequest(source, (layer,), TWIN_COSINE, cheap_twins_only=True)
        self._start_reading(request, "Reading weights")

    def _find_twins(self) -> None:
        """Of a large layer, which takes some seconds."""
        shown, source = self._panel.shown, self.source()
        if shown is not None and source is not None:
            request = WeightsRequest(source, (shown.read.layer,), TWIN_COSINE)
            self._start_reading(request, f"Twins of {shown.read.layer}")

    def _start_reading(self, request: WeightsRequest, title: str) -> None:
        self._lanes.compute.start(
            lambda: weights(request),
            key="weights",
            title=title,
            revision=self._document.revision,
            slice_seconds=SLICE_SECONDS,
            on_result=self._take_read,
            on_error=lambda error: self._panel.show_empty(_sentence(error)),
        )

    def _take_read(self, found: tuple[ReadLayer, ...]) -> None:
        (read,) = found
        self._read.pop(read.layer, None)
        self._read[read.layer] = read
        while len(self._read) > _KEPT:
            del self._read[next(iter(self._read))]
        self._show_read(read)

    def _show_read(self, read: ReadLayer) -> None:
        source, before = self.source(), self._panel.shown
        if source is None:
            return
        recipe = self._document.recipe
        shown = ShownWeights(
            read,
            order="RGB" if recipe is not None and recipe.colour_order == "RGB" else "BGR",
            reads_picture=reads_picture(source, read.layer),
            changes=changes_of(read, self._other.change_of(source, read.layer)),
            note=self._note,
        )
        if before is not None:
            sort = before.sort if before.sort in shown.sorts else "norm"
            name = before.array_name if before.read.layer == read.layer else ""
            shown = replace(shown, sort=sort, scope=before.scope, mode=before.mode, array_name=name)
        self._draw(shown)
        self._other.show(source, shown, self._panel)

    def _draw(self, shown: ShownWeights) -> None:
        """Tiles are drawn on a lane; a map asks for what shows of it."""
        if shown.form != "tiles":
            self._panel.show_weights(shown, None, self._channel)
            return
        self._lanes.compute.start(
            lambda: draw_tiles(
                shown.array, shown.figures, mode=shown.drawn_mode, scope=shown.scope,
                order=shown.order,
            ),
            key="weights-tiles",
            revision=self._document.revision,
            on_result=partial(self._show_tiles, shown),
        )  # fmt: skip

    def _show_tiles(self, shown: ShownWeights, tiles: FilterTiles) -> None:
        self._panel.show_weights(shown, tiles, self._channel)

    def _draw_region(self, shown: ShownWeights, region: MapRegion) -> None:
        self._lanes.compute.start(
            lambda: draw_map(shown.array, shown.highs, shown.places, region),
            key="weights-map",
            revision=self._document.revision,
            on_result=partial(self._panel.show_region, region),
            on_error=lambda error: self._panel.show_empty(_sentence(error)),
        )

    def _on_compared(self) -> None:
        shown = self._panel.shown
        if shown is not None and self._panel.isVisible():
            self._show_read(shown.read)
        else:
            self._is_stale = True

    def _save(self) -> None:
        shown, source = self._panel.shown, self.source()
        if shown is None or source is None:
            return
        name = shown.read.layer.replace("/", "_")
        write = partial(self._written, shown, source, self._panel.picture())
        self._exporting.choose_for_job("Save weights", f"{name}.npz", FILTERS, write)

    def _save_all(self) -> None:
        """The arrays of every layer, whichever shows."""
        source, path = self.source(), self._document.weights_path
        if source is None or path is None:
            return
        name = path.name.removesuffix(".h5").removesuffix(".caffemodel")
        net = self._document.path
        self._exporting.choose_for_job(
            "Save the weights of all layers",
            f"{name}_weights.npz",
            ALL_FILTERS,
            lambda out: save_weights(SaveWeightsRequest(source, out, (), net)),
            _left_out_words,
        )

    def _written(
        self, shown: ShownWeights, source: WeightsSource, picture: QImage, path: Path
    ) -> Job[None]:
        """In the format the suffix names; AppError when that can't be done."""
        suffix, layer = path.suffix.lower(), shown.read.layer
        yield Progress(0, 0, "layers")
        if suffix in SUFFIXES:
            request = SaveWeightsRequest(source, path, (layer,), self._document.path)
            yield from save_weights(request)
        elif suffix == ".npy":
            write_array(path, source.arrays(layer)[0])
        elif suffix == ".csv":
            write_filter_table(path, self._rows(shown))
        elif suffix == ".png":
            write_file(path, png_of(picture))
        else:
            raise AppError(
                f"No weights can be saved as '{suffix}'.", hint="Use .npz, .h5, .npy, .csv or .png."
            )

    @staticmethod
    def _rows(shown: ShownWeights) -> Iterator[tuple[object, ...]]:
        bias = shown.read.filters.bias if shown.read.filters is not None else None
        return filter_rows(
            shown.read.layer, shown.array, shown.figures, bias, shown.one.twins, shown.changes
        )

    def _copy(self, what: str) -> None:
        shown, clipboard = self._panel.shown, QGuiApplication.clipboard()
        if shown is None or clipboard is None:
            return
        if what == "csv":
            clipboard.setText(rows_as_csv((COLUMNS, *self._rows(shown))).decode("utf-8"))
        else:
            clipboard.setText(self._command(shown))

    def _command(self, shown: ShownWeights) -> str:
        document = self._document
        words = ["main.py", "weights", "--weights", str(document.weights_path)]
        words += ["--net", str(document.path), "--layer", shown.read.layer, "--twins"]
        if document.state.phase != "TEST":
            words += ["--phase", document.state.phase]
        if self._other.path is not None:
            words += ["--against", str(self._other.path)]
        return shlex.join(words)


def _left_out_words(saved: SavedWeights) -> str:
    """What is not in the file, "" for nothing."""
    n = len(saved.left_out)
    return f"{plural(n, 'layer')} of {saved.out.name} left out: {saved.left_out[0][1]}" if n else ""


def _sentence(error: AppError) -> str:
    return " ".join(filter(None, (error.sentence, error.hint)))
