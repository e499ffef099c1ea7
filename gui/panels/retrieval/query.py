"""The query column: the image, how well its ranking does, and what was compared."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QRectF, QSize, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QPainter, QPaintEvent
from PyQt5.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from gui.panels.retrieval.progress import SkippedLine
from gui.panels.retrieval.thumbnails import ThumbnailStore
from gui.panels.retrieval.view import (
    AP_NAME,
    GalleryView,
    QueryView,
    ResultTile,
    first_wrong,
    relevant,
)
from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button, IconButton
from gui.widgets.dock_title import DockTitle
from gui.widgets.fact_list import Fact, FactList
from gui.widgets.labels import ElidedLabel, SectionHeader, ThemedLabel

PICTURE_SIDE = 440
NAME_WIDTH = 92
LOW_PICTURE_HEIGHT = 64


class QueryPicture(QWidget):
    """The query image, whole, on the window's ground."""

    def __init__(
        self, keeper: ThemeKeeper, store: ThumbnailStore, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._store = store
        self._query: QueryView | None = None
        self._height: int | None = None
        keeper.changed.connect(self.update)
        store.arrived.connect(self.update)

    def show_query(self, query: QueryView | None) -> None:
        """Draw the image of `query`."""
        self._query = query
        self.update()

    def set_height(self, height: int | None) -> None:
        """A fixed height, or three quarters of the width."""
        self._height = height
        policy = QSizePolicy(QSizePolicy.Preferred, QSizePolicy.Fixed)
        policy.setHeightForWidth(height is None)
        self.setSizePolicy(policy)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(200, self._height or 150)

    def heightForWidth(self, width: int) -> int:
        return self._height or round(width * 0.75)

    def hasHeightForWidth(self) -> bool:
        return self._height is None

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._keeper.theme
        if self._query is None:
            return
        image = self._store.get(self._query.path, PICTURE_SIDE)
        room = QRectF(self.rect())
        if image is None or image.isNull():
            painter.fillRect(room, theme.header)
            return
        scale = min(room.width() / image.width(), room.height() / image.height())
        box = QRectF(0, 0, image.width() * scale, image.height() * scale)
        box.moveCenter(room.center())
        painter.setRenderHint(QPainter.SmoothPixmapTransform, True)
        painter.drawImage(box, image)


class FactSection(QWidget):
    """Names and values, under a heading where one is given; hidden without any."""

    def __init__(self, keeper: ThemeKeeper, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        if title:
            column.addWidget(SectionHeader(keeper, title))
        self._list = FactList(keeper, name_width=NAME_WIDTH)
        column.addWidget(self._list)

    def show_facts(self, facts: Sequence[tuple[str, str]]) -> None:
        """Replace the rows."""
        self.setVisible(bool(facts))
        self._list.show_facts([Fact(name, value) for name, value in facts])

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """The rows shown."""
        return tuple((fact.name, fact.value) for fact in self._list.facts)


class QueryColumn(QWidget):
    """Title, picture, result, descriptor and gallery; asks to open another image."""

    open_requested = pyqtSignal()

    def __init__(
        self, keeper: ThemeKeeper, store: ThumbnailStore, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._is_scored = self._is_low = False
        self.title = DockTitle(keeper, "pin", "Query")
        self.picture = QueryPicture(keeper, store)
        self.name = ElidedLabel()
        font = self.name.font()
        font.setBold(True)
        self.name.setFont(font)
        self.note = ThemedLabel(keeper, "", "secondary", pixels=11)
        self.note.setWordWrap(True)
        self.open_button = Button(keeper, "Open image", "image")
        self.open_button.setToolTip("Search with an image from outside the folder")
        self.small_open_button = IconButton(
            keeper, "image", "Search with an image from outside the folder"
        )
        self.small_open_button.setFixedHeight(22)
        self.title.add_button(self.small_open_button)
        self.ap = ThemedLabel(keeper, "", pixels=26, semibold=True)
        self.ap_words = ThemedLabel(keeper, "", "secondary", pixels=11)
        self.ap_words.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Preferred)
        self.ap_words.setMinimumWidth(40)
        self.result_header = SectionHeader(keeper, "Result of this query")
        self.measures = FactSection(keeper)
        self.descriptor = FactSection(keeper, "Descriptor")
        self.gallery = FactSection(keeper, "Gallery")
        self.skipped_line = SkippedLine(keeper)
        self._lay_out()
        self.show_query(None, ())
        self._dress()
        keeper.changed.connect(self._dress)
        self.open_button.clicked.connect(lambda: self.open_requested.emit())
        self.small_open_button.clicked.connect(lambda: self.open_requested.emit())
        self.set_low(is_low=False)

    def set_low(self, *, is_low: bool) -> None:
        """In a low panel the picture gives way, so that the result stays in view."""
        self.picture.set_height(LOW_PICTURE_HEIGHT if is_low else None)
        self.open_button.setHidden(is_low)
        self.small_open_button.setVisible(is_low)
        self._is_low = is_low
        self._show_headers()

    def show_query(self, query: QueryView | None, tiles: Sequence[ResultTile]) -> None:
        """Show the query and the measures of its ranking."""
        self.picture.show_query(query)
        self.picture.setVisible(query is not None)
        self.name.setText("" if query is None else query.name)
        self.name.setVisible(query is not None)
        note = "Click an image, then Use as query. Or open one." if query is None else query.note
        self.note.setText(note)
        self._is_scored = query is not None and query.average_precision is not None
        self._show_headers()
        self.measures.show_facts(_measures(query, tiles))
        n_relevant = query.n_relevant if query is not None else None
        self.title.set_count("" if n_relevant is None else f"{n_relevant:,} relevant")
        if query is not None and query.average_precision is not None:
            self.ap.setText(f"{100 * query.average_precision:.1f}")
            self._show_headers()

    def _show_headers(self) -> None:
        for widget in (self.ap, self.ap_words):
            widget.setVisible(self._is_scored)
        self.ap_words.setText("AP, %" if self._is_low else f"AP, %\n{AP_NAME}")
        self.ap_words.setToolTip(AP_NAME)
        self.result_header.setVisible(self._is_scored and not self._is_low)

    def show_gallery(self, gallery: GalleryView | None) -> None:
        """Show what was indexed, and how."""
        self.skipped_line.show_skipped(() if gallery is None else gallery.skipped)
        self.descriptor.show_facts(() if gallery is None else gallery.descriptor)
        self.gallery.show_facts(() if gallery is None else _gallery_facts(gallery))

    @pyqtSlot()
    def _dress(self) -> None:
        theme = self._keeper.theme
        self.setStyleSheet(
            f"#queryColumn, #queryInside {{ background: {theme.panel.name()}; }}"
            f"#queryColumn {{ border-right: 1px solid {theme.border.name()}; }}"
        )

    def _lay_out(self) -> None:
        inside = QWidget()
        inside.setObjectName("queryInside")
        self.setObjectName("queryColumn")
        self.setAttribute(Qt.WA_StyledBackground)
        column = QVBoxLayout(inside)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(4)
        for widget in (self.picture, self.name, self.note, self.open_button, self.result_header):
            column.addWidget(widget)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.ap)
        row.addWidget(self.ap_words, 1)
        column.addLayout(row)
        for facts in (self.measures, self.descriptor, self.gallery):
            column.addWidget(facts)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 1, 0)
        outer.setSpacing(0)
        outer.addWidget(self.title)
        outer.addWidget(scroll, 1)
        outer.addWidget(self.skipped_line)


def _measures(query: QueryView | None, tiles: Sequence[ResultTile]) -> tuple[tuple[str, str], ...]:
    if query is None:
        return ()
    rows = [(f"P@{k}", f"{value:.2f}") for k, value in query.precisions]
    if query.average_precision is not None:
        wrong = next((tile.rank for tile in first_wrong(tiles)), None)
        last = next((tile.rank for tile in reversed(relevant(tiles))), None)
        rows.append(("First wrong", "none" if wrong is None else f"rank {wrong:,}"))
        rows.append(("Last relevant", "none" if last is None else f"rank {last:,}"))
    if query.n_ties:
        rows.append(("Equal scores", f"{query.n_ties:,}"))
    return tuple(rows)


def _gallery_facts(gallery: GalleryView) -> tuple[tuple[str, str], ...]:
    groups = f"{gallery.n_groups:,} folder names" if gallery.n_groups > 1 else "none, one folder"
    return (
        ("Folder", str(gallery.folder)),
        ("Images", gallery.images_text),
        ("Ground truth", groups),
    )
