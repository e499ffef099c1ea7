"""One net in float32 PyTorch and in another engine or precision, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button
from gui.widgets.choice import Choice
from gui.widgets.empty_state import EmptyState
from gui.widgets.figure_table import FigureRow, FigureTable
from gui.widgets.kept import keep
from gui.widgets.labels import ElidedLabel, ThemedLabel
from gui.widgets.panel_bar import PanelBar
from gui.widgets.plain_text import plain_tip

HEADINGS = ("Layer · blob@version", "Type", "Cosine", "Largest difference")
_EMPTY = "Both run the open net on the open image, and every value of every layer is compared."


class EnginesPanel(QWidget):
    """`run_requested` carries a precision or "caffe"; a row selects its layer."""

    run_requested = pyqtSignal(str)
    layer_chosen = pyqtSignal(str)

    def __init__(
        self,
        keeper: ThemeKeeper,
        others: Sequence[tuple[str, str]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._layers: tuple[str, ...] = ()
        self.source = ""
        self.other = Choice()
        keep("comparison", engine=self.other)
        self.other.setAccessibleName("Engine to hold against float32 PyTorch")
        for key, text in others:
            self.other.addItem(text, key)
        self.run = Button(keeper, "Run both", "play", is_primary=True)
        self.note = ElidedLabel()
        self.table = FigureTable(
            keeper, HEADINGS, "Layers and how far they are from float32", left=(1,)
        )
        bar = PanelBar(keeper)
        bar.row.addWidget(ThemedLabel("float32 PyTorch against", "secondary"))
        bar.row.addWidget(self.other)
        bar.row.addWidget(self.note, 1)
        bar.row.addWidget(self.run)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar)
        self.empty = EmptyState(keeper, "chip", _EMPTY)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.table)
        column.addWidget(self._stack, 1)
        self.run.clicked.connect(lambda: self.run_requested.emit(self.other.currentData()))
        self.table.row_chosen.connect(lambda place: self.layer_chosen.emit(self._layers[place]))

    def choose_other(self, key: str) -> None:
        """Name the engine to run beside float32."""
        self.other.setCurrentIndex(max(0, self.other.findData(key)))

    def show_possible(self, why_not: str, note: str = "") -> None:
        """Whether both can run; why not stands beside the button."""
        self.run.setEnabled(not why_not)
        self.run.setToolTip(plain_tip(why_not))
        self.note.setText(why_not or note)

    def show_rows(self, rows: Sequence[FigureRow], layers: Sequence[str], source: str = "") -> None:
        """Every value in net order; layers: whose each is; source: the net, image and engines."""
        self._layers, self.source = tuple(layers), source
        self._stack.setCurrentIndex(1 if rows else 0)
        self.table.show_rows(rows)

    def choose(self, place: int) -> None:
        """Mark a row and bring it into view."""
        self.table.choose(place)
