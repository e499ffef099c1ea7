"""Copies and near-duplicates of the folder with pictures, and a switch that leaves them out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from core.images.alike import DISTANCE_LIMIT, N_HASH_BITS
from gui.panels.retrieval.picture_table import PictureRow, PictureTable
from gui.theme import ThemeKeeper
from gui.thumbnails import ThumbnailStore
from gui.widgets.buttons import Button
from gui.widgets.labels import ElidedLabel, ThemedLabel
from gui.widgets.number_fields import WholeNumberField

COLUMNS = ("Stays", "Like it", "Bits apart", "Cosine", "Label")
NOT_LOOKED = "Look for copies compares the files and their hashes; no file is touched."
EQUAL_FILE = "equal file"


@dataclass(frozen=True)
class CopyRow:
    """An image that is like another one that stays: number, paths and names, how alike they are.

    apart: bits, or "equal file". label: of both where they have one, "a, not b" where two.
    """

    image: int
    stays: Path
    other: Path
    names: tuple[str, str]
    apart: str
    cosine: str
    label: str


class CopiesView(QWidget):
    """Enter searches with the image of a row."""

    look_requested = pyqtSignal(int)
    left_out_changed = pyqtSignal(bool)
    query_requested = pyqtSignal(int)

    def __init__(
        self, keeper: ThemeKeeper, store: ThumbnailStore, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._rows: tuple[CopyRow, ...] = ()
        self.look_button = Button(keeper, "Look for copies", "search")
        self.limit = WholeNumberField()
        self.limit.setRange(0, N_HASH_BITS)
        self.limit.setValue(DISTANCE_LIMIT)
        self.limit.setAccessibleName("Bits in which near-duplicates differ at most")
        self.limit.setToolTip(f"Of {N_HASH_BITS} bits of the hash; 0 for equal ones alone")
        self.leave_out = QCheckBox("Leave copies out")
        self.leave_out.setToolTip(
            "Of each group one image stays; the others are neither right nor wrong, and no queries"
        )
        self.sentence = ElidedLabel(NOT_LOOKED, mode=Qt.ElideRight)
        self.table = PictureTable(store, COLUMNS, 2, 110, "Copies and near-duplicates")
        head = QHBoxLayout()
        head.setContentsMargins(12, 7, 12, 7)
        head.setSpacing(8)
        head.addWidget(self.look_button)
        head.addWidget(ThemedLabel("within", "secondary"))
        head.addWidget(self.limit)
        head.addWidget(ThemedLabel(f"of {N_HASH_BITS} bits", "secondary"))
        head.addSpacing(8)
        head.addWidget(self.leave_out)
        head.addSpacing(8)
        head.addWidget(self.sentence, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.table, 1)
        self.show_copies((), "")
        self.look_button.clicked.connect(lambda: self.look_requested.emit(self.limit.value()))
        self.leave_out.toggled.connect(self.left_out_changed)
        self.table.taken.connect(self._take)
        keeper.changed.connect(self.table.viewport().update)

    @property
    def n_rows(self) -> int:
        """How many images are like another one."""
        return len(self._rows)

    def show_copies(self, rows: Sequence[CopyRow], said: str, *, is_left_out: bool = False) -> None:
        """Show what was found; said: "" before anything was looked for."""
        self._rows = tuple(rows)
        self.table.show_rows(len(self._rows), self._row, COLUMNS)
        self.sentence.setText(said or NOT_LOOKED)
        can_leave_out = bool(rows)
        self.leave_out.setEnabled(can_leave_out)
        was_blocked = self.leave_out.blockSignals(True)
        self.leave_out.setChecked(is_left_out and can_leave_out)
        self.leave_out.blockSignals(was_blocked)

    def _row(self, number: int) -> PictureRow:
        row = self._rows[number]
        return PictureRow((row.stays, row.other), (*row.names, row.apart, row.cosine, row.label))

    def _take(self, number: int) -> None:
        if 0 <= number < len(self._rows):
            self.query_requested.emit(self._rows[number].image)
