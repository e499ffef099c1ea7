"""The list of layers as a popup, and the button that opens it and shows what was chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PyQt5.QtCore import QPoint, QRect, QRectF, QSize, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import (
    QColor,
    QFontMetrics,
    QGuiApplication,
    QKeyEvent,
    QPainter,
    QPaintEvent,
)
from PyQt5.QtWidgets import (
    QAbstractButton,
    QFrame,
    QHBoxLayout,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from core.net.elision import elide_name
from gui.icons import paint_icon, pixmap
from gui.theme import ThemeKeeper, text_font
from gui.widgets.keyboard import shows_keyboard
from gui.widgets.labels import PictureLabel, ThemedLabel
from gui.widgets.layer_list import WIDTH, LayerList
from gui.widgets.layer_rows import LayerRow
from gui.widgets.plain_text import plain_caption, plain_tip

BUTTON_HEIGHT, MOST_BUTTON_WIDTH, LEAST_BUTTON_WIDTH = 24, 190, 72
_PADDING, _ARROW = 8, 22
_SIGNS = (
    ("eye-off", "secondary", "pycaffe cannot return it after a full forward"),
    ("check", "ok_text", "in this gallery"),
)


class LayerPicker(QFrame):
    """A popup; Enter or a click takes the row, Esc leaves all as it was."""

    value_chosen = pyqtSignal(str, str)
    """(layer, top); two empty texts where no value was chosen."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.Popup)
        self._keeper = keeper
        self.setObjectName("layerPicker")
        self.setFixedWidth(WIDTH)
        self.layers = LayerList(keeper)
        self.field, self.count = self.layers.field, self.layers.count
        self._signs: dict[str, tuple[PictureLabel, ThemedLabel]] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 6)
        column.setSpacing(4)
        column.addWidget(self.layers)
        for name, _, words in _SIGNS:
            line = QHBoxLayout()
            line.setSpacing(6)
            picture, label = PictureLabel(), ThemedLabel(words, "secondary", pixels=11)
            self._signs[name] = (picture, label)
            line.addWidget(picture)
            line.addWidget(label, 1)
            column.addLayout(line)
        self.layers.taken.connect(self._take)
        keeper.changed.connect(self._tint)
        self._tint()

    @property
    def shown(self) -> tuple[str, ...]:
        """The values listed now, as they are spelled."""
        return self.layers.shown

    def open_at(
        self,
        place: QPoint,
        rows: Sequence[LayerRow],
        current: tuple[str, str] = ("", ""),
        *,
        nothing: str = "",
    ) -> None:
        """Open with its corner at `place`, or above what lies there, on the current value.

        nothing: the words of a first row that stands for no value.
        """
        for name, has_any in (
            ("eye-off", any(row.is_hidden for row in rows)),
            ("check", any(row.is_in_gallery for row in rows)),
        ):
            for label in self._signs[name]:
                label.setVisible(has_any)
        self.layers.show_rows(rows, current, nothing=nothing)
        self.layers.fit_height()
        self.adjustSize()
        self.move(self._within_screen(place))
        self.show()
        self.field.setFocus(Qt.PopupFocusReason)

    def _within_screen(self, place: QPoint) -> QPoint:
        screen = QGuiApplication.screenAt(place) or self.screen()
        room: QRect = screen.availableGeometry()
        x = min(place.x(), room.right() - self.width())
        y = min(place.y(), room.bottom() - self.height())
        return QPoint(max(room.left(), x), max(room.top(), y))

    def _take(self, layer: str, top: str) -> None:
        self.hide()
        self.value_chosen.emit(layer, top)

    @pyqtSlot()
    def _tint(self) -> None:
        theme = self._keeper.theme
        for name, role, _ in _SIGNS:
            colour: QColor = getattr(theme, role)
            self._signs[name][0].setPixmap(pixmap(name, colour, 13, self.devicePixelRatioF()))


class LayerPickerButton(QAbstractButton):
    """Shows a value as it is spelled; a click, Space, Enter or Down opens the list."""

    value_chosen = pyqtSignal(str, str)

    def __init__(
        self, keeper: ThemeKeeper, name: str, *, nothing: str = "", parent: QWidget | None = None
    ) -> None:
        """name: what it chooses, for screen readers. nothing: words for no value, "" if none."""
        super().__init__(parent)
        self._keeper = keeper
        self._name, self._nothing = name, nothing
        self._value = ("", "")
        self._words = nothing
        self._near: tuple[str, ...] = ()
        self.rows_wanted: Callable[[], Sequence[LayerRow]] = tuple
        self.picker = LayerPicker(keeper, self)
        self.setFocusPolicy(Qt.StrongFocus)
        self.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Fixed)
        self.setMinimumWidth(LEAST_BUTTON_WIDTH)
        self.setMaximumWidth(MOST_BUTTON_WIDTH)
        self.show_value(("", ""), nothing)
        self.clicked.connect(lambda: self.open_list())
        self.picker.value_chosen.connect(self.value_chosen)
        keeper.changed.connect(self.update)

    @property
    def value(self) -> tuple[str, str]:
        """(layer, top) of what is shown; two empty texts for no value."""
        return self._value

    @property
    def words(self) -> str:
        """What is shown, whole."""
        return self._words

    def show_value(self, value: tuple[str, str], words: str, near: Sequence[str] = ()) -> None:
        """Show (layer, top) in its one spelling; near: what it must be told apart from."""
        self._value, self._words, self._near = value, words, tuple(near)
        self.setText(plain_caption(words))
        self.setToolTip(plain_tip(words))
        self.setAccessibleName(f"{self._name}: {words}" if words else self._name)
        self.updateGeometry()
        self.update()

    def open_list(self) -> None:
        """Open the list under the button."""
        rows = self.rows_wanted()
        if rows:
            place = self.mapToGlobal(QPoint(0, self.height() + 2))
            self.picker.open_at(place, rows, self._value, nothing=self._nothing)

    def sizeHint(self) -> QSize:
        wide = QFontMetrics(text_font(12)).horizontalAdvance(self._words) + _PADDING + _ARROW + 4
        return QSize(max(LEAST_BUTTON_WIDTH, min(MOST_BUTTON_WIDTH, wide)), BUTTON_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(LEAST_BUTTON_WIDTH, BUTTON_HEIGHT)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key_Return, Qt.Key_Enter, Qt.Key_Down):
            self.open_list()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._keeper.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        painter.setPen(theme.accent if shows_keyboard(self) else theme.outline)
        painter.setBrush(theme.header if self.underMouse() or self.isDown() else theme.panel)
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 4, 4)
        painter.setFont(text_font(12))
        painter.setPen(theme.text if self._value[0] else theme.secondary)
        words = self.rect().adjusted(_PADDING, 0, -_ARROW, 0)
        advance = painter.fontMetrics().horizontalAdvance
        shown = elide_name(self._words, words.width(), advance, self._near)
        painter.drawText(words, int(Qt.AlignVCenter), shown)
        arrow = QRectF(self.width() - _ARROW + 4, (self.height() - 14) / 2, 14, 14)
        paint_icon(painter, "down", theme.secondary, arrow)
        painter.end()
