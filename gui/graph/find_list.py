"""The hits of the graph's find field, listed below it."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QPoint, Qt, pyqtSignal
from PyQt5.QtWidgets import QFrame, QListWidget, QVBoxLayout, QWidget

from gui.theme import ThemeKeeper
from gui.widgets.labels import ThemedLabel
from gui.widgets.layer_list import ROW_HEIGHT, LayerRowDelegate, add_rows
from gui.widgets.layer_rows import LayerRow

_WIDTH = 340
_MOST_ROWS = 12


class FindList(QFrame):
    """Stands over the graph while the field is used; the keys stay in the field."""

    taken = pyqtSignal(str)
    """The layer of a row that was clicked."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows: tuple[LayerRow, ...] = ()
        self.setObjectName("findList")
        self.list = QListWidget()
        self.list.setAccessibleName("Layers found")
        self.list.setItemDelegate(LayerRowDelegate(keeper, self.list))
        self.list.setFrameShape(QFrame.NoFrame)
        self.list.setFocusPolicy(Qt.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        self.problem = ThemedLabel("", "error_text", pixels=11)
        self.problem.setWordWrap(True)
        self.problem.setContentsMargins(8, 5, 8, 5)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        column.addWidget(self.list)
        column.addWidget(self.problem)
        self.list.itemClicked.connect(lambda item: self._take(self.list.row(item)))
        self.hide()

    @property
    def shown(self) -> tuple[str, ...]:
        """The values listed, as they are spelled."""
        return tuple(row.words for row in self._rows)

    def show_hits(self, rows: Sequence[LayerRow], problem: str = "") -> None:
        """List the hits, or say why the query can't be understood; nothing of both hides it."""
        if tuple(rows) != self._rows:
            self._rows = tuple(rows)
            self.list.clear()
            add_rows(self.list, self._rows)
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.list.setVisible(not problem)
        self.setVisible(bool(rows) or bool(problem))

    def go_to(self, layer: str) -> None:
        """Put the cursor on the row of a layer."""
        for place, row in enumerate(self._rows):
            if row.layer == layer:
                self.list.setCurrentRow(place)
                return

    def place_below(self, corner: QPoint, room: int) -> None:
        """Stand with the upper left corner there; room: pixels that are left below it."""
        height = self.problem.heightForWidth(_WIDTH - 18) + 4
        if not self.problem.text():
            height = min(_MOST_ROWS, max(1, len(self._rows))) * ROW_HEIGHT + 4
        self.setGeometry(corner.x(), corner.y(), _WIDTH, max(ROW_HEIGHT + 4, min(height, room)))
        self.raise_()

    def _take(self, place: int) -> None:
        if 0 <= place < len(self._rows):
            self.taken.emit(self._rows[place].layer)
