"""The values of the selected layer in the inspector, once a pass has run; it starts none itself."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QEvent, QObject

from core.activations.summary import ValueSummary
from core.net.definition import BlobVersion, Net
from core.net.value_words import value_words
from gui.controllers.inspecting import InspectingController
from gui.document import ModelDocument
from gui.panels.histogram.panel import default_pair
from gui.panels.histogram.small import SmallHistogram
from gui.panels.histogram.view import view_from
from gui.panels.inspector.panel import Inspector

ASK = "Forward (F5) shows how the values spread."


class GlancingController(QObject):
    """Asks for the two histograms that tell most of a layer, while the inspector can be seen."""

    def __init__(
        self,
        document: ModelDocument,
        inspecting: InspectingController,
        inspector: Inspector,
        histogram: SmallHistogram,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._inspecting = inspecting
        self._inspector = inspector
        self._histogram = histogram
        self._is_stale = True
        inspector.installEventFilter(self)
        for changed in (
            document.net_changed,
            document.weights_changed,
            document.image_changed,
            document.recipe_changed,
            document.selection_changed,
            inspecting.forward_done,
        ):
            changed.connect(self._on_changed)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """What it missed is asked for when it comes into view."""
        if event.type() == QEvent.Show and self._is_stale:
            self._ask()
        return super().eventFilter(watched, event)

    def _on_changed(self) -> None:
        self._is_stale = True
        if self._inspector.isVisible():
            self._ask()

    def _ask(self) -> None:
        self._is_stale = False
        net, name = self._document.net, self._document.selection
        if net is None or not net.has_layer(name) or not net.written(name):
            self._show_nothing()
            return
        pair = default_pair(net, name, self._document.once_in_place())
        values = [version for version in pair if version is not None]
        keys = [(v.layer, net.layers[v.layer_index].tops[v.top_index]) for v in values]
        is_asked = self._inspecting.glance(
            keys, lambda summaries: self._show(net, values, summaries)
        )
        if not is_asked:
            self._show_nothing(ASK if self._inspecting.can_run() else "")

    def _show(
        self, net: Net, values: Sequence[BlobVersion], summaries: Sequence[ValueSummary]
    ) -> None:
        view = view_from(list(map(value_words, values)), summaries, is_log=False)
        self._histogram.show_view(view)
        self._inspector.show_values(_note(net, values), are_there=True)

    def _show_nothing(self, hint: str = "") -> None:
        self._histogram.show_view(None)
        self._inspector.show_values(hint, are_there=False)


def _note(net: Net, values: Sequence[BlobVersion]) -> str:
    """ "@0 before, @1 after ReLU", or "before and after ReLU" for blobs of other names."""
    if len(values) == 1:
        return ""
    before, after = values
    name = net.layers[after.layer_index].type
    if before.blob == after.blob:
        return f"@{before.version} before, @{after.version} after {name}"
    return f"before and after {name}"
