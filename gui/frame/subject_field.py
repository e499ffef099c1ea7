"""One subject of the window: a caption over its value, a picture, a chip, and a list on a click."""

from __future__ import annotations

from PyQt5.QtCore import QRect, QRectF, QSize, Qt
from PyQt5.QtGui import QFontMetrics, QImage, QPainter, QPaintEvent, QPixmap
from PyQt5.QtWidgets import QPushButton, QSizePolicy, QWidget

from gui.icons import family_glyph, paint_icon
from gui.theme import ThemeKeeper, text_font
from gui.widgets.chip_label import SIGN_WIDTH, Chip, chip_width, paint_chip
from gui.widgets.elided import elided
from gui.widgets.keyboard import shows_keyboard
from gui.widgets.plain_text import plain_tip

HEIGHT = 43
_SIDE = 28
_PADDING = 10
_ARROW_ROOM = 24
_LEAST_WORDS = 60
_BEFORE_REST = 7
"""Pixels between the value and what goes with it, and for advances that are rounded."""


class SubjectField(QPushButton):
    """Paints itself; what its list offers is its owner's."""

    def __init__(
        self, keeper: ThemeKeeper, caption: str, width: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._caption = caption
        self._short_caption = caption
        self._value, self._rest, self._chip = "", "", None
        self._note = ""
        self._nothing = "none"
        self._picture: QPixmap | None = None
        self._family: str | None = None
        self._least = width
        self.setFixedHeight(HEIGHT)
        self.setMinimumWidth(width)
        self.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Fixed)
        self.setFocusPolicy(Qt.TabFocus)
        self.setAttribute(Qt.WA_Hover)
        self.setAccessibleName(caption)
        keeper.changed.connect(self.update)

    _chip: Chip | None

    @property
    def value(self) -> str:
        """What is shown large, "" for nothing."""
        return self._value

    @property
    def chip(self) -> Chip | None:
        """The state beside it."""
        return self._chip

    @property
    def note(self) -> str:
        """The warning behind the caption, "" for none."""
        return self._note

    def set_least_width(self, width: int) -> None:
        """How narrow the field may become."""
        self._least = width
        self.setMinimumWidth(width)
        self.updateGeometry()

    def show_value(
        self, value: str, rest: str = "", tip: str = "", chip: Chip | None = None
    ) -> None:
        """Show a value, what goes with it in plain weight, and a state."""
        self._value, self._rest, self._chip = value, rest, chip
        self.setToolTip(plain_tip(tip or f"{value} {rest}".strip()))
        said = f"{self._caption}: {value or self._nothing}"
        self.setAccessibleName(f"{said} {rest}, {chip.text}" if chip else f"{said} {rest}".strip())
        self.updateGeometry()
        self.update()

    def show_note(self, note: str, short_caption: str = "") -> None:
        """A warning behind the caption, such as "guessed".

        short_caption: what stands before it where there is no room for the whole caption.
        """
        self._note, self._short_caption = note, short_caption or self._caption
        self.update()

    def show_nothing_as(self, words: str) -> None:
        """What stands in the place of no value."""
        self._nothing = words
        self.update()

    def show_picture(self, picture: QImage | None) -> None:
        """Show a picture at the left, None for none."""
        self._picture = None if picture is None else QPixmap.fromImage(picture)
        self.update()

    def show_family(self, family: str | None) -> None:
        """Show the sign of a layer family at the left."""
        self._family = family
        self.update()

    def sizeHint(self) -> QSize:
        bold = QFontMetrics(text_font(12, semibold=True)).horizontalAdvance(self._value)
        plain = QFontMetrics(text_font(12)).horizontalAdvance(self._rest)
        plain += _BEFORE_REST if self._rest else 0
        words = max(_LEAST_WORDS, bold + plain) if self._chip is not None else bold + plain
        width = self._left() + words + self._chip_width() + _ARROW_ROOM + 4
        return QSize(max(self._least, min(width, self._least + 120)), HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(self._least, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._keeper.theme
        painter = QPainter(self)
        if self.isDown() or self.underMouse():
            painter.fillRect(self.rect(), theme.header)
        painter.fillRect(self.width() - 1, 0, 1, self.height(), theme.border)
        self._paint_left(painter)
        right = self.width() - _ARROW_ROOM
        arrow = QRectF(self.width() - 21, self.height() / 2 - 7, 14, 14)
        paint_icon(painter, "down", theme.secondary, arrow)
        if self._chip is not None:
            right = self._paint_chip(painter, right, self._chip)
        self._paint_words(painter, right - 4)
        if shows_keyboard(self):
            painter.setPen(theme.accent)
            painter.setBrush(Qt.NoBrush)
            painter.drawRect(self.rect().adjusted(2, 2, -4, -3))
        painter.end()

    def _left(self) -> int:
        has_sign = self._picture is not None or self._family is not None
        return _PADDING + (_SIDE + 9 if has_sign else 0)

    def _paint_left(self, painter: QPainter) -> None:
        theme, top = self._keeper.theme, (self.height() - _SIDE) // 2
        place = QRect(_PADDING, top, _SIDE, _SIDE)
        if self._picture is not None:
            _paint_cover(painter, place, self._picture, self.devicePixelRatioF())
        elif self._family is not None:
            inner = place.adjusted(3, 3, -3, -3)
            painter.setRenderHint(QPainter.Antialiasing)
            painter.setPen(Qt.NoPen)
            painter.setBrush(theme.family(self._family))
            painter.drawRoundedRect(inner, 4, 4)
            glyph = QRectF(inner).adjusted(4, 4, -4, -4)
            name = family_glyph(self._family)
            paint_icon(painter, name, theme.family_glyph(self._family), glyph)
            painter.setRenderHint(QPainter.Antialiasing, False)

    def _paint_words(self, painter: QPainter, right: int) -> None:
        theme, left = self._keeper.theme, self._left()
        room = right - left
        painter.setFont(text_font(11))
        painter.setPen(theme.secondary)
        caption = QRect(left, 5, room, 16)
        note_font = text_font(11, semibold=True)
        note_width = QFontMetrics(note_font).horizontalAdvance(self._note)
        measure = painter.fontMetrics().horizontalAdvance
        wordings = (self._caption, self._short_caption)
        gap = " " if self._note else ""
        words = next((w for w in wordings if measure(w + gap) + note_width <= room), "")
        painter.drawText(caption, int(Qt.AlignVCenter), words)
        if self._note:
            after = measure(f"{words} ") if words else 0
            painter.setFont(note_font)
            painter.setPen(theme.warning_text)
            painter.drawText(caption.adjusted(after, 0, 0, 0), int(Qt.AlignVCenter), self._note)
        place = QRect(left, 20, room, 18)
        if not self._value:
            painter.setFont(text_font(12))
            painter.setPen(theme.secondary)
            painter.drawText(place, int(Qt.AlignVCenter), self._nothing)
            return
        self._paint_value(painter, place)

    def _paint_value(self, painter: QPainter, place: QRect) -> None:
        """Value and rest: a blob's name gives way first, then the value, a count never."""
        theme, room = self._keeper.theme, place.width()
        plain, bold = text_font(12), text_font(12, semibold=True)
        metrics = QFontMetrics(plain)
        whole = QFontMetrics(bold).horizontalAdvance(self._value)
        least = min(_LEAST_WORDS, whole)
        left_over = room - least - 5
        blob = _shorter_blob(self._rest, room - whole - _BEFORE_REST, metrics)
        words = _whole_words(blob, left_over, metrics).rstrip(" ·")
        width = metrics.horizontalAdvance(words)
        rest = width + 5 if 0 < width <= left_over else 0
        painter.setFont(bold)
        painter.setPen(theme.text)
        shown = elided(self._value, room - rest, painter.fontMetrics())
        painter.drawText(place, int(Qt.AlignVCenter), shown)
        if rest:
            used = painter.fontMetrics().horizontalAdvance(shown) + 5
            painter.setFont(plain)
            painter.setPen(theme.secondary)
            painter.drawText(place.adjusted(used, 0, 0, 0), int(Qt.AlignVCenter), words)

    def _chip_width(self) -> int:
        return 0 if self._chip is None else chip_width(self._chip) + 4

    def _paint_chip(self, painter: QPainter, right: int, chip: Chip) -> int:
        """The chip at the right end, as far as there is room; the x where the words must end."""
        width = self._chip_width()
        has_words = right - width >= self._left() + _LEAST_WORDS
        if not has_words:
            width = SIGN_WIDTH + 4
        place = QRectF(right - width, self.height() / 2 - 9.5, width - 4, 19)
        paint_chip(painter, place, chip, self._keeper.theme, has_words=has_words)
        return right - width


def _shorter_blob(rest: str, room: int, metrics: QFontMetrics) -> str:
    """ "· conv3_1@1" as "· @1" where there is no room for both; "" for a blob without version."""
    dot, at, version = rest[:2], *rest.rpartition("@")[1:]
    if dot != "· " or metrics.horizontalAdvance(rest) <= room:
        return rest
    return f"{dot}@{version}" if at else ""


def _whole_words(text: str, room: int, metrics: QFontMetrics) -> str:
    """The text without its last words where they have no room: "192 of 360" of "… images"."""
    while " " in text and metrics.horizontalAdvance(text) > room:
        text = text.rpartition(" ")[0]
    return text


def _paint_cover(painter: QPainter, place: QRect, picture: QPixmap, ratio: float) -> None:
    """The middle of a picture, filling a square."""
    scaled = picture.scaled(
        place.size() * ratio, Qt.KeepAspectRatioByExpanding, Qt.SmoothTransformation
    )
    source = QRect(0, 0, round(place.width() * ratio), round(place.height() * ratio))
    source.moveCenter(scaled.rect().center())
    painter.drawPixmap(place, scaled, source)
