"""The window of a comparison: it can stay open beside the main one and takes dropped files."""

from __future__ import annotations

from pathlib import Path

from PyQt5.QtCore import QByteArray, Qt, pyqtSignal
from PyQt5.QtGui import QDragEnterEvent, QDropEvent
from PyQt5.QtWidgets import QDialog, QVBoxLayout, QWidget

WIDTH, HEIGHT = 1280, 800


class ComparisonWindow(QDialog):
    """Holds a panel; not modal, with a size that is given back by `saveGeometry`."""

    files_dropped = pyqtSignal(list, bool)
    """Paths, and whether they fell on the left half."""

    def __init__(
        self, panel: QWidget, geometry: QByteArray | None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Compare")
        self.setWindowFlags(
            Qt.Window | Qt.WindowTitleHint | Qt.WindowSystemMenuHint | Qt.WindowMinMaxButtonsHint
            | Qt.WindowCloseButtonHint
        )  # fmt: skip
        self.setAttribute(Qt.WA_DeleteOnClose)
        self.setModal(False)
        self.setAcceptDrops(True)
        self.setMinimumSize(720, 420)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(panel)
        if geometry is None or not self.restoreGeometry(geometry):
            self.resize(WIDTH, HEIGHT)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.files_dropped.emit(paths, event.pos().x() < self.width() // 2)
