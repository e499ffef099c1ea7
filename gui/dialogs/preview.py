"""What separates two texts, side by side; nothing is changed from here."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtWidgets import QWidget

from core.comparison.paired_lines import PairedLine
from gui.dialogs.frame import FramedDialog
from gui.theme import ThemeKeeper
from gui.widgets.labels import ThemedLabel
from gui.widgets.side_by_side import SideBySide

_ROW = 18


class DifferenceDialog(FramedDialog):
    """A title that says which texts these are, a note, and the rows."""

    def __init__(
        self,
        keeper: ThemeKeeper,
        title: str,
        note: str,
        headings: tuple[str, str],
        rows: Sequence[PairedLine],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(keeper, title, parent=parent)
        self.body.addWidget(ThemedLabel(note, "secondary"))
        self.difference = SideBySide(keeper, headings)
        self.difference.show_rows(rows)
        self.body.addWidget(self.difference, 1)
        self.resize(980, min(720, 190 + _ROW * len(rows)))
