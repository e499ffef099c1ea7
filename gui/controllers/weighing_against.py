"""Another weights file beside the open one: which layers moved, and which of their filters most."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PyQt5.QtCore import QObject, pyqtSignal

from core.errors import AppError
from core.filters.arrays import filters_of
from core.filters.pictures import draw_filter
from core.filters.source import WeightsSource
from core.jobs.compare_weights import (
    ComparedWeights,
    CompareWeightsRequest,
    LayerChange,
    change_text,
    compare_weights,
)
from core.jobs.weights import open_other
from core.layers.registry import layer_type
from core.words import plural
from gui.dialogs.files import WEIGHTS_FILTER, FileChooser
from gui.document import ModelDocument
from gui.jobs import SLICE_SECONDS, Lanes
from gui.notices import Notices
from gui.panels.weights.panel import WeightsPanel
from gui.panels.weights.parts import ChangedLayer, FilterPair
from gui.panels.weights.shown import ShownWeights, tile_image
from gui.settings import Settings
from gui.theme import ThemeKeeper

N_LAYERS, N_FILTERS = 8, 4


class OtherWeights(QObject):
    """Compares once for a file; each layer is shown from what was found."""

    compared = pyqtSignal()

    def __init__(
        self,
        keeper: ThemeKeeper,
        document: ModelDocument,
        lanes: Lanes,
        notices: Notices,
        settings: Settings,
        chooser: Callable[[], FileChooser],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._document = document
        self._lanes = lanes
        self._notices = notices
        self._settings = settings
        self._chooser = chooser
        self._first: Path | None = None
        self._changes: dict[str, LayerChange] = {}
        self.path: Path | None = None

    def choose(self) -> None:
        """Ask for the other file, and compare with it."""
        self._chooser().open_files(
            "Weights to compare with",
            self._settings.folder("models"),
            WEIGHTS_FILTER,
            lambda paths: self.take(paths[0]),
        )

    def take(self, path: Path) -> None:
        """Compare the open weights with this file."""
        first = self._document.weights_path
        if first is None:
            return
        request = CompareWeightsRequest(first, path, n_filters=None)
        self._lanes.compute.start(
            lambda: compare_weights(request),
            key="weights-against",
            title="Comparing weights",
            slice_seconds=SLICE_SECONDS,
            on_result=partial(self._take_found, first, path),
            on_error=self._fail,
        )

    def forget_if_other(self, first: Path | None) -> None:
        """Let go of what was found of other open weights."""
        if first != self._first:
            self._first = self.path = None
            self._changes = {}

    def change_of(self, source: WeightsSource, layer: str) -> LayerChange | None:
        """How far a layer of the net moved; None without another file."""
        found = source.layer(layer)
        return self._changes.get(found.written_name if found is not None else layer)

    def show(self, source: WeightsSource, shown: ShownWeights, panel: WeightsPanel) -> None:
        """Tell a panel of a layer."""
        path = self.path
        if path is None:
            said = "Which layers and filters another training moved: choose its caffemodel."
            panel.show_other("", (), said, ())
            return
        layers, note = self._bars(source, shown.read.layer)
        panel.show_other(path.name, layers, note, ())
        moved = sorted((shown.changes or {}).items(), key=lambda one: -one[1])[:N_FILTERS]
        if moved and not shown.array.is_vector and shown.array is shown.read.arrays[0].array:
            self._lanes.compute.start(
                partial(_others, path, source, shown, [index for index, _ in moved]),
                key="weights-moved",
                revision=self._document.revision,
                on_result=lambda values: panel.show_other(
                    path.name, layers, note, self._pairs(shown, dict(moved), values)
                ),
                on_error=lambda _error: None,
            )

    def _take_found(self, first: Path, path: Path, found: ComparedWeights) -> None:
        self._first, self.path = first, path
        self._changes = {one.name: one for one in found.layers}
        self._settings.set_folder("models", path.parent)
        self.compared.emit()

    def _fail(self, error: AppError) -> None:
        self._notices.show_error(error, "weights-against")

    def _bars(self, source: WeightsSource, layer: str) -> tuple[list[ChangedLayer], str]:
        """The layers that moved most, and the one shown, in the net's order."""
        found = [(name, self.change_of(source, name)) for name in source.layer_names]
        known = [(name, one) for name, one in found if one is not None]
        told = [(name, one.change) for name, one in known if one.change is not None]
        n_equal = sum(one.is_equal for _, one in known)
        most = sorted(told, key=lambda one: -one[1])[:N_LAYERS]
        names = {name for name, _ in most} | {layer}
        rows = [
            ChangedLayer(
                name, one.change, "equal" if one.is_equal else one.why_not or
                change_text(one.change), layer_type(one.type).family, name == layer,
            )
            for name, one in known
            if name in names
        ]  # fmt: skip
        lacking = [name for name, one in found if one is None or one.change is None]
        parts = []
        if len(told) > len(rows):
            parts.append(f"{plural(len(told), 'layer')}, those that moved most;")
        parts.append(f"{n_equal:,} equal, bit for bit.")
        if lacking:
            parts.append(f"{plural(len(lacking), 'layer')} can't be compared.")
        return rows, " ".join(parts)

    def _pairs(
        self, shown: ShownWeights, moved: dict[int, float], others: dict[int, np.ndarray]
    ) -> list[FilterPair]:
        """This file's filter left, the other's right, in the same colours."""
        theme, pairs = self._keeper.theme, []
        for index, values in others.items():
            tile = draw_filter(
                values, float(shown.highs[index]), mode=shown.drawn_mode, order=shown.order
            )
            pairs.append(
                FilterPair(
                    shown.picture_of(index, theme), tile_image(tile, theme),
                    change_text(moved[index]), f"filter {index}", index,
                )
            )  # fmt: skip
        return pairs


def _others(
    path: Path, source: WeightsSource, shown: ShownWeights, indices: list[int]
) -> dict[int, np.ndarray]:
    """The other file's filters of the layer, by number; {} where they have another shape."""
    found = filters_of(open_other(path, source), shown.read.layer)
    if found is None or found.main.values.shape != shown.array.values.shape:
        return {}
    return {index: found.main.filter(index) for index in indices}
