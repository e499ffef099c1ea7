"""What chance changes of the training images, and some draws of one of them."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QRectF, QSize, pyqtSignal
from PyQt5.QtGui import QImage, QPainter, QPaintEvent
from PyQt5.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from core.training.augmentation import Augmentation
from gui.theme import ThemeKeeper
from gui.widgets.labels import ElidedLabel, LinkLabel, SectionHeader, ThemedLabel
from gui.widgets.plain_text import plain_tip

N_DRAWS = 7
_COLUMNS, _GAP = 4, 8
_WAYS: tuple[tuple[str, str, bool | float, str], ...] = (
    ("mirror", "Mirror", True, "half of the images"),
    ("crop", "Crop", 0.2, "up to 20 % of each side"),
    ("rotate", "Rotate", 8.0, "± 8°"),
    ("scale", "Scale", 0.25, "0.8 to 1.25"),
    ("colour", "Colour", 0.2, "brightness, contrast, saturation ± 20 %"),
    ("quarter_turns", "Quarter turns", True, "0, 90, 180 or 270°"),
)


class DrawnPictures(QWidget):
    """Pictures in two rows, the first of them as the file is."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures: tuple[QImage, ...] = ()
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        self.setAccessibleName("Draws of one image")
        keeper.changed.connect(self.update)

    @property
    def pictures(self) -> tuple[QImage, ...]:
        """What is shown."""
        return self._pictures

    def show_pictures(self, pictures: Sequence[QImage]) -> None:
        """Show other pictures."""
        self._pictures = tuple(pictures)
        self.updateGeometry()
        self.update()

    def _side(self) -> float:
        return max(20.0, min(78.0, (self.width() - (_COLUMNS - 1) * _GAP) / _COLUMNS))

    def sizeHint(self) -> QSize:
        n_rows = -(-len(self._pictures) // _COLUMNS)
        return QSize(300, round(n_rows * (78 + _GAP)))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.SmoothPixmapTransform)
        side = self._side()
        for place, picture in enumerate(self._pictures):
            column, row = place % _COLUMNS, place // _COLUMNS
            box = QRectF(column * (side + _GAP), row * (side + _GAP), side, side)
            scale = min(side / picture.width(), side / picture.height())
            inner = QRectF(0, 0, picture.width() * scale, picture.height() * scale)
            inner.moveCenter(box.center())
            painter.drawImage(inner, picture)
        painter.end()


class AugmentPanel(QWidget):
    """What is chosen goes out at once; the draws are shown to it."""

    changed = pyqtSignal()
    draw_requested = pyqtSignal()
    """Other draws of another image."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.boxes = {name: QCheckBox(words) for name, words, _, _ in _WAYS}
        self.words = ElidedLabel()
        self.again = LinkLabel("Draw again")
        self.pictures = DrawnPictures(keeper)
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(3)
        for row, (name, words, _, amount) in enumerate(_WAYS):
            box = self.boxes[name]
            box.setAccessibleName(f"{words}, {amount}")
            box.clicked.connect(lambda: self.changed.emit())
            grid.addWidget(box, row // 2, 2 * (row % 2))
            box.setToolTip(plain_tip(amount))
        drawn = QHBoxLayout()
        drawn.addWidget(self.words, 1)
        drawn.addWidget(self.again)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        column.addWidget(SectionHeader("Augmentation", "train only, drawn anew each time"))
        column.addLayout(grid)
        self.note = ThemedLabel(
            "Layers that do not learn can't be computed once then.", "secondary", pixels=11
        )
        column.addWidget(self.note)
        column.addLayout(drawn)
        column.addWidget(self.pictures)
        self.again.clicked.connect(self.draw_requested)
        self.show_augmentation(Augmentation())

    def chosen(self, *, balance: bool) -> Augmentation:
        """What the boxes say."""
        given = {name: amount for name, _, amount, _ in _WAYS if self.boxes[name].isChecked()}
        return Augmentation(balance=balance, **given)  # type: ignore[arg-type]

    def show_augmentation(self, augmentation: Augmentation) -> None:
        """Check what it does."""
        for name, box in self.boxes.items():
            box.setChecked(bool(getattr(augmentation, name)))
        self.note.setVisible(augmentation.changes_images)

    def show_draws(self, name: str, pictures: Sequence[QImage]) -> None:
        """Show an image as it is, then as it is drawn."""
        self.words.setText(f"{name}, first the file, then {len(pictures) - 1} draws")
        self.pictures.show_pictures(pictures)
        for widget in (self.words, self.again, self.pictures):
            widget.setVisible(bool(pictures))
