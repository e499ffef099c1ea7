"""A chip: a short state as sign and words on a rounded fill of its kind."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt5.QtCore import QRectF, QSize, Qt
from PyQt5.QtGui import QFontMetrics, QPainter, QPaintEvent
from PyQt5.QtWidgets import QSizePolicy, QWidget

from gui.icons import paint_icon
from gui.theme import Theme, ThemeKeeper, text_font
from gui.widgets.plain_text import plain_tip

HEIGHT, SIGN_WIDTH = 19, 20
_ICONS = {"ok": "check", "warning": "warning", "error": "error", "info": "info"}


@dataclass(frozen=True)
class Chip:
    """A short state; kind: "ok", "warning", "error" or "info"."""

    kind: str
    text: str


class ChipLabel(QWidget):
    """A chip by itself; takes no room where there is none."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._chip: Chip | None = None
        self.setSizePolicy(QSizePolicy.Maximum, QSizePolicy.Fixed)
        keeper.changed.connect(self.update)
        self.hide()

    @property
    def chip(self) -> Chip | None:
        """What is shown."""
        return self._chip

    def show_chip(self, chip: Chip | None, tip: str = "") -> None:
        """Show a state, or none."""
        self._chip = chip
        self.setVisible(chip is not None)
        self.setAccessibleName(chip.text if chip else "")
        self.setToolTip(plain_tip(tip))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(0 if self._chip is None else chip_width(self._chip), HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(SIGN_WIDTH, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._chip is None:
            return
        painter = QPainter(self)
        has_words = self.width() >= chip_width(self._chip)
        width = self.width() if has_words else SIGN_WIDTH
        place = QRectF(0, (self.height() - HEIGHT) / 2, width, HEIGHT)
        paint_chip(painter, place, self._chip, self._keeper.theme, has_words=has_words)
        painter.end()


def chip_width(chip: Chip) -> int:
    """The width of a chip with its words, in pixels."""
    return QFontMetrics(text_font(11)).horizontalAdvance(chip.text) + 30


def paint_chip(
    painter: QPainter, place: QRectF, chip: Chip, theme: Theme, *, has_words: bool
) -> None:
    """Draw a chip; where there is no room for its words, its sign alone."""
    painter.setRenderHint(QPainter.Antialiasing)
    painter.setPen(Qt.NoPen)
    painter.setBrush(theme.kind_fill(chip.kind))
    painter.drawRoundedRect(place, place.height() / 2, place.height() / 2)
    colour = theme.kind_text(chip.kind)
    sign = QRectF(place.x() + 4, place.y() + 3.5, 12, 12)
    paint_icon(painter, _ICONS.get(chip.kind, "info"), colour, sign)
    if has_words:
        painter.setFont(text_font(11))
        painter.setPen(colour)
        words = QRectF(place.x() + 20, place.y(), place.width() - 22, place.height())
        painter.drawText(words, int(Qt.AlignVCenter), chip.text)
    painter.setRenderHint(QPainter.Antialiasing, False)
