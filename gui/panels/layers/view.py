"""The table view of layers: the mouse over a row, and the key that renames."""

from __future__ import annotations

from PyQt5.QtCore import QEvent, QModelIndex, Qt, pyqtSignal
from PyQt5.QtGui import QKeyEvent, QResizeEvent
from PyQt5.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from gui.panels.layers.delegate import ROW_HEIGHT
from gui.panels.layers.model import LayerModel
from gui.theme import text_font


class LayerView(QTableView):
    """A table that tells which layer the mouse is on and asks for renames from the keyboard."""

    layer_pointed = pyqtSignal(str)
    rename_pressed = pyqtSignal()
    open_pressed = pyqtSignal()
    resized = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSelectionBehavior(QAbstractItemView.SelectRows)
        self.setSelectionMode(QAbstractItemView.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setContextMenuPolicy(Qt.CustomContextMenu)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.Fixed)
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.verticalHeader().setMinimumSectionSize(ROW_HEIGHT)
        header = self.horizontalHeader()
        header.setMinimumSectionSize(16)
        header.setFixedHeight(24)
        header.setFont(text_font(11, semibold=True))
        header.setStyleSheet("QHeaderView::section { padding: 3px 2px; }")
        header.setHighlightSections(False)
        header.setSectionsClickable(True)
        self.setAccessibleName("Layers")
        self.entered.connect(self._on_entered)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()

    def leaveEvent(self, event: QEvent) -> None:
        self.layer_pointed.emit("")
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key_F2:
            self.rename_pressed.emit()
            return
        if event.key() in (Qt.Key_Return, Qt.Key_Enter):
            self.open_pressed.emit()
            return
        super().keyPressEvent(event)

    def _on_entered(self, index: QModelIndex) -> None:
        model = self.model()
        row = model.row_at(index) if isinstance(model, LayerModel) else None
        self.layer_pointed.emit(row.record.name if row else "")
