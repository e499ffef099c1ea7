"""Weights of the open net: opened, offered from beside it, waiting for a net, or of another one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal

from core.jobs.open import read_weights
from core.weights.beside import WeightsBeside, find_weights_beside
from core.weights.binding import Binding
from core.weights.reader import Weights
from gui.controllers.opening_notices import (
    beside_notice,
    other_net_notice,
    waiting_notice,
    weights_notice,
)
from gui.derivation import Deriver
from gui.document import ModelDocument
from gui.jobs import Lanes
from gui.notices import Notices
from gui.settings import Settings

KEY = "weights"


class WeightsOpening(QObject):
    """Weights go to the net that is open, and to no other without a word."""

    bound = pyqtSignal()
    layers_requested = pyqtSignal(list)

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        deriver: Deriver,
        notices: Notices,
        settings: Settings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._lanes = lanes
        self._deriver = deriver
        self._notices = notices
        self._settings = settings
        self._waiting: Path | None = None
        self.choose_weights: Callable[[], None] = lambda: None
        self.choose_model: Callable[[], None] = lambda: None
        notices.changed.connect(self._forget_stray)

    @property
    def waiting(self) -> Path | None:
        """The weights that the next prototxt gets, as a notice says while it is shown."""
        return self._waiting

    def open(self, path: Path) -> None:
        """Map weights and bind them to the open net."""
        net, shapes = self._document.net, self._document.shapes
        if net is None or shapes is None:
            self.wait_for_net(path)
            return
        self._lanes.files.start(
            lambda: read_weights(path, net, shapes),
            key=KEY,
            title=f"Opening {path.name}",
            revision=self._document.revision,
            on_result=lambda read: self._take(path, *read),
            on_error=lambda error: self._notices.show_error(error, KEY),
        )

    def wait_for_net(self, path: Path) -> None:
        """Keep weights for the prototxt that is opened next, and say so."""
        self._notices.show(waiting_notice(path.name), {"open": self.choose_model})
        self._waiting = path
        self._document.set_stray_weights(path)

    def offer_beside(self) -> None:
        """Look for weights beside the net that was just opened without any."""
        document = self._document
        net, shapes, path = document.net, document.shapes, document.path
        if net is None or shapes is None or path is None:
            return
        self._lanes.files.start(
            lambda: find_weights_beside(path, net, shapes),
            key="weights-beside",
            revision=document.revision,
            on_result=self._offer,
        )

    def _offer(self, found: tuple[WeightsBeside, ...]) -> None:
        if not found or self._document.weights is not None or self._notices.has(KEY):
            return
        notice = beside_notice([(one.path.name, one.fit_words) for one in found])
        bind = {f"bind{place}": partial(self.open, one.path) for place, one in enumerate(found)}
        self._notices.show(notice, {**bind, "open": self.choose_weights})

    def _take(self, path: Path, weights: Weights, binding: Binding) -> None:
        self._settings.set_folder("models", path.absolute().parent)
        if binding.n_arrays_expected and not binding.n_arrays_bound:
            self._refuse(path, binding)
            return
        self._waiting = None
        document = self._document
        if document.path is not None:
            self._settings.set_weights_of(document.path, path)
        self._deriver.forget()
        document.set_weights(weights, binding)
        self.bound.emit()
        notice = weights_notice(binding, path.name)
        if notice is None:
            self._notices.dismiss(KEY)
            return
        unbound = list(binding.unbound) or [wrong.layer for wrong in binding.wrong]
        self._notices.show(
            notice,
            {
                "open": self.choose_weights,
                "layers": lambda: self.layers_requested.emit(unbound),
            },
        )

    def _refuse(self, path: Path, binding: Binding) -> None:
        """Nothing of the file fits: it is of another net, and what was bound stays."""

        def open_its_net() -> None:
            self._waiting = path
            self.choose_model()

        document = self._document
        name = document.path.stem if document.path else "the net"
        self._notices.show(
            other_net_notice(path.name, name, binding, keeps=document.weights is not None),
            {"open": self.choose_weights, "net": open_its_net},
        )
        self._waiting = None
        document.set_stray_weights(path)

    def _forget_stray(self) -> None:
        """Weights wait, or are said to be of another net, as long as the notice is shown."""
        if not self._notices.has(KEY):
            self._waiting = None
            self._document.set_stray_weights(None)
