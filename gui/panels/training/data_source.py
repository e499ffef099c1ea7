"""The left of the Data step: where the images come from, their classes, and rare ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtWidgets import QCheckBox, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from core.training.data_check import DataCheck
from core.words import plural
from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button
from gui.widgets.figure_table import ROW_HEIGHT, FigureRow, FigureTable
from gui.widgets.labels import ElidedLabel, SectionHeader, ThemedLabel
from gui.widgets.plain_text import plain_caption, plain_tip

KINDS = "A folder for each class, a table with the columns file and label, or Caffe's list file."
_TABLE_HEAD = 26
_HEADINGS = ("Classes", "", "All", "train/val/test")


class SourcePanel(QWidget):
    """What is chosen goes out; the rest is shown to it."""

    folder_requested = pyqtSignal()
    table_requested = pyqtSignal()
    few_decided = pyqtSignal(bool)
    """Whether classes with too few images stay."""
    balance_decided = pyqtSignal()
    """Whether rare classes are drawn more often is another."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.path = ElidedLabel()
        self.path.setAccessibleName("Images to learn from")
        self.change = Button(keeper, "Choose")
        self.change.setAccessibleName("Choose images to learn from")
        menu = QMenu(self)
        menu.addAction("A folder for each class…", self.folder_requested.emit)
        menu.addAction("A table or Caffe's list file…", self.table_requested.emit)
        self.change.setMenu(menu)
        self.table = FigureTable(
            keeper, _HEADINGS, "Classes and their images", left=(1,), least_name=96
        )
        self.balance = SectionHeader("Balance")
        self.words = ThemedLabel("")
        self.words.setWordWrap(True)
        self.few = QCheckBox()
        self.rare = QCheckBox("Draw rare classes more often")
        self.rare.setToolTip("Each class is drawn as often as the others in training")
        self._lay_out()
        self.few.clicked.connect(lambda is_out: self.few_decided.emit(not is_out))
        self.rare.clicked.connect(lambda: self.balance_decided.emit())
        self.show_source(None)
        self.show_check(None, {})

    def show_source(self, source: Path | None) -> None:
        """Name the folder or the file."""
        self.path.setText(source.name if source is not None else "No images are chosen")
        self.path.setToolTip(plain_tip("" if source is None else str(source)))
        self.change.setText("Change" if source is not None else "Choose")

    def show_check(self, check: DataCheck | None, parts: Mapping[str, tuple[int, ...]]) -> None:
        """Show how many images each class has; parts: of those that stay, by class."""
        for widget in (self.table, self.balance, self.words, self.rare):
            widget.setVisible(check is not None)
        self.few.hide()
        if check is None:
            return
        counts = check.counts()
        few = next((one for one in check.findings if one.kind == "few images"), None)
        rare = {check.labels[group[0]] for group in few.groups} if few is not None else set()
        most = max(counts.values(), default=0) or 1
        rows = [
            _row(label, n, most, parts.get(label), is_rare=label in rare)
            for label, n in counts.items()
        ]
        totals = tuple(map(sum, zip(*parts.values(), strict=True))) if parts else None
        rows.append(_row("All", sum(counts.values()), 0, totals, is_rare=False))
        first = class_count(len(counts))
        self.table.show_rows(rows, (first, *_HEADINGS[1:]))
        self.table.setMaximumHeight(ROW_HEIGHT * len(rows) + _TABLE_HEAD)
        self.words.setText(_balance(counts))
        if few is not None:
            self.few.show()
            self.few.setChecked(few.is_left_out)
            n_images = sum(len(group) for group in few.groups)
            named = ", ".join(sorted(rare)) if len(rare) < 3 else f"{len(rare)} rare classes"
            words = f"Leave out {named}, {plural(n_images, 'image')}"
            self.few.setText(plain_caption(words))

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.path, 1)
        row.addWidget(self.change)
        hint = ThemedLabel(KINDS, "secondary", pixels=11)
        hint.setWordWrap(True)
        head = QVBoxLayout()
        head.setContentsMargins(10, 4, 10, 6)
        head.setSpacing(5)
        head.addWidget(SectionHeader("Source"))
        head.addLayout(row)
        head.addWidget(hint)
        foot = QVBoxLayout()
        foot.setContentsMargins(10, 4, 10, 10)
        foot.setSpacing(5)
        for widget in (self.balance, self.words, self.rare, self.few):
            foot.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.table, 1000)
        column.addLayout(foot)
        column.addStretch(1)
        self.path.setAlignment(Qt.AlignLeft | Qt.AlignVCenter)


def class_count(n_classes: int) -> str:
    """ "12 classes"."""
    return f"{n_classes:,} class{'' if n_classes == 1 else 'es'}"


def _row(
    label: str, n: int, most: int, parts: tuple[int, ...] | None, *, is_rare: bool
) -> FigureRow:
    words = " / ".join(map(str, parts)) if parts is not None else "too few" if is_rare else ""
    roles = {0: "warning_text", 1: "warning_text"} if is_rare else {}
    bars = {1: n / most} if most else {}
    return FigureRow((label, "", f"{n:,}", words), roles=roles, bars=bars)


def _balance(counts: Mapping[str, int]) -> str:
    kept = [n for n in counts.values() if n]
    if not kept:
        return "No class is left."
    if max(kept) == min(kept):
        return f"Every class has {plural(max(kept), 'image')}."
    return f"The largest class has {plural(max(kept), 'image')}, the smallest {min(kept):,}."
