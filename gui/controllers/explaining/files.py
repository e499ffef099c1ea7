"""Takes an explanation out of the window: picture, places, gradients by layer, and the command."""

from __future__ import annotations

import shlex
from functools import partial
from pathlib import Path

from PyQt5.QtCore import QMimeData, QObject
from PyQt5.QtGui import QGuiApplication

from core.attribution.explanation import Explanation
from core.attribution.methods import Method
from core.attribution.targets import ChannelTarget, MatchTarget, Target
from core.csv_table import write_csv
from core.errors import AppError
from core.jobs.gradients import Gradients, GradientsRequest, gradients, write_gradients
from core.jobs.saliency import SaliencyRequest
from core.jobs.saliency_files import draw_explanation, write_places
from gui.controllers.engine_child import EngineController
from gui.controllers.explaining.controller import ExplainingController
from gui.controllers.exporting import ExportingController
from gui.controllers.look_commands import look_command
from gui.jobs import Lanes
from gui.notices import Notice, Notices
from gui.panels.gradients.panel import GradientsPanel

FILTERS = (
    "PNG picture with its places (*.png);;"
    "NumPy array of the places (*.npy);;"
    "CSV table of gradients by layer (*.csv);;"
    "NumPy arrays of all gradients (*.npz)"
)
NOTHING = AppError("Nothing is explained yet.", hint="Run a method first.")


class ExplanationFiles(QObject):
    """Copy and save what the Gradients view shows."""

    def __init__(
        self,
        lanes: Lanes,
        engine: EngineController,
        explaining: ExplainingController,
        exporting: ExportingController,
        notices: Notices,
        panel: GradientsPanel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._lanes, self._engine, self._explaining = lanes, engine, explaining
        self._exporting, self._notices, self._panel = exporting, notices, panel
        panel.copy_requested.connect(self.copy)
        panel.save_requested.connect(partial(self.save, "png"))
        panel.side.csv_requested.connect(partial(self.save, "csv"))

    def copy(self) -> None:
        """The picture as it is shown, and as text the command that makes it."""
        request, clipboard = self._explaining.request, QGuiApplication.clipboard()
        if request is None or clipboard is None:
            return
        box = self._panel.main.picture_rect().toAlignedRect()
        copied = QMimeData()
        copied.setImageData(self._panel.main.grab(box).toImage())
        method = self._panel.fields.method(self._panel.methods.current)
        copied.setText(saliency_command(request, method))
        clipboard.setMimeData(copied)

    def save(self, ending: str = "png") -> None:
        """Ask where to, and write by the ending that is chosen."""
        request = self._explaining.request
        found = self._explaining.known.maps.get(self._panel.methods.current)
        if request is None or (found is None and ending != "csv"):
            self._notices.show_error(NOTHING, "save")
            return
        image = request.look.image
        stem = image.stem if image is not None else "explanation"
        name = f"{stem}_{self._panel.methods.current}.{ending}"
        filters = FILTERS
        if ending == "csv":  # first, as dialogs offer it
            parts = FILTERS.split(";;")
            filters = ";;".join((parts[2], parts[0], parts[1], parts[3]))
        self._exporting.choose(
            "Save the explanation", name, filters, partial(self._write, request, found)
        )

    def _write(self, request: SaliencyRequest, found: Explanation | None, path: Path) -> None:
        suffix = path.suffix.lower()
        if suffix == ".npz":
            self._write_gradients(request, path)
        elif suffix == ".csv":
            explained = self._explaining.known.explained
            rows = () if explained is None else explained.norms
            table = [(value.layer, value.top, f"{norm:.9g}") for value, norm in rows]
            write_csv(path, [("layer", "top", "l2_norm"), *table])
        elif found is None:
            raise NOTHING
        elif suffix == ".npy":
            write_places(found, request.look, path)
        else:
            opacity = self._panel.opacity.value() / 100
            draw_explanation(found, request.look.image, path, opacity=opacity)

    def _write_gradients(self, request: SaliencyRequest, path: Path) -> None:
        asked = GradientsRequest(request.look, target=request.target)

        def take(done: Gradients) -> None:
            try:
                write_gradients(done.found, path)
            except AppError as error:
                self._notices.show_error(error, "save")
                return
            if done.notes:
                title = f"{path.name} is written; some of its gradients need a word"
                self._notices.show(Notice("info", title, " ".join(done.notes), key="save"))

        self._lanes.engine.start(
            partial(gradients, asked, self._engine.host), key="explain-npz",
            title="All gradients", on_result=take,
        )  # fmt: skip


def saliency_command(request: SaliencyRequest, method: Method) -> str:
    """The command that shows outside the window what the view shows."""
    options = ["--target", target_word(request.target), "--method", method.name]
    plain = Method(method.name).settings()
    for name, value in method.settings().items():
        options += [f"--{name}", str(value)] if value != plain[name] else []
    if getattr(request.target, "of", "before") == "after":
        options += ["--of", "after"]
    if method.name == "gradcam" and request.at is not None:
        at = request.at
        options += ["--at", at.layer if at.layer == at.top else f"{at.layer}:{at.top}"]
    words = shlex.split(look_command("saliency", request.look, ("x",)))
    place = words.index("--layers")
    kept = [*words[:place], *words[place + 2 :]]
    return shlex.join([*kept, *options, "--out", f"{method.name}.png"])


def target_word(target: Target) -> str:
    """As the command takes it."""
    if isinstance(target, ChannelTarget):
        value = target.value
        layer = value.layer if value.layer == value.top else f"{value.layer}:{value.top}"
        return f"channel:{layer}:{target.channel}:{target.how}"
    if isinstance(target, MatchTarget):
        return f"match:{target.image}@{target.value.layer}"
    if target.number is None:
        return "top"
    minus = "" if target.minus is None else f"-{target.minus}"
    return f"class:{target.number}{minus}"
