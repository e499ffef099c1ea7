"""Shows what a layer holds: one forward pass an image, then what the selection asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PyQt5.QtCore import QEvent, QObject, pyqtSignal
from PyQt5.QtWidgets import QWidget

from core.activations.summary import ValueSummary
from core.engines.base import Engine, PassResult, Value
from core.engines.host import NetToRun
from core.errors import AppError, EngineCancelled, EngineCrashed
from core.images.preprocess import Preprocess
from gui.controllers.engine_child import EngineController
from gui.controllers.inspecting_values import (
    class_scores,
    feed_inputs,
    find_image_input,
    n_classes,
    show_choices,
)
from gui.document import ModelDocument
from gui.jobs import Lanes
from gui.notices import Notices
from gui.panels.activations.classes import ClassScores
from gui.panels.activations.panel import ActivationsPanel
from gui.panels.activations.tiles import ActivationRequest, TileCard, build_cards
from gui.panels.histogram.panel import HistogramPanel, HistogramRequest

NO_IMAGE = "Open an image to see every channel."
NO_FORWARD = "Run Forward to see how a layer's values spread."
NO_LAYER = "Select a layer to see its channels."
NO_LAYER_SPREAD = "Select a layer to see how its values spread."
NO_PICTURE_INPUT = "This net has no input that takes a picture."
ERROR_KEY = "forward"
LEFT_OUT_KEY = "left-out"


@dataclass(frozen=True)
class RunKey:
    """What one forward pass depends on; `attempt` counts the user's wishes to run it anew."""

    net: NetToRun
    image: Path
    modified: int
    recipe: Preprocess
    input: str
    attempt: int = 0


@dataclass(frozen=True)
class LastForward:
    """The last pass that ran, for the status line."""

    seconds: float
    n_images: int

    @property
    def sentence(self) -> str:
        """ "last forward 412 ms, 1 image"."""
        images = "1 image" if self.n_images == 1 else f"{self.n_images:,} images"
        return f"last forward {1000 * self.seconds:,.0f} ms, {images}"


class InspectingController(QObject):
    """Runs one pass for each net, image and recipe; every layer's values are a read away then."""

    forward_done = pyqtSignal(object)
    _passed = pyqtSignal(object, object)

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        engine: EngineController,
        notices: Notices,
        activations: ActivationsPanel,
        histogram: HistogramPanel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._lanes = lanes
        self._engine = engine
        self._notices = notices
        self._activations = activations
        self._histogram = histogram
        self._stale: set[QWidget] = set()
        self._ran: tuple[Engine, RunKey] | None = None
        self._told_of: Engine | None = None
        self._failed: tuple[RunKey, AppError] | None = None
        self._wanted: RunKey | None = None
        self._attempt = 0
        self.last_forward: LastForward | None = None
        self._connect()
        self._on_changed()

    def forward(self) -> None:
        """Run the pass anew, whether or not it ran before."""
        self._attempt += 1
        self._on_changed()
        key = self.run_key()
        if key is not None:
            self._ensure_pass(key)

    def can_run(self) -> bool:
        """Whether there is a net, an image and a recipe to run."""
        return self.run_key() is not None

    def run_key(self) -> RunKey | None:
        """The pass that the document asks for now; None where something is missing."""
        document = self._document
        path, recipe = document.image_path, document.recipe
        if document.net is None or document.is_partial or path is None or recipe is None:
            return None
        image_input = find_image_input(document)
        if image_input is None or not path.is_file():
            return None
        modified = path.stat().st_mtime_ns
        request = self._engine.request()
        return RunKey(request, path, modified, recipe, image_input, self._attempt)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A panel that comes into view gets what it missed."""
        if event.type() == QEvent.Show and watched in self._stale:
            self._refresh()
        return super().eventFilter(watched, event)

    def _connect(self) -> None:
        document = self._document
        for panel in (self._activations, self._histogram):
            panel.installEventFilter(self)
        for changed in (
            document.net_changed,
            document.weights_changed,
            document.image_changed,
            document.recipe_changed,
            document.selection_changed,
            self._engine.request_changed,
        ):
            changed.connect(self._on_changed)
        self._engine.restarted.connect(self._on_restarted)
        self._activations.activations_requested.connect(self._read_activations)
        self._histogram.summaries_requested.connect(self._read_summaries)
        self._passed.connect(self._on_passed)

    def _on_restarted(self) -> None:
        """Another engine may get through; a pass that the user cancelled waits for Forward."""
        if self._failed is not None and not isinstance(self._failed[1], EngineCancelled):
            self._attempt += 1
        self._on_changed()

    def _on_changed(self) -> None:
        """Offer what the layer has, and ask for values again where they can be seen."""
        document = self._document
        self._histogram.show_choices(document.net, document.selection or None)
        choices = show_choices(document, document.selection)
        self._activations.show_choices(choices, document.selection)
        self._stale = {self._activations, self._histogram}
        self._refresh()

    def _refresh(self) -> None:
        for panel in (self._activations, self._histogram):
            if panel in self._stale and panel.isVisible():
                self._stale.discard(panel)
                self._fill(panel)

    def _fill(self, panel: QWidget) -> None:
        """Ask for what `panel` shows, or say in it what is missing."""
        document = self._document
        if self.run_key() is None:
            has_input = document.net is None or find_image_input(document) is not None
            self._show_empty(panel, NO_IMAGE, NO_FORWARD, "" if has_input else NO_PICTURE_INPUT)
        elif not document.selection:
            self._show_empty(panel, NO_LAYER, NO_LAYER_SPREAD)
        elif panel is self._activations:
            self._read_activations(self._activations.request())
        else:
            self._read_summaries(self._histogram.request())

    def _show_empty(self, panel: QWidget, tiles: str, spread: str, both: str = "") -> None:
        if panel is self._activations:
            self._activations.show_empty(both or tiles)
        else:
            self._histogram.show_empty(both or spread)

    def _read_activations(self, request: ActivationRequest | None) -> None:
        key = self.run_key()
        if request is None or key is None:
            self._activations.show_empty(NO_LAYER)
            return
        score = self._score_reader()

        def read() -> tuple[tuple[TileCard, ...], ClassScores | None]:
            engine = self._run(key)
            arrays = [engine.read(Value(one.layer, one.top)) for one in request.values]
            return build_cards(request, arrays), score(request, arrays)

        self._start("activations", key, read, self._show_activations)

    def _score_reader(
        self,
    ) -> Callable[[ActivationRequest, list[np.ndarray]], ClassScores | None]:
        """Finds the best classes among arrays; made here, runs on the engine lane."""
        document, layer = self._document, self._document.selection
        if document.net is None or not n_classes(document, layer):
            return lambda request, arrays: None
        is_softmax = document.net.layer(layer).type == "Softmax"
        paths = (document.path, document.weights_path)
        folders = tuple(path.parent for path in paths if path is not None)

        def score(request: ActivationRequest, arrays: list[np.ndarray]) -> ClassScores | None:
            for one, array in zip(request.values, arrays, strict=True):
                if one.layer == layer:
                    return class_scores(layer, array, folders, are_probabilities=is_softmax)
            return None

        return score

    def _read_summaries(self, request: HistogramRequest | None) -> None:
        key = self.run_key()
        if request is None or key is None:
            self._histogram.show_empty(NO_LAYER_SPREAD)
            return

        def read() -> list[ValueSummary]:
            return _summaries(self._run(key), request)

        self._start("summaries", key, read, self._histogram.show_summaries)

    def _start(
        self, name: str, key: RunKey, work: Callable[[], Any], on_result: Callable[[Any], None]
    ) -> None:
        self._ensure_pass(key)
        self._lanes.engine.start(
            work,
            key=name,
            revision=self._document.revision,
            on_result=on_result,
            on_error=self._on_failed,
        )

    def _ensure_pass(self, key: RunKey) -> None:
        """Let the pass run as a job of its own, with a title, where it has not run yet."""
        if self._wanted == key:
            return
        self._wanted = key
        self._lanes.engine.start(
            lambda: self._run(key),
            key="forward",
            title="Forward pass",
            on_error=self._on_failed,
        )

    def _run(self, key: RunKey) -> Engine:
        """The engine holding the values of `key`'s pass. For the engine lane.

        A pass that failed fails again at once, so that one bad layer does not end child after
        child.
        """
        if self._failed is not None and self._failed[0] == key:
            # a crash is told when it happens, not again by every job that waited behind it
            raise EngineCancelled if isinstance(self._failed[1], EngineCrashed) else self._failed[1]
        try:
            engine = self._engine.open_net(key.net)  # Caffe dies here over what it refuses
            if self._ran is not None and self._ran[0] is engine and self._ran[1] == key:
                return engine
            self._ran = None
            image = key.recipe.read(key.image)
            result = engine.run(feed_inputs(engine.inputs, key.input, image))
        except AppError as error:
            self._failed = (key, error)
            raise
        self._ran = (engine, key)
        self._passed.emit(result, engine)
        return engine

    def _on_passed(self, result: PassResult, engine: Engine) -> None:
        self.last_forward = LastForward(result.seconds, result.n_images)
        self._notices.dismiss(ERROR_KEY)
        if engine is not self._told_of:
            self._told_of = engine
            self._tell_left_out(engine.whole_net_refusal)
        self.forward_done.emit(self.last_forward)

    def _tell_left_out(self, error: AppError | None) -> None:
        """Say which layers did not run, once for each net; the others are there to look at."""
        self._notices.dismiss(LEFT_OUT_KEY)
        if error is not None:
            self._notices.show_error(error, LEFT_OUT_KEY)

    def _on_failed(self, error: AppError) -> None:
        """Say it once: a dead child has its own notice."""
        self._wanted = None
        if not isinstance(error, EngineCrashed):
            self._notices.show_error(error, ERROR_KEY)
        for panel in (self._activations, self._histogram):
            self._show_empty(panel, error.sentence, error.sentence)

    def _show_activations(self, found: tuple[tuple[TileCard, ...], ClassScores | None]) -> None:
        cards, scores = found
        self._activations.show_cards(cards)
        self._activations.show_classes(scores)


def _summaries(engine: Engine, request: HistogramRequest) -> list[ValueSummary]:
    """Summaries in the order of the request; trimmed ones over p0.1 to p99.9 of all values."""
    values = [Value(*value) for value in request.values]
    found = engine.statistics(values, bins=request.bins)
    if request.is_trimmed:
        ends = [found[value].statistics for value in values]
        low, high = min(one.p0_1 for one in ends), max(one.p99_9 for one in ends)
        if np.isfinite((low, high)).all() and low < high:
            found = engine.statistics(values, bins=request.bins, value_range=(low, high))
    return [found[value] for value in values]
