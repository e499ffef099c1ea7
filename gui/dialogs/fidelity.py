"""How far another engine or precision is from float32 PyTorch, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from gui.dialogs.frame import FramedDialog
from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button
from gui.widgets.choice import Choice
from gui.widgets.labels import ThemedLabel

HEADINGS = ("Layer", "Blob", "Type", "Cosine", "Largest difference")


@dataclass(frozen=True)
class FidelityRow:
    """One layer's output; `difference` is over the layer's largest float32 value."""

    layer: str
    blob: str
    type: str
    cosine: float
    difference: float


class FidelityDialog(FramedDialog):
    """`run_requested` carries "bfloat16" or "caffe"; a click on a row selects its layer."""

    run_requested = pyqtSignal(str)
    layer_selected = pyqtSignal(str)

    def __init__(
        self,
        keeper: ThemeKeeper,
        others: Sequence[tuple[str, str]],
        note: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(keeper, "Compare engines layer by layer", parent=parent)
        self.other = Choice()
        self.other.setAccessibleName("Engine to hold against float32 PyTorch")
        for key, text in others:
            self.other.addItem(text, key)
        self.run_button = Button(keeper, "Run both", "play", is_primary=True)
        self.note = ThemedLabel(keeper, note, "secondary")
        self.note.setWordWrap(True)
        self.table = self._make_table()
        self._lay_out()
        self.run_button.clicked.connect(self._run)
        self.table.currentCellChanged.connect(self._select)

    def show_running(self, sentence: str) -> None:
        """A run is under way."""
        self.run_button.setEnabled(False)
        self.show_problem("")
        self.note.setText(sentence)

    def show_failed(self, sentence: str) -> None:
        """The run gave no result."""
        self.run_button.setEnabled(True)
        self.note.setText("")
        self.show_problem(sentence)

    def show_rows(self, rows: Sequence[FidelityRow], summary: str) -> None:
        """Every layer in net order; the worst cosine is selected."""
        self.run_button.setEnabled(True)
        self.note.setText(summary)
        self.table.setRowCount(len(rows))
        for y, row in enumerate(rows):
            texts = (row.layer, row.blob, row.type, f"{row.cosine:.7f}", f"{row.difference:.1e}")
            for x, text in enumerate(texts):
                item = QTableWidgetItem(text)
                if x >= 3:
                    item.setTextAlignment(int(Qt.AlignRight | Qt.AlignVCenter))
                self.table.setItem(y, x, item)
        if rows:
            worst = min(range(len(rows)), key=lambda y: rows[y].cosine)
            self.table.selectRow(worst)
            self.table.scrollToItem(self.table.item(worst, 0))

    def _make_table(self) -> QTableWidget:
        table = QTableWidget(0, len(HEADINGS))
        table.setHorizontalHeaderLabels(HEADINGS)
        table.setEditTriggers(QAbstractItemView.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectRows)
        table.setSelectionMode(QAbstractItemView.SingleSelection)
        table.setShowGrid(False)
        table.setAlternatingRowColors(True)
        table.setAccessibleName("Layers and how far they are from float32")
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(22)
        table.horizontalHeader().setSectionResizeMode(QHeaderView.Stretch)
        table.horizontalHeader().setHighlightSections(False)
        return table

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(ThemedLabel(self.keeper, "float32 PyTorch against", "secondary"))
        row.addWidget(self.other, 1)
        row.addWidget(self.run_button)
        self.body.addLayout(row)
        self.body.addWidget(self.table, 1)
        self.body.addWidget(self.note)
        self.resize(760, 560)

    def _run(self) -> None:
        self.run_requested.emit(self.other.currentData())

    def _select(self, y: int, *_: int) -> None:
        item = self.table.item(y, 0)
        if item is not None:
            self.layer_selected.emit(item.text())
