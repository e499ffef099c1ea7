"""The box of a layer, or of several folded ones, that paints itself by level of detail."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import QFontMetricsF, QImage, QPainter, QPixmap, QStaticText
from PyQt5.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from gui.graph import metrics as m
from gui.graph.picture import BoxPicture
from gui.graph.style import GraphStyle, band_path, box_path, static_text

_FRAME = QRectF(0, 0, m.BOX_WIDTH, m.BOX_HEIGHT)
_BOUNDS = _FRAME.adjusted(-5, -5, 2 * m.FOLD_OFFSET + 1, 2 * m.FOLD_OFFSET + 1)
_SELECTED_FRAME = _FRAME.adjusted(-3, -3, 3, 3)
_GLYPH = QRectF((m.BAND_WIDTH - m.GLYPH_SIZE) / 2, 11, m.GLYPH_SIZE, m.GLYPH_SIZE)
_THUMBNAIL = QRectF(2, 2, m.THUMBNAIL_SIZE, m.THUMBNAIL_SIZE)
DIMMED = 0.3
DROPPED = 0.55


@dataclass
class _Words:
    """The box's texts, laid out when first drawn."""

    name: QStaticText
    note: QStaticText
    shape: QStaticText
    name_at: QPointF
    note_at: QPointF
    shape_at: QPointF


class LayerItem(QGraphicsItem):
    """Paints one BoxPicture; knows nothing of the net."""

    def __init__(self, box: BoxPicture, style: GraphStyle) -> None:
        super().__init__()
        self.box = box
        self.is_chosen = False
        self.is_second = False
        self.is_lit = False
        self.is_dimmed = False
        self._style = style
        self._words: _Words | None = None
        self._thumbnail: QPixmap | None = None
        self.setZValue(2)

    def frame(self) -> QRectF:
        """The box itself in scene coordinates, without outlines around it."""
        return _FRAME.translated(self.pos())

    def set_box(self, box: BoxPicture) -> None:
        """Show another description of the same box."""
        if box != self.box:
            self.box = box
            self._words = None
            self.update()

    def restyle(self, style: GraphStyle) -> None:
        """Draw in another theme."""
        self._style = style
        self._words = None
        self.update()

    def set_thumbnail(self, image: QImage | None) -> None:
        """Show the net's input in place of the band; None brings the band back."""
        self._thumbnail = None
        if image is not None and not image.isNull():
            side = int(m.THUMBNAIL_SIZE) * 4
            fitted = image.scaled(
                side, side, Qt.KeepAspectRatioByExpanding, Qt.SmoothTransformation
            )
            x, y = (fitted.width() - side) // 2, (fitted.height() - side) // 2
            self._thumbnail = QPixmap.fromImage(fitted.copy(x, y, side, side))
        self._words = None
        self.update()

    def set_marks(self, *, chosen: bool, second: bool, lit: bool, dimmed: bool) -> None:
        """Say how the box stands out."""
        marks = (chosen, second, lit, dimmed)
        if marks != (self.is_chosen, self.is_second, self.is_lit, self.is_dimmed):
            self.is_chosen, self.is_second, self.is_lit, self.is_dimmed = marks
            self.setZValue(3 if chosen else 2)
            self.update()

    def boundingRect(self) -> QRectF:
        return _BOUNDS

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        scale = self._style.scale_of(painter)
        if self.is_dimmed or self.box.is_inactive:
            painter.setOpacity(DIMMED if self.is_dimmed else DROPPED)
        if scale < m.FILL_ONLY_BELOW:
            self._paint_fill(painter)
            return
        self._paint_frame(painter)
        if scale >= m.TEXT_FROM:
            self._paint_words(painter)
        if self.is_chosen or self.is_second:
            painter.setPen(self._style.selected if self.is_chosen else self._style.second)
            painter.setBrush(self._style.no_brush)
            painter.drawRoundedRect(_SELECTED_FRAME, 6, 6)

    def _paint_fill(self, painter: QPainter) -> None:
        painter.fillRect(_FRAME, self._style.family(self.box.family))
        if self.is_chosen or self.is_lit:
            painter.setPen(self._style.selected_far)
            painter.setBrush(self._style.no_brush)
            painter.drawRect(_SELECTED_FRAME)

    def _paint_frame(self, painter: QPainter) -> None:
        style = self._style
        painter.setPen(style.outline_inactive if self.box.is_inactive else style.outline)
        painter.setBrush(style.panel)
        path = box_path()
        if self.box.is_folded:
            for step in (2 * m.FOLD_OFFSET, m.FOLD_OFFSET):
                painter.drawPath(path.translated(step, step))
        if self.is_lit:
            painter.setPen(style.lit_outline)
            painter.setBrush(style.lit)
        painter.drawPath(path)
        if self._thumbnail is not None:
            painter.drawPixmap(_THUMBNAIL, self._thumbnail, QRectF(self._thumbnail.rect()))
            return
        painter.setBrush(style.family(self.box.family))
        painter.drawPath(band_path())
        style.draw_glyph(painter, self.box.family, _GLYPH)

    def _paint_words(self, painter: QPainter) -> None:
        words = self._words or self._lay_out_words()
        painter.setFont(self._style.name_font)
        painter.setPen(self._style.text)
        self._style.draw_text(painter, words.name_at, words.name)
        painter.setFont(self._style.text_font)
        painter.setPen(self._style.secondary)
        self._style.draw_text(painter, words.note_at, words.note)
        self._style.draw_text(painter, words.shape_at, words.shape)

    def _lay_out_words(self) -> _Words:
        """Name left and type right in the first row; a type that won't fit goes below."""
        style, box = self._style, self.box
        left = (m.THUMBNAIL_SIZE + 2 if self._thumbnail else m.BAND_WIDTH) + m.TEXT_PADDING
        room = m.BOX_WIDTH - m.TEXT_PADDING - left
        note_width = style.text_metrics.horizontalAdvance(box.note)
        fits = style.name_metrics.horizontalAdvance(box.name) + 10 + note_width <= room
        name = _shortened(box.name, style.name_metrics, room)
        shape = style.text_metrics.elidedText(box.shape, Qt.ElideRight, room)
        note = box.note
        if not fits:
            spare = room - style.text_metrics.horizontalAdvance(shape) - 10
            note = style.text_metrics.elidedText(box.note, Qt.ElideRight, max(0.0, spare))
            note_width = style.text_metrics.horizontalAdvance(note)
        text_height = style.text_metrics.height()
        name_y = 19 - style.name_metrics.height() + 1
        baseline = name_y + style.name_metrics.ascent()
        note_y = baseline - style.text_metrics.ascent() if fits else 35 - text_height
        self._words = _Words(
            static_text(name, style.name_font),
            static_text(note, style.text_font),
            static_text(shape, style.text_font),
            QPointF(left, name_y),
            QPointF(m.BOX_WIDTH - m.TEXT_PADDING - note_width, note_y),
            QPointF(left, 35 - text_height),
        )
        return self._words


def _shortened(name: str, metrics: QFontMetricsF, room: float) -> str:
    """A name that fits; in "res2a_branch1 ... res2a_relu" the second drops what both share."""
    first, dots, last = name.partition(" ... ")
    if dots and metrics.horizontalAdvance(name) > room:
        pairs = zip(first, last, strict=False)
        shared = next((i for i, (a, b) in enumerate(pairs) if a != b), len(last))
        cut = max(last.rfind("_", 0, shared), last.rfind("/", 0, shared)) + 1
        name = f"{first} ... {last[cut:]}"
    return metrics.elidedText(name, Qt.ElideMiddle, room)
