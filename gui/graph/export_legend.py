"""Title and legend above an exported graph."""

from __future__ import annotations

from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import QFontMetricsF, QPainter, QPen

from core.words import plural, plural_with
from gui.graph.drawing import Drawing
from gui.graph.overlay import OverlayScale
from gui.graph.style import GraphStyle
from gui.theme import FAMILY_TOKENS, overlay_colour, text_font

_LINE = int(Qt.AlignLeft | Qt.AlignVCenter)
_ROW = 20.0
_TITLE_ROW = 30.0
_SQUARE = 14.0
_RAMP, _DASHED, _N_STEPS = "ramp", "dashed", 7
_LARGEST_WIDTH = 900.0
_SIGNS = (
    ("link", "bracket: layers that share one blob"),
    ("eye-off", "overwritten"),
    ("eye", "readable after a forward pass"),
)


class ExportLegend:
    """The net's name and figures, the families present, and what badges mean."""

    def __init__(
        self, drawing: Drawing, style: GraphStyle, scale: OverlayScale | None = None
    ) -> None:
        """scale: of the numbers that colour the boxes."""
        self._style = style
        self._scale = scale
        self._title, self._facts = _title(drawing)
        self._title_font = text_font(16, semibold=True)
        self._font = text_font(11)
        present = {box.family for box in drawing.picture.boxes}
        families = [(f"family {name}", name) for name in FAMILY_TOKENS if name in present]
        has_badges = any(box.badges for box in drawing.picture.boxes)
        numbers = [] if scale is None else _numbers(scale)
        self._places = self._flow([*numbers, *families, *(_SIGNS if has_badges else ())])

    @property
    def width(self) -> float:
        """Pixels at 100 %."""
        title = QFontMetricsF(self._title_font).horizontalAdvance(self._title)
        facts = QFontMetricsF(self._font).horizontalAdvance(self._facts)
        return max([title, facts, *(place.right() for _, _, place in self._places)])

    @property
    def height(self) -> float:
        """Pixels at 100 %."""
        bottom = max((place.bottom() for _, _, place in self._places), default=0.0)
        return max(bottom, _TITLE_ROW + _ROW)

    def paint(self, painter: QPainter, at: QPointF) -> None:
        """Draw it with its top left corner at `at`."""
        theme = self._style.theme
        painter.save()
        painter.translate(at)
        painter.setPen(theme.text)
        painter.setFont(self._title_font)
        painter.drawText(QRectF(0, 0, self.width + 40, _TITLE_ROW), _LINE, self._title)
        painter.setFont(self._font)
        painter.setPen(theme.secondary)
        painter.drawText(QRectF(0, _TITLE_ROW, self.width + 40, _ROW), _LINE, self._facts)
        for key, words, place in self._places:
            self._paint_sign(painter, key, words, place)
            painter.setPen(theme.secondary)
            painter.drawText(place.adjusted(_SQUARE + 7, 0, 40, 0), _LINE, words)
        painter.restore()

    def _flow(self, entries: list[tuple[str, str]]) -> list[tuple[str, str, QRectF]]:
        """Places from left to right in as many rows as needed."""
        metrics = QFontMetricsF(self._font)
        places = []
        x, y = 0.0, _TITLE_ROW + _ROW + 8
        for key, words in entries:
            width = _SQUARE + 7 + metrics.horizontalAdvance(words)
            if x and x + width > _LARGEST_WIDTH:
                x, y = 0.0, y + _ROW
            places.append((key, words, QRectF(x, y, width, _ROW)))
            x += width + 18
        return places

    def _paint_sign(self, painter: QPainter, key: str, words: str, place: QRectF) -> None:
        theme = self._style.theme
        square = QRectF(place.left(), place.center().y() - _SQUARE / 2, _SQUARE, _SQUARE)
        if key == _RAMP:
            self._paint_ramp(painter, square)
            return
        if key == _DASHED:
            painter.setPen(QPen(theme.outline, 1, Qt.DashLine))
            painter.setBrush(Qt.NoBrush)
            painter.drawRect(square)
            return
        if not key.startswith("family "):
            self._style.draw_icon(painter, key, theme.mark_text, square)
            return
        painter.setPen(QPen(theme.outline, 1))
        painter.setBrush(theme.family(words))
        painter.drawRoundedRect(square, 2, 2)
        self._style.draw_glyph(painter, words, square.adjusted(1.5, 1.5, -1.5, -1.5))

    def _paint_ramp(self, painter: QPainter, square: QRectF) -> None:
        """The colours from the least number to the most."""
        step = square.width() / _N_STEPS
        for i in range(_N_STEPS):
            colour = overlay_colour(self._style.theme, i / (_N_STEPS - 1))
            painter.fillRect(QRectF(square.left() + i * step, square.top(), step, _SQUARE), colour)


def _numbers(scale: OverlayScale) -> list[tuple[str, str]]:
    """What the colours and the dashed boxes mean."""
    write = scale.overlay.write
    words = f"{scale.overlay.title}: {write(scale.least)} (pale) to {write(scale.most)} (full)"
    return [(_RAMP, words), (_DASHED, scale.overlay.missing)]


def _title(drawing: Drawing) -> tuple[str, str]:
    net = drawing.net
    if net is None:
        return "", ""
    facts = [plural(len(net.layers), "layer"), f"phase {net.state.phase}"]
    if net.state.stages:
        facts.append(f"stages {', '.join(dict.fromkeys(net.state.stages))}")
    if net.in_place_layers:
        words = (
            f"{plural_with(len(net.in_place_layers), 'in-place layer', 'hides', 'hide')} "
            f"{plural(len(net.hidden), 'version')}"
        )
        facts.append(words)
    return net.name or "Net without a name", ", ".join(facts)
