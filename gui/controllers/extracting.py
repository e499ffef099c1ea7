"""Writing activations to an .npz: of the current image or of every image in a folder."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PyQt5.QtCore import QObject, pyqtSignal

from core.activations.npz_file import write_npz
from core.engines.base import Engine, Value
from core.engines.value_keys import IMAGES_KEY, value_keys
from core.errors import AppError, ImageError
from core.images.finding import find_images
from core.images.preprocess import Preprocess
from core.measures.measure import Pool
from core.net.definition import AUTOMATIC_TOP, Net
from core.progress import Progress
from gui.controllers.engine_child import EngineController
from gui.dialogs.extract import ExtractRequest, ValueChoice
from gui.document import ModelDocument
from gui.jobs import Lanes
from gui.notices import Notice, Notices


@dataclass(frozen=True)
class Extracted:
    """What was written, and which images could not be read."""

    out: Path
    n_images: int
    n_arrays: int
    skipped: tuple[tuple[Path, str], ...]


class ExtractingController(QObject):
    """Runs one extraction at a time on the engine lane."""

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

    def choices(self) -> tuple[ValueChoice, ...]:
        """Every value of the net, each as it stands right after its layer."""
        net = self._document.net
        if net is None:
            return ()
        return tuple(
            ValueChoice(version.layer, version.blob, _label(net, version.layer, version.label))
            for version in net.versions
            if version.blob != AUTOMATIC_TOP
        )

    def suggested_path(self) -> Path:
        """`<net>_activations.npz` beside the prototxt."""
        path = self._document.path or Path.cwd() / "net.prototxt"
        return path.with_name(f"{path.stem}_activations.npz")

    def extract(self, request: ExtractRequest) -> None:
        """Start; the notices say where the file is, or what went wrong."""
        document = self._document
        net, recipe = document.net, document.recipe
        if net is None or recipe is None or len(net.inputs) != 1:
            problem = ImageError(
                "This net takes no single image.", hint="Use main.py extract --array for it."
            )
            self._notices.show_error(problem, "extract")
            return
        images = self._images(request)
        net_request, input_blob = self._engine.request(), net.inputs[0]

        def work() -> Generator[Progress, None, Extracted]:
            engine = self._engine.open_net(net_request)
            found = find_images(request.folder) if request.folder else images
            return (yield from _extract(engine, net, recipe, input_blob, tuple(found), request))

        self._lanes.engine.start(
            work,
            key="extract",
            title=f"Extracting to {request.out.name}",
            on_result=self._take,
            on_error=lambda error: self._notices.show_error(error, "extract"),
        )

    def _images(self, request: ExtractRequest) -> tuple[Path, ...]:
        image = self._document.image_path
        return () if request.folder or image is None else (image,)

    def _take(self, extracted: Extracted) -> None:
        names = "".join(f"{path.name}: {why}<br>" for path, why in extracted.skipped[:3])
        n_skipped = len(extracted.skipped)
        self._notices.show(
            Notice(
                "warning" if n_skipped else "ok",
                f"{extracted.n_arrays:,} activations of {extracted.n_images:,}"
                f" {'image' if extracted.n_images == 1 else 'images'} written",
                f"{extracted.out}" + (f"<br>{n_skipped} skipped. {names}" if n_skipped else ""),
                key="extract",
            )
        )
        self.finished.emit(extracted)


def _extract(
    engine: Engine,
    net: Net,
    recipe: Preprocess,
    input_blob: str,
    images: tuple[Path, ...],
    request: ExtractRequest,
) -> Generator[Progress, None, Extracted]:
    values = [Value(*value) for value in request.values]
    gathered: dict[Value, list[np.ndarray]] = {value: [] for value in values}
    names: list[str] = []
    skipped: list[tuple[Path, str]] = []
    for done, path in enumerate(images):
        yield Progress(done, len(images), "images")
        try:
            inputs = {input_blob: recipe.read(path)[None]}
        except ImageError as error:
            skipped.append((path, error.sentence))
            continue
        for value, array in _pass(engine, inputs, values, request.pooling).items():
            gathered[value].append(array)
        names.append(path.name if request.folder is None else str(path.relative_to(request.folder)))
    if not names:
        raise ImageError("None of the images can be read.", details=_reasons(skipped))
    yield Progress(len(images), len(images), "images")
    write_npz(request.out, _members(net, names, gathered))
    return Extracted(request.out, len(names), len(values), tuple(skipped))


def _pass(
    engine: Engine, inputs: dict[str, np.ndarray], values: list[Value], pooling: str
) -> dict[Value, np.ndarray]:
    if pooling == "none":
        return engine.forward(inputs, values)
    pool = Pool(pooling)  # type: ignore[arg-type]  # one of the dialog's
    found = engine.measure(inputs, {v: (pool.fitting(engine.shape_of(v)),) for v in values})
    return {value: array for (value, _), array in found.items()}


def _members(
    net: Net, names: list[str], gathered: dict[Value, list[np.ndarray]]
) -> Generator[tuple[str, np.ndarray], None, None]:
    yield IMAGES_KEY, np.array(names, dtype=np.str_)
    for value, key in value_keys(net, list(gathered)).items():
        arrays = gathered[value]
        if len({array.shape[1:] for array in arrays}) > 1:
            raise AppError(
                f"The activations of {key} differ in size from image to image.",
                hint="Pool them, or choose a recipe that gives every image one size.",
            )
        yield key, np.concatenate(arrays)


def _reasons(skipped: list[tuple[Path, str]]) -> str:
    return "\n".join(f"{path.name}: {why}" for path, why in skipped[:8])


def _label(net: Net, layer: str, version: str) -> str:
    return f"{layer}   {net.layer(layer).type}   {version}"
