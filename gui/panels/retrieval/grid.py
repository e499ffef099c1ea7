"""The ranking as a grid: picture, rank, mark, name and score; only what is in view is made."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QEvent, QPoint, QRect, QSize, Qt, pyqtSignal
from PyQt5.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PyQt5.QtWidgets import QAbstractScrollArea, QToolTip, QWidget

from gui.panels.retrieval.tiles import TEXT_HEIGHT, paint_tile, thumbnail_side, tile_words
from gui.panels.retrieval.view import ResultTile
from gui.theme import ThemeKeeper
from gui.thumbnails import ThumbnailStore
from gui.widgets.plain_text import plain_tip

LEAST_TILE, GAP, MARGIN = 126, 10, 12
KEYS = (
    ("Up, Down, Left, Right, Page, Home, End", "Walk over the images"),
    ("Enter", "Search with the selected image"),
    ("A", "All images, the most similar first"),
    ("W", "The wrong ones, from the first on"),
    ("M", "The relevant ones that are missed"),
    ("L", "The least similar ones"),
    ("N, Shift+N", "The next query of the list of queries, the one before"),
    ("Space", "Pin the selected image: it counts with the query; without one unpin the last"),
    ("+, −", "Count the selected image with the query, against it"),
    ("Esc", "Select nothing, then unpin the last image"),
)
"""What keys do here, for the list of all keys."""
_WISHES = {Qt.Key_A: "all", Qt.Key_W: "wrong", Qt.Key_M: "missed", Qt.Key_L: "least"}
_SHAPE = 0.74
"""Height of a picture by its width."""


class RankingGrid(QAbstractScrollArea):
    """Tiles in rows; a million cost no more than those in view.

    Click selects, double click or Enter asks for a new query; arrows, Page, Home and End walk.
    part_wished: "all", "wrong", "missed" or "least"; query_wished: steps in the list of queries.
    """

    tile_selected = pyqtSignal(object)
    tile_activated = pyqtSignal(object)
    menu_requested = pyqtSignal(object, object)
    scrolled = pyqtSignal()
    part_wished = pyqtSignal(str)
    query_wished = pyqtSignal(int)
    member_wished = pyqtSignal(object, bool)
    """A tile that is to count with the query (True), or against it."""
    unpin_wished = pyqtSignal()
    """The image that was pinned last is to count no more."""

    def __init__(
        self, keeper: ThemeKeeper, store: ThumbnailStore, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._store = store
        self._tiles: Sequence[ResultTile] = ()
        self._current = -1
        self._first_wrong = 0
        self.n_pinned = 0
        """Images that count with the query."""
        self.setFrameShape(QAbstractScrollArea.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarAlwaysOn)
        self.setFocusPolicy(Qt.StrongFocus)
        self.setAccessibleName("Ranking")
        self.verticalScrollBar().setSingleStep(40)
        keeper.changed.connect(self.viewport().update)
        store.arrived.connect(self.viewport().update)

    def show_tiles(self, tiles: Sequence[ResultTile], first_wrong: int = 0) -> None:
        """Show another list of tiles, from its top; first_wrong: a rank to mark, 0 for none."""
        self._tiles, self._first_wrong = tiles, first_wrong
        self._fit()
        self.verticalScrollBar().setValue(0)
        self.select(-1)
        self.viewport().update()

    @property
    def tiles(self) -> Sequence[ResultTile]:
        """All tiles, made when they are asked for."""
        return self._tiles

    @property
    def current(self) -> int:
        """The place of the selected tile; -1 without one."""
        return self._current

    def selected_tile(self) -> ResultTile | None:
        """The tile under the cursor."""
        return self._tiles[self._current] if 0 <= self._current < len(self._tiles) else None

    def select(self, place: int) -> None:
        """Move the cursor to a tile and bring it into view; -1 for none."""
        place = min(place, len(self._tiles) - 1)
        self._current = place
        tile = self.selected_tile()
        if tile is not None:
            self._bring_into_view(place)
        self.setAccessibleDescription("" if tile is None else tile_words(tile))
        self.viewport().update()
        self.tile_selected.emit(tile)

    @property
    def places_in_view(self) -> range:
        """The places of the tiles that can be seen, in part or whole."""
        row = max(1, self._row_height())
        top = self.verticalScrollBar().value() - MARGIN
        first = max(0, top // row) * self._columns()
        last = (max(0, top + self.viewport().height()) // row + 1) * self._columns()
        return range(first, min(last, len(self._tiles)))

    def tile_rect(self, place: int) -> QRect:
        """Where a tile is drawn in the viewport: picture and words."""
        row, column = divmod(place, self._columns())
        width = self._tile_width()
        left = MARGIN + round(column * (width + GAP))
        top = MARGIN + row * self._row_height() - self.verticalScrollBar().value()
        return QRect(left, top, int(width), self._row_height() - GAP)

    def place_at(self, position: QPoint) -> int:
        """The place of the tile at a point of the viewport; -1 between tiles."""
        for place in self.places_in_view:
            if self.tile_rect(place).contains(position):
                return place
        return -1

    def sizeHint(self) -> QSize:
        return QSize(640, 400)

    def minimumSizeHint(self) -> QSize:
        return QSize(LEAST_TILE + 2 * MARGIN + 12, 120)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()
        self.scrolled.emit()  # other places are in view

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().update()
        self.scrolled.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self._current < 0 and self._tiles and event.reason() != Qt.MouseFocusReason:
            self.select(0)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self.place_at(event.pos())
        if place >= 0 and event.button() in (Qt.LeftButton, Qt.RightButton):
            self.select(place)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.LeftButton and self.place_at(event.pos()) >= 0:
            self._activate()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        tile = self.selected_tile()
        if tile is None:
            return
        where = event.globalPos()
        if event.reason() == QContextMenuEvent.Keyboard:
            where = self.viewport().mapToGlobal(self.tile_rect(self._current).center())
        self.menu_requested.emit(tile, where)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key_Return, Qt.Key_Enter):
            self._activate()
            return
        if event.key() == Qt.Key_Escape and self._current >= 0:
            self.select(-1)
            return
        if event.key() in (Qt.Key_Space, Qt.Key_Escape) and self._pins(event.key()):
            return
        if self._wishes(event):
            return
        place = self._walked(event.key())
        if place is None or event.modifiers() & (Qt.AltModifier | Qt.ControlModifier):
            event.ignore()
            return
        if self._tiles:
            self.select(min(max(place, 0), len(self._tiles) - 1))

    def _wishes(self, event: QKeyEvent) -> bool:
        """Whether a letter asked for another part of the ranking, or another query."""
        if event.modifiers() & ~(Qt.ShiftModifier | Qt.KeypadModifier):
            return False
        has_shift = bool(event.modifiers() & Qt.ShiftModifier)
        tile = self.selected_tile()
        if event.text() in ("+", "-") and tile is not None:
            self.member_wished.emit(tile, event.text() == "+")
            return True
        if event.key() == Qt.Key_N:
            self.query_wished.emit(-1 if has_shift else 1)
            return True
        wish = _WISHES.get(Qt.Key(event.key()))
        if wish is None or has_shift:
            return False
        self.part_wished.emit(wish)
        return True

    def _pins(self, key: int) -> bool:
        """Whether Space or Esc pinned the selected image, or unpinned the last one."""
        tile = self.selected_tile()
        if key == Qt.Key_Space and tile is not None and tile.rank:
            self.member_wished.emit(tile, True)
        elif tile is None and self.n_pinned:
            self.unpin_wished.emit()
        else:
            return False
        return True

    def _walked(self, key: int) -> int | None:
        """Where a key leads from the current tile; None for any other key."""
        columns, at = self._columns(), max(0, self._current)
        page = max(1, self.viewport().height() // self._row_height()) * columns
        steps = {
            Qt.Key_Left: -1, Qt.Key_Right: 1, Qt.Key_Up: -columns, Qt.Key_Down: columns,
            Qt.Key_PageUp: -page, Qt.Key_PageDown: page,
        }  # fmt: skip
        if key in steps:
            if self._current < 0:
                return 0
            there = at + steps[Qt.Key(key)]
            return (
                there if 0 <= there < len(self._tiles) or abs(steps[Qt.Key(key)]) > columns else at
            )
        return {Qt.Key_Home: 0, Qt.Key_End: len(self._tiles) - 1}.get(Qt.Key(key))

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.ToolTip:
            place = self.place_at(event.pos())
            if place >= 0:
                QToolTip.showText(
                    event.globalPos(), plain_tip(tile_words(self._tiles[place])), self
                )
            else:
                QToolTip.hideText()
            return True
        return bool(super().viewportEvent(event))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), self._keeper.theme.panel)
        if event.rect() == self.viewport().rect():
            self._store.begin_wishes(thumbnail_side(self.viewport()))
        for place in self.places_in_view:
            box = self.tile_rect(place)
            if box.adjusted(-4, -4, 4, 4).intersects(event.rect()):
                self._paint_tile(painter, place, box)
        painter.end()

    def _paint_tile(self, painter: QPainter, place: int, box: QRect) -> None:
        tile, theme = self._tiles[place], self._keeper.theme
        if place == self._current:
            painter.setPen(QPen(theme.accent if self.hasFocus() else theme.edge, 2))
            painter.setBrush(Qt.NoBrush)
            painter.drawRect(box.adjusted(-3, -3, 3, 2))
        image = self._store.get(tile.path, thumbnail_side(self.viewport()))
        is_first_wrong = 0 < tile.rank == self._first_wrong
        paint_tile(painter, tile, box, image, theme, is_first_wrong=is_first_wrong)

    def _activate(self) -> None:
        tile = self.selected_tile()
        if tile is not None:
            self.tile_activated.emit(tile)

    def _columns(self) -> int:
        return max(1, (self.viewport().width() - 2 * MARGIN + GAP) // (LEAST_TILE + GAP))

    def _tile_width(self) -> float:
        n = self._columns()
        return max(40.0, (self.viewport().width() - 2 * MARGIN - (n - 1) * GAP) / n)

    def _row_height(self) -> int:
        return round(self._tile_width() * _SHAPE) + TEXT_HEIGHT + GAP

    def _fit(self) -> None:
        n_rows = -(-len(self._tiles) // self._columns())
        whole = 2 * MARGIN + n_rows * self._row_height() - GAP
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, whole - self.viewport().height()))
        bar.setPageStep(self.viewport().height())

    def _bring_into_view(self, place: int) -> None:
        box, bar = self.tile_rect(place), self.verticalScrollBar()
        if box.top() < MARGIN:
            bar.setValue(bar.value() + box.top() - MARGIN)
        elif box.bottom() > self.viewport().height() - MARGIN:
            bar.setValue(bar.value() + box.bottom() - self.viewport().height() + MARGIN)
