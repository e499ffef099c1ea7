"""Works out what a prototxt text means, off the window's thread, and remembers the last few."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from PyQt5.QtCore import QObject

from core.errors import AppError
from core.layers.shapes import infer_shapes
from core.net.definition import NetState
from core.net.reader import read_net
from core.weights.binding import bind_weights
from core.weights.reader import Weights
from gui.document import DerivedNet, ModelDocument
from gui.jobs import Lanes

N_REMEMBERED = 12


class _Key(NamedTuple):
    text: str
    state: NetState
    weights: Path | None


def derive(text: str, path: Path | None, state: NetState, weights: Weights | None) -> DerivedNet:
    """Parse a text, infer its shapes and bind the weights.

    Raises PrototxtError when the text can't be read.
    """
    net = read_net(text, path=path, state=state)
    shapes = infer_shapes(net)
    binding = None if weights is None else bind_weights(net, shapes, weights)
    return DerivedNet(text, net, shapes, binding)


class Deriver(QObject):
    """Derives texts of one document on the compute lane; known ones come back at once."""

    def __init__(
        self, document: ModelDocument, lanes: Lanes, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._lanes = lanes
        self._known: OrderedDict[_Key, DerivedNet] = OrderedDict()

    def obtain(
        self,
        text: str,
        on_ready: Callable[[DerivedNet], None],
        on_error: Callable[[AppError], None] | None = None,
    ) -> None:
        """Give what `text` means in the document's phase and with its weights."""
        document = self._document
        key = _Key(text, document.state, document.weights_path)
        known = self._known.get(key)
        if known is not None:
            self._known.move_to_end(key)
            on_ready(known)
            return

        def keep(derived: DerivedNet) -> None:
            self.remember(derived, key.state, key.weights)
            on_ready(derived)

        path, weights = document.path, document.weights
        self._lanes.compute.start(
            lambda: derive(text, path, key.state, weights),
            key="derive",
            on_result=keep,
            on_error=on_error,
        )

    def remember(self, derived: DerivedNet, state: NetState, weights: Path | None) -> None:
        """Keep a result that another job worked out."""
        self._known[_Key(derived.text, state, weights)] = derived
        while len(self._known) > N_REMEMBERED:
            self._known.popitem(last=False)

    def forget(self) -> None:
        """Drop everything, as when another file is opened."""
        self._known.clear()
