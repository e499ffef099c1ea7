"""The box of a layer, or of several folded ones, that paints itself by level of detail."""

from __future__ import annotations

from PyQt5.QtCore import QRectF, Qt
from PyQt5.QtGui import QImage, QPainter, QPen, QPixmap
from PyQt5.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from gui.graph import metrics as m
from gui.graph.items.layer_words import Words, draw_words, lay_out_full, lay_out_named
from gui.graph.overlay import OverlayMark
from gui.graph.picture import BoxPicture
from gui.graph.rooms import NO_ROOM, SideRooms
from gui.graph.style import GraphStyle, band_path, box_path
from gui.widgets.plain_text import plain_tip

_FRAME = QRectF(0, 0, m.BOX_WIDTH, m.BOX_HEIGHT)
_SELECTED_FRAME = _FRAME.adjusted(-3, -3, 3, 3)
_GLYPH = QRectF((m.BAND_WIDTH - m.GLYPH_SIZE) / 2, 11, m.GLYPH_SIZE, m.GLYPH_SIZE)
_THUMBNAIL = QRectF(2, 2, m.THUMBNAIL_SIZE, m.THUMBNAIL_SIZE)
_NAMED_BAND = 20.0
_NAMED_GLYPH = 12.0
_EYE = 12.0
DIMMED = 0.3
DROPPED = 0.55


class LayerItem(QGraphicsItem):
    """Paints one BoxPicture; knows nothing of the net."""

    def __init__(self, box: BoxPicture, style: GraphStyle) -> None:
        super().__init__()
        self.box = box
        self.is_chosen = False
        self.is_together = False
        self.is_lit = False
        self.is_dimmed = False
        self._style = style
        self._near: tuple[str, ...] = ()
        self._rooms = NO_ROOM
        self._reserved = 0.0
        self._seen_at = 0.0
        self._has_overlay = False
        self.mark: OverlayMark | None = None
        self._words: tuple[float, Words] | None = None
        self._thumbnail: QPixmap | None = None
        self._bounds = QRectF()
        self._lay_out()
        self.setZValue(2)
        self.setToolTip(plain_tip(box.failure))

    def frame(self) -> QRectF:
        """The box itself in scene coordinates, without outlines around it."""
        return _FRAME.translated(self.pos())

    @property
    def rooms(self) -> SideRooms:
        """How far it may grow where it shows only its name."""
        return self._rooms

    def named_size(self, scale: float) -> tuple[float, float]:
        """Screen pixels of the box where it shows only its name."""
        return m.named_size(scale, self._rooms.left, self._rooms.right, self._reserved)

    def painted_frame(self, scale: float) -> QRectF:
        """What it covers at a scale, in scene coordinates, its stub's words included."""
        if scale >= m.FULL_FROM:
            return self.frame()
        width, height = (size / scale for size in self.named_size(scale))
        frame = QRectF(0, 0, width, height)
        frame.moveCenter(self.frame().center())
        return frame.adjusted(0, 0, self._reserved / scale, 0)

    @property
    def words(self) -> tuple[str, ...]:
        """What was written on the box when it was last painted."""
        return () if self._words is None else tuple(word.text.text() for word in self._words[1])

    def set_box(self, box: BoxPicture) -> None:
        """Show another description of the same box."""
        if box != self.box:
            self.box = box
            self._words = None
            self.setToolTip(plain_tip(box.failure))
            self.update()

    def set_surroundings(
        self, near: tuple[str, ...], rooms: SideRooms, reserved: float = 0.0
    ) -> None:
        """The names that its own must differ from, and how far it may grow from its middle.

        reserved: screen pixels of that room that belong to a stub.
        """
        around = (near, rooms, reserved)
        if around != (self._near, self._rooms, self._reserved):
            self.prepareGeometryChange()
            self._near, self._rooms, self._reserved = around
            self._words = None
            self._lay_out()

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

    def set_marks(self, *, chosen: bool, together: bool, lit: bool, dimmed: bool) -> None:
        """Say how the box stands out."""
        marks = (chosen, together, lit, dimmed)
        if marks != (self.is_chosen, self.is_together, self.is_lit, self.is_dimmed):
            self.is_chosen, self.is_together, self.is_lit, self.is_dimmed = marks
            self.update(self._covered)

    def show_overlay(self, mark: OverlayMark | None, *, is_on: bool) -> None:
        """Fill the body by a number; one without a number is dashed while an overlay is on."""
        if (mark, is_on) != (self.mark, self._has_overlay):
            self.mark, self._has_overlay = mark, is_on
            self._words = None
            self.update()

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        scale = self._seen_at = self._style.scale_of(painter)
        if scale < m.NAMES_FROM:
            return  # its block stands for it
        if self.is_dimmed or self.box.is_inactive:
            painter.setOpacity(DIMMED if self.is_dimmed else DROPPED)
        if scale >= m.FULL_FROM:
            self._paint_full(painter, scale)
        else:
            self._paint_named(painter, scale)

    def _paint_full(self, painter: QPainter, scale: float) -> None:
        self._paint_frame(painter)
        self._paint_outline(painter, _SELECTED_FRAME)
        shrunk = min(1.0, scale)
        if self._words is None or self._words[0] != shrunk:
            band = m.THUMBNAIL_SIZE + 2 if self._thumbnail else m.BAND_WIDTH
            found = lay_out_full(self.box, self._near, self._style, shrunk, band, self.mark)
            self._words = (shrunk, found)
        painter.scale(1 / shrunk, 1 / shrunk)
        draw_words(painter, self._words[1], self._style)

    def _paint_frame(self, painter: QPainter) -> None:
        style = self._style
        self._set_body(painter)
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

    @property
    def _outline_pen(self) -> QPen:
        style, box = self._style, self.box
        if box.failure:
            return style.outline_failed
        return style.outline_inactive if box.is_inactive else style.outline

    def _set_body(self, painter: QPainter) -> None:
        """Pen and brush of the box: by its number where an overlay is on."""
        style = self._style
        is_dashed = self._has_overlay and self.mark is None and not self.box.failure
        painter.setPen(style.outline_inactive if is_dashed else self._outline_pen)
        painter.setBrush(
            style.panel if self.mark is None else style.overlay_fill(self.mark.fraction)
        )

    def _paint_outline(self, painter: QPainter, frame: QRectF) -> None:
        if self.is_chosen or self.is_together:
            painter.setPen(self._style.selected)
            painter.setBrush(self._style.no_brush)
            painter.drawRoundedRect(frame, 6, 6)

    def _paint_named(self, painter: QPainter, scale: float) -> None:
        """A row of constant height with the name in constant size, in screen pixels."""
        style, box = self._style, self.box
        width, height = size = self.named_size(scale)
        painter.translate(_FRAME.center())
        painter.scale(1 / scale, 1 / scale)
        painter.translate(-width / 2, -height / 2)
        frame = QRectF(0.5, 0.5, width - 1, height - 1)
        self._set_body(painter)
        if box.is_folded:
            painter.drawRoundedRect(frame.translated(2.5, 2.5), 3, 3)
        if self.is_lit:
            painter.setPen(style.lit_outline)
            painter.setBrush(style.lit)
        painter.drawRoundedRect(frame, 3, 3)
        self._paint_named_band(painter, height)
        if self._words is None or self._words[0] != scale:
            note = str(len(box.layers)) if box.is_folded else ""
            if self.mark is not None:
                note = self.mark.words
            elif self._is_overwritten:
                note = "     "
            self._words = (
                scale,
                lay_out_named(
                    box,
                    self._near,
                    style,
                    size,
                    _NAMED_BAND,
                    note,
                    is_value=self.mark is not None,
                ),
            )
        draw_words(painter, self._words[1], style)
        if self._is_overwritten and self.mark is None:
            place = QRectF(width - _EYE - 5, (height - _EYE) / 2, _EYE, _EYE)
            style.draw_icon(painter, "eye-off", style.theme.secondary, place)
        self._paint_outline(painter, frame.adjusted(-2.5, -2.5, 2.5, 2.5))

    def _paint_named_band(self, painter: QPainter, height: float) -> None:
        style = self._style
        band = QRectF(1, 1, _NAMED_BAND - 1, height - 2)
        if self._thumbnail is not None:
            side = min(band.width(), band.height())
            source = QRectF(self._thumbnail.rect())
            painter.drawPixmap(QRectF(band.left(), band.top(), side, side), self._thumbnail, source)
            return
        painter.fillRect(band, style.family(self.box.family))
        top = (height - _NAMED_GLYPH) / 2
        style.draw_glyph(painter, self.box.family, QRectF(4.5, top, _NAMED_GLYPH, _NAMED_GLYPH))

    @property
    def _covered(self) -> QRectF:
        """What it covers at the scale that it was last painted at: mostly less than its bounds."""
        if self._seen_at < m.FULL_FROM:
            return self._bounds
        stack = 2 * m.FOLD_OFFSET + 1
        return _FRAME.adjusted(-5, -5, stack, stack)

    @property
    def _is_overwritten(self) -> bool:
        return not self.box.is_folded and any(
            badge.state == "overwritten" for badge in self.box.badges
        )

    def _lay_out(self) -> None:
        """What the box may cover at any scale."""
        half = min(self._rooms.half, m.NAMED_WIDTH / 2 / m.NAMES_FROM)
        grown = max(0.0, half - m.BOX_WIDTH / 2)
        stack = 2 * m.FOLD_OFFSET + 1
        self._bounds = _FRAME.adjusted(-grown - 8, -12, grown + stack, 12)
