"""Shows what a layer holds: one forward pass an image, then what the selection asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from PyQt5.QtCore import QEvent, QObject, pyqtSignal
from PyQt5.QtGui import QGuiApplication
from PyQt5.QtWidgets import QWidget

from core.activations.spreads import ValueSpread
from core.activations.summary import ValueSummary
from core.engines.engine import Engine
from core.engines.values import PassResult, Value
from core.errors import AppError, EngineCancelled, EngineCrashed
from core.files import is_plain_file
from core.jobs.classes import scored_value
from core.jobs.look import Looker, LookRequest, PictureInput, picture_input, why_no_picture
from core.jobs.statistics import HistogramRange, StatisticsRequest, statistics
from core.jobs.tiles import TilesRequest, read_spreads, read_values
from core.net.definition import Net
from core.progress import Job
from gui.controllers.engine_child import STARTING, EngineController
from gui.controllers.inspecting_values import layer_values, value_of_pin
from gui.controllers.look_commands import histogram_command, look_command
from gui.controllers.passes import LastForward, TilesRead, scores_among
from gui.controllers.possibilities import NO_IMAGE, NO_NET, NO_RECIPE
from gui.document import ModelDocument
from gui.jobs import Lanes
from gui.notices import Notices
from gui.panels.activations.panel import ActivationsPanel
from gui.panels.activations.shown import ActivationRequest, cards_of
from gui.panels.histogram.panel import HistogramPanel, HistogramRequest
from gui.widgets.class_list import ClassScores
from gui.widgets.layer_rows import LayerRow, layer_rows

EMPTY_TILES = "Open an image to see every channel."
NO_FORWARD = "Run Forward to see how a layer's values spread."
NO_LAYER = "Select a layer to see its channels."
NO_LAYER_SPREAD = "Select a layer to see how its values spread."
STOPPED_PASS = "The forward pass was stopped. Run it again with F5."
ERROR_KEY = "forward"
LEFT_OUT_KEY = "left-out"
GLANCE_BINS = 60


class InspectingController(QObject):
    """Runs one pass for each net, image and recipe; every layer's values are a read away then."""

    forward_done = pyqtSignal(object)
    classes_found = pyqtSignal(object)
    """The best classes of the image after a forward pass, None for a net without class scores."""
    told = pyqtSignal(str)
    """A pass that was asked for, in a sentence."""
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
        self._waiting: set[QWidget] = set()
        self._looker = Looker(engine.host, self._passed.emit)
        self._told_of: Engine | None = None
        self._wanted: LookRequest | None = None
        self._input: tuple[Net | None, PictureInput | None] = (None, None)
        self._why_no_picture = ""
        self._attempt = 0
        self.elsewhere: Callable[[HistogramRequest], bool] = lambda _request: False
        """Takes a histogram that is not of the image alone."""
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
        return not self.why_no_run()

    @property
    def looker(self) -> Looker:
        """What holds the values of the pass, for jobs on the engine's lane."""
        return self._looker

    def has_pass(self, key: LookRequest) -> bool:
        """Whether a pass has run or is under way, or takes no time."""
        return key == self._wanted or self._document.is_cheap

    def why_no_run(self) -> str:
        """Why no pass can run on the image, in a sentence; "" where one can."""
        document, path = self._document, self._document.image_path
        if document.net is None:
            return NO_NET
        if path is None:
            return NO_IMAGE
        if self._picture_input() is None:
            return self._why_no_picture
        if document.chosen_recipe is None:
            return NO_RECIPE
        return "" if is_plain_file(path) else f"{path.name} is not there any more."

    def run_key(self) -> LookRequest | None:
        """The pass that the document asks for now; None where something is missing."""
        path, recipe = self._document.image_path, self._document.chosen_recipe
        if path is None or self.why_no_run():
            return None
        return LookRequest(
            self._engine.request(),
            path,
            recipe,
            modified=path.stat().st_mtime_ns,
            attempt=self._attempt,
        )

    def _picture_input(self) -> PictureInput | None:
        """What takes the picture in the net of now; worked out once for each net."""
        net, shapes = self._document.net, self._document.shapes
        if self._input[0] is not net:
            found = None if net is None or shapes is None else picture_input(net, shapes)
            self._input = (net, found)
            self._why_no_picture = ""
            if net is not None and shapes is not None and found is None:
                self._why_no_picture = why_no_picture(net, shapes)
        return self._input[1]

    def glance(
        self,
        values: Sequence[tuple[str, str]],
        on_result: Callable[[Sequence[ValueSummary]], None],
    ) -> bool:
        """Read how these (layer, top) spread in the pass that has run, or that takes no time.

        Returns False where that pass would have to be asked for.
        """
        key = self.run_key()
        if key is None or not self.has_pass(key):
            return False
        self._ensure_pass(key, is_told=False)
        wanted = StatisticsRequest(key, tuple(Value(*value) for value in values), GLANCE_BINS)
        self._lanes.engine.start(
            lambda: statistics(wanted, self._looker),
            key="glance",
            revision=self._document.revision,
            on_result=on_result,
            on_error=lambda error: None,  # the pass itself says what is wrong
        )
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A panel that comes into view gets what it missed."""
        if event.type() == QEvent.Show and watched in self._stale:
            self._refresh()
        return super().eventFilter(watched, event)

    def _connect(self) -> None:
        document = self._document
        for panel in (self._activations, self._histogram):
            panel.installEventFilter(self)
        for changed in (document.net_changed, document.weights_changed, document.image_changed,
                        document.recipe_changed, document.selection_changed,
                        self._engine.request_changed):  # fmt: skip
            changed.connect(self._on_changed)
        self._engine.restarted.connect(self._on_restarted)
        self._engine.state_changed.connect(self._say_what_runs)
        self._activations.value_of_pin = lambda pin: value_of_pin(document, pin)
        self._activations.activations_requested.connect(self._read_activations)
        self._activations.command_requested.connect(self._copy_command)
        self._activations.layer_requested.connect(document.select)
        self._histogram.offer(self._rows)
        self._histogram.summaries_requested.connect(self._read_summaries)
        self._histogram.command_requested.connect(self._copy_statistics_command)
        self._passed.connect(self._on_passed)

    def _on_restarted(self) -> None:
        """Another engine may get through; a pass that the user cancelled waits for Forward."""
        failure = self._looker.failure
        if failure is not None and not isinstance(failure, EngineCancelled):
            self._attempt += 1
        self._on_changed()

    def _on_changed(self) -> None:
        """Offer what the layer has, and ask for values again where they can be seen."""
        document = self._document
        own = document.once_in_place()
        self._histogram.show_choices(document.net, document.selection or None, own)
        self._activations.show_layer(layer_values(document, document.selection))
        self._stale = {self._activations, self._histogram}
        self._refresh()

    def _refresh(self) -> None:
        for panel in (self._activations, self._histogram):
            if panel in self._stale and panel.isVisible():
                self._stale.discard(panel)
                self._fill(panel)

    def _fill(self, panel: QWidget) -> None:
        """Ask for what `panel` shows, or say in it what is missing."""
        document, spread = self._document, self._histogram.request()
        if panel is self._histogram and spread is not None and self.elsewhere(spread):
            return
        if self.run_key() is None:
            why_not = self._why_open_image_is_no_help()
            self._show_empty(panel, EMPTY_TILES, NO_FORWARD, why_not)
        elif not document.selection:
            self._show_empty(panel, NO_LAYER, NO_LAYER_SPREAD)
        elif panel is self._activations:
            self._read_activations(self._activations.request())
        else:
            self._read_summaries(spread)

    def _why_open_image_is_no_help(self) -> str:
        """What else is missing for a pass, in a sentence; "" where it is an image."""
        if self._document.net is None:
            return ""
        if self._picture_input() is None:
            return self._why_no_picture
        return "" if self._document.image_path is None else self.why_no_run()

    def _show_empty(self, panel: QWidget, tiles: str, spread: str, both: str = "") -> None:
        if panel is self._activations:
            offers_image = not both and tiles == EMPTY_TILES
            self._activations.show_empty(both or tiles, offers_image=offers_image)
        else:
            self._histogram.show_empty(both or spread)

    def _read_activations(self, request: ActivationRequest | None) -> None:
        key = self.run_key()
        if request is None or key is None:
            self._activations.show_empty(NO_LAYER, offers_image=False)
            return
        net, layer = self._document.net, self._document.selection
        wanted = TilesRequest(key, tuple(Value(*one) for one in request.keys))

        def read() -> Job[TilesRead]:
            arrays = yield from read_values(wanted, self._looker)
            found = dict(zip(request.keys, arrays, strict=True))
            own = {k: array for k, array in found.items() if k[0] == layer}
            scores = None if net is None else scores_among(own, net, key)
            cards = [card.measure() for card in cards_of(request, found, dict(request.at))]
            return TilesRead(request, found, cards, scores)

        self._start("activations", key, read, self._show_activations)
        self._say_what_runs()

    def _copy_command(self) -> None:
        """Put the command for these tiles on the clipboard."""
        key, clipboard = self.run_key(), QGuiApplication.clipboard()
        layers = [card.value.layer for card in self._activations.cards]
        if key is not None and clipboard is not None and layers:
            options = ("--out", "tiles.png", *self._activations.tile_bar.options)
            clipboard.setText(look_command("tiles", key, layers, options))

    def _copy_statistics_command(self) -> None:
        """Put the command for this histogram on the clipboard."""
        key, request = self.run_key(), self._histogram.request()
        clipboard = QGuiApplication.clipboard()
        if key is not None and request is not None and clipboard is not None:
            clipboard.setText(histogram_command(key, request))

    def _rows(self) -> tuple[LayerRow, ...]:
        net, shapes = self._document.net, self._document.shapes
        return () if net is None or shapes is None else layer_rows(net, shapes)

    def _read_summaries(self, request: HistogramRequest | None) -> None:
        key = self.run_key()
        if request is not None and self.elsewhere(request):
            return None
        if request is None or key is None:
            return self._histogram.show_empty(NO_LAYER_SPREAD)
        values = tuple(Value(*value) for value in request.values)
        over: HistogramRange = "central" if request.is_trimmed else "full"
        wanted = StatisticsRequest(key, values, request.bins, over)
        work = partial(statistics, wanted, self._looker)
        self._start("summaries", key, work, self._histogram.show_summaries)
        return self._say_what_runs()

    def read_spreads(
        self, values: Sequence[Value], on_result: Callable[[Sequence[ValueSpread]], None]
    ) -> None:
        """Read how values of the image spread; where no pass can run the histogram says why."""
        key = self.run_key()
        if key is None:
            return self._histogram.show_empty(self.why_no_run())
        work = partial(read_spreads, TilesRequest(key, tuple(values)), self._looker)
        self._start("summaries", key, work, on_result)
        return self._say_what_runs()

    def _say_what_runs(self) -> None:
        """Say in a panel without anything to show what it waits for, or that it waits no more."""
        is_starting = self._engine.state == STARTING
        running = f"Starting {self._engine.title}." if is_starting else "Running forward."
        for key, panel, is_empty in (
            ("activations", self._activations, not self._activations.cards),
            ("summaries", self._histogram, self._histogram.view() is None),
        ):
            if is_empty and self._lanes.is_running(key):
                self._waiting.add(panel)
                self._show_empty(panel, running, running)
            elif panel in self._waiting:
                self._waiting.discard(panel)
                if is_empty and self.run_key() is not None and self._document.selection:
                    self._show_empty(panel, STOPPED_PASS, STOPPED_PASS)

    def _start(
        self, name: str, key: LookRequest, work: Callable[[], Any], on_result: Callable[[Any], None]
    ) -> None:
        self._ensure_pass(key)
        self._lanes.engine.start(
            work,
            key=name,
            revision=self._document.revision,
            on_result=on_result,
            on_error=self._on_failed,
            on_end=self._say_what_runs,
        )

    def _ensure_pass(self, key: LookRequest, *, is_told: bool = True) -> None:
        """Let the pass run as a job of its own, with a title, where it has not run yet.

        is_told: whether its result is news; a glance runs it beside what the user did.
        """
        if self._wanted == key:
            return
        self._wanted = key
        self._lanes.engine.start(
            lambda: self._run(key),
            key="forward",
            title="Forward pass",
            on_result=lambda scores: self._show_top(scores, is_told=is_told),
            on_error=self._on_failed,
        )

    def _run(self, key: LookRequest) -> ClassScores | None:
        """The pass, and the best classes where the net gives scores of classes."""
        net = self._document.net
        with self._looker.passed(key) as engine:
            value = None if net is None else scored_value(net, engine)
            if net is None or value is None:
                return None
            return scores_among({(value.layer, value.top): engine.read(value)}, net, key)

    def _show_top(self, scores: ClassScores | None, *, is_told: bool) -> None:
        if scores is not None and scores.is_trained and (last := self.last_forward):
            self.last_forward = replace(last, top=scores.classes[0])
        self.classes_found.emit(scores)
        if is_told and self.last_forward is not None:
            self.told.emit(self.last_forward.sentence)

    def _on_passed(self, result: PassResult, engine: Engine) -> None:
        if engine.name != self._engine.spec.settled.name:
            return  # it stands in where the chosen one changes no values
        former = self.last_forward if engine is self._told_of else None
        self.last_forward = LastForward.after(former, result.seconds, result.n_images)
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
        self._waiting.clear()
        if not isinstance(error, EngineCrashed):
            self._notices.show_error(error, ERROR_KEY)
        for panel in (self._activations, self._histogram):
            self._show_empty(panel, error.sentence, error.sentence)

    def _show_activations(self, read: TilesRead) -> None:
        self._activations.show_read(read.request, read.arrays, read.cards)
        self._activations.show_classes(read.scores)
