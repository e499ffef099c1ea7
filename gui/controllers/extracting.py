"""Writing activations to a file: of the current image or of every image in a folder."""

from __future__ import annotations

from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal

from core.engines.values import Value
from core.errors import ImageError
from core.jobs.extract import Extracted, ExtractRequest, extract
from core.measures.measure import KEEP, Pool
from core.net.definition import AUTOMATIC_TOP
from gui.controllers.engine_child import EngineController
from gui.dialogs.extract import ExtractChoice
from gui.document import ModelDocument
from gui.jobs import SLICE_SECONDS, Lanes
from gui.notices import Notice, Notices
from gui.widgets.layer_rows import LayerRow, layer_rows

KEY = "extract"
N_SKIPPED_NAMED = 3


class ExtractingController(QObject):
    """Runs one extraction at a time on the engine lane; other jobs come in between."""

    finished = pyqtSignal(object)

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        engine: EngineController,
        notices: Notices,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._lanes = lanes
        self._engine = engine
        self._notices = notices

    def rows(self) -> tuple[LayerRow, ...]:
        """Every value of the net that can be written, each as it stands right after its layer."""
        net, shapes = self._document.net, self._document.shapes
        if net is None or shapes is None:
            return ()
        return tuple(row for row in layer_rows(net, shapes) if row.top not in ("", AUTOMATIC_TOP))

    def suggested_path(self) -> Path:
        """`<net>_activations.npz` beside the prototxt."""
        path = self._document.path or Path.cwd() / "net.prototxt"
        return path.with_name(f"{path.stem}_activations.npz")

    def extract(self, choice: ExtractChoice) -> None:
        """Start; the notices say where the file is, or what went wrong."""
        request = self._request(choice)
        if not request.images:
            error = ImageError("No image is open.", hint="Open one, or choose a folder of images.")
            self._notices.show_error(error, KEY)
            return
        self._lanes.engine.start(
            lambda: extract(request, self._engine.host),
            key=KEY,
            title=f"Extracting to {request.out.name}",
            slice_seconds=SLICE_SECONDS,
            on_result=self._take,
            on_error=lambda error: self._notices.show_error(error, KEY),
        )

    def _request(self, choice: ExtractChoice) -> ExtractRequest:
        source = choice.folder or self._document.image_path
        return ExtractRequest(
            net=self._engine.request(),
            layers=tuple(Value(*value) for value in choice.values),
            out=choice.out,
            images=() if source is None else (source,),
            measure=KEEP if choice.pooling is None else Pool(choice.pooling),
            recipe=self._document.chosen_recipe,
            batch_size=self._engine.batch,
            is_strict=choice.is_strict,
        )

    def _take(self, extracted: Extracted) -> None:
        n_images, n_arrays = len(extracted.images), len(extracted.arrays)
        self._notices.show(
            Notice(
                "warning" if extracted.skipped else "ok",
                f"{n_arrays:,} {'activation' if n_arrays == 1 else 'activations'} of"
                f" {n_images:,} {'image' if n_images == 1 else 'images'} written",
                "\n".join(_sentences(extracted)),
                key=KEY,
            )
        )
        self.finished.emit(extracted)


def _sentences(extracted: Extracted) -> list[str]:
    """What to know of the file: where it is, what is not in it, and how it was made."""
    lines = [f"{extracted.out}, described in {extracted.manifest.name}"]
    if extracted.skipped:
        lines.append(f"{len(extracted.skipped):,} left out:")
        named = extracted.skipped[:N_SKIPPED_NAMED]
        lines += [f"{Path(name).name}: {reason}" for name, reason in named]
    if extracted.resumed:
        lines.append(f"{extracted.resumed:,} had been done by an earlier run.")
    if extracted.apart and len(extracted.images) > 1:
        lines.append(f"Each image had a pass of its own: {extracted.apart}")
    if extracted.recipe is not None:
        lines.append(f"Preprocessing, {extracted.recipe.origin}: {extracted.recipe.describe()}.")
    if extracted.limit is not None and len(extracted.images) > 1:
        lines.append(extracted.limit.sentence)
    return [*lines, *extracted.warnings, *extracted.notes]
