"""The toolbar's image picker: thumbnail, name, a menu of recent images, and the recipe's line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PyQt5.QtCore import QRect, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QFontMetrics, QImage, QPainter, QPaintEvent, QPen, QPixmap
from PyQt5.QtWidgets import QMenu, QPushButton, QSizePolicy, QWidget

from gui.icons import icon, paint_icon
from gui.theme import ThemeKeeper, text_font
from gui.widgets.plain_text import plain_caption, plain_tip

NO_IMAGE = "No image"
WIDTH, COMPACT_WIDTH = 204, 140


class ImagePicker(QPushButton):
    """Shows the current image; its menu opens another one."""

    image_chosen = pyqtSignal(object)
    open_requested = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._name = ""
        self._picture: QPixmap | None = None
        self._images: tuple[Path, ...] = ()
        self.setFixedSize(WIDTH, 26)
        self.setAccessibleName("Image")
        menu = QMenu(self)
        menu.aboutToShow.connect(self._fill_menu)
        self.setMenu(menu)
        keeper.changed.connect(self.update)
        self.show_image(None, None)

    @property
    def name(self) -> str:
        """The file name shown, "" for no image."""
        return self._name

    def show_image(self, path: Path | None, thumbnail: QImage | None) -> None:
        """Show an image by its file name and, once decoded, its thumbnail."""
        self._name = path.name if path else ""
        self._picture = None if thumbnail is None else QPixmap.fromImage(thumbnail)
        self.setToolTip(plain_tip(str(path)) if path else "Open an image to run the net on")
        self.update()

    def set_compact(self, is_compact: bool) -> None:
        """Take less room in a narrow window."""
        self.setFixedWidth(COMPACT_WIDTH if is_compact else WIDTH)

    def set_images(self, paths: Sequence[Path]) -> None:
        """What the menu offers."""
        self._images = tuple(paths)

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, 26)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._keeper.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        is_lit = self.hasFocus() or self.isDown()
        painter.setPen(QPen(theme.accent if is_lit else theme.outline, 1))
        painter.setBrush(theme.panel)
        painter.drawRoundedRect(box, 4, 4)
        self._paint_picture(painter, QRect(4, 3, 30, self.height() - 6))
        painter.setPen(theme.text if self._name else theme.placeholder)
        painter.setFont(text_font(12))
        place = QRect(40, 0, self.width() - 62, self.height())
        text = QFontMetrics(text_font(12)).elidedText(
            self._name or NO_IMAGE, Qt.ElideMiddle, place.width()
        )
        painter.drawText(place, int(Qt.AlignVCenter), text)
        paint_icon(painter, "down", theme.secondary, QRectF(self.width() - 20, 6, 14, 14))
        painter.end()

    def _paint_picture(self, painter: QPainter, place: QRect) -> None:
        if self._picture is None:
            square = QRectF(place.center().x() - 7, place.center().y() - 7, 16, 16)
            paint_icon(painter, "image", self._keeper.theme.placeholder, square)
            return
        scaled = self._picture.scaled(
            place.size() * self.devicePixelRatioF(),
            Qt.KeepAspectRatioByExpanding,
            Qt.SmoothTransformation,
        )
        ratio = self.devicePixelRatioF()
        source = QRect(0, 0, round(place.width() * ratio), round(place.height() * ratio))
        source.moveCenter(scaled.rect().center())
        painter.drawPixmap(place, scaled, source)

    def _fill_menu(self) -> None:
        menu = self.menu()
        menu.clear()
        colour = self._keeper.theme.text
        for path in self._images:
            action = menu.addAction(icon("image", colour), plain_caption(path.name))
            action.setToolTip(plain_tip(str(path)))
            action.triggered.connect(lambda _checked=False, p=path: self.image_chosen.emit(p))
        if self._images:
            menu.addSeparator()
        opener = menu.addAction(icon("open", colour), "Open image…")
        opener.triggered.connect(lambda: self.open_requested.emit())


class RecipeLine(QPushButton):
    """The preprocessing recipe in one line; a click opens it."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._short = self._line = ""
        self._is_compact = False
        self.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Fixed)
        self.setFixedHeight(26)
        self.setMinimumWidth(26)
        self.setAccessibleName("Preprocessing")
        keeper.changed.connect(self.update)

    @property
    def line(self) -> str:
        """The whole recipe in words."""
        return self._line

    def set_compact(self, is_compact: bool) -> None:
        """Show the icon alone; the tooltip still holds the recipe."""
        self._is_compact = is_compact
        self.updateGeometry()

    def set_line(self, short: str, line: str) -> None:
        """Show a recipe in a few characters; the tooltip holds all of it."""
        self._short, self._line = short, line
        self.setToolTip(plain_tip(f"Preprocessing: {line or 'none'} (Ctrl+P)"))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        if not self._short or self._is_compact:
            return QSize(26, 26)
        return QSize(34 + QFontMetrics(text_font(11)).horizontalAdvance(self._short), 26)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._keeper.theme
        painter = QPainter(self)
        if self.underMouse() or self.hasFocus():
            painter.setRenderHint(QPainter.Antialiasing)
            painter.setPen(QPen(theme.accent if self.hasFocus() else theme.border, 1))
            painter.setBrush(theme.selected_row if self.isDown() else Qt.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        paint_icon(painter, "sliders", theme.secondary, QRectF(6, 5, 16, 16))
        painter.setFont(text_font(11))
        painter.setPen(theme.secondary)
        place = QRect(26, 0, self.width() - 30, self.height())
        text = painter.fontMetrics().elidedText(self._short, Qt.ElideRight, place.width())
        painter.drawText(place, int(Qt.AlignVCenter), text)
        painter.end()
