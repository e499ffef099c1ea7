"""Pens, brushes, fonts and glyphs of the graph, made once for each theme."""

from __future__ import annotations

from functools import cache

from PyQt5.QtCore import QRectF, Qt
from PyQt5.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetricsF,
    QPainterPath,
    QPen,
    QPixmap,
    QStaticText,
)

from gui.graph import metrics as m
from gui.icons import family_glyph, pixmap
from gui.theme import Theme, text_font

ICON_RATIO = 4.0
"""Icons are kept larger than drawn, so that they stay sharp when zoomed in."""


def fine_pen(colour: QColor, width: float = 1.0) -> QPen:
    """A pen that keeps its width at every zoom."""
    pen = QPen(colour, width)
    pen.setCosmetic(True)
    return pen


@cache
def box_path() -> QPainterPath:
    """The outline that all boxes share."""
    path = QPainterPath()
    frame = QRectF(0.5, 0.5, m.BOX_WIDTH - 1, m.BOX_HEIGHT - 1)
    path.addRoundedRect(frame, m.BOX_RADIUS, m.BOX_RADIUS)
    return path


@cache
def band_path() -> QPainterPath:
    """The coloured left end of a box."""
    band = QPainterPath()
    band.addRect(QRectF(0, 0, m.BAND_WIDTH, m.BOX_HEIGHT))
    return band.intersected(box_path())


class Ink:
    """What the items of one scene draw with."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self.name_font = text_font(12.5, semibold=True)
        self.text_font = text_font(11)
        self.edge_font = text_font(10.5)
        self.label_font = text_font(12, semibold=True)
        self.label_thin_font = text_font(11.5)
        self.badge_font = text_font(11.5, semibold=True)
        self.badge_thin_font = text_font(11.5)
        self.struck_font = QFont(self.badge_thin_font)
        self.struck_font.setStrikeOut(True)
        self.name_metrics = QFontMetricsF(self.name_font)
        self.text_metrics = QFontMetricsF(self.text_font)
        self.label_metrics = QFontMetricsF(self.label_font)
        self.badge_metrics = QFontMetricsF(self.badge_font)
        self._badge_advances = {
            chr(code): self.badge_metrics.horizontalAdvance(chr(code)) for code in range(32, 127)
        }
        self._widest_advance = max(self._badge_advances.values())
        self.no_brush = QBrush(Qt.NoBrush)
        self.panel = QBrush(theme.panel)
        self.lit = QBrush(theme.selected_row)
        self.outline = QPen(theme.outline, 1.0)
        self.outline_dropped = QPen(theme.edge, 1.0, Qt.DashLine)
        self.lit_outline = QPen(theme.accent, 1.5)
        self.selected = QPen(theme.accent, 2.0)
        self.selected_far = fine_pen(theme.accent, 2.0)
        self.second = QPen(theme.accent, 2.0, Qt.DashLine)
        self.edge = fine_pen(theme.edge, 1.5)
        self.edge_dropped = fine_pen(theme.edge, 1.2)
        self.edge_dropped.setDashPattern([4.0, 3.0])
        self.edge_far = fine_pen(theme.edge, 1.0)
        self.edge_lit = fine_pen(theme.accent, 2.0)
        self.edge_fill = QBrush(theme.edge)
        self.edge_lit_fill = QBrush(theme.accent)
        self.text = QPen(theme.text)
        self.secondary = QPen(theme.secondary)
        self._families: dict[str, tuple[QBrush, QPixmap]] = {}

    def badge_text_width(self, label: str) -> float:
        """Pixels that a badge's name takes; sums of advances, so that any thread may ask."""
        advances, widest = self._badge_advances, self._widest_advance
        return sum(advances.get(letter, widest) for letter in label)

    def family(self, family: str) -> tuple[QBrush, QPixmap]:
        """Band and glyph of a layer family."""
        if family not in self._families:
            glyph = self.icon(family_glyph(family), self.theme.family_glyph(family), m.GLYPH_SIZE)
            self._families[family] = QBrush(self.theme.family(family)), glyph
        return self._families[family]

    def icon(self, name: str, colour: QColor, size: float) -> QPixmap:
        """An icon to be drawn `size` scene units wide."""
        return pixmap(name, colour, int(size), ICON_RATIO)


def static_text(words: str, font: QFont) -> QStaticText:
    """Plain text laid out once and drawn often."""
    text = QStaticText(words)
    text.setTextFormat(Qt.PlainText)
    text.setPerformanceHint(QStaticText.AggressiveCaching)
    text.prepare(font=font)
    return text
