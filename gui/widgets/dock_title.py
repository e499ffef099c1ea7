"""The 26 px title of a dock: icon, name, a count, and room for small buttons."""

from __future__ import annotations

from PyQt5.QtCore import Qt, pyqtSlot
from PyQt5.QtWidgets import QHBoxLayout, QWidget

from gui.icons import pixmap
from gui.theme import ThemeKeeper
from gui.widgets.labels import PictureLabel, ThemedLabel


class DockTitle(QWidget):
    """Title bar of a dock; `add_button` puts a widget at its right end."""

    def __init__(
        self, keeper: ThemeKeeper, icon_name: str, text: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._icon_name = icon_name
        self.setAttribute(Qt.WA_StyledBackground)
        self.setObjectName("dockTitle")
        self.setFixedHeight(26)
        self._picture = PictureLabel()
        self._text = ThemedLabel(text, semibold=True)
        self._count = ThemedLabel("", "secondary")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(8, 0, 8, 0)
        self._row.setSpacing(6)
        for widget in (self._picture, self._text, self._count):
            self._row.addWidget(widget)
        self._row.addStretch(1)
        keeper.changed.connect(self._tint)
        self._tint()

    def set_text(self, text: str) -> None:
        """Change the name."""
        self._text.setText(text)

    def set_count(self, count: str) -> None:
        """Show a count, or any short note, behind the name."""
        self._count.setText(count)

    def add_button(self, widget: QWidget) -> None:
        """Put a widget at the right end."""
        self._row.addWidget(widget)

    @pyqtSlot()
    def _tint(self) -> None:
        theme = self._keeper.theme
        self._picture.setPixmap(pixmap(self._icon_name, theme.text, 16, self.devicePixelRatioF()))
