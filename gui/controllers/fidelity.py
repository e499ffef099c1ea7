"""Holds another engine or precision against float32 PyTorch on the open image."""

from __future__ import annotations

from PyQt5.QtCore import QObject

from core.engines.fidelity import BFLOAT16
from core.errors import AppError
from core.jobs.fidelity import Fidelity, FidelityRequest, measure
from gui.controllers.engine_child import EngineController
from gui.controllers.engine_choice import EngineChoiceController, caffe_spec
from gui.dialogs.fidelity import FidelityDialog, FidelityRow
from gui.document import ModelDocument
from gui.jobs import SLICE_SECONDS, Lanes
from gui.main_window import MainWindow
from gui.theme import ThemeKeeper

KEY = "fidelity"
OTHERS = (("bfloat16", "bfloat16 PyTorch"), ("caffe", "your own Caffe"))


class FidelityController(QObject):
    """Opens the dialog and runs both engines, each in a child of its own, beside the window's."""

    def __init__(
        self,
        keeper: ThemeKeeper,
        document: ModelDocument,
        lanes: Lanes,
        engine: EngineController,
        choice: EngineChoiceController,
        window: MainWindow,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._document = document
        self._lanes = lanes
        self._engine = engine
        self._choice = choice
        self._window = window
        self.dialog: FidelityDialog | None = None

    def ask(self) -> None:
        """Open the dialog."""
        document = self._document
        if document.net is None:
            return
        self.close()
        dialog = FidelityDialog(self._keeper, OTHERS, self._first_words(), self._window)
        dialog.run_requested.connect(lambda other: self._run(dialog, other))
        dialog.layer_selected.connect(document.select)
        dialog.finished.connect(lambda _code: self._forget(dialog))
        self.dialog = dialog
        dialog.open()

    def close(self) -> None:
        """Close the dialog that is open, if any."""
        if self.dialog is not None:
            self.dialog.close()

    def _first_words(self) -> str:
        image = self._document.image_path
        on = image.name if image is not None else "an image, which is not open yet"
        words = f"Both run {on} and every value of every layer is compared."
        if self._document.weights is None:
            words += " Without weights they run on filler values."
        return words

    def _run(self, dialog: FidelityDialog, other: str) -> None:
        try:
            request = self._request(other)
        except AppError as error:
            dialog.show_failed(str(error))
            return
        names = dict(OTHERS)
        dialog.show_running(f"float32 PyTorch and {names[other]} run.")
        self._lanes.compute.start(
            lambda: measure(request),
            key=KEY,
            title="Comparing engines",
            slice_seconds=SLICE_SECONDS,
            on_result=lambda found: self._show(dialog, found, names[other]),
            on_error=lambda error: self._fail(dialog, error),
        )

    def _request(self, other: str) -> FidelityRequest:
        document = self._document
        spec = BFLOAT16 if other == "bfloat16" else caffe_spec(self._choice.choice())
        images = () if document.image_path is None else (document.image_path,)
        return FidelityRequest(self._engine.request(), spec, images, recipe=document.chosen_recipe)

    def _show(self, dialog: FidelityDialog, found: Fidelity, name: str) -> None:
        if dialog is not self.dialog:
            return
        shown = [
            FidelityRow(r.value.layer, r.value.top, r.type, r.cosine, r.relative_difference)
            for r in found.rows
        ]
        worst = min(shown, key=lambda row: row.cosine, default=None)
        if worst is None:
            nothing = "No layer of this net computes anything."
            dialog.show_rows((), " ".join((nothing, *found.notes)))
            return
        largest = max(row.difference for row in shown)
        dialog.show_rows(
            shown,
            f"{name} against float32 PyTorch: lowest cosine {worst.cosine:.7f} at {worst.layer},"
            f" largest difference {largest:.1e} of the largest value of its layer."
            + "".join(f" {note}" for note in found.notes),
        )

    def _fail(self, dialog: FidelityDialog, error: AppError) -> None:
        if dialog is self.dialog:
            dialog.show_failed(str(error))

    def _forget(self, dialog: FidelityDialog) -> None:
        if self.dialog is dialog:
            self.dialog = None
            self._lanes.cancel(KEY)
