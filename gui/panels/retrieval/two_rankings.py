"""One query by two representations: A above B, what moved between them, and the figures of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PyQt5.QtCore import pyqtSignal
from PyQt5.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from core.evaluation.scores import AP_VARIANT
from core.retrieval.rank_moves import NOWHERE, RankMoves
from core.retrieval.why_maps import Why
from core.words import percent_number
from gui.panels.retrieval.moves_canvas import MovesCanvas, said_ranks
from gui.panels.retrieval.part_row import PartRow
from gui.panels.retrieval.query_picture import QueryPicture
from gui.panels.retrieval.side_line import Readable, SideLine
from gui.panels.retrieval.view import QueryView, RecipeChoice, ResultTile, Tiles
from gui.panels.retrieval.why_two import WhyTwo
from gui.theme import ThemeKeeper
from gui.thumbnails import ThumbnailStore
from gui.widgets.buttons import Button
from gui.widgets.empty_state import EmptyState
from gui.widgets.figure_table import FigureRow, FigureTable
from gui.widgets.kept import keep
from gui.widgets.labels import ElidedLabel, LinkLabel, SectionHeader, ThemedLabel
from gui.widgets.segments import Segments

QUERY_WIDTH, LOW = 200, 520
MOST_MOVES = 200
MOVES_PART, WHY_PART = "moves", "why"
FEWER_THAN_TWO = (
    "This needs two representations of the folder. In Ranking, choose another layer or pooling and "
    "read it; then it is here."
)


@dataclass(frozen=True, eq=False)
class SideView:
    """One ranking: the tiles, the measures of its query, the length of its descriptors.

    first_wrong, last_relevant: ranks from 1, None without any. variant: of the AP.
    """

    tiles: Tiles
    query: QueryView
    dimension: int
    first_wrong: int | None = None
    last_relevant: int | None = None
    variant: str = AP_VARIANT


@dataclass(frozen=True, eq=False)
class TwoView:
    """Both rankings of a query, the moves between them, and the sentence about these.

    greatest: (n,) int64, the places of A whose moves are listed. notes: how both were searched and
    judged, in sentences.
    """

    first: SideView
    second: SideView
    moves: RankMoves
    sentence: str
    greatest: np.ndarray
    notes: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """The sentence, and how that was searched and judged."""
        return " ".join((self.sentence, *self.notes))


class TwoRankingsView(QWidget):
    """Pickers, both rows with their moves, the sentence, the moves and figures as tables."""

    choices_requested = pyqtSignal(object, object)
    """The representations of A and B."""
    query_requested = pyqtSignal(int)
    open_requested = pyqtSignal()
    csv_requested = pyqtSignal()
    back_requested = pyqtSignal()
    """From a changed net back to two representations."""
    why_wanted = pyqtSignal()
    """Another image is selected, or that it be explained is wished, or no more."""
    shown = pyqtSignal()

    def __init__(
        self, keeper: ThemeKeeper, store: ThumbnailStore, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._choices: tuple[RecipeChoice | None, RecipeChoice | None] = (None, None)
        self._two: TwoView | None = None
        self._places: list[int] = []
        self._n_offered, self._has_words = 0, False
        self._selected: tuple[ResultTile | None, ResultTile | None] = (None, None)
        self.lines = (SideLine(keeper, "A", "series_a"), SideLine(keeper, "B", "series_b"))
        self.canvas = MovesCanvas(keeper, store)
        self.picture = QueryPicture(keeper, store, QUERY_WIDTH - 24, most=0.85)
        self.query_header = SectionHeader("Query")
        self.name = ElidedLabel()
        self.part = PartRow(keeper)
        self.open_button = Button(keeper, "Open image", "image")
        self.swap_button = Button(keeper, "Swap", "swap")
        self.swap_button.setToolTip("Show B above, A below")
        self.back_link = LinkLabel("Two representations")
        self.back_link.hide()
        self.csv_button = Button(keeper, "CSV", "save")
        self.csv_button.setToolTip("Write both rankings as a table, with what they are of")
        self.sentence = ThemedLabel("", pixels=13, semibold=True)
        self.sentence.setWordWrap(True)
        self.moves = FigureTable(keeper, ("", "A", "B", "Moves"), "Images that moved")
        self.parts = Segments(keeper, "Below the rankings")
        keep("two rankings", part=self.parts)
        self.parts.add(MOVES_PART, "Moves", "Where the images of A are in B")
        self.parts.add(
            WHY_PART, "Why matched", "Which places of query and image are alike (Ctrl+Shift+Y)"
        )
        self.why = WhyTwo(keeper, store)
        self.figures = FigureTable(keeper, ("This query", "A", "B"), "Measures of both")
        self.empty_state = EmptyState(keeper, "compare", FEWER_THAN_TWO)
        self._lay_out()
        self._connect()
        self.show_result(None)

    def show_choices(
        self, offered: Sequence[Readable], first: RecipeChoice | None, second: RecipeChoice | None
    ) -> None:
        """Offer what is read; with fewer than two, say what to do."""
        self._choices = (first, second)
        for line, choice in zip(self.lines, self._choices, strict=True):
            line.show_choices(offered, choice)
        self._n_offered = len(offered)
        self._show_page()

    def show_words(self, words: tuple[str, str] | None) -> None:
        """Say what both are where they are no representations to choose; None for these."""
        for line, said in zip(self.lines, words or ("", ""), strict=True):
            line.show_words(said)
        self.swap_button.setVisible(words is None)
        self.back_link.setVisible(words is not None)
        self.parts.set_shown(WHY_PART, is_shown=words is None)
        self._has_words = words is not None
        self._show_page()

    def _show_page(self) -> None:
        is_there = self._has_words or self._n_offered > 1
        self._pages.setCurrentIndex(1 if is_there else 0)

    def show_result(self, two: TwoView | None) -> None:
        """Show both rankings; None while there are none."""
        self._two = two
        empty = Tiles.of(())
        sides = (None, None) if two is None else (two.first, two.second)
        for line, side in zip(self.lines, sides, strict=True):
            _show_side(line, side)
        self.csv_button.setEnabled(two is not None)
        if two is None:
            self.canvas.show_rankings(empty, empty, None)
            self.sentence.setText("")
            self.moves.show_rows(())
            self.figures.show_rows(())
            return
        query = two.first.query
        self.picture.show_path(query.path)
        self.picture.show_part(query.box, query.size)
        self.name.setText(query.name)
        self.part.show_box(query.box)
        n_relevant = query.n_relevant
        self.query_header.set_note("" if n_relevant is None else f"{n_relevant:,} relevant")
        self.sentence.setText(two.said)
        self._show_moves(two)
        self.figures.show_rows(_figures(two.first, two.second))
        self.canvas.show_rankings(two.first.tiles, two.second.tiles, two.moves)

    @property
    def selected_tiles(self) -> tuple[ResultTile | None, ResultTile | None]:
        """The selected image in A and in B; None where it is not."""
        return self._selected

    @property
    def wants_why(self) -> bool:
        """Whether what matches is looked at, and not what moves."""
        return self.parts.current == WHY_PART and self.isVisible()

    def toggle_why(self) -> None:
        """From what moves to why the selected image matches, or back."""
        self.parts.choose(MOVES_PART if self.parts.current == WHY_PART else WHY_PART)

    def show_why(self, found: tuple[ResultTile, Why, Why] | None, compared: str = "") -> None:
        """Show why an image matches by A and by B; None while that is not known."""
        said = "" if self._two is None else self._two.said
        self.sentence.setText(f"{said} {compared}".strip())
        if found is None:
            self.why.show_nothing()
            return
        tile, first, second = found
        ranks = said_ranks(self._selected)
        self.why.show_both(tile, f"{tile.name}: {ranks}.", first, second)

    def _show_moves(self, two: TwoView) -> None:
        self._places = two.greatest.tolist()
        has_labels = two.moves.is_relevant is not None
        heading = "Relevant images, the greatest moves first" if has_labels else "First ranks of A"
        rows = [_move_row(two, place) for place in self._places]
        self.moves.show_rows(rows, (heading, "A", "B", "Moves"))

    def _lay_out(self) -> None:
        query = QWidget()
        query.setFixedWidth(QUERY_WIDTH)
        left = QVBoxLayout(query)
        left.setContentsMargins(12, 4, 12, 8)
        left.setSpacing(4)
        for widget in (self.query_header, self.picture, self.name, self.part, self.open_button):
            left.addWidget(widget)
        left.addStretch(1)
        top = QHBoxLayout()
        top.setContentsMargins(0, 0, 12, 0)
        top.addWidget(self.lines[0], 1)
        top.addWidget(self.back_link)
        top.addWidget(self.swap_button)
        top.addWidget(self.csv_button)
        middle = QVBoxLayout()
        middle.setContentsMargins(0, 4, 0, 4)
        middle.setSpacing(2)
        middle.addLayout(top)
        middle.addWidget(self.canvas, 1)
        middle.addWidget(self.lines[1])
        upper = QHBoxLayout()
        upper.setSpacing(0)
        upper.addWidget(query)
        upper.addLayout(middle, 1)
        right = QVBoxLayout()
        right.setSpacing(6)
        right.addWidget(self.sentence)
        right.addWidget(self.figures, 1)
        lower = QHBoxLayout()
        lower.setContentsMargins(12, 8, 12, 8)
        lower.setSpacing(16)
        self._left = QWidget()
        left_part = QVBoxLayout(self._left)
        left_part.setContentsMargins(0, 0, 0, 0)
        left_part.setSpacing(6)
        left_part.addWidget(self.parts)
        self._parts = QStackedLayout()
        self._parts.addWidget(self.moves)
        self._parts.addWidget(self.why)
        left_part.addLayout(self._parts, 1)
        lower.addWidget(self._left, 3)
        lower.addLayout(right, 2)
        for table in (self.moves, self.figures):
            table.setMinimumHeight(48)
        page = QWidget()
        whole = QVBoxLayout(page)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(upper, 3)
        whole.addLayout(lower, 2)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self.empty_state)
        self._pages.addWidget(page)

    def _connect(self) -> None:
        first, second = self.lines
        first.chosen.connect(lambda one: self._ask(one, self._choices[1]))
        second.chosen.connect(lambda one: self._ask(self._choices[0], one))
        self.swap_button.clicked.connect(lambda: self._ask(*reversed(self._choices)))
        self.back_link.clicked.connect(lambda: self.back_requested.emit())
        self.csv_button.clicked.connect(lambda: self.csv_requested.emit())
        self.open_button.clicked.connect(lambda: self.open_requested.emit())
        self.canvas.tile_activated.connect(lambda tile: self.query_requested.emit(tile.index))
        self.canvas.tile_selected.connect(self._on_selected)
        self.parts.chosen.connect(self._show_part)
        self.moves.row_chosen.connect(self._select_row)

    def resizeEvent(self, event: object) -> None:
        """In little height the rankings keep it; the sentence has what the tables sum up to."""
        super().resizeEvent(event)  # type: ignore[arg-type]
        for part in (self._left, self.figures):
            part.setVisible(self.height() >= LOW)

    def showEvent(self, event: object) -> None:
        super().showEvent(event)  # type: ignore[arg-type]
        self.shown.emit()

    def _ask(self, first: RecipeChoice | None, second: RecipeChoice | None) -> None:
        self.choices_requested.emit(first, second)

    def _select_row(self, row: int) -> None:
        if 0 <= row < len(self._places):
            self.canvas.select(0, self._places[row])

    def _on_selected(self, first: ResultTile | None, second: ResultTile | None) -> None:
        self._selected = first, second
        self._mark_row(first)
        self.why_wanted.emit()

    def _show_part(self, key: str) -> None:
        self._parts.setCurrentWidget(self.why if key == WHY_PART else self.moves)
        self.why_wanted.emit()

    def _mark_row(self, first: ResultTile | None) -> None:
        place = -1 if first is None else self.canvas.places[0]
        self.moves.choose(self._places.index(place) if place in self._places else None)


def _show_side(line: SideLine, side: SideView | None) -> None:
    if side is None:
        line.show_result(None)
        return
    wrong, last = _rank_text(side.first_wrong), _rank_text(side.last_relevant)
    line.show_result(side.query.average_precision, wrong, last, side.variant)


def _move_row(two: TwoView, place: int) -> FigureRow:
    tile, other = two.first.tiles[place], int(two.moves.in_second[place])
    gain, rank = int(two.moves.gains[place]), int(two.moves.second_ranks[place])
    if other == NOWHERE:
        words, there, role = "not in B", "\N{EN DASH}", "secondary"
    else:
        there = f"{rank:,}" if rank else "\N{EN DASH}"
        words = "same" if not gain else f"{abs(gain):,} {'earlier' if gain > 0 else 'later'}"
        role = "ok_text" if gain > 0 else "secondary" if not gain else "warning_text"
    cells = (tile.name, f"{tile.rank:,}" if tile.rank else "\N{EN DASH}", there, words)
    return FigureRow(cells, roles={3: role}, tip=str(tile.path))


def _figures(first: SideView, second: SideView) -> list[FigureRow]:
    rows = []
    if first.query.average_precision is not None and second.query.average_precision is not None:
        aps = (percent_number(side.query.average_precision or 0) for side in (first, second))
        rows.append(FigureRow((f"AP, % ({first.variant})", *aps)))
        pairs = zip(first.query.precisions, second.query.precisions, strict=True)
        for (k, in_first), (_, in_second) in pairs:
            rows.append(FigureRow((f"P@{k}", f"{in_first:.2f}", f"{in_second:.2f}")))
        wrong = (_rank_text(side.first_wrong) for side in (first, second))
        last = (_rank_text(side.last_relevant) for side in (first, second))
        rows += [FigureRow(("First wrong", *wrong)), FigureRow(("Last relevant", *last))]
    ties = (f"{side.query.n_ties:,}" for side in (first, second))
    rows.append(FigureRow(("Equal scores", *ties)))
    rows.append(FigureRow(("Dimension", *(f"{s.dimension:,}" for s in (first, second)))))
    return rows


def _rank_text(rank: int | None) -> str:
    return "none" if rank is None else f"{rank:,}"
