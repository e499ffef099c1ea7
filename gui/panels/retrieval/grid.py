"""The ranking as a grid of tiles: border, rank, mark, name, score and the word for the mark."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QRect,
    QRectF,
    QSize,
    Qt,
    pyqtSignal,
)
from PyQt5.QtGui import QColor, QImage, QKeyEvent, QPaintDevice, QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from gui.icons import paint_icon
from gui.panels.retrieval.thumbnails import ThumbnailStore
from gui.panels.retrieval.view import NOT_RELEVANT, RELEVANT, ResultTile
from gui.theme import Theme, ThemeKeeper, glyph_colour, text_font
from gui.widgets.alignment import CENTRE, LEFT, RIGHT
from gui.widgets.plain_text import plain_tip

MOST_SHOWN = 10_000
"""Tiles in the grid; Qt lays out every one of them before it shows the first."""
TILE_WIDTH, PICTURE_HEIGHT, TEXT_HEIGHT = 136, 98, 32
GAP = 9
BORDER = 3
THUMBNAIL_SIDE = 160
MARK_ICONS = {RELEVANT: "check", NOT_RELEVANT: "cross"}


def mark_colour(mark: str, theme: Theme) -> QColor:
    """The border colour of a relevant, a not relevant or an unlabelled tile."""
    return {RELEVANT: theme.relevant, NOT_RELEVANT: theme.not_relevant}.get(mark, theme.outline)


class RankingModel(QAbstractListModel):
    """The tiles shown now."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tiles: Sequence[ResultTile] = ()

    def show_tiles(self, tiles: Sequence[ResultTile]) -> None:
        """Replace the ranking."""
        self.beginResetModel()
        self._tiles = tiles[:MOST_SHOWN]
        self.endResetModel()

    def tile(self, index: QModelIndex) -> ResultTile | None:
        """The tile at an index, if there is one."""
        return self._tiles[index.row()] if 0 <= index.row() < len(self._tiles) else None

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._tiles)

    def data(self, index: QModelIndex, role: int = Qt.DisplayRole) -> object:
        tile = self.tile(index)
        if tile is None:
            return None
        words = f"{tile.mark}, " if tile.mark else ""
        if role == Qt.DisplayRole:
            return tile.name
        if role in (Qt.ToolTipRole, Qt.AccessibleTextRole):
            place = f"Rank {tile.rank}, {words}cosine {tile.score:.4f}\n" if tile.rank else ""
            told = f"{place}{tile.path}"
            return plain_tip(told) if role == Qt.ToolTipRole else told
        return None


class TileDelegate(QStyledItemDelegate):
    """Paints one tile; thumbnails that are not there yet come later by `store.arrived`."""

    def __init__(
        self, keeper: ThemeKeeper, store: ThumbnailStore, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._store = store

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(TILE_WIDTH + GAP, PICTURE_HEIGHT + TEXT_HEIGHT + GAP)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        model = index.model()
        tile = model.tile(index) if isinstance(model, RankingModel) else None
        if tile is None:
            return
        painter.save()
        left, top = option.rect.left() + GAP // 2, option.rect.top() + GAP // 2
        picture = QRect(left, top, TILE_WIDTH, PICTURE_HEIGHT)
        if option.state & QStyle.State_Selected:
            painter.setPen(QPen(self._keeper.theme.accent, 2))
            painter.drawRect(picture.adjusted(-3, -3, 3, 3))
        self._paint_picture(painter, tile, picture)
        self._paint_words(painter, tile, QRect(left, picture.bottom() + 2, TILE_WIDTH, TEXT_HEIGHT))
        painter.restore()

    def _paint_picture(self, painter: QPainter, tile: ResultTile, area: QRect) -> None:
        theme = self._keeper.theme
        colour = mark_colour(tile.mark, theme)
        painter.fillRect(area, colour)
        inside = area.adjusted(BORDER, BORDER, -BORDER, -BORDER)
        painter.fillRect(inside, theme.header)
        image = self._store.get(tile.path, thumbnail_side(painter.device()))
        if image is not None and not image.isNull():
            painter.setRenderHint(QPainter.SmoothPixmapTransform, True)
            painter.drawImage(QRectF(inside), image, filling_part(image, inside.size()))
        elif image is not None:
            middle = QRectF(inside.center().x() - 10, inside.center().y() - 10, 20, 20)
            paint_icon(painter, "warning", theme.placeholder, middle)
        if tile.rank:
            self._paint_rank(painter, tile, inside, theme)
        if tile.mark in MARK_ICONS:
            corner = QRectF(inside.right() - 17, inside.top(), 18, 18)
            painter.fillRect(corner, colour)
            glyph = glyph_colour(colour)
            paint_icon(painter, MARK_ICONS[tile.mark], glyph, corner.adjusted(2, 2, -2, -2))

    @staticmethod
    def _paint_rank(painter: QPainter, tile: ResultTile, inside: QRect, theme: Theme) -> None:
        painter.setFont(text_font(11, semibold=True))
        text = str(tile.rank)
        width = max(20, painter.fontMetrics().horizontalAdvance(text) + 8)
        box = QRectF(inside.left(), inside.top(), width, 18)
        painter.fillRect(box, theme.panel)
        painter.setPen(theme.text)
        painter.drawText(box, CENTRE, text)

    def _paint_words(self, painter: QPainter, tile: ResultTile, area: QRect) -> None:
        theme = self._keeper.theme
        painter.setFont(text_font(11))
        painter.setPen(theme.text)
        metrics = painter.fontMetrics()
        name = metrics.elidedText(tile.name, Qt.ElideMiddle, area.width())
        painter.drawText(QRectF(area.left(), area.top(), area.width(), 15), LEFT, name)
        if not tile.rank:
            return
        second = QRectF(area.left(), area.top() + 15, area.width(), 15)
        painter.setPen(theme.secondary)
        painter.drawText(second, RIGHT, tile.mark)
        painter.setFont(text_font(11, semibold=True))
        painter.setPen(theme.text)
        painter.drawText(second, LEFT, f"{tile.score:.3f}".replace("-", "\N{MINUS SIGN}"))


class RankingGrid(QListView):
    """Click selects, double click or Enter asks for a new query."""

    tile_selected = pyqtSignal(object)
    tile_activated = pyqtSignal(object)

    def __init__(
        self, keeper: ThemeKeeper, store: ThumbnailStore, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._model = RankingModel(self)
        self.setModel(self._model)
        self.setItemDelegate(TileDelegate(keeper, store, self))
        self.setViewMode(QListView.IconMode)
        self.setMovement(QListView.Static)
        self.setAcceptDrops(False)  # files are for the panel around
        self.setResizeMode(QListView.Adjust)
        self.setUniformItemSizes(True)
        self.setGridSize(QSize(TILE_WIDTH + GAP, PICTURE_HEIGHT + TEXT_HEIGHT + GAP))
        self.setSelectionMode(QAbstractItemView.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        self.setFrameShape(QListView.NoFrame)
        self.setAccessibleName("Ranking")
        self.verticalScrollBar().setSingleStep(40)
        keeper.changed.connect(self.viewport().update)
        store.arrived.connect(self.viewport().update)
        self.selectionModel().currentChanged.connect(self._on_current)
        self.doubleClicked.connect(self._on_activated)

    def show_tiles(self, tiles: Sequence[ResultTile]) -> None:
        """Show another list of tiles, from its top."""
        self._model.show_tiles(tiles)
        self.scrollToTop()
        self.tile_selected.emit(None)

    def selected_tile(self) -> ResultTile | None:
        """The tile under the cursor."""
        return self._model.tile(self.currentIndex())

    def paintEvent(self, event: QPaintEvent) -> None:
        if event.rect() == self.viewport().rect():
            self._store.begin_wishes(thumbnail_side(self.viewport()))
        super().paintEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key_Return, Qt.Key_Enter):
            self._on_activated(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def _on_current(self, current: QModelIndex, previous: QModelIndex) -> None:
        self.tile_selected.emit(self._model.tile(current))

    def _on_activated(self, index: QModelIndex) -> None:
        tile = self._model.tile(index)
        if tile is not None:
            self.tile_activated.emit(tile)


def thumbnail_side(device: QPaintDevice | None) -> int:
    """The longer side of a thumbnail in pixels, enough for a dense screen too."""
    ratio = 1.0 if device is None else device.devicePixelRatioF()
    return round(THUMBNAIL_SIDE * max(1.0, min(2.0, ratio)))


def filling_part(image: QImage, room: QSize) -> QRectF:
    """The middle part of `image` that fills `room` without distortion."""
    scale = max(room.width() / image.width(), room.height() / image.height())
    width, height = room.width() / scale, room.height() / scale
    return QRectF((image.width() - width) / 2, (image.height() - height) / 2, width, height)
