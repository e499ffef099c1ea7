"""Which activations to write, pooled how, over which images, and where."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QRadioButton,
    QWidget,
)

from core.errors import AppError
from core.measures.measure import PoolingName
from core.surveys.feature_files import check_suffix
from core.words import bytes_text
from gui.dialogs.frame import FramedDialog
from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button
from gui.widgets.choice import Choice
from gui.widgets.labels import LinkLabel, ThemedLabel
from gui.widgets.layer_list import LayerList
from gui.widgets.layer_rows import LayerRow
from gui.widgets.plain_text import plain_caption, plain_tip

POOLINGS: tuple[tuple[PoolingName | None, str], ...] = (
    (None, "none: every value"),
    ("gap", "GAP: mean of each channel"),
    ("mac", "MAC: maximum of each channel"),
    ("gem", "GeM: generalised mean, p = 3"),
)


@dataclass(frozen=True)
class ExtractChoice:
    """What the user chose; `folder` None means the current image.

    values: (layer, top). pooling: None keeps every value. is_strict: stop at the first bad image.
    """

    values: tuple[tuple[str, str], ...]
    pooling: PoolingName | None
    folder: Path | None
    out: Path
    is_strict: bool = False


class ExtractDialog(FramedDialog):
    """Collects an `ExtractChoice`; `extract_requested` carries it."""

    extract_requested = pyqtSignal(object)

    def __init__(
        self,
        keeper: ThemeKeeper,
        rows: Sequence[LayerRow],
        chosen_layer: str,
        image: Path | None,
        out: Path,
        *,
        choose_out: Callable[[Path, Callable[[Path], None]], None],
        choose_folder: Callable[[Callable[[Path], None]], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(keeper, "Extract activations", accept_text="Extract", parent=parent)
        self._choose_out = choose_out
        self._choose_folder = choose_folder
        self._folder: Path | None = None
        self._image = image
        self._shapes = {(row.layer, row.top): _sizes(row) for row in rows}
        self._make_fields(rows, chosen_layer, out)
        self._lay_out()
        self._connect()
        self._check()

    def choice(self) -> ExtractChoice:
        """What the fields say."""
        return ExtractChoice(
            self.layers.ticked,
            self.pooling.currentData(),
            self._folder if self.over_folder.isChecked() else None,
            Path(self.out.text()).expanduser(),
            self.strict.isChecked(),
        )

    def set_folder(self, folder: Path) -> None:
        """Run over the images of a folder."""
        self._folder = folder
        self.over_folder.setText(plain_caption(f"every image in {folder.name}"))
        self.over_folder.setToolTip(plain_tip(str(folder)))
        self.over_folder.setEnabled(True)
        self.over_folder.setChecked(True)
        self._check()

    def check_all(self, is_checked: bool) -> None:
        """Tick every layer that is listed, or none of them."""
        self.layers.tick_shown(is_checked)

    def accept(self) -> None:
        self.extract_requested.emit(self.choice())
        super().accept()

    def _bytes_of(self, choice: ExtractChoice) -> int:
        """What one image takes in the file, in float32; 0 where a shape is not known."""
        shapes = [self._shapes.get(value) for value in choice.values]
        if any(shape is None for shape in shapes):
            return 0
        return 4 * sum(values_of(shape, choice.pooling) for shape in shapes if shape is not None)

    def _make_fields(self, rows: Sequence[LayerRow], chosen: str, out: Path) -> None:
        self.layers = LayerList(self.keeper, is_checkable=True)
        ticked = [(row.layer, row.top) for row in rows if row.layer == chosen]
        self.layers.show_rows(rows, (chosen, ""), ticked=ticked)
        self.pooling = Choice()
        for key, text in POOLINGS:
            self.pooling.addItem(text, key)
        self.over_image = QRadioButton(
            plain_caption(self._image.name) if self._image else "the current image"
        )
        self.over_folder = QRadioButton("every image in a folder")
        self.over_image.setEnabled(self._image is not None)
        self.over_image.setChecked(self._image is not None)
        self.over_folder.setEnabled(False)
        self.folder_button = Button(self.keeper, "Choose folder…", "open")
        self.strict = QCheckBox("Stop at the first image that can't be read")
        self.out = QLineEdit(str(out))
        self.out.setToolTip(".npz, .h5, or a name without suffix for a folder of .npy files")
        self.out_button = Button(self.keeper, "Choose…")
        self.all_link = LinkLabel("all")
        self.none_link = LinkLabel("none")
        self.count = ThemedLabel("", "secondary")

    def _lay_out(self) -> None:
        links = QHBoxLayout()
        links.addWidget(ThemedLabel("Tick", "secondary"))
        links.addWidget(self.all_link)
        links.addWidget(ThemedLabel("·", "secondary"))
        links.addWidget(self.none_link)
        links.addStretch(1)
        links.addWidget(self.count)
        self.body.addLayout(links)
        self.body.addWidget(self.layers, 1)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        for y, text in enumerate(("Pooling", "Images", "", "", "Write to")):
            grid.addWidget(ThemedLabel(text, "secondary"), y, 0)
        grid.addWidget(self.pooling, 0, 1, 1, 2)
        grid.addWidget(self.over_image, 1, 1, 1, 2)
        grid.addWidget(self.over_folder, 2, 1)
        grid.addWidget(self.folder_button, 2, 2)
        grid.addWidget(self.strict, 3, 1, 1, 2)
        grid.addWidget(self.out, 4, 1)
        grid.addWidget(self.out_button, 4, 2)
        grid.setColumnStretch(1, 1)
        self.body.addLayout(grid)
        self.resize(540, 560)

    def _connect(self) -> None:
        self.layers.ticks_changed.connect(self._check)
        self.all_link.clicked.connect(lambda: self.check_all(True))
        self.none_link.clicked.connect(lambda: self.check_all(False))
        self.folder_button.clicked.connect(lambda: self._choose_folder(self.set_folder))
        self.out_button.clicked.connect(
            lambda: self._choose_out(Path(self.out.text()), lambda p: self.out.setText(str(p)))
        )
        self.out.textChanged.connect(self._check)
        self.pooling.currentIndexChanged.connect(self._check)
        self.over_folder.toggled.connect(self._check)

    def _check(self, *_: object) -> None:
        choice = self.choice()
        said = f"{len(choice.values):,} of {self.layers.n_rows:,} chosen"
        n_bytes = self._bytes_of(choice)
        self.count.setText(f"{said}, {bytes_text(n_bytes)} an image" if n_bytes else said)
        if not choice.values:
            self.show_problem("Tick at least one layer.")
        elif not choice.out.name:
            self.show_problem("Name the file to write.")
        elif not choice.out.parent.is_dir():
            self.show_problem(f"There is no folder {choice.out.parent}.")
        elif not (self.over_image.isChecked() or self.over_folder.isChecked()):
            self.show_problem("Open an image or choose a folder of images.")
        else:
            self.show_problem(_problem_with(choice.out))


def _sizes(row: LayerRow) -> tuple[int, ...] | None:
    """A value's shape without the batch; None where only running the net can tell."""
    shapes = dict(zip(row.record.tops, row.record.shapes, strict=False))
    shape = shapes.get(row.top)
    return None if shape is None else shape[1:]


def values_of(shape: tuple[int, ...], pooling: PoolingName | None) -> int:
    """How many numbers an image's value has, pooled or whole; shape: without the batch."""
    if pooling is not None and len(shape) > 1:
        return shape[0]
    return math.prod(shape)


def _problem_with(out: Path) -> str:
    """Why nothing can be written there, "" where it can."""
    try:
        check_suffix(out)
    except AppError as error:
        return str(error)
    return ""
