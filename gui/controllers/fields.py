"""Receptive fields of the values that are shown, and of the layer that the inspector tells of."""

from __future__ import annotations

from PyQt5.QtCore import QObject

from core.engines.values import Value
from core.errors import AppError
from core.jobs.receptive_field import (
    FieldGradientsRequest,
    FieldsRequest,
    LayerField,
    field_gradients,
    receptive_fields,
)
from gui.controllers.engine_child import EngineController
from gui.controllers.inspecting import InspectingController
from gui.controllers.seeing import SeeingController
from gui.document import ModelDocument
from gui.jobs import Lanes
from gui.main_window import Panels
from gui.notices import Notices
from gui.panels.activations.field_view import field_words

Key = tuple[str, str]
NOTICE_KEY = "effective-field"
_MOST_KNOWN = 4


class FieldsController(QObject):
    """Follows net, layer, chain and the size of the picture; gradients only where asked for."""

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        engine: EngineController,
        inspecting: InspectingController,
        seeing: SeeingController,
        panels: Panels,
        notices: Notices,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._lanes = lanes
        self._engine = engine
        self._inspecting = inspecting
        self._seeing = seeing
        self._activations = panels.activations
        self._inspector = panels.inspector
        self._notices = notices
        self._asked: FieldsRequest | None = None
        self._known: list[tuple[FieldsRequest, tuple[LayerField, ...]]] = []
        self._view = panels.activations.channel
        self._activations.activations_requested.connect(lambda request: self._follow())
        for changed in (document.net_changed, document.selection_changed, seeing.picture_changed,
                        engine.request_changed):  # fmt: skip
            changed.connect(lambda *_: self._follow())
        self._view.field.check_requested.connect(self._check)

    def _follow(self) -> None:
        """Ask for the fields of what is shown now, unless they are known."""
        request = self._request()
        if request == self._asked:
            return
        self._asked = request
        if request is None:
            self._show(())
            return
        for known, found in self._known:
            if known == request:
                self._lanes.cancel("fields")
                self._show(found)
                return
        self._lanes.compute.start(
            lambda: receptive_fields(request),
            key="fields",
            on_result=lambda found: self._take(request, found),
            on_error=lambda error: self._show(()),  # what is wrong with the net is said elsewhere
        )

    def _take(self, request: FieldsRequest, found: tuple[LayerField, ...]) -> None:
        """Show them, and keep them: a slide show asks for the same ones picture by picture."""
        self._known = [(request, found), *self._known[: _MOST_KNOWN - 1]]
        self._show(found)

    def _request(self) -> FieldsRequest | None:
        net, name = self._document.net, self._document.selection
        if net is None or not net.has_layer(name) or not net.layer(name).bottoms:
            return None
        shown = self._activations.request()
        keys = [(one.layer, one.top) for one in shown.values] if shown is not None else []
        own = [(name, top) for top in net.layer(name).tops]
        values = tuple(
            Value(*key)
            for key in dict.fromkeys((*own, *keys))
            if net.has_layer(key[0]) and key[1] in net.layer(key[0]).tops
        )
        return FieldsRequest(self._engine.request(), values, self._seeing.fed_size)

    def _show(self, found: tuple[LayerField, ...]) -> None:
        self._view.show_fields({(one.value.layer, one.value.top): one for one in found})
        first = next((one.numbers[0] for one in found if one.numbers), None)
        own = bool(found) and found[0].value.layer == self._document.selection
        self._inspector.show_field(field_words(first) if first is not None and own else "")

    def _check(self, key: Key) -> None:
        """Take gradients at random places of the layer: they lie inside, and mostly near."""
        look = self._inspecting.run_key()
        if look is None:
            return
        request = FieldGradientsRequest(look, Value(*key))
        self._lanes.engine.start(
            lambda: field_gradients(request, self._engine.host),
            key=NOTICE_KEY,
            title=f"Effective field of {key[0]}",
            revision=self._document.revision,
            on_result=self._view.show_field_check,
            on_error=self._say_why_not,
        )

    def _say_why_not(self, error: AppError) -> None:
        self._notices.show_error(error, NOTICE_KEY)
