"""The Preprocess recipe as a form: presets, size, colour, mean, scale."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, get_args

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QLineEdit,
    QWidget,
)

from core.errors import AppError
from core.images.preprocess import ColourOrder, Interpolation, Preprocess, SizePolicy
from core.images.presets import PRESETS
from core.words import order_words
from gui.dialogs.frame import FramedDialog
from gui.theme import ThemeKeeper
from gui.widgets.choice import Choice
from gui.widgets.labels import SectionHeader, ThemedLabel
from gui.widgets.number_fields import WholeNumberField

OWN = "Own values"
LARGEST_SIDE = 16_384
_ONE_WITH_COMMA = re.compile(r"-?\d+,\d+")


class RecipeDialog(FramedDialog):
    """Edits one recipe; `recipe_chosen` carries it when the user agrees."""

    recipe_chosen = pyqtSignal(object)

    def __init__(
        self,
        keeper: ThemeKeeper,
        recipe: Preprocess,
        input_shape: Sequence[int] | None,
        kept: str,
        *,
        origin: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(keeper, "Preprocessing", accept_text="Use this recipe", parent=parent)
        self._input_shape = input_shape
        self._shown = recipe
        self._is_filling = False
        self._make_fields()
        self.origin_line.setText(origin)
        self._lay_out(kept)
        self.origin_line.setVisible(bool(origin))
        self._connect()
        self.show_recipe(recipe)

    def recipe(self) -> Preprocess:
        """The recipe in the fields. Raises ImageError for a wrong one."""
        return replace(
            self._shown,  # what has no field here stays
            size_policy=self.policy.currentText(),  # type: ignore[arg-type]
            width=self.crop_width.value(),
            height=self.crop_height.value(),
            side=self.side.value(),
            interpolation=self.interpolation.currentText(),  # type: ignore[arg-type]
            colour_order=self.order.currentData(),
            mean=_numbers(self.mean),
            scale=self._scale(),
            exif=self.exif.isChecked(),
            enlarge=self.enlarge.isChecked(),
            reduced_decode=self.reduced.isChecked(),
        )

    def show_recipe(self, recipe: Preprocess) -> None:
        """Fill the fields."""
        self._is_filling = True
        self._shown = recipe
        self.policy.setCurrentText(recipe.size_policy)
        self.crop_width.setValue(recipe.width)
        self.crop_height.setValue(recipe.height)
        self.side.setValue(recipe.side)
        self.interpolation.setCurrentText(recipe.interpolation)
        self.order.setCurrentIndex(self.order.findData(recipe.colour_order))
        self.mean.setText(_written(recipe.mean))
        self.scale.setText(_written(recipe.scale))
        self.exif.setChecked(recipe.exif)
        self.enlarge.setChecked(recipe.enlarge)
        self.reduced.setChecked(recipe.reduced_decode)
        names = [name for name, preset in PRESETS.items() if preset == recipe]
        self.preset.setCurrentText(names[0] if names else OWN)
        self._is_filling = False
        self._check()

    def accept(self) -> None:
        try:
            recipe = self.recipe()
        except (AppError, ValueError):
            return  # said already, beside the fields
        self.recipe_chosen.emit(recipe)
        super().accept()

    def _make_fields(self) -> None:
        self.preset = _choice((OWN, *PRESETS))
        self.policy = _choice(get_args(SizePolicy))
        self.crop_width, self.crop_height, self.side = _pixels(), _pixels(), _pixels()
        self.interpolation = _choice(get_args(Interpolation))
        self.order = _choice(get_args(ColourOrder), order_words)
        self.mean = QLineEdit()
        self.mean.setPlaceholderText("none, one number, or blue, green, red")
        self.scale = QLineEdit()
        self.scale.setPlaceholderText("1, or blue, green, red")
        self.exif = QCheckBox("Turn the image upright by its EXIF orientation")
        self.enlarge = QCheckBox("Enlarge images smaller than the side")
        self.reduced = QCheckBox("Decode large JPEGs at reduced size")
        self.reduced.setToolTip("Several times as fast for camera photos; not Caffe's values")
        self.origin_line = ThemedLabel("", "secondary")
        self.origin_line.setWordWrap(True)
        self.result_line = ThemedLabel("", "secondary")
        self.result_line.setWordWrap(True)

    def _lay_out(self, kept: str) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        rows: tuple[tuple[str, Sequence[QWidget]], ...] = (
            ("Preset", (self.preset,)),
            ("Size", (self.policy,)),
            ("Width, height", (self.crop_width, self.crop_height)),
            ("Side", (self.side,)),
            ("Interpolation", (self.interpolation,)),
            ("Channels", (self.order,)),
            ("Mean in B, G, R", (self.mean,)),
            ("Scale", (self.scale,)),
        )
        for y, (text, fields) in enumerate(rows):
            label = ThemedLabel(text, "secondary")
            label.setBuddy(fields[0])
            grid.addWidget(label, y, 0)
            for x, field in enumerate(fields):
                field.setAccessibleName(text)
                grid.addWidget(field, y, 1 + x, 1, 1 if len(fields) > 1 else 2)
        grid.addWidget(self.exif, len(rows), 1, 1, 2)
        grid.addWidget(self.enlarge, len(rows) + 1, 1, 1, 2)
        grid.addWidget(self.reduced, len(rows) + 2, 1, 1, 2)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 1)
        self.body.addWidget(self.origin_line)
        self.body.addLayout(grid)
        self.body.addWidget(SectionHeader("Result"))
        self.body.addWidget(self.result_line)
        self.kept_line = ThemedLabel(kept, "secondary")
        self.body.addWidget(self.kept_line)
        self.setMinimumWidth(520)

    def _connect(self) -> None:
        self.preset.activated.connect(self._take_preset)
        for box in (self.policy, self.interpolation, self.order):
            box.currentTextChanged.connect(self._check)
        for spin in (self.crop_width, self.crop_height, self.side):
            spin.valueChanged.connect(self._check)
        for line in (self.mean, self.scale):
            line.textChanged.connect(self._check)
        self.exif.toggled.connect(self._check)
        self.enlarge.toggled.connect(self._check)
        self.reduced.toggled.connect(self._check)

    def _take_preset(self) -> None:
        preset = PRESETS.get(self.preset.currentText())
        if preset is not None:
            self.show_recipe(preset)

    def _scale(self) -> float | tuple[float, ...]:
        scale = _numbers(self.scale)
        return scale if len(scale) > 1 else (*scale, 1.0)[0]

    def _check(self, *_: Any) -> None:
        if self._is_filling:
            return
        try:
            recipe = self.recipe()
        except AppError as error:
            self.show_problem(str(error))
            return
        except ValueError:
            self.show_problem("Mean and scale are lists of numbers, such as 104, 117, 123.")
            return
        self.show_problem("")
        policy = recipe.size_policy
        self.side.setEnabled(policy.endswith(", centre crop") or policy == "longest side")
        for spin in (self.crop_width, self.crop_height):
            spin.setEnabled(policy not in ("longest side", "original"))
        self.enlarge.setEnabled(policy == "longest side")
        matching = [name for name, preset in PRESETS.items() if preset == recipe]
        self.preset.setCurrentText(matching[0] if matching else OWN)
        self.result_line.setText(self._consequence(recipe))

    def _consequence(self, recipe: Preprocess) -> str:
        line = recipe.describe()
        if self._input_shape is None or len(self._input_shape) != 4:
            return line
        wanted = tuple(self._input_shape[1:])
        try:
            made = recipe.output_shape(640, 480)
        except AppError:
            return line
        if made == wanted:
            return f"{line}. Fits the net's input, {_shape(wanted)}."
        return (
            f"{line}. A photo of 640 × 480 gives {_shape(made)}; the net was written for"
            f" {_shape(wanted)} and is reshaped where its layers allow it."
        )


def _numbers(line: QLineEdit) -> tuple[float, ...]:
    """The numbers of a line. Raises ValueError for a word that is none.

    They stand apart by commas or blanks. Where semicolons part them, or where nothing but one comma
    between digits is written, a comma is the decimal sign of half of the world.
    """
    text = line.text().strip()
    if ";" in text or _ONE_WITH_COMMA.fullmatch(text):
        return tuple(float(word) for word in text.replace(",", ".").replace(";", " ").split())
    return tuple(float(word) for word in text.replace(",", " ").split())


def _written(values: float | Sequence[float]) -> str:
    """Numbers with all their digits, so that what is not edited stays as it is."""
    listed = values if isinstance(values, Sequence) else (values,)
    return ", ".join(repr(float(value)).removesuffix(".0") for value in listed)


def _choice(keys: Sequence[str], words: Callable[[str], str] = str) -> QComboBox:
    box = Choice()
    for key in keys:
        box.addItem(words(key), key)
    box.setSizeAdjustPolicy(QComboBox.AdjustToMinimumContentsLengthWithIcon)
    return box


def _pixels() -> WholeNumberField:
    box = WholeNumberField()
    box.setRange(1, LARGEST_SIDE)
    box.setSuffix(" px")
    return box


def _shape(shape: Sequence[int]) -> str:
    return " × ".join(str(size) for size in shape)
