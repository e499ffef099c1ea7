"""A sentence that should be seen, in the colours of its kind, with a bar at its left edge."""

from __future__ import annotations

from PyQt5.QtCore import Qt, pyqtSlot
from PyQt5.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from gui.dressing import mark
from gui.icons import pixmap
from gui.theme import ThemeKeeper
from gui.widgets.labels import PictureLabel, ThemedLabel, breakable
from gui.widgets.notice_card import KIND_ICONS


class HintBox(QWidget):
    """A title with its sign over a sentence; takes no room where there is none."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._kind = "warning"
        self.setObjectName("hintBox")
        self.setAttribute(Qt.WA_StyledBackground)
        self.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Maximum)
        self._picture = PictureLabel()
        self.title = ThemedLabel("", "warning_text", semibold=True)
        self.body = ThemedLabel("")
        for label in (self.title, self.body):
            label.setWordWrap(True)
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self._picture)
        head.addWidget(self.title, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 10, 7)
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(self.body)
        keeper.changed.connect(self._tint)
        self.show_hint("", "")

    def show_hint(self, title: str, body: str, kind: str = "warning") -> None:
        """Say it; an empty title takes the box away. kind: "warning", "error", "info" or "ok"."""
        self._kind = kind
        self.title.setText(breakable(title))
        self.body.setText(breakable(body))
        self.body.setVisible(bool(body))
        self.setAccessibleName(f"{title} {body}".strip())
        self.title.set_role("secondary" if kind == "info" else f"{kind}_text")
        self._tint()
        self.setVisible(bool(title))

    @pyqtSlot()
    def _tint(self) -> None:
        colour = self._keeper.theme.kind_text(self._kind)
        name = KIND_ICONS[self._kind]
        self._picture.setPixmap(pixmap(name, colour, 14, self.devicePixelRatioF()))
        mark(self, "kind", self._kind)
