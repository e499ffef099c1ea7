"""The query column: the image, how well its ranking does, and what was compared."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from core.words import percent_number
from gui.panels.retrieval.part_row import PartRow
from gui.panels.retrieval.query_picture import QueryPicture
from gui.panels.retrieval.scores import ScorePlot
from gui.panels.retrieval.search_choices import SearchChoices
from gui.panels.retrieval.skipped import SkippedLine
from gui.panels.retrieval.view import (
    AP_NAME,
    GalleryView,
    QueryView,
    ResultTile,
    Tiles,
    first_wrong,
    relevant,
)
from gui.theme import ThemeKeeper
from gui.thumbnails import ThumbnailStore
from gui.widgets.buttons import Button, IconButton
from gui.widgets.fact_list import Fact, FactList
from gui.widgets.labels import ElidedLabel, SectionHeader, ThemedLabel
from gui.widgets.scroll_column import ScrollColumn

WIDTH = 220
_NAME_WIDTH = 94
_NO_QUERY = "Select an image and press Enter, or open, drop or paste one."


class FactSection(QWidget):
    """Names and values, under a heading where one is given; hidden without any."""

    def __init__(self, keeper: ThemeKeeper, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        if title:
            column.addWidget(SectionHeader(title))
        self._list = FactList(keeper, name_width=_NAME_WIDTH)
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
    """Picture, way back, result, scores and descriptor; asks to open another image."""

    open_requested = pyqtSignal()
    history_requested = pyqtSignal(int)

    def __init__(
        self, keeper: ThemeKeeper, store: ThumbnailStore, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setFixedWidth(WIDTH)
        self.title = SectionHeader("Query")
        self.picture = QueryPicture(keeper, store, WIDTH - 32)
        self.name = ElidedLabel()
        font = self.name.font()
        font.setBold(True)
        self.name.setFont(font)
        self.note = ThemedLabel("", "secondary", pixels=11)
        self.note.setWordWrap(True)
        self.part = PartRow(keeper)
        self.back_button = IconButton(keeper, "left", "The query before (Alt+Left)")
        self.on_button = IconButton(keeper, "right", "The query after (Alt+Right)")
        self.open_button = Button(keeper, "Open image", "image")
        self.open_button.setToolTip("Search with any image (Ctrl+Shift+I); or drop or paste one")
        self.result_header = SectionHeader("Result of this query")
        self.ap = ThemedLabel("", pixels=24, semibold=True)
        self.ap_words = ThemedLabel(f"AP, %\n{AP_NAME}", "secondary", pixels=11)
        self.measures = FactSection(keeper)
        self.scores_header = SectionHeader("Scores")
        self.scores = ScorePlot(keeper)
        self.choices = SearchChoices(keeper)
        self.descriptor = FactSection(keeper, "Descriptor")
        self._gallery: GalleryView | None = None
        self._sanity = ""
        self.skipped_line = SkippedLine(keeper)
        self._lay_out()
        self.show_query(None, Tiles.of(()))
        self.show_history(can_go_back=False, can_go_on=False)
        self.open_button.clicked.connect(lambda: self.open_requested.emit())
        self.back_button.clicked.connect(lambda: self.history_requested.emit(-1))
        self.on_button.clicked.connect(lambda: self.history_requested.emit(1))

    def show_query(self, query: QueryView | None, tiles: Tiles) -> None:
        """Show the query and the measures of its ranking."""
        self.picture.show_path(None if query is None else query.path)
        self.picture.setVisible(query is not None)
        self.part.setVisible(query is not None)
        self.part.show_box(None if query is None else query.box)
        if query is not None:
            self.picture.show_part(query.box, query.size)
        self.name.setText("" if query is None else query.name)
        self.name.setVisible(query is not None)
        self.note.setText(_NO_QUERY if query is None else query.note)
        n_relevant = query.n_relevant if query is not None else None
        n_junk = 0 if query is None else query.n_junk
        junk = f", {n_junk:,} junk" if n_junk else ""
        self.title.set_note("" if n_relevant is None else f"{n_relevant:,} relevant{junk}")
        if query is not None:
            left_out = "\njunk left out" if n_junk else ""
            self.ap_words.setText(f"AP, %\n{query.ap_name}{left_out}")
        ap = None if query is None else query.average_precision
        for widget in (self.ap, self.ap_words, self.result_header):
            widget.setVisible(ap is not None)
        self.ap.setText("" if ap is None else percent_number(ap))
        self.measures.show_facts(_measures(query, tiles))
        has_scores = query is not None and query.scores is not None and bool(query.scores.size)
        for part in (self.scores_header, self.scores):
            part.setVisible(has_scores)
        if query is not None:
            self.scores.show_scores(query.scores, tiles.is_relevant)

    def show_history(self, *, can_go_back: bool, can_go_on: bool) -> None:
        """Whether there are queries before and after this one."""
        self.back_button.setEnabled(can_go_back)
        self.on_button.setEnabled(can_go_on)

    def show_gallery(self, gallery: GalleryView | None) -> None:
        """Show how the gallery was described."""
        self._gallery = gallery
        self.choices.setVisible(gallery is not None)
        self.skipped_line.show_skipped(() if gallery is None else gallery.skipped)
        self._show_descriptor()

    def show_sanity(self, words: str) -> None:
        """Whether images that are described anew find themselves at rank 1; "" while not known."""
        self._sanity = words
        self._show_descriptor()

    def _show_descriptor(self) -> None:
        facts = () if self._gallery is None else self._gallery.descriptor
        sanity = (("Sanity", self._sanity),) if self._sanity and facts else ()
        self.descriptor.show_facts((*facts, *sanity))

    def _lay_out(self) -> None:
        inside = QWidget()
        inside.setObjectName("queryInside")
        self.setObjectName("queryColumn")
        self.setAttribute(Qt.WA_StyledBackground)
        column = QVBoxLayout(inside)
        column.setContentsMargins(12, 2, 8, 8)
        column.setSpacing(4)
        for widget in (self.title, self.picture, self.name, self.note, self.part):
            column.addWidget(widget)
        buttons = QHBoxLayout()
        buttons.setSpacing(2)
        for button in (self.back_button, self.on_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(self.open_button)
        column.addLayout(buttons)
        column.addWidget(self.result_header)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.ap)
        row.addWidget(self.ap_words, 1)
        column.addLayout(row)
        for part in (self.measures, self.scores_header, self.scores):
            column.addWidget(part)
        column.addWidget(self.choices)
        column.addWidget(self.descriptor)
        column.addStretch(1)
        scroll = ScrollColumn(inside, is_stop=False)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 1, 0)
        outer.setSpacing(0)
        outer.addWidget(scroll, 1)
        outer.addWidget(self.skipped_line)


def _measures(query: QueryView | None, tiles: Sequence[ResultTile]) -> tuple[tuple[str, str], ...]:
    if query is None:
        return ()
    rows = []
    if query.precisions:
        ks = ", ".join(str(k) for k, _ in query.precisions)
        rows.append((f"P@{ks}", " ".join(f"{value:.2f}" for _, value in query.precisions)))
    if query.average_precision is not None:
        wrong = next((tile.rank for tile in first_wrong(tiles)), None)
        last = next((tile.rank for tile in reversed(relevant(tiles))), None)
        rows.append(("First wrong", "none" if wrong is None else f"rank {wrong:,}"))
        rows.append(("Last relevant", "none" if last is None else f"rank {last:,}"))
    rows += query.measures
    if query.n_ties:
        rows.append(("Equal scores", f"{query.n_ties:,}"))
    return tuple(rows)
