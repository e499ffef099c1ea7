"""Buttons whose icon follows the theme."""

from __future__ import annotations

from PyQt5.QtCore import QSize, Qt, pyqtSlot
from PyQt5.QtWidgets import QPushButton, QToolButton, QWidget

from gui.dressing import mark
from gui.icons import icon
from gui.theme import ThemeKeeper
from gui.widgets.plain_text import plain_tip

GAP = 4
"""Pixels between an icon and the words beside it, besides the four of Qt's style."""


class Button(QPushButton):
    """A push button; the one filled button of a panel is `is_primary`."""

    def __init__(
        self,
        keeper: ThemeKeeper,
        text: str,
        icon_name: str | None = None,
        *,
        is_primary: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self._keeper = keeper
        self._icon_name = icon_name
        self._is_primary = is_primary
        mark(self, "primary", is_primary)
        mark(self, "hasIcon", bool(icon_name))  # beside one there is no arrow of a menu
        self.setIconSize(QSize(14 + GAP, 14))
        keeper.changed.connect(self._tint)
        self._tint()

    def setText(self, text: str) -> None:
        super().setText(text)
        self._tint()  # without words the icon stands in the middle

    def set_icon(self, icon_name: str | None) -> None:
        """Show another icon, or none."""
        self._icon_name = icon_name
        self._tint()

    def set_primary(self, is_primary: bool) -> None:
        """Fill the button, as the next step, or no more."""
        if self._is_primary == is_primary:
            return
        self._is_primary = is_primary
        mark(self, "primary", is_primary)
        self._tint()

    @pyqtSlot()
    def _tint(self) -> None:
        theme = self._keeper.theme
        if self._icon_name is not None:
            colour = theme.text_on_accent if self._is_primary else theme.text
            gap = GAP if self.text() else 0
            self.setIcon(icon(self._icon_name, colour, 14, gap, idle=theme.text))


class IconButton(QToolButton):
    """A flat button with an icon and, where given, a text beside it."""

    def __init__(
        self,
        keeper: ThemeKeeper,
        icon_name: str,
        tooltip: str = "",
        *,
        text: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._icon_name, self._role = icon_name, "text"
        self._side, self._gap = 16, 0
        self.setToolTip(plain_tip(tooltip))
        self.setAccessibleName(tooltip or text)
        self.setText(text)
        self.setToolButtonStyle(Qt.ToolButtonTextBesideIcon if text else Qt.ToolButtonIconOnly)
        keeper.changed.connect(self._tint)

    def set_icon(self, icon_name: str) -> None:
        """Show another icon."""
        self._icon_name = icon_name
        self._tint()

    def setToolButtonStyle(self, style: Qt.ToolButtonStyle) -> None:
        super().setToolButtonStyle(style)
        self.set_icon_size(self._side)

    def set_icon_size(self, side: int) -> None:
        """Draw the icon as large as that."""
        has_words = self.toolButtonStyle() == Qt.ToolButtonTextBesideIcon
        self._side, self._gap = side, GAP if has_words and not self.isRightToLeft() else 0
        self.setIconSize(QSize(side + self._gap, side))
        self._tint()

    def set_role(self, role: str) -> None:
        """Draw the icon in another of the theme's colours."""
        self._role = role
        self._tint()

    @pyqtSlot()
    def _tint(self) -> None:
        colour = getattr(self._keeper.theme, self._role)
        self.setIcon(icon(self._icon_name, colour, self._side, self._gap))
