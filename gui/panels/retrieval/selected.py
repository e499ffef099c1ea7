"""The selected result: its picture, its facts, and what can be done with it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from core.words import bytes_text
from gui.panels.retrieval.query import FactSection
from gui.panels.retrieval.tiles import score_text
from gui.panels.retrieval.view import (
    JUNK,
    NOT_RELEVANT,
    RELEVANT,
    UNLABELLED,
    QueryView,
    ResultTile,
)
from gui.panels.retrieval.why_picture import HeatPicture
from gui.panels.retrieval.why_section import WhySection
from gui.theme import ThemeKeeper
from gui.thumbnails import ThumbnailStore
from gui.widgets.buttons import Button, IconButton
from gui.widgets.labels import ElidedLabel, SectionHeader, ThemedLabel
from gui.widgets.plain_text import plain_tip
from gui.widgets.scroll_column import ScrollColumn

WIDTH = 284
_NOTHING = "Select an image: its rank, label and file stand here."
_SIGNS = {RELEVANT: "\N{CHECK MARK}", NOT_RELEVANT: "\N{MULTIPLICATION SIGN}", JUNK: "\N{EN DASH}"}


class SelectedResult(QWidget):
    """One tile at large; its buttons ask for a new query or for the file's folder."""

    query_requested = pyqtSignal(object)
    reveal_requested = pyqtSignal(object)
    member_requested = pyqtSignal(object, bool)
    """A tile that is to count with the query (True), or against it."""
    tile_shown = pyqtSignal(object)

    def __init__(
        self, keeper: ThemeKeeper, store: ThumbnailStore, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._tile: ResultTile | None = None
        self.title = SectionHeader("Selected")
        self.fold_button = IconButton(keeper, "right", "Fold to a strip")
        self.nothing = ThemedLabel(_NOTHING, "secondary", pixels=11)
        self.nothing.setWordWrap(True)
        self.picture = HeatPicture(keeper, store, WIDTH - 34)
        self.name = ElidedLabel()
        font = self.name.font()
        font.setBold(True)
        self.name.setFont(font)
        self.score = ThemedLabel("", pixels=15, semibold=True)
        self.verdict = ThemedLabel("", "secondary")
        self.verdict.setWordWrap(True)
        self.use_button = Button(keeper, "Use as query", "search", is_primary=True)
        self.use_button.setToolTip("Rank the gallery for this image (Enter)")
        self.reveal_button = Button(keeper, "Show file", "open")
        self.reveal_button.setToolTip("Open its folder in the file manager")
        self.why = WhySection(keeper)
        self.add_button = Button(keeper, "Add to query", "plus")
        self.unlike_button = Button(keeper, "Not like this", "minus")
        self._against: frozenset[Path] = frozenset()
        self.facts = FactSection(keeper, "Image")
        self._body = QWidget()
        self._lay_out()
        self.show_tile(None, None, 0)
        self.use_button.clicked.connect(lambda: self.query_requested.emit(self._tile))
        self.add_button.clicked.connect(lambda: self.member_requested.emit(self._tile, True))
        self.unlike_button.clicked.connect(lambda: self.member_requested.emit(self._tile, False))
        self.reveal_button.clicked.connect(lambda: self.reveal_requested.emit(self._tile))

    @property
    def tile(self) -> ResultTile | None:
        """What is shown."""
        return self._tile

    def show_tile(self, tile: ResultTile | None, query: QueryView | None, n_ranked: int) -> None:
        """Show a tile of the ranking of `query`, which has n_ranked images."""
        self._tile = tile
        self._offer_membership()
        self._body.setVisible(tile is not None)
        self.nothing.setVisible(tile is None)
        self.title.set_note("")
        if tile is None:
            self.picture.show_path(None)
            self.tile_shown.emit(None)
            return
        if tile.rank:
            self.title.set_note(f"rank {tile.rank:,} of {n_ranked:,}")
        elif tile.is_found:
            self.title.set_note("no rank")
        self.picture.show_path(tile.path)
        self.why.setVisible(bool(tile.rank))
        self.name.setText(tile.name)
        self.score.setText(score_text(tile.score) if tile.is_found else "")
        self.verdict.setText(_verdict(tile, query))
        self.verdict.setVisible(bool(self.verdict.text()))
        role = {RELEVANT: "ok_text", NOT_RELEVANT: "error_text"}.get(tile.mark, "secondary")
        self.verdict.set_role(role)
        self.facts.show_facts(_facts(tile))
        self.tile_shown.emit(tile)

    def offer_in(self, menu: QMenu, tile: ResultTile) -> None:
        """Rows of a menu for what the buttons do, of any tile."""
        menu.addAction("Use as query", lambda: self.query_requested.emit(tile))
        if tile.rank:
            menu.addAction("Add to query", lambda: self.member_requested.emit(tile, True))
            menu.addAction("Not like this", lambda: self.member_requested.emit(tile, False))
        menu.addAction("Show file", lambda: self.reveal_requested.emit(tile))

    def show_against(self, paths: Iterable[Path]) -> None:
        """The images that count against the query already."""
        self._against = frozenset(paths)
        self._offer_membership()

    def _offer_membership(self) -> None:
        tile = self._tile
        is_ranked = tile is not None and bool(tile.rank)
        why_not = "" if is_ranked else "There is no query yet: use an image as one first."
        self.add_button.setEnabled(is_ranked)
        self.add_button.setToolTip(
            plain_tip(why_not or "Search with the query and this image as one (+)")
        )
        if tile is not None and tile.path in self._against:
            why_not = "It counts against the query already."
        self.unlike_button.setEnabled(not why_not)
        self.unlike_button.setToolTip(
            plain_tip(why_not or "Rank lower what is like this image (-)")
        )

    def _lay_out(self) -> None:
        self.setObjectName("selectedResult")
        self.setAttribute(Qt.WA_StyledBackground)
        body = QVBoxLayout(self._body)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(4)
        body.addWidget(self.picture)
        names = QHBoxLayout()
        names.addWidget(self.name, 1)
        names.addWidget(self.score)
        body.addLayout(names)
        body.addWidget(self.verdict)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        buttons.addWidget(self.use_button)
        buttons.addWidget(self.reveal_button)
        buttons.addStretch(1)
        body.addLayout(buttons)
        members = QHBoxLayout()
        members.setSpacing(6)
        members.addWidget(self.add_button)
        members.addWidget(self.unlike_button)
        members.addStretch(1)
        body.addLayout(members)
        body.addWidget(self.why)
        body.addWidget(self.facts)
        inside = QWidget()
        inside.setObjectName("selectedInside")
        column = QVBoxLayout(inside)
        column.setContentsMargins(12, 2, 12, 8)
        column.setSpacing(4)
        head = QHBoxLayout()
        head.setSpacing(2)
        head.addWidget(self.title, 1)
        head.addWidget(self.fold_button, 0, Qt.AlignBottom)
        column.addLayout(head)
        column.addWidget(self.nothing)
        column.addWidget(self._body)
        column.addStretch(1)
        scroll = ScrollColumn(inside, is_stop=False)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(1, 0, 0, 0)
        outer.addWidget(scroll)


def _verdict(tile: ResultTile, query: QueryView | None) -> str:
    """ "monuments, not sacre_coeur"."""
    if tile.mark == UNLABELLED or query is None:
        return ""
    sign, label = _SIGNS[tile.mark], tile.label or "without a label"
    if tile.mark == JUNK:
        return f"{sign} junk of this query, neither right nor wrong"
    if not query.label:
        return f"{sign} {tile.mark}"
    return f"{sign} {label}" if tile.mark == RELEVANT else f"{sign} {label}, not {query.label}"


def _facts(tile: ResultTile) -> tuple[tuple[str, str], ...]:
    rows = [("Label", tile.label)] if tile.label else []
    if tile.width:
        rows.append(("Size", f"{tile.width:,} \N{MULTIPLICATION SIGN} {tile.height:,} px"))
    if tile.n_bytes > 0:
        rows.append(("File", bytes_text(tile.n_bytes)))
    return (*rows, ("Name", tile.path.name), ("Folder", str(tile.path.parent)))
