"""The bar of subjects under the menus, the same on every page, with undo, redo and Forward."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QSize, Qt
from PyQt5.QtGui import QPaintEvent, QResizeEvent
from PyQt5.QtWidgets import (
    QAction,
    QHBoxLayout,
    QStyle,
    QStyleOptionToolButton,
    QStylePainter,
    QToolButton,
    QWidget,
)

from gui.frame.changed_chips import MOST, ChangedChips
from gui.frame.fields import ImageField, LayerField, MenuField, SeesField
from gui.frame.gallery_popup import GalleryField
from gui.frame.layout_memory import NARROW_BELOW
from gui.icons import spaced
from gui.theme import ThemeKeeper
from gui.widgets.buttons import GAP

HEIGHT = 44
END_MARGIN = 8
WIDTHS = {"net": 238, "layer": 206, "image": 206, "sees": 190, "gallery": 176}
LEAST_OF_FIELDS = 700
"""Pixels that the five fields keep, however many chips there are."""
NARROW_WIDTHS = {"net": 192, "layer": 178, "image": 170, "sees": 176, "gallery": 174}


class _Tool(QToolButton):
    """An action's button, which holds its icon as far off its words as `Button` does."""

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        if option.toolButtonStyle == Qt.ToolButtonTextBesideIcon:
            option.icon = spaced(option.icon, option.iconSize, GAP, self.devicePixelRatioF())
            option.iconSize += QSize(GAP, 0)
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.CC_ToolButton, option)
        painter.end()


class SubjectBar(QWidget):
    """Five fields at the left, three actions at the right."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("subjectBar")
        self.setAttribute(Qt.WA_StyledBackground)
        self.setFixedHeight(HEIGHT)
        self.net = MenuField(keeper, "Net", WIDTHS["net"])
        self.layer = LayerField(keeper, WIDTHS["layer"])
        self.image = ImageField(keeper, WIDTHS["image"])
        self.sees = SeesField(keeper, WIDTHS["sees"])
        self.gallery = GalleryField(keeper, WIDTHS["gallery"])
        self.changed = ChangedChips(keeper)
        self.tools: list[QToolButton] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, END_MARGIN, 1)
        self._row.setSpacing(0)
        for field in (self.net, self.layer, self.image, self.sees, self.gallery):
            self._row.addWidget(field)
        self._row.addWidget(self.changed)
        self._row.addStretch(1)

    def add_tool(self, action: QAction, *, has_words: bool = False) -> QToolButton:
        """An action of the window at the right end."""
        button = _Tool()
        button.setDefaultAction(action)
        button.setIconSize(QSize(16, 16))
        button.setToolButtonStyle(
            Qt.ToolButtonTextBesideIcon if has_words else Qt.ToolButtonIconOnly
        )
        button.setFocusPolicy(Qt.TabFocus)
        if has_words:
            button.setObjectName("framedTool")
        self._row.addSpacing(2)
        self._row.addWidget(button)
        self.tools.append(button)
        return button

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_room()

    def show_changed(self, labels: Sequence[str], tips: Sequence[str]) -> None:
        """Name what interventions change in the net; the fields make room."""
        self.changed.show_active(labels, tips)
        self._share_room()

    def _share_room(self) -> None:
        """Fields by their shares of what chips and tools leave; chips give way to "+ n" first."""
        widths = NARROW_WIDTHS if self.window().width() < NARROW_BELOW else WIDTHS
        fields = {"net": self.net, "layer": self.layer, "image": self.image,
                  "sees": self.sees, "gallery": self.gallery}  # fmt: skip
        room = self.width() - sum(tool.sizeHint().width() + 2 for tool in self.tools) - END_MARGIN
        if self.changed.labels:
            fits = (most for most in range(MOST, 0, -1) if self._leaves_fields(room, most))
            most = next(fits, 0)
            self.changed.set_most(most)
            room -= self.changed.width_for(most)
        share = min(1.0, room / sum(widths.values()))
        for name, field in fields.items():
            field.set_least_width(int(share * widths[name]))

    def _leaves_fields(self, room: int, most: int) -> bool:
        return room - self.changed.width_for(most) >= LEAST_OF_FIELDS
