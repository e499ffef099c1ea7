"""The marks of results: a filled check, a quiet cross, red on the first wrong one alone."""

from __future__ import annotations

from PyQt5.QtCore import QRect, QRectF, Qt
from PyQt5.QtGui import QColor, QPainter, QPen
from PyQt5.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from gui.icons import paint_icon
from gui.panels.retrieval.view import JUNK, NOT_RELEVANT, RELEVANT
from gui.theme import Theme, ThemeKeeper, glyph_colour, text_font
from gui.widgets.alignment import CENTRE
from gui.widgets.labels import ThemedLabel

SIDE = 18
FIRST_WRONG = "first wrong"
_GLYPHS = {RELEVANT: "check", NOT_RELEVANT: "cross", JUNK: "dash"}
JUNK_WORDS = "junk, not scored"


def paint_mark(
    painter: QPainter, mark: str, picture: QRect, theme: Theme, *, is_first_wrong: bool = False
) -> None:
    """Draw the mark into the upper right corner of a picture; nothing for one without a label."""
    place = QRectF(picture.right() - SIDE - 3, picture.top() + 4, SIDE, SIDE)
    if is_first_wrong:
        _paint_first_wrong(painter, place, theme)
    elif mark in _GLYPHS:
        paint_disc(painter, mark, place, theme)


def paint_disc(painter: QPainter, mark: str, place: QRectF, theme: Theme) -> None:
    """The mark alone: a filled check; a cross or, dashed, a dash on the panel's ground."""
    is_relevant = mark == RELEVANT
    ground = theme.relevant if is_relevant else theme.panel
    painter.setRenderHint(QPainter.Antialiasing, True)
    line = QPen(theme.panel if is_relevant else theme.outline, 1)
    if mark == JUNK:
        line = QPen(theme.secondary, 1, Qt.DashLine)
    painter.setPen(line)
    painter.setBrush(ground)
    painter.drawEllipse(place.adjusted(0.5, 0.5, -0.5, -0.5))
    painter.setRenderHint(QPainter.Antialiasing, False)
    glyph: QColor = glyph_colour(ground) if is_relevant else theme.secondary
    paint_icon(painter, _GLYPHS[mark], glyph, place.adjusted(3, 3, -3, -3))


def _paint_first_wrong(painter: QPainter, place: QRectF, theme: Theme) -> None:
    painter.setFont(text_font(11, semibold=True))
    words = painter.fontMetrics().horizontalAdvance(FIRST_WRONG)
    pill = QRectF(place.right() - words - 28, place.top(), words + 28, SIDE)
    painter.setRenderHint(QPainter.Antialiasing, True)
    painter.setPen(QPen(theme.panel, 1))
    painter.setBrush(theme.not_relevant)
    painter.drawRoundedRect(pill, SIDE / 2, SIDE / 2)
    painter.setRenderHint(QPainter.Antialiasing, False)
    glyph = glyph_colour(theme.not_relevant)
    paint_icon(painter, "cross", glyph, QRectF(pill.left() + 6, pill.top() + 3, 12, 12))
    painter.setPen(glyph)
    painter.drawText(pill.adjusted(16, 0, 0, 0), CENTRE, FIRST_WRONG)


class _Disc(QWidget):
    def __init__(self, keeper: ThemeKeeper, mark: str) -> None:
        super().__init__()
        self._keeper = keeper
        self._mark = mark
        self.setFixedSize(16, 16)
        keeper.changed.connect(self.update)

    def paintEvent(self, event: object) -> None:
        painter = QPainter(self)
        paint_disc(painter, self._mark, QRectF(self.rect()), self._keeper.theme)
        painter.end()


class Legend(QWidget):
    """What the marks mean."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Fixed, QSizePolicy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 4, 0)
        row.setSpacing(5)
        self._of_junk: list[QWidget] = []
        for mark in _GLYPHS:
            disc = _Disc(keeper, mark)
            words = ThemedLabel(JUNK_WORDS if mark == JUNK else mark, "secondary")
            row.addWidget(disc, 0, Qt.AlignVCenter)
            row.addWidget(words)
            row.addSpacing(6)
            if mark == JUNK:
                self._of_junk = [disc, words]
        self.show_junk(is_shown=False)

    def show_junk(self, *, is_shown: bool) -> None:
        """Explain the dash too, where there is one."""
        for widget in self._of_junk:
            widget.setVisible(is_shown)
