"""A notice: what happened, what it means, what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from gui.dressing import mark
from gui.icons import pixmap
from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button, IconButton
from gui.widgets.code_block import CodeBlock, CodeLine
from gui.widgets.labels import PictureLabel, RichLabel, ThemedLabel, breakable
from gui.widgets.plain_text import plain_caption

_LONG_CELL = 40
KIND_ICONS = {"ok": "check", "warning": "warning", "error": "error", "info": "info", "mark": "link"}


@dataclass(frozen=True)
class NoticeAction:
    """One button: `id` comes back when it is pressed; the first of a notice is the repair."""

    id: str
    text: str
    icon: str | None = None
    closes: bool = False


@dataclass(frozen=True)
class Notice:
    """What a card shows. `body` may be Rich; `table` has its header row first."""

    kind: str
    title: str
    body: str = ""
    code: tuple[CodeLine, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()
    note: str = ""
    actions: tuple[NoticeAction, ...] = ()
    key: str = ""
    details: str = ""


class NoticeCard(QWidget):
    """A notice with a bar in its kind's colour; `action_triggered` carries a button's id."""

    action_triggered = pyqtSignal(str)
    closed = pyqtSignal()

    def __init__(
        self,
        keeper: ThemeKeeper,
        notice: Notice,
        *,
        is_closable: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self.notice = notice
        self.setObjectName("noticeCard")
        self.setAttribute(Qt.WA_StyledBackground)
        # one that could not grow would be cut at the height of its widest form
        self.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Preferred)
        self._picture = PictureLabel()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(12, 8, 10, 10)
        self._layout.setSpacing(6)
        self._add_title(is_closable)
        self._add_body()
        self._add_actions(notice.actions)
        keeper.changed.connect(self._tint)
        self._tint()

    def _add_title(self, is_closable: bool) -> None:
        row = QHBoxLayout()
        row.setSpacing(7)
        row.addWidget(self._picture)
        role = f"{self.notice.kind}_text" if self.notice.kind != "info" else "text"
        title = ThemedLabel(breakable(self.notice.title), role, semibold=True)
        title.setWordWrap(True)
        title.setTextInteractionFlags(Qt.TextSelectableByMouse)
        row.addWidget(title, 1)
        if is_closable:
            close = IconButton(self._keeper, "cross", "Close this notice")
            close.setFixedSize(20, 20)
            close.setObjectName("closeCard")
            close.clicked.connect(lambda: self.closed.emit())
            row.addWidget(close, 0, Qt.AlignTop)
        self._layout.addLayout(row)

    def _add_body(self) -> None:
        if self.notice.body:
            body = RichLabel(breakable(self.notice.body))
            body.setWordWrap(True)
            self._layout.addWidget(body)
        if self.notice.code:
            self._layout.addWidget(CodeBlock(self._keeper, self.notice.code))
        if self.notice.table:
            self._layout.addLayout(self._table(self.notice.table))
        if self.notice.note:
            note = ThemedLabel(self.notice.note, "secondary")
            note.setWordWrap(True)
            self._layout.addWidget(note)

    def _table(self, rows: Sequence[Sequence[str]]) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(28)
        grid.setVerticalSpacing(2)
        for y, row in enumerate(rows):
            for x, text in enumerate(row):
                role = "secondary" if y == 0 else "text"
                is_last = y > 0 and x == len(row) - 1
                is_wide = is_last and len(text) > _LONG_CELL
                shown = breakable(text) if is_wide else text
                cell = ThemedLabel(shown, role, semibold=is_last)
                cell.setWordWrap(is_wide)
                grid.addWidget(cell, y, x, Qt.AlignTop)
        is_long = any(len(row[-1]) > _LONG_CELL for row in rows)
        grid.setColumnStretch(max(len(row) for row in rows) - is_long, 1)
        return grid

    def _add_actions(self, actions: Sequence[NoticeAction]) -> None:
        if not actions:
            return
        row = QHBoxLayout()
        row.setSpacing(8)
        for index, action in enumerate(actions):
            button = Button(
                self._keeper, plain_caption(action.text), action.icon, is_primary=index == 0
            )
            button.clicked.connect(lambda _checked=False, a=action: self._trigger(a))
            row.addWidget(button)
        row.addStretch(1)
        self._layout.addLayout(row)

    def _trigger(self, action: NoticeAction) -> None:
        self.action_triggered.emit(action.id)
        if action.closes:
            self.closed.emit()

    @pyqtSlot()
    def _tint(self) -> None:
        kind = self.notice.kind
        line = self._keeper.theme.kind_text(kind)
        self._picture.setPixmap(
            pixmap(KIND_ICONS.get(kind, "info"), line, 16, self.devicePixelRatioF())
        )
        mark(self, "kind", kind)
