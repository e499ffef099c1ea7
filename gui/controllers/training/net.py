"""The Net step: makes the three files of a net and a split, shows them, and writes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal

from core.errors import AppError
from core.files import is_plain_file
from core.jobs.prepare import FILES, PreparedFiles, PrepareRequest, prepare_training
from core.layers.shapes import infer_shapes
from core.net.definition import NetState
from core.net.reader import read_net
from core.progress import Job
from core.training.presets import PRESETS
from core.words import plural
from gui.controllers.training.project import OpenProject
from gui.dialogs.files import PROTOTXT_FILTER, WEIGHTS_FILTER, FileChooser
from gui.document import ModelDocument
from gui.jobs import Lanes
from gui.main_window import MainWindow
from gui.notices import Notices
from gui.panels.training.file_difference import FileLines, file_lines
from gui.settings import Settings
from gui.widgets.layer_rows import LayerRow, layer_rows
from gui.widgets.plain_text import plain_tip

PREPARE = "train-prepare"
NO_SPLIT = (
    "The new last layer gets an output for each class. Save a split in step Data, or open one "
    "that was saved."
)
NO_NET = "Open a net, whose last layer is replaced by one for your classes."
_KEPT_FROM = "The new name keeps Caffe from copying weights that do not fit."
_MOST_SUFFIX = 20


@dataclass(frozen=True)
class Made:
    """The files, their lines as they are shown, and the layers that can be frozen up to."""

    request: PrepareRequest
    files: PreparedFiles
    lines: dict[str, FileLines]
    rows: tuple[LayerRow, ...]


class NetController(QObject):
    """Makes the files anew whenever net, split or a field is another and the step is shown."""

    said = pyqtSignal(str)
    open_requested = pyqtSignal()
    split_requested = pyqtSignal()
    made = pyqtSignal()
    """The files were made anew, or can't be."""

    def __init__(
        self,
        project: OpenProject,
        document: ModelDocument,
        lanes: Lanes,
        window: MainWindow,
        notices: Notices,
        settings: Settings,
        chooser: Callable[[], FileChooser],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._project = project
        self._document = document
        self._lanes = lanes
        self._window, self._page = window, window.training_page
        self._step = self._page.net
        self._notices = notices
        self._settings = settings
        self._chooser = chooser
        self._made: Made | None = None
        self._asked: PrepareRequest | None = None
        self._of: tuple[Path, Path] | None = None
        self._preset = PRESETS[0].id
        self._connect()
        self._show_state()

    @property
    def files(self) -> PreparedFiles | None:
        """What the step shows; None where nothing could be made."""
        return None if self._made is None else self._made.files

    def why_not(self) -> dict[str, str]:
        """The state words of the step's actions."""
        missing = self._missing()
        return {"training_made": "" if self._made is not None else
                missing or "Step Net of the Training page makes the files first."}  # fmt: skip

    def choose_net(self) -> None:
        """Ask for a net in place of the one that is open."""

        def take(paths: tuple[Path, ...]) -> None:
            self._settings.set_folder("models", paths[0].absolute().parent)
            self._project.change(net=paths[0].absolute(), weights=None)

        start = self._settings.folder("models")
        self._chooser().open_files("Net to train", start, PROTOTXT_FILTER, take)

    def choose_weights(self) -> None:
        """Ask for the weights that it begins with."""

        def take(paths: tuple[Path, ...]) -> None:
            self._project.change(weights=paths[0].absolute())

        start = self._settings.folder("models")
        self._chooser().open_files("Weights to begin with", start, WEIGHTS_FILTER, take)

    def write(self) -> None:
        """Write the three files beside the split, as they are shown."""
        made, folder = self._made, self._project.now.folder
        if made is None or folder is None:
            return
        # the plan that was carried out: its numbers are those of a preset, too
        request = replace(
            made.request,
            out=folder,
            plan=made.files.plan,
            preset="",
            augmentation=self._project.now.augmentation,  # none, too, in place of one of before
        )
        self._notices.dismiss(PREPARE)
        self._lanes.compute.start(
            lambda: prepare_training(request),
            key=PREPARE,
            title="Writing the files of the training",
            on_result=self._take_written,
            on_error=self._show_error,
        )

    def _connect(self) -> None:
        step, document = self._step, self._document
        step.asked.connect(self._ask)
        step.fields.changed.connect(self._take_fields)
        step.start.changed.connect(self._take_fields)
        step.start.preset_chosen.connect(self._take_preset)
        step.start.net_requested.connect(self.choose_net)
        step.start.weights_requested.connect(self.choose_weights)
        self._page.write_files.clicked.connect(lambda: self.write())
        self._project.changed.connect(self._follow)
        for signal in (document.net_changed, document.weights_changed, document.recipe_changed):
            signal.connect(self._follow)
        self._page.step_shown.connect(lambda _step: self._follow())
        self._window.page_shown.connect(lambda _page: self._follow())
        step.fields.freeze.rows_wanted = lambda: () if self._made is None else self._made.rows

    def _missing(self) -> str:
        """What has to be there first, in a sentence."""
        now = self._project.now
        if now.divided is None:
            return NO_SPLIT
        return NO_NET if self._net() is None else ""

    def _net(self) -> Path | None:
        document = self._document
        opened = document.path if document.net is not None else None
        return self._project.now.net or opened

    def _ask(self) -> None:
        if self._project.now.divided is None:
            self.split_requested.emit()
        else:
            self.open_requested.emit()

    def _request(self) -> PrepareRequest | None:
        now, document, net = self._project.now, self._document, self._net()
        if net is None or now.folder is None or now.divided is None:
            return None
        is_open = net == document.path
        weights = now.weights or (document.weights_path if is_open else None)
        recipe = document.chosen_recipe if is_open else None
        plan = self._step.plan
        return PrepareRequest(net, now.folder, None, plan, weights, recipe, preset=self._preset)

    def _follow(self) -> None:
        """Make the files where they are looked at and something is another."""
        self._show_state()
        if self._window.page != "training" or self._page.step != "net":
            return
        missing, request = self._missing(), self._request()
        if missing or request is None:
            self._made = self._asked = None
            button = "Open a split…" if self._project.now.divided is None else "Open a net…"
            self._step.show_missing(missing, button)
            self.made.emit()
            return
        if self._of != (request.net, request.split):
            self._of = (request.net, request.split)
            self._preset = self._preset or PRESETS[0].id
            self._step.start.show_preset(self._preset)
            self._step.fields.show_suffix(_suffix(self._project.now.source))
            request = self._request()
        if request is not None and request != self._asked:
            self._make(request)

    def _make(self, request: PrepareRequest) -> None:
        self._asked = request
        self._lanes.compute.start(
            lambda: _make(request),
            key=PREPARE,
            on_result=self._take,
            on_error=self._show_error,
        )

    def _take_fields(self) -> None:
        self._preset = ""
        self._step.start.show_preset("")
        self._follow()

    def _take_preset(self, preset: str) -> None:
        self._preset = preset
        self._follow()

    def _take(self, made: Made) -> None:
        self._notices.dismiss(PREPARE)
        self._made = made
        weights = made.request.weights
        self._step.start.show_files(made.request.net.name, "" if weights is None else weights.name)
        reason = _KEPT_FROM
        if self._document.is_edited and made.request.net == self._document.path:
            reason = "Made of the file as it was saved: unsaved edits are not in it."
        self._step.show_prepared(made.files, made.lines, _sentences(made), reason)
        self._asked = self._request()  # which says the same with the fields as they are now
        self._show_state()
        self.made.emit()

    def _take_written(self, files: PreparedFiles) -> None:
        self._project.change(prepared=files)
        folder = files.written[0].parent
        self.said.emit(f"Wrote {plural(len(files.written), 'file')} in {folder.name}")
        self._show_state()

    def _show_error(self, error: AppError) -> None:
        self._made = None
        self._step.show_missing(str(error.sentence), "")
        self._notices.show_error(error, PREPARE)
        self._show_state()
        self.made.emit()

    def _show_state(self) -> None:
        button, written = self._page.bar.buttons["net"], self._project.now.prepared
        tool, why_not = self._page.write_files, self.why_not()["training_made"]
        tool.setEnabled(not why_not)
        tool.setToolTip(plain_tip(why_not or "Write train_val, solver and deploy beside the split"))
        folder = self._project.now.folder
        if written is None and folder is not None and is_plain_file(folder / "solver.prototxt"):
            button.show_state("written before", is_done=True)
            return
        if written is None:
            button.show_state("not made yet" if self._made is None else "not written yet")
            return
        old = ", ".join(old for old, _ in written.made.renamed)
        is_same = self._made is None or self._made.files.made == written.made
        words = f"{old} renamed and resized" if is_same else "changed since it was written"
        button.show_state(words, is_done=is_same)


def _make(request: PrepareRequest) -> Job[Made]:
    files = yield from prepare_training(request)
    texts = {name: getattr(files.made, name) for name in FILES}
    lines = {
        "train_val": file_lines(files.source, texts["train_val"]),
        "solver": file_lines("", texts["solver"], is_net=False),
        "deploy": file_lines(files.source, texts["deploy"]),
    }
    net = read_net(files.source, state=NetState("TEST"))
    return Made(request, files, lines, layer_rows(net, infer_shapes(net)))


def _sentences(made: Made) -> tuple[str, ...]:
    """What becomes of the net, from the longest to the shortest wording."""
    files, weights = made.files, made.request.weights
    renamed = ", ".join(f"{old} becomes {new}" for old, new in files.made.renamed)
    renamed = f"{renamed} with {plural(files.plan.n_classes, 'output')}"
    hows = [start.how for start in files.starts]
    if weights is None:
        return f"{renamed}; {plural(len(hows), 'layer')} start from fillers.", f"{renamed}."
    n_copied, n_new = hows.count("copied"), hows.count("new")
    copied = f"{plural(n_copied, 'layer')} start{'s' if n_copied == 1 else ''}"
    return (
        f"{renamed}; {copied} from {weights.name}, {n_new:,} from fillers.",
        f"{renamed}; {n_copied:,} copied, {n_new:,} from fillers.",
        f"{renamed}.",
    )


def _suffix(source: Path | None) -> str:
    """The name of the images, as far as it can be the end of a layer's name."""
    words = re.sub(r"\W+", "_", source.stem if source is not None else "").strip("_")
    return words[:_MOST_SUFFIX].rstrip("_") or "new"
