"""Explains the score that the Gradients view asks for, at once where cheap, else on a wish."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from functools import partial
from pathlib import Path

from PyQt5.QtCore import QEvent, QObject, QTimer, pyqtSignal
from PyQt5.QtGui import QImage

from core.attribution.explanation import Explained, Explanation
from core.attribution.methods import TITLES, Method, MethodName
from core.attribution.targets import ChannelTarget, ClassTarget, How, MatchTarget, Target
from core.engines.host import EngineHost
from core.engines.values import Value
from core.errors import AppError
from core.images.thumbnails import thumbnail
from core.jobs.look import LookRequest
from core.jobs.saliency import SaliencyRequest, saliency
from core.jobs.score_target import ClassTable, rank_classes, values_with_places
from core.layers.shapes import NetShapes
from core.progress import Job
from gui.controllers.engine_child import STARTING, EngineController
from gui.controllers.explaining.showing import Known, Scene, show_scene
from gui.controllers.explaining.values import (
    QUICK,
    class_choices,
    next_words,
    other_targets,
    place_of,
)
from gui.controllers.inspecting import InspectingController
from gui.controllers.viewing import as_image
from gui.document import ModelDocument
from gui.jobs import SLICE_SECONDS, Lanes
from gui.panels.gradients.panel import GradientsPanel
from gui.panels.gradients.shown import CHANNEL, MATCH

QUICK_JOB, LONG_JOB, OTHERS_JOB, CLASSES_JOB = (
    "explain", "explain-long", "explain-others", "explain-classes"
)  # fmt: skip
PICTURE_SIDE = 720
SOON_MILLISECONDS = 120
_MOST_KEPT = 24
NO_IMAGE = "Open an image to see which of its places explain a score."


class ExplainingController(QObject):
    """Follows net, image, recipe and layer; what was found is kept a while."""

    switch_off = pyqtSignal(str, str, int)
    """(layer, top, channel): the user wants this channel at 0 in the passes that follow."""
    channel_opened = pyqtSignal(str, str, int)
    explained = pyqtSignal(object)

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        engine: EngineController,
        inspecting: InspectingController,
        panel: GradientsPanel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document, self._lanes, self._engine = document, lanes, engine
        self._inspecting, self._panel = inspecting, panel
        self._known: OrderedDict[SaliencyRequest, Known] = OrderedDict()
        self._table: tuple[LookRequest, ClassTable | None] | None = None
        self._picture: tuple[Path, QImage] | None = None
        self._match: Path | None = None
        self._values: tuple[Value, ...] = ()
        self._values_of: NetShapes | None = None
        self._beside: MethodName = "saliency"
        self._running: SaliencyRequest | None = None
        self._others_of: tuple[SaliencyRequest, MethodName] | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON_MILLISECONDS)
        self._soon.timeout.connect(self._begin)
        self._connect()

    def set_match(self, path: Path | None) -> None:
        """The image that similarity is to, as the selected result of a search."""
        self._match = path
        self._follow()

    @property
    def request(self) -> SaliencyRequest | None:
        """The score that is asked for, without methods; None where something is missing."""
        look, target = self._inspecting.run_key(), self._target()
        if look is None or target is None:
            return None
        return SaliencyRequest(look, target, (), self._at())

    @property
    def known(self) -> Known:
        """What has been found of the score of now."""
        request = self.request
        return Known() if request is None else self._known.get(request, Known())

    @property
    def table(self) -> ClassTable | None:
        """The classes of the image, where they are known and the net has any."""
        look = self._inspecting.run_key()
        return self._table[1] if self._table is not None and self._table[0] == look else None

    def run(self, name: str) -> None:
        """Explain by a method that waits for a wish."""
        request = self.request
        if request is None:
            return
        if name in QUICK:
            self._run_quick(request)
            return
        self._start_long(request, self._method(next(one for one in TITLES if one == name)))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A view that comes up gets what it missed."""
        if event.type() == QEvent.Show:
            self._follow()
        return super().eventFilter(watched, event)

    def _connect(self) -> None:
        document, panel = self._document, self._panel
        panel.installEventFilter(self)
        for changed in (document.net_changed, document.weights_changed, document.image_changed,
                        document.recipe_changed, document.selection_changed,
                        self._engine.request_changed, self._engine.restarted):  # fmt: skip
            changed.connect(self._follow)
        self._engine.state_changed.connect(self._show)
        panel.target.changed.connect(self._follow)
        panel.method_chosen.connect(self._on_method)
        panel.fields.changed.connect(self._on_fields)
        panel.beside_chosen.connect(self._on_beside)
        panel.run_requested.connect(self.run)
        panel.others_requested.connect(self._run_others)
        panel.place_chosen.connect(self._on_place)
        panel.others.target_requested.connect(panel.target.choose_class)
        panel.side.layer_chosen.connect(lambda layer, _top: document.select(layer))
        panel.side.open_requested.connect(self.channel_opened)
        panel.side.switch_off.connect(self.switch_off)
        panel.destroyed.connect(self._soon.stop)

    def _follow(self, *_: object) -> None:
        """Something changed: show what is known of it, and soon begin what is cheap."""
        if self._panel.isVisible():
            self._soon.start()
            self._show()

    def _target(self) -> Target | None:
        wish, value = self._panel.target.wish, self._selected()
        if wish.kind == CHANNEL:
            how: How = "max" if wish.how == "max" else "sum"
            return None if value is None else ChannelTarget(value, wish.channel, how)
        if wish.kind == MATCH:
            has_both = self._match is not None and value is not None
            return MatchTarget(self._match, value) if has_both else None  # type: ignore[arg-type]
        return ClassTarget(wish.number, of="after" if wish.is_after else "before")

    def _selected(self) -> Value | None:
        net, name = self._document.net, self._document.selection
        if net is None or not name or not net.has_layer(name):
            return None
        tops = net.layer(name).tops
        return Value(name, tops[0]) if tops else None

    def _at(self) -> Value | None:
        values = self._places()
        return values[place_of(values, self._document.selection)] if values else None

    def _places(self) -> tuple[Value, ...]:
        """Where Grad-CAM can be taken, found once for a net."""
        net, shapes = self._document.net, self._document.shapes
        if net is None or shapes is None:
            return ()
        if self._values_of is not shapes:
            self._values_of, self._values = shapes, values_with_places(net, shapes)
        return self._values

    def _begin(self) -> None:
        """What is cheap, and has not been found yet."""
        if not self._panel.isVisible():
            return
        look = self._inspecting.run_key()
        if look is None:
            return
        self._read_picture(look.image)
        if self._table is None or self._table[0] != look:
            self._rank(look)
        request = self.request
        if request is None:
            return
        known = self.known
        if known.explained is None and not known.failed and self._document.is_cheap:
            self._run_quick(request)
        elif self._document.is_cheap:
            self._run_others()

    def _read_picture(self, path: Path | None) -> None:
        if path is None or (self._picture is not None and self._picture[0] == path):
            return

        def take(pixels: object) -> None:
            self._picture = path, as_image(pixels)  # type: ignore[arg-type]
            self._show()

        self._lanes.files.start(
            partial(thumbnail, path, PICTURE_SIDE), key="explain-picture", on_result=take,
            on_error=lambda error: None,
        )  # fmt: skip

    def _rank(self, look: LookRequest) -> None:
        def take(table: ClassTable | None) -> None:
            self._table = look, table
            self._panel.target.offer_classes(is_there=table is not None)
            if table is not None:
                after = "" if table.after is None else table.after.layer
                self._panel.target.show_scores(table.before.layer, after)
                self._panel.target.show_classes(class_choices(table), next_words(table))
            self._follow()

        self._lanes.engine.start(
            partial(rank_classes, look, self._engine.host), key=CLASSES_JOB, on_result=take,
            revision=self._document.revision, on_error=lambda error: None,
        )  # fmt: skip

    def _run_quick(self, request: SaliencyRequest) -> None:
        if self._lanes.is_running(QUICK_JOB) and self._running == request:
            return
        self._running = request
        asked = replace(request, methods=tuple(map(Method, QUICK)))
        self._lanes.engine.start(
            partial(saliency, asked, self._engine.host), key=QUICK_JOB, title="Gradients",
            revision=self._document.revision, on_result=partial(self._take, request),
            on_error=partial(self._fail, request), on_end=self._show,
        )  # fmt: skip
        self._show()

    def _start_long(self, request: SaliencyRequest, method: Method) -> None:
        asked = replace(request, methods=(method,))
        self._lanes.engine.start(
            partial(saliency, asked, self._engine.host), key=LONG_JOB, title=method.title,
            revision=self._document.revision, slice_seconds=SLICE_SECONDS,
            on_result=partial(self._take, request), on_error=partial(self._fail, request),
            on_end=self._show,
        )  # fmt: skip
        self._show()

    def _run_others(self) -> None:
        request, table, name = self.request, self.table, self._panel.methods.current
        if request is None or table is None or not isinstance(request.target, ClassTarget):
            return
        if name in self.known.others or (name not in QUICK and self._document.is_cheap):
            return
        if self._lanes.is_running(OTHERS_JOB) and self._others_of == (request, name):
            return
        self._others_of = (request, name)
        targets = other_targets(table, request.target)
        requests = [replace(request, target=one, methods=(self._method(name),)) for one in targets]

        def take(found: tuple[Explanation, ...]) -> None:
            if all(one.method == self._method(name) for one in found):
                self._keep(request).others[name] = found
            self._show()

        self._lanes.engine.start(
            partial(_explain_each, requests, self._engine.host), key=OTHERS_JOB,
            title="Other classes", revision=self._document.revision, slice_seconds=SLICE_SECONDS,
            on_result=take, on_error=lambda error: None, on_end=self._show,
        )  # fmt: skip

    def _take(self, request: SaliencyRequest, found: Explained) -> None:
        known = self._keep(request)
        known.failed = ""
        maps = (one for one in found.maps if one.method == self._method(one.method.name))
        known.maps.update({one.method.name: one for one in maps})
        if found.norms:
            known.explained = found
        self._show()
        self.explained.emit(found)
        if self._panel.isVisible() and self._document.is_cheap and self.request == request:
            self._run_others()

    def _fail(self, request: SaliencyRequest, error: AppError) -> None:
        self._keep(request).failed = f"{error.sentence} {error.hint}".strip()
        self._show()

    def _keep(self, request: SaliencyRequest) -> Known:
        known = self._known.setdefault(request, Known())
        self._known.move_to_end(request)
        while len(self._known) > _MOST_KEPT:
            self._known.popitem(last=False)
        return known

    def _on_method(self, _name: str) -> None:
        self._follow()

    def _method(self, name: MethodName) -> Method:
        return self._panel.fields.method(name)

    def _on_fields(self) -> None:
        """What was found with other settings is no answer any more."""
        self._lanes.cancel(LONG_JOB)
        for known in self._known.values():
            known.forget_others(self._method)
        self._show()

    def _on_beside(self, name: str) -> None:
        self._beside = next(one for one in TITLES if one == name)
        self._show()

    def _on_place(self, place: int) -> None:
        values = self._places()
        if place < len(values):
            self._document.select(values[place].layer)

    def _show(self) -> None:
        """Everything that is known, and in the place of the rest what it waits for."""
        panel, document = self._panel, self._document
        net, shapes = document.net, document.shapes
        if not panel.isVisible() or net is None or shapes is None:
            return
        why = NO_IMAGE if document.image_path is None else self._inspecting.why_no_run()
        panel.show_empty(why, offers_image=why == NO_IMAGE)
        if why:
            return
        values = self._places()
        request = self.request
        scene = Scene(
            net, shapes, document.selection, self._selected(), values, self._at(),
            self.known, self.table, None if request is None else request.target,
            self._picture_now(), self._input_size(), self._match, self._beside,
            is_cheap=document.is_cheap,
            is_quick_running=self._lanes.is_running(QUICK_JOB),
            is_long_running=self._lanes.is_running(LONG_JOB),
            are_others_running=self._lanes.is_running(OTHERS_JOB),
            can_switch_off=self.receivers(self.switch_off) > 0,
            before=self._what_comes_first(),
        )  # fmt: skip
        show_scene(panel, scene)

    def _what_comes_first(self) -> str:
        """What is under way before a way back can be, in a sentence; "" for nothing."""
        if self._engine.state == STARTING:
            return f"Starting {self._engine.title}."
        is_first = self._lanes.is_running("forward") or self._lanes.is_running(CLASSES_JOB)
        return "Running forward." if is_first or self._soon.isActive() else ""

    def _picture_now(self) -> QImage | None:
        path = self._document.image_path
        is_of_now = self._picture is not None and self._picture[0] == path
        return self._picture[1] if is_of_now and self._picture is not None else None

    def _input_size(self) -> tuple[int, int]:
        """Height and width of the input, as far as the file tells."""
        recipe = self._document.chosen_recipe
        if recipe is None or recipe.recipe.is_free_size:
            return 224, 224
        return recipe.recipe.height, recipe.recipe.width


def _explain_each(
    requests: list[SaliencyRequest], host: EngineHost
) -> Job[tuple[Explanation, ...]]:
    found = []
    for request in requests:
        explained = yield from saliency(request, host)
        found.append(explained.maps[0])
    return tuple(found)
