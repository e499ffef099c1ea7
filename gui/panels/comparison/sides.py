"""The two files of a comparison: their names, what is wrong with them, and the totals."""

from __future__ import annotations

from PyQt5.QtCore import pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from core.comparison.rows import ComparedFile
from core.comparison.totals import Total
from core.words import plural
from gui.theme import ThemeKeeper, text_font
from gui.widgets.buttons import IconButton
from gui.widgets.labels import ElidedLabel, ThemedLabel
from gui.widgets.notice_card import Notice, NoticeCard
from gui.widgets.plain_text import plain_tip


class FileHeader(QWidget):
    """One file: its name, its folder, and a notice beneath where it can't be read."""

    choose_pressed = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, which: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self.notice: NoticeCard | None = None
        self.which = ThemedLabel(keeper, which.upper(), "secondary", pixels=11, semibold=True)
        self.name = ElidedLabel()
        self.facts = ThemedLabel(keeper, "", "secondary", pixels=11)
        self.changed = ThemedLabel(keeper, "", "warning_text", pixels=11)
        self.folder = ElidedLabel()
        self.folder.setFont(self.facts.font())
        self.choose = IconButton(keeper, "open", f"Choose another file for the {which}")
        self.choose.clicked.connect(lambda: self.choose_pressed.emit())
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self._lay_out()
        keeper.changed.connect(self._tint)
        self._tint()

    def show_file(self, file: ComparedFile, notice: Notice | None) -> None:
        """Name the file; `notice` says why it can't be read."""
        self.name.setText(file.title)
        self.name.setToolTip(plain_tip(f"{file.title}\n{file.path}"))
        self.folder.setText(str(file.path.parent))
        self.facts.setText(_facts(file))
        self.show_changed("")
        if self.notice is not None:
            self._column.removeWidget(self.notice)
            self.notice.deleteLater()
            self.notice = None
        if notice is not None:
            self.notice = NoticeCard(self._keeper, notice, is_closable=False)
            self._column.addWidget(self.notice)

    def show_changed(self, words: str) -> None:
        """Say that the file is another on the disk by now; "" takes it away."""
        self.changed.setText(words)
        self.changed.setVisible(bool(words))

    def _lay_out(self) -> None:
        top, below = QHBoxLayout(), QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.which)
        top.addWidget(self.choose)
        top.addWidget(self.name, 1)
        below.setSpacing(8)
        below.addWidget(self.facts)
        below.addWidget(self.changed)
        below.addWidget(self.folder, 1)
        self._column.addLayout(top)
        self._column.addLayout(below)

    @pyqtSlot()
    def _tint(self) -> None:
        theme = self._keeper.theme
        self.name.setFont(text_font(14, semibold=True))
        self.name.setStyleSheet(f"color: {theme.text.name()}; font-size: 14px; font-weight: 600")
        self.folder.setStyleSheet(f"color: {theme.placeholder.name()}; font-size: 11px")


def _facts(file: ComparedFile) -> str:
    if file.side is None:
        return "can't be read"
    net = file.side.net
    parts = [plural(len(net.layers), "layer"), net.state.phase]
    if net.dialect:
        parts.append(str(net.dialect))
    if file.is_open:
        parts.append("the open model")
    if file.note:
        parts.append(file.note)
    return " · ".join(parts)


class TotalsBar(QWidget):
    """Sums of both nets side by side, the difference below."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(1)
        self._labels: list[ThemedLabel] = []
        self.setAccessibleName("Totals of both nets")

    @property
    def words(self) -> str:
        """Everything it says, one total a line."""
        return self.accessibleDescription()

    def show_totals(self, totals: tuple[Total, ...]) -> None:
        """Show other sums."""
        for label in self._labels:
            self._grid.removeWidget(label)
            label.deleteLater()
        self._labels = []
        arrow = "\N{RIGHTWARDS ARROW}"
        for column, total in enumerate(totals):
            self._add(total.name, "secondary", 0, column, pixels=11)
            values = total.before if total.is_equal else f"{total.before} {arrow} {total.after}"
            self._add(values, "text", 1, column, is_strong=True)
            self._add(total.difference, "secondary" if total.is_equal else "warning_text", 2,
                      column, pixels=11)  # fmt: skip
        self.setAccessibleDescription(
            "\n".join(f"{t.name} {t.before}, {t.after}: {t.difference}" for t in totals)
        )

    def _add(
        self,
        text: str,
        role: str,
        row: int,
        column: int,
        *,
        pixels: int = 12,
        is_strong: bool = False,
    ) -> None:
        label = ThemedLabel(self._keeper, text, role, pixels=pixels, semibold=is_strong)
        self._grid.addWidget(label, row, column)
        self._labels.append(label)
