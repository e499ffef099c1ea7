"""Pens, brushes, fonts and glyphs of the graph, made once for each theme."""

from __future__ import annotations

from functools import cache

from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetricsF,
    QPainter,
    QPainterPath,
    QPen,
    QStaticText,
)

from gui.graph import metrics as m
from gui.icons import family_glyph, paint_icon, pixmap
from gui.theme import Theme, overlay_colour, text_font

ICON_RATIO = 4.0
"""Icons are kept larger than drawn, so that they stay sharp when zoomed in."""


def fine_pen(colour: QColor, width: float = 1.0, *, is_cosmetic: bool = True) -> QPen:
    """A pen that keeps its width at every zoom, unless it is for paper."""
    pen = QPen(colour, width)
    pen.setCosmetic(is_cosmetic)
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


class GraphStyle:
    """What the items of one scene draw with.

    is_for_file: draw everything at every scale, icons as shapes and text as text.
    """

    def __init__(self, theme: Theme, *, is_for_file: bool = False) -> None:
        self.theme = theme
        self.is_for_file = is_for_file
        self.name_font = text_font(12.5, semibold=True)
        self.named_font = text_font(12, semibold=True)
        self.block_font = text_font(11, semibold=True)
        self.text_font = text_font(11)
        self.small_font = text_font(10)
        self.edge_font = text_font(10.5)
        self.label_font = text_font(12, semibold=True)
        self.label_thin_font = text_font(11.5)
        self.badge_font = text_font(11.5, semibold=True)
        self.badge_thin_font = text_font(11.5)
        self.struck_font = QFont(self.badge_thin_font)
        self.struck_font.setStrikeOut(True)
        self.name_metrics = QFontMetricsF(self.name_font)
        self.named_metrics = QFontMetricsF(self.named_font)
        self.block_metrics = QFontMetricsF(self.block_font)
        self.text_metrics = QFontMetricsF(self.text_font)
        self.small_metrics = QFontMetricsF(self.small_font)
        self.label_metrics = QFontMetricsF(self.label_font)
        self.badge_metrics = QFontMetricsF(self.badge_font)
        self._badge_advances = {
            chr(code): self.badge_metrics.horizontalAdvance(chr(code)) for code in range(32, 127)
        }
        self._widest_advance = max(self._badge_advances.values())
        self.value_font = text_font(13)
        self.value_metrics = QFontMetricsF(self.value_font)
        self.no_brush = QBrush(Qt.NoBrush)
        self.panel = QBrush(theme.panel)
        self.lit = QBrush(theme.selected_row)
        self.outline = QPen(theme.outline, 1.0)
        self.outline_inactive = QPen(theme.edge, 1.0, Qt.DashLine)
        self.lit_outline = QPen(theme.accent, 1.5)
        self.selected = QPen(theme.accent, 2.0)
        self.edge = fine_pen(theme.edge, 1.5, is_cosmetic=not is_for_file)
        self.edge_far = fine_pen(theme.edge, 1.0, is_cosmetic=not is_for_file)
        self.edge_lit = fine_pen(theme.accent, 2.0, is_cosmetic=not is_for_file)
        self.edge_fill = QBrush(theme.edge)
        self.edge_lit_fill = QBrush(theme.accent)
        self.text = QPen(theme.text)
        self.secondary = QPen(theme.secondary)
        self.failure = QPen(theme.error_text)
        self.outline_failed = QPen(theme.error_text, 1.5)
        self._families: dict[str, QBrush] = {}

    def badge_text_width(self, label: str) -> float:
        """Pixels that a badge's name takes; sums of advances, so that any thread may ask."""
        advances, widest = self._badge_advances, self._widest_advance
        return sum(advances.get(letter, widest) for letter in label)

    def scale_of(self, painter: QPainter) -> float:
        """1.0 at 100 %, by which items leave out what is too small to see."""
        return 1.0 if self.is_for_file else float(painter.worldTransform().m11())

    def family(self, family: str) -> QBrush:
        """The colour of a layer family."""
        if family not in self._families:
            self._families[family] = QBrush(self.theme.family(family))
        return self._families[family]

    def overlay_fill(self, fraction: float) -> QBrush:
        """The body of a box by its number, from 0.0 (least) to 1.0 (most)."""
        return QBrush(overlay_colour(self.theme, fraction))

    def draw_glyph(self, painter: QPainter, family: str, place: QRectF) -> None:
        """The glyph of a layer family."""
        colour = self.theme.family_glyph(family)
        self.draw_icon(painter, family_glyph(family), colour, place)

    def draw_icon(self, painter: QPainter, name: str, colour: QColor, place: QRectF) -> None:
        """An icon, from a picture kept for it."""
        if self.is_for_file:
            paint_icon(painter, name, colour, place)
            return
        picture = pixmap(name, colour, int(place.width()), ICON_RATIO)
        painter.drawPixmap(place, picture, QRectF(picture.rect()))

    def draw_text(self, painter: QPainter, place: QPointF, text: QStaticText) -> None:
        """Words that were laid out, with the painter's font and pen."""
        if self.is_for_file:  # a laid out text becomes curves in a PDF
            row = QRectF(place.x(), place.y(), text.size().width() + 20, text.size().height())
            painter.drawText(row, int(Qt.AlignLeft | Qt.AlignTop), text.text())
            return
        painter.drawStaticText(place, text)


def static_text(words: str, font: QFont) -> QStaticText:
    """Plain text laid out once and drawn often."""
    text = QStaticText(words)
    text.setTextFormat(Qt.PlainText)
    text.setPerformanceHint(QStaticText.AggressiveCaching)
    text.prepare(font=font)
    return text
