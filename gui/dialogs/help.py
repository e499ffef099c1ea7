"""Keys, About, and the text of a prototxt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PyQt5.QtCore import QRectF, QSize, Qt, pyqtSlot
from PyQt5.QtGui import (
    QColor,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
)
from PyQt5.QtWidgets import (
    QGridLayout,
    QPlainTextEdit,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from gui.actions import MENUS, ActionRow
from gui.dialogs.frame import FramedDialog
from gui.theme import ThemeKeeper, fixed_font
from gui.widgets.labels import SectionHeader, ThemedLabel
from gui.widgets.scroll_column import ScrollColumn

LICENCE = "GPL-3.0-or-later. Free to use, change and share under the same terms; see LICENSE."


class KeysDialog(FramedDialog):
    """Every action that has a key, by menu, then the keys of single parts of the window."""

    def __init__(
        self,
        keeper: ThemeKeeper,
        rows: Sequence[ActionRow],
        more: Sequence[tuple[str, Sequence[tuple[str, str]]]] = (),
        parent: QWidget | None = None,
    ) -> None:
        """more: sections of (keys, what they do), each as the part itself says it."""
        super().__init__(keeper, "Keys", parent=parent)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 12, 0)
        self.texts: list[tuple[str, str]] = []
        for menu in MENUS:
            listed = [row for row in rows if row.menu == menu and row.shortcuts]
            if listed:
                column.addWidget(SectionHeader(menu))
                column.addLayout(self._grid(listed))
        for title, pairs in more:
            column.addWidget(SectionHeader(title))
            column.addLayout(self._pairs(pairs))
        column.addStretch(1)
        self.body.addWidget(ScrollColumn(content))
        self.resize(max(460, content.sizeHint().width() + 60), 600)

    def _grid(self, rows: Sequence[ActionRow]) -> QGridLayout:
        pairs = []
        for row in rows:
            keys = (QKeySequence(key).toString(QKeySequence.NativeText) for key in row.shortcuts)
            pairs.append((", ".join(keys), row.text.rstrip("…")))
        return self._pairs(pairs)

    def _pairs(self, pairs: Sequence[tuple[str, str]]) -> QGridLayout:
        grid = QGridLayout()
        grid.setVerticalSpacing(3)
        for y, (keys, text) in enumerate(pairs):
            self.texts.append((keys, text))
            grid.addWidget(ThemedLabel(keys, semibold=True), y, 0)
            grid.addWidget(ThemedLabel(text), y, 1)
        grid.setColumnMinimumWidth(0, 150)
        grid.setColumnStretch(1, 1)
        return grid


class AboutDialog(FramedDialog):
    """Versions of everything that computes, and the licence."""

    def __init__(
        self, keeper: ThemeKeeper, versions: Mapping[str, str], parent: QWidget | None = None
    ) -> None:
        super().__init__(keeper, "About Blobscope", parent=parent)
        self.body.addWidget(ThemedLabel("Blobscope", pixels=20, semibold=True))
        self.body.addWidget(
            ThemedLabel("An explorer for Caffe nets, with in-place layers in plain sight.")
        )
        self.body.addWidget(SectionHeader("Versions"))
        grid = QGridLayout()
        grid.setVerticalSpacing(3)
        for y, (name, version) in enumerate(versions.items()):
            grid.addWidget(ThemedLabel(name, "secondary"), y, 0)
            value = ThemedLabel(version)
            value.setTextInteractionFlags(Qt.TextSelectableByMouse)
            grid.addWidget(value, y, 1)
        grid.setColumnMinimumWidth(0, 120)
        grid.setColumnStretch(1, 1)
        self.body.addLayout(grid)
        self.body.addWidget(SectionHeader("Licence"))
        licence = ThemedLabel(LICENCE)
        licence.setWordWrap(True)
        self.body.addWidget(licence)
        self.setMinimumWidth(420)


class TextDialog(FramedDialog):
    """A prototxt, read only, with line numbers, at one of its lines."""

    def __init__(
        self,
        keeper: ThemeKeeper,
        title: str,
        text: str,
        line: int = 1,
        *,
        is_error: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(keeper, title, parent=parent)
        self.view = NumberedText(keeper, text)
        self.view.show_line(line, is_error=is_error)
        self.body.addWidget(self.view)
        self.resize(680, 640)


class NumberedText(QPlainTextEdit):
    """Plain text with line numbers at the left."""

    def __init__(self, keeper: ThemeKeeper, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self.setReadOnly(True)
        self.setLineWrapMode(QPlainTextEdit.NoWrap)
        self.setFont(fixed_font(12))
        self.setPlainText(text)
        self._marked, self._is_error = QTextCursor(), False
        self._gutter = _Gutter(self)
        self.setViewportMargins(self.gutter_width(), 0, 0, 0)
        self.updateRequest.connect(lambda *_: self._gutter.update())
        keeper.changed.connect(self._mark)

    def gutter_width(self) -> int:
        """Room for the largest line number."""
        digits = len(str(max(1, self.blockCount())))
        return 18 + self.fontMetrics().horizontalAdvance("9") * max(3, digits)

    def show_line(self, line: int, *, is_error: bool = False) -> None:
        """Put a line in the middle and mark it."""
        self._marked = QTextCursor(self.document().findBlockByNumber(max(0, line - 1)))
        self._is_error = is_error
        self.setTextCursor(self._marked)
        self.centerCursor()
        self._mark()

    @pyqtSlot()
    def _mark(self) -> None:
        theme = self._keeper.theme
        mark = QTextCharFormat()
        mark.setBackground(QColor(theme.error_fill if self._is_error else theme.selected_row))
        mark.setProperty(QTextFormat.FullWidthSelection, True)
        selection = QTextEdit.ExtraSelection()
        selection.format, selection.cursor = mark, self._marked
        self.setExtraSelections([] if self._marked.isNull() else [selection])

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        box = self.contentsRect()
        self._gutter.setGeometry(box.left(), box.top(), self.gutter_width(), box.height())

    def paint_numbers(self, painter: QPainter, height: int) -> None:
        """Draw the numbers of the lines in view."""
        theme = self._keeper.theme
        painter.setFont(self.font())
        painter.setPen(theme.placeholder)
        block = self.firstVisibleBlock()
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        while block.isValid() and top < height:
            row = self.blockBoundingRect(block).height()
            place = QRectF(0, top, self.gutter_width() - 10, self.fontMetrics().height())
            painter.drawText(
                place, int(Qt.AlignRight | Qt.AlignVCenter), f"{block.blockNumber() + 1}"
            )
            top += row
            block = block.next()


class _Gutter(QWidget):
    def __init__(self, text: NumberedText) -> None:
        super().__init__(text)
        self._text = text

    def sizeHint(self) -> QSize:
        return QSize(self._text.gutter_width(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._text.paint_numbers(painter, self.height())
        painter.end()
