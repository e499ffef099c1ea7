"""Step 1 of a fine-tuning: the images, what is wrong with them, and how they are divided."""

from __future__ import annotations

from PyQt5.QtGui import QResizeEvent
from PyQt5.QtWidgets import QHBoxLayout, QWidget

from gui.panels.training.data_augment import AugmentPanel
from gui.panels.training.data_checks import ChecksPanel
from gui.panels.training.data_source import SourcePanel
from gui.panels.training.data_split import SplitPanel
from gui.theme import ThemeKeeper
from gui.thumbnails import ThumbnailStore

_WIDE = 1300
_SIDES, _NARROW_SIDES = (316, 395), (304, 368)


class DataStep(QWidget):
    """Source and classes, findings, split."""

    def __init__(
        self, keeper: ThemeKeeper, store: ThumbnailStore, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.source = SourcePanel(keeper)
        self.checks = ChecksPanel(keeper, store)
        self.split = SplitPanel(keeper)
        self.augment = AugmentPanel(keeper)
        self.split.put_below(self.augment)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.source)
        row.addWidget(self.checks, 1)
        row.addWidget(self.split)

    def show_chosen(self, has_images: bool) -> None:
        """Whether there are images to divide."""
        self.split.setVisible(has_images)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        left, right = _SIDES if self.width() >= _WIDE else _NARROW_SIDES
        self.source.setFixedWidth(left)
        self.split.setFixedWidth(right)
