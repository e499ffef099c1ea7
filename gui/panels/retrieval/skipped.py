"""The line about the files that an index had to leave out, and their list."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import Qt, pyqtSlot
from PyQt5.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.words import plural
from gui.icons import pixmap
from gui.theme import ThemeKeeper
from gui.widgets.labels import LinkLabel, ThemedLabel
from gui.widgets.plain_text import plain_tip, plain_title


class SkippedLine(QWidget):
    """ "3 images skipped" with a warning triangle and Show list."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._skipped: tuple[tuple[str, str], ...] = ()
        self.sign = ThemedLabel()
        self.text = ThemedLabel("", "warning_text")
        self.text.setToolTip("Files that are unreadable, cut off or no images")
        self.link = LinkLabel("Show list")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 5, 12, 5)
        row.setSpacing(6)
        for widget in (self.sign, self.text):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.link)
        self.link.clicked.connect(self.show_list)
        keeper.changed.connect(self._tint)
        self._tint()
        self.hide()

    def show_skipped(self, skipped: Sequence[tuple[str, str]]) -> None:
        """Show how many files were left out; none hides the line."""
        self._skipped = tuple(skipped)
        n = len(self._skipped)
        self.text.setText("1 image skipped" if n == 1 else f"{plural(n, 'image')} skipped")
        self.setVisible(n > 0)

    def show_list(self) -> None:
        """Open the list of files with the reason for each."""
        dialog = SkippedDialog(self._skipped, self.window())
        dialog.setAttribute(Qt.WA_DeleteOnClose)
        dialog.open()

    @pyqtSlot()
    def _tint(self) -> None:
        colour = self._keeper.theme.warning_text
        self.sign.setPixmap(pixmap("warning", colour, 16, self.devicePixelRatioF()))


class SkippedDialog(QDialog):
    """A table of files that were left out, and why."""

    def __init__(self, skipped: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        n = len(skipped)
        self.setWindowTitle(
            plain_title("1 image skipped" if n == 1 else f"{plural(n, 'image')} skipped")
        )
        self.resize(680, 360)
        self.table = QTableWidget(n, 2)
        self.table.setHorizontalHeaderLabels(["File", "Reason"])
        self.table.setEditTriggers(QTableWidget.NoEditTriggers)
        self.table.setSelectionBehavior(QTableWidget.SelectRows)
        self.table.setAlternatingRowColors(True)
        self.table.setShowGrid(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(22)
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeToContents)
        self.table.horizontalHeader().setStretchLastSection(True)
        for row, cells in enumerate(skipped):
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setToolTip(plain_tip(text))
                self.table.setItem(row, column, item)
        buttons = QDialogButtonBox(QDialogButtonBox.Close)
        buttons.rejected.connect(self.reject)
        column_layout = QVBoxLayout(self)
        column_layout.addWidget(self.table)
        column_layout.addWidget(buttons)
