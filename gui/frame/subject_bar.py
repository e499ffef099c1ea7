"""The bar of subjects under the menus, the same on every page, with undo, redo and Forward."""

from __future__ import annotations

from PyQt5.QtCore import QSize, Qt, pyqtSlot
from PyQt5.QtGui import QResizeEvent
from PyQt5.QtWidgets import QAction, QHBoxLayout, QToolButton, QWidget

from gui.frame.fields import ImageField, LayerField, MenuField, SeesField
from gui.frame.gallery_popup import GalleryField
from gui.frame.layout_memory import NARROW_BELOW
from gui.theme import ThemeKeeper

HEIGHT = 44
END_MARGIN = 8
WIDTHS = {"net": 238, "layer": 206, "image": 206, "sees": 190, "gallery": 176}
NARROW_WIDTHS = {"net": 192, "layer": 178, "image": 170, "sees": 176, "gallery": 174}


class SubjectBar(QWidget):
    """Five fields at the left, three actions at the right."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self.setObjectName("subjectBar")
        self.setAttribute(Qt.WA_StyledBackground)
        self.setFixedHeight(HEIGHT)
        self.net = MenuField(keeper, "Net", WIDTHS["net"])
        self.layer = LayerField(keeper, WIDTHS["layer"])
        self.image = ImageField(keeper, WIDTHS["image"])
        self.sees = SeesField(keeper, WIDTHS["sees"])
        self.gallery = GalleryField(keeper, WIDTHS["gallery"])
        self.tools: list[QToolButton] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, END_MARGIN, 1)
        self._row.setSpacing(0)
        for field in (self.net, self.layer, self.image, self.sees, self.gallery):
            self._row.addWidget(field)
        self._row.addStretch(1)
        keeper.changed.connect(self._tint)
        self._tint()

    def add_tool(self, action: QAction, *, has_words: bool = False) -> QToolButton:
        """An action of the window at the right end."""
        button = QToolButton()
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
        widths = NARROW_WIDTHS if self.window().width() < NARROW_BELOW else WIDTHS
        fields = {"net": self.net, "layer": self.layer, "image": self.image,
                  "sees": self.sees, "gallery": self.gallery}  # fmt: skip
        room = self.width() - sum(tool.sizeHint().width() + 2 for tool in self.tools) - END_MARGIN
        share = min(1.0, room / sum(widths.values()))
        for name, field in fields.items():
            field.set_least_width(int(share * widths[name]))

    @pyqtSlot()
    def _tint(self) -> None:
        theme = self._keeper.theme
        self.setStyleSheet(
            f"#subjectBar {{ background: {theme.panel.name()};"
            f" border-bottom: 1px solid {theme.border.name()}; }}"
            f"#framedTool {{ border: 1px solid {theme.outline.name()}; padding: 3px 10px; }}"
            f'#framedTool[byKey="true"]:focus {{ border: 2px solid {theme.accent.name()};'
            " padding: 2px 9px; }"
        )
