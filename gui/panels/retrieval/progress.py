"""The bar of a running index job, and the line about the files it had to leave out."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
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

from gui.icons import pixmap
from gui.panels.retrieval.view import IndexingView
from gui.theme import ThemeKeeper
from gui.widgets.bars import ThinBar
from gui.widgets.buttons import Button
from gui.widgets.labels import ElidedLabel, LinkLabel, ThemedLabel
from gui.widgets.plain_text import plain_tip, plain_title


class IndexBar(QWidget):
    """Title, count, rate and time left, a bar and Cancel."""

    cancel_requested = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = ElidedLabel()
        font = self.title.font()
        font.setBold(True)
        self.title.setFont(font)
        self.count = ThemedLabel(keeper, "", "secondary")
        self.pace = ThemedLabel(keeper, "", "secondary")
        self.note = ThemedLabel(keeper, "", "secondary", pixels=11)
        self.bar = ThinBar(keeper)
        self.cancel_button = Button(keeper, "Cancel")
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 6)
        column.setSpacing(4)
        words = QHBoxLayout()
        words.setSpacing(12)
        words.addWidget(self.title, 1)
        words.addWidget(self.count)
        words.addWidget(self.pace)
        row = QHBoxLayout()
        row.addWidget(self.bar, 1)
        row.addWidget(self.cancel_button)
        column.addLayout(words)
        column.addLayout(row)
        column.addWidget(self.note)
        self.cancel_button.clicked.connect(lambda: self.cancel_requested.emit())
        self.hide()

    def show_indexing(self, view: IndexingView | None) -> None:
        """Show how far the job is; None hides the bar."""
        self.setVisible(view is not None)
        if view is None:
            return
        self.title.setText(view.title)
        self.count.setText(f"{view.done:,} of {view.total:,}" if view.total else "")
        self.pace.setText(view.pace)
        self.bar.set_fraction(view.done / view.total if view.total else None)
        self.note.setText(
            f"Cancel keeps the {view.done:,} done; the next run goes on from there."
            if view.done
            else "Cancel keeps what is done; the next run goes on from there."
        )


class SkippedLine(QWidget):
    """ "3 images skipped" with a warning triangle and Show list."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._skipped: tuple[tuple[str, str], ...] = ()
        self.sign = ThemedLabel(keeper)
        self.text = ThemedLabel(keeper, "", "warning_text")
        self.text.setToolTip("Files that are unreadable, cut off or no images")
        self.link = LinkLabel(keeper, "Show list")
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
        self.text.setText("1 image skipped" if n == 1 else f"{n:,} images skipped")
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
        self.setWindowTitle(plain_title("1 image skipped" if n == 1 else f"{n:,} images skipped"))
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
