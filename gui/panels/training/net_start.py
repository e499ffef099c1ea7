"""The right of the Net step: presets, the solver's numbers, and how each layer begins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from PyQt5.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt5.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from core.jobs.prepare import PreparedFiles, Start
from core.layers.registry import layer_type
from core.training.presets import PRESETS
from core.training.training_plan import TrainingPlan
from core.words import bytes_text, plural
from gui.theme import ThemeKeeper
from gui.widgets.chip_label import Chip, ChipLabel
from gui.widgets.fact_list import Fact, FactList
from gui.widgets.figure_table import ROW_HEIGHT, FigureRow, FigureTable
from gui.widgets.hint_box import HintBox
from gui.widgets.labels import ElidedLabel, LinkLabel, SectionHeader, ThemedLabel
from gui.widgets.number_fields import DecimalField, WholeNumberField
from gui.widgets.plain_text import plain_tip

_HEADINGS = ("Layer", "Start", "lr", "Numbers")
_LEAST_RUN, _TABLE_HEAD = 3, 26
"""Layers in a row that stay as they are and share a line of the table."""
_OF_START = {"copied": "ok_text", "new": "accent", "does not fit": "error_text"}


class _RateField(DecimalField):
    """Small rates without zeros at their end."""

    def textFromValue(self, value: float) -> str:
        return f"{value:.{self.decimals()}f}".rstrip("0").rstrip(".")


class NetStart(QWidget):
    """What is chosen goes out; what was made is shown to it."""

    changed = pyqtSignal()
    preset_chosen = pyqtSignal(str)
    net_requested = pyqtSignal()
    weights_requested = pyqtSignal()
    layer_chosen = pyqtSignal(str)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("netStart")
        self.setAttribute(Qt.WA_StyledBackground)
        self.net, self.weights = ElidedLabel(), ElidedLabel()
        self.other_net = LinkLabel("Another…")
        self.other_net.setAccessibleName("Another net")
        self.other_weights = LinkLabel("Others…")
        self.other_weights.setAccessibleName("Other weights")
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self.presets: dict[str, QRadioButton] = {}
        self.base_lr = _RateField()
        self.base_lr.setRange(0.0, 10.0)
        self.base_lr.setDecimals(7)
        self.base_lr.setSingleStep(0.0001)
        self.base_lr.setAccessibleName("base_lr")
        self.base_lr.setMinimumWidth(92)
        self.epochs, self.batch = WholeNumberField(), WholeNumberField()
        self.epochs.setRange(1, 10_000)
        self.epochs.setAccessibleName("Epochs")
        self.batch.setRange(1, 4096)
        self.batch.setAccessibleName("Images in a batch")
        for count in (self.epochs, self.batch):
            count.setFixedWidth(66)
        self.mirror = QCheckBox("Mirror half of the images")
        self.chips = [ChipLabel(keeper) for _ in range(4)]
        self.table = FigureTable(
            keeper, _HEADINGS, "How each layer begins", left=(1, 2), least_name=110
        )
        self.table.setMinimumHeight(96)
        self.hint = HintBox(keeper)
        self.facts = FactList(keeper, name_width=80)
        self._layers: tuple[str, ...] = ()
        self._lay_out()
        self.other_net.clicked.connect(self.net_requested)
        self.other_weights.clicked.connect(self.weights_requested)
        for field in (self.base_lr, self.epochs, self.batch):
            field.editingFinished.connect(self._on_edited)
        self._edited: tuple[float, ...] = ()
        self.mirror.clicked.connect(lambda: self.changed.emit())
        self.table.row_chosen.connect(self._choose)

    @property
    def preset(self) -> str:
        """The id of the chosen one; "" where the numbers are the user's own."""
        return next((id_ for id_, button in self.presets.items() if button.isChecked()), "")

    def show_preset(self, preset: str) -> None:
        """Mark one, or none."""
        self._group.setExclusive(False)
        for id_, button in self.presets.items():
            button.setChecked(id_ == preset)
        self._group.setExclusive(True)

    def put_into(self, plan: TrainingPlan) -> TrainingPlan:
        """The plan with what the fields say."""
        batch = self.batch.value()
        return replace(
            plan,
            base_lr=self.base_lr.value(),
            epochs=float(self.epochs.value()),
            batch=batch,
            test_batch=batch,
            mirror=self.mirror.isChecked(),
        )

    def show_files(self, net: str, weights: str) -> None:
        """Name what it begins with."""
        self.net.setText(net or "none")
        self.weights.setText(weights or "none: every layer starts from its filler")

    def show_prepared(self, found: PreparedFiles) -> None:
        """Show what was made, and the numbers it was made with."""
        plan = found.plan
        fields = ((self.base_lr, plan.base_lr), (self.epochs, round(plan.epochs)),
                  (self.batch, plan.batch))  # fmt: skip
        for field, value in fields:
            blocker = QSignalBlocker(field)
            field.setValue(value)  # type: ignore[arg-type]
            del blocker
        self._edited = self._numbers()
        self.mirror.setChecked(plan.mirror)
        self._show_chips(found)
        runs = _runs(found.starts)
        self._layers = tuple(run[-1].layer for run in runs)
        self.table.show_rows([_row(run) for run in runs])
        self.table.setMaximumHeight(ROW_HEIGHT * len(runs) + _TABLE_HEAD)
        self.hint.show_hint(*_kept_name(found))
        self.facts.show_facts(_facts(found))

    def _show_chips(self, found: PreparedFiles) -> None:
        hows = [start.how for start in found.starts]
        n_copied, n_new, n_wrong = (hows.count(how) for how in _OF_START)
        chips = (
            Chip("ok", f"{n_copied:,} copied by name"),
            Chip("info", f"{n_new:,} new from fillers"),
            Chip("warning", f"{len(found.unused):,} not used") if found.unused else None,
            Chip("error", f"{n_wrong:,} not fitting") if n_wrong else None,
        )
        tips = ("", "", ", ".join(found.unused), "")
        for label, chip, tip in zip(self.chips, chips, tips, strict=True):
            label.show_chip(chip, tip)

    def _numbers(self) -> tuple[float, ...]:
        return (self.base_lr.value(), self.epochs.value(), self.batch.value())

    def _on_edited(self) -> None:
        if self._numbers() != self._edited:
            self._edited = self._numbers()
            self.changed.emit()

    def _choose(self, place: int) -> None:
        if place < len(self._layers):
            self.layer_chosen.emit(self._layers[place])

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 2, 12, 8)
        column.setSpacing(4)
        column.addWidget(SectionHeader("Begins with"))
        for label, link in ((self.net, self.other_net), (self.weights, self.other_weights)):
            row = QHBoxLayout()
            row.addWidget(label, 1)
            row.addWidget(link)
            column.addLayout(row)
            label.setAlignment(Qt.AlignLeft | Qt.AlignVCenter)
        column.addWidget(SectionHeader("Preset", "fills the fields and the files"))
        for preset in PRESETS:
            column.addLayout(self._preset_row(preset.id, preset.name, preset.words))
            self.presets[preset.id].setToolTip(plain_tip(f"{preset.words}\nAfter {preset.source}"))
        column.addLayout(self._numbers_row())
        column.addWidget(SectionHeader("Weights at the start", "by layer name"))
        chips = QHBoxLayout()
        chips.setSpacing(4)
        for chip in self.chips:
            chips.addWidget(chip)
        chips.addStretch(1)
        column.addLayout(chips)
        column.addWidget(self.table, 1000)
        column.addWidget(self.hint)
        column.addWidget(self.facts)
        column.addStretch(1)

    def _preset_row(self, id_: str, name: str, words: str) -> QHBoxLayout:
        button = QRadioButton(name)
        button.setAccessibleDescription(words)
        button.clicked.connect(lambda: self.preset_chosen.emit(id_))
        self.presets[id_] = button
        self._group.addButton(button)
        said = ElidedLabel(words, mode=Qt.ElideRight)
        said.setAlignment(Qt.AlignRight | Qt.AlignVCenter)
        row = QHBoxLayout()
        row.addWidget(button)
        row.addWidget(said, 1)
        return row

    def _numbers_row(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(6)
        fields = (("base_lr", self.base_lr), ("Epochs", self.epochs), ("Batch", self.batch))
        for at, (name, field) in enumerate(fields):
            label = ThemedLabel(name, "secondary")
            label.setBuddy(field)
            grid.addWidget(label, 0, 2 * at)
            grid.addWidget(field, 0, 2 * at + 1)
        grid.addWidget(self.mirror, 1, 0, 1, 6)
        return grid


def _runs(starts: Sequence[Start]) -> list[list[Start]]:
    """Each layer by itself, but those in one that are copied and do not learn."""
    found: list[list[Start]] = []
    for is_still, run in groupby(starts, key=lambda s: s.how == "copied" and not s.learns):
        layers = list(run)
        if is_still and len(layers) >= _LEAST_RUN:
            found.append(layers)
        else:
            found += [[layer] for layer in layers]
    return found


def _row(run: Sequence[Start]) -> FigureRow:
    first, last = run[0], run[-1]
    name = first.layer if len(run) == 1 else f"{first.layer} … {last.layer}"
    words = f"× {' / '.join(f'{rate:g}' for rate in first.rates)}" if first.learns else "frozen"
    if len(run) > 1:
        words = f"frozen, {plural(len(run), 'layer')}"
    return FigureRow(
        (name, first.how, words, f"{sum(start.n_values for start in run):,}"),
        layer_type(first.type).family,
        roles={1: _OF_START[first.how], 2: "text" if first.learns else "secondary"},
        tip=", ".join(start.layer for start in run),
    )


def _kept_name(found: PreparedFiles) -> tuple[str, str]:
    """What would happen had the layer kept its name."""
    old, _ = found.made.renamed[0]
    if old not in found.unused or found.n_outputs == found.plan.n_classes:
        return "", ""
    return (
        f"Had {old} kept its name",
        f"{found.n_outputs:,} outputs do not fit {found.plan.n_classes:,}: Caffe would stop here.",
    )


def _facts(found: PreparedFiles) -> tuple[Fact, ...]:
    plan = found.plan
    an_epoch = max(1, math.ceil(plan.n_train / plan.batch))
    n_iterations = max(1, round(plan.epochs * an_epoch))
    size = bytes_text(4 * found.n_values)
    facts = [
        Fact("Trains", f"{found.n_learning:,} of {plural(found.n_values, 'number')}"),
        Fact("Runs", f"{plural(n_iterations, 'iteration')}, {an_epoch:,} an epoch"),
        Fact("Snapshots", f"{plural(round(plan.epochs), 'time')}, {size} of weights each"),
        Fact("First loss", f"about ln {plan.n_classes} = {math.log(plan.n_classes):.2f}"),
    ]
    notes = [Fact("Note", note, role="warning_text") for note in found.made.notes]
    return (*facts, *notes)
