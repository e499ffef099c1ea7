"""The line under the graph that says what its colours and marks mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt5.QtCore import QRectF, QSize, Qt
from PyQt5.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QSizePolicy, QWidget

from gui.graph import metrics as m
from gui.graph.overlay import OverlayScale
from gui.graph.picture import GraphPicture
from gui.icons import family_glyph, paint_icon
from gui.theme import FAMILY_TOKENS, ThemeKeeper, overlay_colour, text_font
from gui.widgets.plain_text import plain_tip

HEIGHT = 26
_SQUARE = 14.0
_GAP = 6.0
_APART = 14.0
_EDGE = 10.0
_RAMP, _DASHED = "ramp", "dashed"
_SAMPLE, _N_STEPS = 56.0, 12
_SHORT = {"data / input": "data", "loss / output": "output", "merge / split": "merge"}


@dataclass(frozen=True)
class LegendEntry:
    """A family by its glyph, or a mark by its icon, and its words; `kind` is "family" or "mark".

    name: the family, or the icon's name with the theme's colour: "eye-off secondary".
    """

    kind: str
    name: str
    words: str


def legend_entries(picture: GraphPicture, scale: float) -> tuple[LegendEntry, ...]:
    """What is drawn at this scale and needs a word: families in the design's order, then marks."""
    present = {box.family for box in picture.boxes}
    entries = [
        LegendEntry("family", family, _SHORT.get(family, family))
        for family in FAMILY_TOKENS
        if family in present
    ]
    if scale < m.NAMES_FROM:
        entries.append(LegendEntry("mark", "", "layers from 40 %"))
        return tuple(entries)
    is_near = scale >= m.FULL_FROM
    shown = [box for box in picture.boxes if is_near or not box.is_folded]
    states = {badge.state for box in shown for badge in box.badges}
    if "overwritten" in states:
        entries.append(LegendEntry("mark", "eye-off secondary", "overwritten"))
    if is_near and "readable" in states:
        entries.append(LegendEntry("mark", "eye mark_text", "readable"))
    if is_near and "own" in states:
        entries.append(LegendEntry("mark", "eye ok_text", "own blob"))
    if not is_near:
        entries.append(LegendEntry("mark", "", "shapes from 70 %"))
    return tuple(entries)


def overlay_entries(scale: OverlayScale) -> tuple[LegendEntry, ...]:
    """The least number, the ramp up to the most, and what a dashed box means."""
    write = scale.overlay.write
    return (
        LegendEntry("mark", "", f"{scale.overlay.title}   {write(scale.least)}"),
        LegendEntry("mark", _RAMP, write(scale.most)),
        LegendEntry("mark", _DASHED, scale.overlay.missing),
    )


class LegendLine(QWidget):
    """Families left, marks right; words leave before glyphs."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._picture: GraphPicture | None = None
        self._scale = 1.0
        self._overlay: OverlayScale | None = None
        self.entries: tuple[LegendEntry, ...] = ()
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Fixed)
        self.setAccessibleName("Legend")
        keeper.changed.connect(self.update)

    @property
    def families(self) -> tuple[str, ...]:
        """The families listed."""
        return tuple(entry.name for entry in self.entries if entry.kind == "family")

    @property
    def words(self) -> tuple[str, ...]:
        """What is written, in the room there is."""
        return tuple(entry.words for entry, has_words in self._fitting() if has_words)

    def show_picture(self, picture: GraphPicture) -> None:
        """List what is drawn of a picture."""
        self._picture = picture
        self._list()

    def show_scale(self, scale: float) -> None:
        """List what is drawn at this scale."""
        self._scale = scale
        self._list()

    def show_overlay(self, scale: OverlayScale | None) -> None:
        """Say what the colour of the boxes means; None for no overlay."""
        self._overlay = scale
        self._list()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(300, HEIGHT)

    def _list(self) -> None:
        entries = legend_entries(self._picture, self._scale) if self._picture else ()
        if self._overlay is not None:
            families = tuple(entry for entry in entries if entry.kind == "family")
            entries = (*families, *overlay_entries(self._overlay))
        if entries != self.entries:
            self.entries = entries
            self.setToolTip(plain_tip(", ".join(entry.words for entry in entries)))
            self.setAccessibleDescription(", ".join(entry.words for entry in entries))
            self.update()

    def _fitting(self) -> Sequence[tuple[LegendEntry, bool]]:
        """Each entry, and whether its words have room: families lose theirs first, the last first.

        Boxes say their type in words; the marks say nothing but themselves.
        """
        metrics = QFontMetricsF(text_font(11))
        with_words = [True] * len(self.entries)
        room = self.width() - 2 * _EDGE

        def needed() -> float:
            return sum(
                _width(entry, metrics, has_words=has)
                for entry, has in zip(self.entries, with_words, strict=True)
            )

        order = sorted(range(len(self.entries)), key=lambda i: (self.entries[i].kind, -i))
        for i in order:
            if needed() <= room:
                break
            with_words[i] = False
        return list(zip(self.entries, with_words, strict=True))

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._keeper.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        painter.fillRect(self.rect(), theme.panel)
        painter.fillRect(0, 0, self.width(), 1, theme.border)
        painter.setFont(text_font(11))
        metrics = QFontMetricsF(text_font(11))
        fitting = self._fitting()
        x = _EDGE
        for entry, has_words in fitting:
            if entry.kind == "family":
                self._paint_family(painter, entry, x, has_words=has_words)
                x += _width(entry, metrics, has_words=has_words)
        marks = [(entry, has) for entry, has in fitting if entry.kind == "mark"]
        x = self.width() - _EDGE - sum(_width(e, metrics, has_words=has) for e, has in marks)
        for entry, has_words in marks:
            x += _APART
            self._paint_mark(painter, entry, x, has_words=has_words)
            x += _width(entry, metrics, has_words=has_words) - _APART
        painter.end()

    def _paint_family(
        self, painter: QPainter, entry: LegendEntry, x: float, *, has_words: bool
    ) -> None:
        theme = self._keeper.theme
        square = QRectF(x, (HEIGHT - _SQUARE) / 2 + 0.5, _SQUARE, _SQUARE)
        painter.setPen(QPen(theme.outline, 1))
        painter.setBrush(theme.family(entry.name))
        painter.drawRoundedRect(square, 2, 2)
        inner = square.adjusted(1.5, 1.5, -1.5, -1.5)
        paint_icon(painter, family_glyph(entry.name), theme.family_glyph(entry.name), inner)
        if has_words:
            self._write(painter, entry.words, square.right() + _GAP, theme.secondary)

    def _paint_mark(
        self, painter: QPainter, entry: LegendEntry, x: float, *, has_words: bool
    ) -> None:
        theme = self._keeper.theme
        if entry.name in (_RAMP, _DASHED):
            self._paint_sample(painter, entry.name, x)
            x += _SAMPLE + _GAP
        elif entry.name:
            icon, _, colour_name = entry.name.partition(" ")
            place = QRectF(x, (HEIGHT - _SQUARE) / 2 + 0.5, _SQUARE, _SQUARE)
            paint_icon(painter, icon, getattr(theme, colour_name), place)
            x = place.right() + _GAP
        if has_words:
            self._write(painter, entry.words, x, theme.secondary)

    def _paint_sample(self, painter: QPainter, name: str, x: float) -> None:
        """A ramp from the least number to the most, or a dashed box."""
        theme = self._keeper.theme
        place = QRectF(x + 0.5, (HEIGHT - 10) / 2 + 0.5, _SAMPLE - 1, 10)
        if name == _RAMP:
            step = place.width() / _N_STEPS
            for i in range(_N_STEPS):
                colour = overlay_colour(theme, i / (_N_STEPS - 1))
                painter.fillRect(QRectF(place.left() + i * step, place.top(), step, 10), colour)
        painter.setPen(QPen(theme.outline, 1, Qt.SolidLine if name == _RAMP else Qt.DashLine))
        painter.setBrush(Qt.NoBrush)
        painter.drawRect(place)

    def _write(self, painter: QPainter, words: str, x: float, colour: QColor) -> None:
        painter.setPen(colour)
        row = QRectF(x, 0.5, self.width(), HEIGHT)
        painter.drawText(row, int(Qt.AlignLeft | Qt.AlignVCenter), words)


def _width(entry: LegendEntry, metrics: QFontMetricsF, *, has_words: bool) -> float:
    glyph = _SQUARE if entry.name else 0.0
    if entry.name in (_RAMP, _DASHED):
        glyph = _SAMPLE
    words = metrics.horizontalAdvance(entry.words) if has_words else 0.0
    gap = _GAP if glyph and words else 0.0
    return glyph + gap + words + _APART if glyph or words else 0.0
