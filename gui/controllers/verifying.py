"""Running the original and the edited text on one input and comparing what they share."""

from __future__ import annotations

from PyQt5.QtCore import QObject, pyqtSignal

from core.engines.verification import Verification
from core.errors import AppError, EngineCrashed
from core.jobs.verify import VerifyRequest, verify
from gui.controllers.engine_child import READY, EngineController
from gui.document import ModelDocument
from gui.jobs import Lanes
from gui.undo import TextHistory

CHEAP_MACS = 2_000_000_000
"""Nets below this run both texts in well under a second on two cores, so verify by themselves."""


class VerifyingController(QObject):
    """Verifies on request, and by itself after an edit where that is cheap."""

    started = pyqtSignal()
    finished = pyqtSignal(object)
    ended = pyqtSignal()
    failed = pyqtSignal(object)

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        engine: EngineController,
        history: TextHistory,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._lanes = lanes
        self._engine = engine
        self._history = history
        document.net_changed.connect(self._consider)
        document.weights_changed.connect(self._consider)
        engine.state_changed.connect(self._consider)

    @property
    def is_cheap(self) -> bool:
        """Whether a verify of this net takes no time worth asking about."""
        shapes = self._document.shapes
        return shapes is not None and 0 < shapes.total_cost.macs < CHEAP_MACS

    def verify(self) -> None:
        """Compare the text as it is now with the text as it was opened."""
        document = self._document
        before, after = self._history.base_text, document.text
        if document.net is None or document.is_partial:
            return
        if before == after:
            self.failed.emit(AppError("There is nothing to verify.", hint=self._why_nothing()))
            return
        image = document.image_path
        images = () if image is None or document.recipe is None else (image,)
        request = VerifyRequest(before, self._engine.request(), images, document.chosen_recipe)
        self.started.emit()
        self._lanes.engine.start(
            lambda: verify(request, self._engine.host),
            key="verify",
            title="Verifying the rename",
            revision=document.revision,
            on_result=self._take,
            on_error=self._fail,
            on_end=self._end,
        )

    def _consider(self) -> None:
        document = self._document
        is_open_question = (
            bool(document.renames)
            and document.verification is None
            and document.text != self._history.base_text
        )
        is_ready = self._engine.state == READY and not self._lanes.is_running("verify")
        if is_open_question and is_ready and self.is_cheap:
            self.verify()
        elif document.text == self._history.base_text:
            self._lanes.cancel("verify")

    def _why_nothing(self) -> str:
        if self._document.text == self._history.first_text:
            return "The text is as it was opened, so there is nothing to hold it against."
        return (
            "A fix changes what the net computes, so there is nothing to hold it against. What is"
            " renamed from here on can be verified."
        )

    def _take(self, verification: Verification) -> None:
        self._document.set_verification(verification)
        self.finished.emit(verification)

    def _end(self) -> None:
        if not self._lanes.is_running("verify"):
            self.ended.emit()

    def _fail(self, error: AppError) -> None:
        if not isinstance(error, EngineCrashed):
            self.failed.emit(error)
