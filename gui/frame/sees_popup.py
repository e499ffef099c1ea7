"""Under its field: what the net sees of the image, where the recipe comes from, and other ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt5.QtCore import QPoint, QRect, QRectF, QSize, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QImage, QPainter, QPaintEvent, QPixmap
from PyQt5.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from core.images.preprocess import Preprocess
from core.jobs.recipes import OfferedRecipe
from gui.icons import paint_icon, pixmap
from gui.theme import ThemeKeeper, text_font
from gui.widgets.buttons import Button
from gui.widgets.labels import PictureLabel, ThemedLabel
from gui.widgets.plain_text import plain_caption, plain_tip

WIDTH, PICTURE_SIDE, MOST_OFFERS = 780, 256, 5
_OWN = "Own values…"
_ROW_HEIGHT = 28


@dataclass(frozen=True)
class SeesView:
    """What there is to say of a recipe.

    title, words: where it comes from; recipe: itself, None where there is none; kept: where it is
    kept, "" where nowhere; suggested: the offer that fits best, where the recipe is guessed.
    """

    title: str
    words: str
    recipe: Preprocess | None
    is_guessed: bool = False
    kept: str = ""
    offers: tuple[OfferedRecipe, ...] = ()
    suggested: OfferedRecipe | None = None


class _Offer(QPushButton):
    """A row with a name, checked where that recipe is in use."""

    def __init__(self, keeper: ThemeKeeper, name: str, tip: str, *, is_used: bool = False) -> None:
        super().__init__()
        self._keeper, self._name, self._is_used = keeper, name, is_used
        self.setText(plain_caption(name))
        self.setAccessibleName(f"{name}{', in use' if is_used else ''}")
        self.setToolTip(plain_tip(tip))
        self.setFixedHeight(_ROW_HEIGHT)
        self.setFocusPolicy(Qt.StrongFocus)
        self.setAttribute(Qt.WA_Hover)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._keeper.theme
        painter = QPainter(self)
        if self._is_used or self.underMouse() or self.hasFocus():
            painter.fillRect(self.rect(), theme.selected_row if self._is_used else theme.header)
        painter.setFont(text_font(12, semibold=self._is_used))
        painter.setPen(theme.text)
        place = QRect(8, 0, self.width() - 34, self.height())
        shown = painter.fontMetrics().elidedText(self._name, Qt.ElideRight, place.width())
        painter.drawText(place, int(Qt.AlignVCenter), shown)
        if self._is_used:
            sign = QRectF(self.width() - 22, (self.height() - 14) / 2, 14, 14)
            paint_icon(painter, "check", theme.text, sign)
        if self.hasFocus():
            painter.setPen(theme.accent)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()


class _Picture(QWidget):
    """The picture as large as there is room for; small ones in whole pixels."""

    def __init__(self, keeper: ThemeKeeper) -> None:
        super().__init__()
        self._keeper = keeper
        self._image: QImage | None = None
        self.setFixedSize(PICTURE_SIDE, PICTURE_SIDE)
        self.setAccessibleName("What the net sees")

    @property
    def image(self) -> QImage | None:
        return self._image

    def show_image(self, image: QImage | None) -> None:
        self._image = image
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._keeper.theme
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.canvas)
        if self._image is not None:
            ratio = self.devicePixelRatioF()
            is_small = max(self._image.width(), self._image.height()) < PICTURE_SIDE / 2
            how = Qt.FastTransformation if is_small else Qt.SmoothTransformation
            scaled = self._image.scaled(self.size() * ratio, Qt.KeepAspectRatio, how)
            place = QRect(QPoint(), (QSize(scaled.size()) / ratio))
            place.moveCenter(self.rect().center())
            painter.drawPixmap(place, QPixmap.fromImage(scaled))
        painter.setPen(theme.border)
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()


class SeesPopup(QFrame):
    """Tells and asks; what is chosen is carried out by its owner."""

    recipe_chosen = pyqtSignal(object)
    own_requested = pyqtSignal()
    image_requested = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.Popup)
        self._keeper = keeper
        self._view = SeesView("", "", None)
        self.setObjectName("seesPopup")
        self.setAccessibleName("What the net sees")
        self.setFixedWidth(WIDTH)
        self.picture = _Picture(keeper)
        self.caption = ThemedLabel("", "secondary", pixels=11)
        self.image_button = Button(keeper, "Open image…", "image")
        self._sign = PictureLabel()
        self.title = ThemedLabel("", semibold=True, pixels=13)
        self.words = ThemedLabel("", "secondary")
        self.recipe_line = ThemedLabel("")
        self.kept_line = ThemedLabel("", "secondary", pixels=11)
        for label in (self.title, self.words, self.recipe_line, self.kept_line):
            label.setWordWrap(True)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        self.use_button = Button(keeper, "Use the preset", is_primary=True)
        self.keep_button = Button(keeper, "Keep as it is")
        self.own_button = _Offer(keeper, _OWN, "Size, channels, mean and scale as you say")
        self._lay_out()
        self._connect()
        self._tint()

    @property
    def offers(self) -> tuple[QPushButton, ...]:
        """The recipes that may be chosen."""
        items = (self._rows.itemAt(place) for place in range(self._rows.count()))
        widgets = (item.widget() for item in items if item is not None)
        return tuple(widget for widget in widgets if isinstance(widget, QPushButton))

    def show_recipe(self, view: SeesView) -> None:
        """Say what a recipe is, where it comes from and which others there are."""
        self._view = view
        self.title.setText(view.title)
        self.title.set_role("warning_text" if view.is_guessed else "text")
        self.words.setText(view.words)
        self.words.setVisible(bool(view.words))
        self.recipe_line.setText("" if view.recipe is None else f"{view.recipe.describe()}.")
        self.kept_line.setText(view.kept)
        self.kept_line.setVisible(bool(view.kept))
        self.use_button.setVisible(view.suggested is not None)
        if view.suggested is not None:
            self.use_button.setText(plain_caption(f"Use {short_offer(view.suggested.name)}"))
        self.keep_button.setVisible(view.is_guessed and view.recipe is not None)
        self.keep_button.set_primary(view.suggested is None)
        self._show_offers(view.offers[:MOST_OFFERS])
        self._tint()
        self.adjustSize()

    def show_picture(self, image: QImage | None, caption: str) -> None:
        """Show the picture, or why there is none."""
        self.picture.show_image(image)
        self.caption.setText(caption)
        self.image_button.setVisible(image is None)

    def open_at(self, place: QPoint) -> None:
        """Open with its upper left corner at a place of the screen."""
        self.adjustSize()
        window = self.parentWidget()
        right_end = place.x() if window is None else window.geometry().right() - self.width()
        self.move(min(place.x(), right_end), place.y())
        self.show()
        self.own_button.setFocus(Qt.PopupFocusReason)

    def _show_offers(self, offers: Sequence[OfferedRecipe]) -> None:
        for row in self.offers:
            self._rows.removeWidget(row)
            row.hide()
            row.deleteLater()
        for offer in offers:
            tip = f"{offer.name}\n{offer.recipe.describe()}"
            is_used = offer.recipe == self._view.recipe
            row = _Offer(self._keeper, offer.name, tip, is_used=is_used)
            row.clicked.connect(lambda _checked=False, r=offer.recipe: self.recipe_chosen.emit(r))
            self._rows.addWidget(row)

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(6)
        left.addWidget(self.picture)
        left.addWidget(self.caption)
        left.addWidget(self.image_button, 0, Qt.AlignLeft)
        left.addStretch(1)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._sign, 0, Qt.AlignTop)
        head.addWidget(self.title, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (self.use_button, self.keep_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        right = QVBoxLayout()
        right.setSpacing(6)
        right.addLayout(head)
        for widget in (self.words, self.recipe_line, self.kept_line):
            right.addWidget(widget)
        right.addSpacing(4)
        right.addLayout(self._rows)
        right.addWidget(self.own_button)
        right.addSpacing(4)
        right.addLayout(buttons)
        right.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 12, 12, 12)
        row.setSpacing(14)
        row.addLayout(left)
        row.addLayout(right, 1)

    def _connect(self) -> None:
        self.use_button.clicked.connect(self._use_suggested)
        self.keep_button.clicked.connect(lambda: self.recipe_chosen.emit(self._view.recipe))
        self.own_button.clicked.connect(self.hide)
        self.own_button.clicked.connect(lambda: self.own_requested.emit())
        self.image_button.clicked.connect(self.hide)
        self.image_button.clicked.connect(lambda: self.image_requested.emit())
        self._keeper.changed.connect(self._tint)

    def _use_suggested(self) -> None:
        if self._view.suggested is not None:
            self.recipe_chosen.emit(self._view.suggested.recipe)

    @pyqtSlot()
    def _tint(self) -> None:
        theme = self._keeper.theme
        kind = "warning" if self._view.is_guessed else "info"
        colour = theme.kind_text(kind)
        self._sign.setPixmap(pixmap(kind, colour, 16, self.devicePixelRatioF()))


def short_offer(name: str) -> str:
    """ "LeNet's" of "LeNet: grey, warp 28, scale 1/256"."""
    family, colon, _ = name.partition(":")
    return f"{family.strip()}'s" if colon else name
