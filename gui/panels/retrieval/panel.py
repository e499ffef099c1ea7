"""The Retrieval page: search a folder of images with any layer, and see how well it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PyQt5.QtCore import QPoint, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QGuiApplication, QResizeEvent, QShowEvent
from PyQt5.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QMenu,
    QScrollArea,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from gui.frame.layout_memory import NARROW_BELOW
from gui.frame.rail import WIDTH as RAIL_WIDTH
from gui.panels.retrieval.cells import RankCells
from gui.panels.retrieval.controls import (
    LAYERS_VIEW,
    MAP_VIEW,
    QUERIES_VIEW,
    RANKING_VIEW,
    SWEEP_VIEW,
    TWO_VIEW,
    RecipeBar,
)
from gui.panels.retrieval.evaluations import EvaluationChart
from gui.panels.retrieval.grid import RankingGrid
from gui.panels.retrieval.maps.view import MapView
from gui.panels.retrieval.offer_line import OfferLine
from gui.panels.retrieval.queries_page import QueriesPage
from gui.panels.retrieval.queries_view import QueryList
from gui.panels.retrieval.query import QueryColumn
from gui.panels.retrieval.selected import WIDTH as SELECTED_WIDTH
from gui.panels.retrieval.selected import SelectedResult
from gui.panels.retrieval.sweep_view import SweepView
from gui.panels.retrieval.tiles import score_text
from gui.panels.retrieval.two_rankings import TwoRankingsView
from gui.panels.retrieval.view import (
    EvaluationRow,
    GalleryView,
    LayerChoice,
    Offer,
    QueryView,
    RecipeChoice,
    ResultTile,
    Tiles,
    first_wrong,
    least_similar,
    missed,
)
from gui.theme import ThemeKeeper
from gui.thumbnails import ThumbnailStore
from gui.widgets.empty_state import EmptyState
from gui.widgets.segments import Segments
from gui.widgets.side import Side

EMPTY_SENTENCE = "Choose a folder of images to search with this net."
ALL, WRONG, MISSED, LEAST = "all", "wrong", "missed", "least"
SELECTIONS: dict[str, tuple[str, str, Callable[[Sequence[ResultTile]], Tiles]]] = {
    ALL: ("All", "Every image, the most similar first", Tiles.of),
    WRONG: ("First wrong", "The images that are not relevant, best first", first_wrong),
    MISSED: ("Missed", "Relevant images behind the rank they could all have had", missed),
    LEAST: ("Least similar", "The ranking from its end", least_similar),
}


class RetrievalPanel(QWidget):
    """Bar, offer, query column, ranking and selected result; wishes go out as signals."""

    choose_folder_requested = pyqtSignal()
    choose_image_requested = pyqtSignal()
    image_requested = pyqtSignal(object)
    query_requested = pyqtSignal(int)
    history_requested = pyqtSignal(int)
    recipe_requested = pyqtSignal(object)
    evaluate_requested = pyqtSignal()
    offer_taken = pyqtSignal()
    offer_dropped = pyqtSignal()
    csv_requested = pyqtSignal()
    ranking_picture_requested = pyqtSignal()
    reveal_requested = pyqtSignal(object)
    """The path of a result whose folder is to be opened."""
    shown = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("retrievalPanel")
        self.setAttribute(Qt.WA_StyledBackground)
        self._keeper = keeper
        self._tiles = Tiles.of(())
        self._query: QueryView | None = None
        self._gallery: GalleryView | None = None
        self._recipe: RecipeChoice | None = None
        self._has_offer = self._is_reading = False
        self._waiting_view = ""
        self._folds: dict[bool, bool] = {True: True, False: False}
        self.thumbnails = ThumbnailStore(self)
        self._build()
        self._lay_out()
        self._refresh_selections()
        self._connect()

    def minimumSizeHint(self) -> QSize:
        return QSize(360, 120)

    @property
    def tiles(self) -> Tiles:
        """The whole ranking shown."""
        return self._tiles

    @property
    def query(self) -> QueryView | None:
        """The query whose ranking is shown."""
        return self._query

    def show_layers(self, choices: Sequence[LayerChoice], shown: RecipeChoice | None) -> None:
        """Offer the values of the net to search with; `shown` is what the ranking is of."""
        self._recipe = shown
        self.recipe_bar.show_layers(choices, shown)
        self.empty_state.setEnabled(bool(choices))
        self.chart.show_rows(self.chart.rows, shown)

    def show_gallery(self, gallery: GalleryView | None, why_not_evaluate: str = "") -> None:
        """Show an indexed folder; None brings the empty state back."""
        self._gallery = gallery
        self.query_column.show_gallery(gallery)
        why_not = why_not_evaluate if gallery is not None else "No image is read yet."
        self.recipe_bar.set_why_not_evaluate(why_not)
        self.queries.show_why_not(why_not)
        self.recipe_bar.views.set_shown(QUERIES_VIEW, is_shown=gallery is not None)
        self._fit_room()
        self._show_page()

    def show_reading(self, *, is_reading: bool) -> None:
        """Whether a folder is being read: its images stand here until they can be ranked."""
        self._is_reading = is_reading
        self._show_page()

    def show_offer(self, offer: Offer | None) -> None:
        """Offer to read what is missing, or nothing."""
        self._has_offer = offer is not None
        self.offer_line.show_offer(offer)
        self._show_page()

    def show_result(self, query: QueryView | None, tiles: Sequence[ResultTile]) -> None:
        """Show the ranking of `query`; without one the tiles are the gallery, not ranked."""
        self._query, self._tiles = query, Tiles.of(tiles)
        self.query_column.show_query(query, self._tiles)
        self.cells.show_tiles(self._tiles)
        self.recipe_bar.set_can_export(can_export=query is not None)
        self.recipe_bar.legend.show_junk(is_shown=bool(self._tiles.n_junk))
        self.recipe_bar.views.set_shown(TWO_VIEW, is_shown=query is not None)
        self._refresh_selections()
        self._show_selection()
        self._fit_room()
        self._show_page()

    def show_history(self, *, can_go_back: bool, can_go_on: bool) -> None:
        """Whether there are queries before and after this one."""
        self.query_column.show_history(can_go_back=can_go_back, can_go_on=can_go_on)

    def show_evaluations(self, rows: Sequence[EvaluationRow]) -> None:
        """Show mAP of the representations evaluated so far."""
        self.chart.show_rows(rows, self._recipe)
        self.recipe_bar.views.set_words(LAYERS_VIEW, f"Evaluated {len(rows)}")
        self.recipe_bar.views.set_shown(LAYERS_VIEW, is_shown=bool(rows))
        if self._waiting_view in self.recipe_bar.views.shown:
            self.expect_view(self._waiting_view)

    @property
    def view(self) -> str:
        """The key of the view that shows."""
        return self.recipe_bar.views.current

    def expect_view(self, key: str) -> None:
        """Show a view, as it was left, as soon as it has something to show; "" for none."""
        self._waiting_view = "" if key in self.recipe_bar.views.shown else key
        self.recipe_bar.views.choose(key)

    def show_queries(self, queries: QueryList | None) -> None:
        """Show every query of the representation that is shown; None where it is not evaluated."""
        self.queries.show_queries(queries)
        self.recipe_bar.views.set_shown(QUERIES_VIEW, is_shown=self._gallery is not None)

    def open_ranking(self) -> None:
        """Bring the ranking to the front."""
        self.recipe_bar.views.choose(RANKING_VIEW)

    def open_evaluations(self) -> None:
        """Bring the bars of the evaluated layers to the front."""
        self.recipe_bar.views.choose(LAYERS_VIEW)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_room()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shown.emit()

    def _is_narrow(self) -> bool:
        return self.width() < NARROW_BELOW - RAIL_WIDTH

    def _fit_room(self) -> None:
        """Leave out what the room is too small for; the selected result folds to a strip."""
        is_narrow = self._is_narrow()
        self.side.set_folded(self._folds[is_narrow])
        has_marks = self._is_scored() and self.view in (RANKING_VIEW, TWO_VIEW)
        self.recipe_bar.set_room(is_narrow=is_narrow, has_marks=has_marks)

    def _is_scored(self) -> bool:
        return self._query is not None and self._query.average_precision is not None

    def _build(self) -> None:
        keeper = self._keeper
        self.query_column = QueryColumn(keeper, self.thumbnails)
        self.recipe_bar = RecipeBar(keeper)
        for key in (LAYERS_VIEW, TWO_VIEW, QUERIES_VIEW):
            self.recipe_bar.views.set_shown(key, is_shown=False)
        self.offer_line = OfferLine(keeper)
        self.grid = RankingGrid(keeper, self.thumbnails)
        self.cells = RankCells(keeper)
        self.chart = EvaluationChart(keeper)
        self.two = TwoRankingsView(keeper, self.thumbnails)
        self.queries_page = QueriesPage(keeper, self.thumbnails)
        self.queries = self.queries_page.queries
        self.sweep = SweepView(keeper)
        self.map = MapView(keeper, self.thumbnails)
        self.selections = Segments(keeper, "Results")
        for key, (name, tip, _) in SELECTIONS.items():
            self.selections.add(key, name, tip)
        self.empty_state = EmptyState(keeper, "search", EMPTY_SENTENCE, "Choose folder")
        self.empty_state.setEnabled(False)
        self.selected = SelectedResult(keeper, self.thumbnails)
        self.side = Side(
            keeper, "Selected", self.selected, least_width=SELECTED_WIDTH, is_left=False
        )
        self.side.setMaximumWidth(SELECTED_WIDTH)

    def _lay_out(self) -> None:
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(12, 7, 12, 5)
        head.setSpacing(12)
        head.addWidget(self.selections)
        head.addWidget(self.cells, 1)
        head.addStretch(0)
        column.addLayout(head)
        column.addWidget(self.grid, 1)
        ranking = QWidget()
        row = QHBoxLayout(ranking)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.query_column)
        row.addWidget(centre, 1)
        row.addWidget(self.side)
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setWidget(self.chart)
        self._views = {RANKING_VIEW: ranking, LAYERS_VIEW: scroll}
        self._views |= {TWO_VIEW: self.two, QUERIES_VIEW: self.queries_page, SWEEP_VIEW: self.sweep}
        self._views[MAP_VIEW] = self.map
        self._stack = QStackedLayout()
        for view in self._views.values():
            self._stack.addWidget(view)
        page = QWidget()
        whole = QVBoxLayout(page)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.recipe_bar)
        whole.addWidget(self.offer_line)
        whole.addLayout(self._stack, 1)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self.empty_state)
        self._pages.addWidget(page)

    def _connect(self) -> None:
        bar = self.recipe_bar
        self.empty_state.clicked.connect(self.choose_folder_requested)
        bar.evaluate_requested.connect(self.evaluate_requested)
        bar.recipe_requested.connect(self.recipe_requested)
        bar.csv_requested.connect(self.csv_requested)
        bar.picture_requested.connect(self.ranking_picture_requested)
        bar.views.chosen.connect(self._show_view)
        self.queries_page.query_requested.connect(self.query_requested)
        self.queries_page.query_requested.connect(lambda _index: bar.views.choose(RANKING_VIEW))
        self.two.query_requested.connect(self.query_requested)
        self.two.open_requested.connect(self.choose_image_requested)
        self.chart.recipe_requested.connect(self.recipe_requested)
        self.chart.recipe_requested.connect(lambda: bar.views.choose(RANKING_VIEW))
        self.offer_line.taken.connect(self.offer_taken)
        self.offer_line.dropped.connect(self.offer_dropped)
        self.query_column.open_requested.connect(self.choose_image_requested)
        self.query_column.history_requested.connect(self.history_requested)
        self.selections.chosen.connect(lambda _key: self._show_selection())
        self.cells.place_chosen.connect(self._go_to)
        self.grid.tile_selected.connect(self._show_selected)
        self.grid.tile_activated.connect(self._use)
        self.grid.menu_requested.connect(self._open_menu)
        self.grid.scrolled.connect(self._show_cells)
        self.grid.part_wished.connect(self._show_part)
        self.grid.query_wished.connect(self._step_query)
        self.selected.query_requested.connect(self._use)
        self.selected.reveal_requested.connect(lambda tile: self.reveal_requested.emit(tile.path))
        self.selected.fold_button.clicked.connect(partial(self._fold, True))
        self.side.strip.clicked.connect(partial(self._fold, False))

    def _show_view(self, key: str) -> None:
        self._stack.setCurrentWidget(self._views[key])
        self.recipe_bar.show_fields(
            is_shown=key not in (TWO_VIEW, SWEEP_VIEW), has_ranking=key != MAP_VIEW
        )  # it has two of each of its own
        self._fit_room()

    def _fold(self, is_folded: bool, _checked: bool = False) -> None:
        self._folds[self._is_narrow()] = is_folded
        self.side.set_folded(is_folded)

    def _use(self, tile: ResultTile) -> None:
        self.query_requested.emit(tile.index)

    def _show_part(self, key: str) -> None:
        """A key asked for a part of the ranking: its first image is selected."""
        self.selections.choose(key)
        if self.selections.current == key and self.grid.tiles:
            self.grid.select(0)

    def _step_query(self, step: int) -> None:
        """To the query of the list before (-1) or after (1) the one that is shown."""
        path = None if self._query is None else self._query.path
        index = self.queries.beside(path, step)
        if index is not None:
            self.query_requested.emit(index)

    def _go_to(self, place: int) -> None:
        """Select a rank, in the whole ranking."""
        self.selections.choose(ALL)
        self.grid.select(place)
        self.grid.setFocus(Qt.OtherFocusReason)

    def _show_selected(self, tile: ResultTile | None) -> None:
        self.selected.show_tile(tile, self._query, len(self._tiles) - self._tiles.n_junk)
        note = ""
        if tile is not None:
            rank = f"rank {tile.rank:,}, " if tile.rank else ""
            note = f"{rank}{tile.name}" + (f", {score_text(tile.score)}" if tile.is_found else "")
        self.side.strip.set_note(note)
        self._show_cells()

    def _show_cells(self) -> None:
        is_all = self.selections.current == ALL
        seen = self.grid.places_in_view if is_all else range(0)
        at, tiles = self.grid.current, Tiles.of(self.grid.tiles)
        self.cells.show_place(int(tiles.places[at]) if 0 <= at < len(tiles) else -1, seen)

    def _show_selection(self) -> None:
        chosen = SELECTIONS[self.selections.current][2](self._tiles)
        wrong = next((tile.rank for tile in first_wrong(self._tiles)), 0)
        self.grid.show_tiles(chosen, wrong)
        self._show_cells()

    def _open_menu(self, tile: ResultTile, where: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WA_DeleteOnClose)
        self.selected.offer_in(menu, tile)
        menu.addAction("Copy path", lambda: QGuiApplication.clipboard().setText(str(tile.path)))
        menu.popup(where)

    def _refresh_selections(self) -> None:
        """Counts beside the names; selections that have nothing to say are away."""
        is_ranked = self._query is not None
        n_missed = len(missed(self._tiles))
        self.selections.set_words(ALL, f"{'All' if is_ranked else 'Images'} {len(self._tiles):,}")
        self.selections.set_words(MISSED, f"Missed {n_missed:,}")
        self.selections.set_shown(WRONG, is_shown=self._is_scored())
        self.selections.set_shown(MISSED, is_shown=self._is_scored())
        self.selections.set_shown(LEAST, is_shown=is_ranked)

    def _show_page(self) -> None:
        has_something = (
            self._gallery is not None or self._is_reading or self._has_offer or bool(self._tiles)
        )
        self._pages.setCurrentIndex(1 if has_something else 0)
