"""The Retrieval panel: search a folder of images with any layer, and see how well it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PyQt5.QtCore import QSignalBlocker, QSize, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QDragEnterEvent, QDropEvent, QResizeEvent
from PyQt5.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QStackedLayout,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from core.files import is_folder
from gui.panels.retrieval.controls import RecipeBar
from gui.panels.retrieval.evaluations import EvaluationChart
from gui.panels.retrieval.grid import MOST_SHOWN, RankingGrid
from gui.panels.retrieval.progress import IndexBar
from gui.panels.retrieval.query import QueryColumn
from gui.panels.retrieval.thumbnails import ThumbnailStore
from gui.panels.retrieval.view import (
    EvaluationRow,
    GalleryView,
    IndexingView,
    LayerChoice,
    QueryView,
    RecipeChoice,
    ResultTile,
    Tiles,
    first_wrong,
    least_similar,
    missed,
)
from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button
from gui.widgets.empty_state import EmptyState
from gui.widgets.labels import ElidedLabel, ThemedLabel
from gui.widgets.plain_text import plain_tip

EMPTY_SENTENCE = "Choose a folder of images to search with this net."
NARROW, LOW = 820, 420
RANKING, WRONG, MISSED, LEAST, LAYERS = range(5)
SELECTIONS: tuple[tuple[str, str, Callable[[Sequence[ResultTile]], Tiles]], ...] = (
    ("Ranking", "Every image, the most similar first", Tiles.of),
    ("First wrong", "The images that are not relevant, best first", first_wrong),
    ("Missed", "Relevant images behind the rank they could all have had", missed),
    ("Least similar", "The ranking from its end", least_similar),
)


class RetrievalPanel(QWidget):
    """Query column, ranking grid, index bar and evaluations; wishes go out as signals."""

    choose_folder_requested = pyqtSignal()
    choose_image_requested = pyqtSignal()
    folder_requested = pyqtSignal(object)
    image_requested = pyqtSignal(object)
    query_requested = pyqtSignal(int)
    recipe_requested = pyqtSignal(object)
    evaluate_requested = pyqtSignal()
    cancel_requested = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("retrievalPanel")
        self.setAttribute(Qt.WA_StyledBackground)
        self.setAcceptDrops(True)
        self._keeper = keeper
        self._tiles = Tiles.of(())
        self._cut_words = ""
        self._query: QueryView | None = None
        self._gallery: GalleryView | None = None
        self._recipe: RecipeChoice | None = None
        self._is_indexing = False
        self.thumbnails = ThumbnailStore(self)
        self._build()
        self._lay_out()
        self._dress()
        self._refresh_tabs()
        self._connect()

    def minimumSizeHint(self) -> QSize:
        return QSize(360, 120)

    def show_layers(self, choices: Sequence[LayerChoice], current: RecipeChoice | None) -> None:
        """Offer the values of the net to search with."""
        self._recipe = current
        self.recipe_bar.show_layers(choices, current)
        self.empty_state.setEnabled(bool(choices))
        self.chart.show_rows(self.chart.rows, current)

    def show_gallery(self, gallery: GalleryView | None) -> None:
        """Show an indexed folder; None brings the empty state back."""
        self._gallery = gallery
        self.query_column.show_gallery(gallery)
        self._fit_room()
        self._show_page()

    def show_indexing(self, view: IndexingView | None) -> None:
        """Show how far an index or evaluation job is; None when it ended."""
        self._is_indexing = view is not None
        self.index_bar.show_indexing(view)
        self.recipe_bar.evaluate_button.setEnabled(view is None)
        self._show_page()

    def show_result(self, query: QueryView | None, tiles: Sequence[ResultTile]) -> None:
        """Show the ranking of `query`; without one the tiles are the gallery, not ranked."""
        self._query, self._tiles = query, Tiles.of(tiles)
        self.query_column.show_query(query, self._tiles)
        self._refresh_tabs()
        if self.tabs.currentIndex() in (WRONG, MISSED) and not self._is_scored():
            self.tabs.setCurrentIndex(RANKING)
        self._show_tab()

    def show_evaluations(self, rows: Sequence[EvaluationRow]) -> None:
        """Show mAP of the representations evaluated so far."""
        self.chart.show_rows(rows, self._recipe)
        self._refresh_tabs()

    def open_evaluations(self) -> None:
        """Bring the bars of the evaluated layers to the front."""
        self.tabs.setCurrentIndex(LAYERS)

    @property
    def tiles(self) -> Tiles:
        """The whole ranking shown."""
        return self._tiles

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped_path(event) is not None and self.empty_state.isEnabled():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = _dropped_path(event)
        if path is None:
            return
        event.acceptProposedAction()
        if is_folder(path):
            self.folder_requested.emit(path)
        elif self._gallery is not None:
            self.image_requested.emit(path)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_room()

    def _fit_room(self) -> None:
        """Leave out what the room is too small for."""
        is_narrow = self.width() < NARROW
        can_score = self._gallery is not None and self._gallery.n_groups > 1
        self.foot.setVisible(self.height() > LOW)
        self.query_column.set_low(is_low=self.height() <= LOW)
        self.query_column.setFixedWidth(186 if is_narrow else 240)
        self.recipe_bar.set_narrow(is_narrow)
        self.recipe_bar.evaluate_button.setVisible(can_score)
        self.legend.setVisible(can_score and not is_narrow)

    def _is_scored(self) -> bool:
        return self._query is not None and self._query.average_precision is not None

    def _build(self) -> None:
        keeper = self._keeper
        self.query_column = QueryColumn(keeper, self.thumbnails)
        self.index_bar = IndexBar(keeper)
        self.recipe_bar = RecipeBar(keeper)
        self.grid = RankingGrid(keeper, self.thumbnails)
        self.chart = EvaluationChart(keeper)
        self.tabs = RoomyTabBar()
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(True)
        self.tabs.setMinimumWidth(120)
        self.tabs.setDrawBase(False)
        for name, tip, _ in SELECTIONS:
            self.tabs.setTabToolTip(self.tabs.addTab(name), plain_tip(tip))
        self.tabs.setTabToolTip(self.tabs.addTab("Layers"), "mAP of the layers evaluated so far")
        self.empty_state = EmptyState(keeper, "search", EMPTY_SENTENCE, "Choose folder")
        self.empty_state.setEnabled(False)
        self.legend = Legend(keeper)
        self.legend.hide()
        self.selected_words = ElidedLabel()
        self.use_button = Button(keeper, "Use as query", "search")
        self.use_button.setEnabled(False)

    def _lay_out(self) -> None:
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setWidget(self.chart)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.grid)
        self._stack.addWidget(scroll)
        self.foot = QWidget()
        foot = QHBoxLayout(self.foot)
        foot.setContentsMargins(12, 6, 12, 6)
        foot.addWidget(self.selected_words, 1)
        foot.addWidget(self.use_button)
        self._tab_row = QWidget()
        self._tab_row.setObjectName("tabRow")
        tab_row = QHBoxLayout(self._tab_row)
        tab_row.setContentsMargins(0, 0, 8, 0)
        tab_row.addWidget(self.tabs, 1)
        tab_row.addWidget(self.legend)
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (self._tab_row, self.index_bar, self.recipe_bar):
            column.addWidget(widget)
        column.addLayout(self._stack, 1)
        column.addWidget(self.foot)
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.query_column)
        row.addWidget(centre, 1)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self.empty_state)
        self._pages.addWidget(page)

    def _connect(self) -> None:
        self._keeper.changed.connect(self._dress)
        self.empty_state.clicked.connect(self.choose_folder_requested)
        self.recipe_bar.folder_requested.connect(self.choose_folder_requested)
        self.recipe_bar.evaluate_requested.connect(self.evaluate_requested)
        self.recipe_bar.recipe_requested.connect(self.recipe_requested)
        self.chart.recipe_requested.connect(self.recipe_requested)
        self.chart.recipe_requested.connect(lambda: self.tabs.setCurrentIndex(RANKING))
        self.query_column.open_requested.connect(self.choose_image_requested)
        self.index_bar.cancel_requested.connect(self.cancel_requested)
        self.tabs.currentChanged.connect(self._show_tab)
        self.grid.tile_selected.connect(self._show_selected)
        self.grid.tile_activated.connect(lambda tile: self.query_requested.emit(tile.index))
        self.use_button.clicked.connect(self._use_selected)

    def _use_selected(self) -> None:
        tile = self.grid.selected_tile()
        if tile is not None:
            self.query_requested.emit(tile.index)

    def _show_selected(self, tile: ResultTile | None) -> None:
        self.use_button.setEnabled(tile is not None)
        if tile is None:
            self.selected_words.setText(self._cut_words)
        elif tile.rank:
            words = f"Selected: rank {tile.rank}, {tile.name}, cosine {tile.score:.3f}"
            self.selected_words.setText(words)
        else:
            self.selected_words.setText(f"Selected: {tile.name}")

    def _show_tab(self) -> None:
        index = self.tabs.currentIndex()
        self._stack.setCurrentIndex(1 if index == LAYERS else 0)
        if index != LAYERS:
            chosen = SELECTIONS[index][2](self._tiles)
            is_cut = len(chosen) > MOST_SHOWN
            words = f"The first {MOST_SHOWN:,} of {len(chosen):,} images are shown."
            self._cut_words = words if is_cut else ""
            self.grid.show_tiles(chosen)

    def _refresh_tabs(self) -> None:
        """Counts beside the names; tabs that have nothing to say are away."""
        is_ranked = self._query is not None
        with QSignalBlocker(self.tabs):
            for index, (name, _, select) in enumerate(SELECTIONS):
                count = len(select(self._tiles))
                label = name if is_ranked or index else "Images"
                has_count = index in (RANKING, MISSED) and bool(self._tiles)
                self.tabs.setTabText(index, f"{label}  {count:,}" if has_count else label)
            self.tabs.setTabVisible(WRONG, self._is_scored())
            self.tabs.setTabVisible(MISSED, self._is_scored())
            self.tabs.setTabVisible(LEAST, is_ranked)
            n_rows = len(self.chart.rows)
            self.tabs.setTabText(LAYERS, f"Layers  {n_rows}")
            self.tabs.setTabVisible(LAYERS, n_rows > 0)

    def _show_page(self) -> None:
        self._pages.setCurrentIndex(1 if self._gallery is not None or self._is_indexing else 0)

    @pyqtSlot()
    def _dress(self) -> None:
        theme = self._keeper.theme
        self.setStyleSheet(
            f"#retrievalPanel {{ background: {theme.panel.name()}; }}"
            f"#tabRow {{ background: {theme.header.name()}; }}"
        )


class RoomyTabBar(QTabBar):
    """Tabs wide enough for the semibold text of the one that is selected."""

    def tabSizeHint(self, index: int) -> QSize:
        return super().tabSizeHint(index) + QSize(12, 0)


class Legend(QWidget):
    """What the borders mean, with the mark that goes with each colour."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for sign, role, word in (
            ("\N{CHECK MARK}", "relevant", "relevant"),
            ("\N{MULTIPLICATION SIGN}", "not_relevant", "not relevant"),
        ):
            row.addWidget(ThemedLabel(keeper, sign, role, semibold=True))
            row.addWidget(ThemedLabel(keeper, word, "secondary", pixels=11))
            row.addSpacing(6)


def _dropped_path(event: QDropEvent) -> Path | None:
    """The one local file or folder that is being dropped."""
    mime = event.mimeData()
    urls = mime.urls() if mime is not None else []
    if len(urls) != 1 or not urls[0].isLocalFile():
        return None
    return Path(urls[0].toLocalFile())
