"""Running the file's and the edited text on one input: is it the same, or by how much not."""

from __future__ import annotations

from PyQt5.QtCore import QObject, pyqtSignal

from core.engines.measurement import Measurement
from core.engines.verification import Verification
from core.errors import AppError, EngineCrashed
from core.jobs.verify import VerifyRequest, measure, verify
from gui.controllers.engine_child import READY, EngineController
from gui.document import ModelDocument
from gui.jobs import Lanes
from gui.undo import TextHistory

VERIFY, MEASURE = "verify", "measure"


def why_no_verify(document: ModelDocument, history: TextHistory) -> str:
    """Why no rename can be proved now, in a sentence; "" where one can."""
    if document.net is None or document.is_partial or not document.is_edited:
        return "The text is as the file has it, so there is nothing to hold it against."
    if history.base_text(document.saved_text) == document.text:
        return "A fix changes what the net computes, on purpose. Measure says by how much."
    return ""


def why_no_measure(document: ModelDocument, history: TextHistory) -> str:
    """Why no change of the outputs can be measured now, in a sentence; "" where one can."""
    if document.net is None or document.is_partial or not document.is_edited:
        return "The text is as the file has it, so there is nothing to measure."
    if history.compute_the_same(document.saved_text, document.text):
        return "Only names changed, which changes no value. Verify proves it."
    return ""


class VerifyingController(QObject):
    """Verifies and measures on request, and by itself after an edit where that is cheap."""

    started = pyqtSignal(str)
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

    def verify(self) -> None:
        """Compare the text with the file's, or with its last fix; bit for bit."""
        why_not = why_no_verify(self._document, self._history)
        if why_not:
            self.failed.emit(AppError("There is nothing to verify.", hint=why_not))
            return
        before = self._history.base_text(self._document.saved_text)
        request = self._request(before)
        self.started.emit("Verifying…")
        self._lanes.engine.start(
            lambda: verify(request, self._engine.host),
            key=VERIFY,
            title="Verifying the rename",
            revision=self._document.revision,
            on_result=self._take,
            on_error=self._fail,
            on_end=self._end,
        )

    def measure(self) -> None:
        """Say by how much the outputs differ from the file's, as after a fix they must."""
        why_not = why_no_measure(self._document, self._history)
        if why_not:
            self.failed.emit(AppError("There is nothing to measure.", hint=why_not))
            return
        request = self._request(self._document.saved_text)
        self.started.emit("Measuring…")
        self._lanes.engine.start(
            lambda: measure(request, self._engine.host),
            key=MEASURE,
            title="Measuring the fix",
            revision=self._document.revision,
            on_result=self._take_measurement,
            on_error=self._fail,
            on_end=self._end,
        )

    @property
    def is_running(self) -> bool:
        """Whether the two texts are being run now."""
        return self._lanes.is_running(VERIFY) or self._lanes.is_running(MEASURE)

    def _request(self, before: str) -> VerifyRequest:
        document = self._document
        image = document.image_path
        images = () if image is None or document.recipe is None else (image,)
        return VerifyRequest(before, self._engine.request(), images, document.chosen_recipe)

    def _consider(self) -> None:
        """Ask by itself where it is cheap; let go of what nobody asks any more."""
        document, history = self._document, self._history
        may_verify = not why_no_verify(document, history)
        may_measure = not why_no_measure(document, history)
        if not may_verify:
            self._lanes.cancel(VERIFY)
        if not may_measure:
            self._lanes.cancel(MEASURE)
        if self._engine.state != READY or self.is_running or not document.is_cheap:
            return
        if may_measure and document.measurement is None:
            self.measure()
        elif may_verify and not may_measure and document.verification is None:
            self.verify()

    def _take_measurement(self, measurement: Measurement) -> None:
        self._document.set_measurement(measurement)
        self.finished.emit(measurement)

    def _take(self, verification: Verification) -> None:
        self._document.set_verification(verification)
        self.finished.emit(verification)

    def _end(self) -> None:
        if not self.is_running:
            self.ended.emit()

    def _fail(self, error: AppError) -> None:
        if not isinstance(error, EngineCrashed):
            self.failed.emit(error)
