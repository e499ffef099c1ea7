"""The layers of two nets: a list of what differs, and below it the selected pair in words."""

from __future__ import annotations

from PyQt5.QtCore import QPoint, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core.comparison.differences import Effect
from core.comparison.rows import Comparison, ComparisonRow, Status
from core.comparison.totals import totals_of
from core.net.find import parse_query
from core.words import join_names, plural
from gui.icons import icon
from gui.panels.comparison.details import ComparisonDetails
from gui.panels.comparison.rows import HEADINGS, ShownRows, figure_row
from gui.panels.comparison.totals import TotalsBar
from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button, IconButton
from gui.widgets.empty_state import EmptyState
from gui.widgets.figure_table import FigureTable
from gui.widgets.kept import keep
from gui.widgets.labels import ThemedLabel
from gui.widgets.panel_bar import PanelBar
from gui.widgets.plain_text import plain_tip

IGNORABLE: tuple[tuple[Effect, str], ...] = (
    ("names", "Names of layers and blobs"),
    ("training", "Training settings: fillers, rates, decay, phases"),
    ("spelling", "Other spellings of the same value"),
)
_IGNORED_SHORT: dict[Effect, str] = {
    "names": "names",
    "training": "training settings",
    "spelling": "spellings",
}
_FILTER_TIP = "Words, or name: type: blob: shape: inplace:yes params>1e6, on either side"
_COUNTS = ((Status.CHANGED, "changed"), (Status.REMOVED, "only in A"), (Status.ADDED, "only in B"))


class LayersPanel(QWidget):
    """Rows pass a filter; what counts as equal can be chosen."""

    row_selected = pyqtSignal(object)
    """The ComparisonRow, None for none."""
    shown_changed = pyqtSignal()
    """Other rows than before are shown, or count."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self.list = ShownRows()
        self.chosen: ComparisonRow | None = None
        self._make_controls()
        self._make_pages()
        self._lay_out()
        self._connect()
        self._tint()

    def show_comparison(self, comparison: Comparison) -> None:
        """Show two nets that could be read."""
        self.totals.show_totals(totals_of(comparison.first, comparison.second))
        self.details.show_comparison(comparison)
        self.list.set_rows(comparison.rows)
        self._refill()

    def choose(self, row: ComparisonRow | None) -> None:
        """Select a pair of layers, be it shown or not, and say so."""
        self.chosen = row
        self.table.choose(self.list.place_of(row))
        self.details.show_row(row)
        self.row_selected.emit(row)

    def choose_layer(self, name: str, *, is_first: bool) -> None:
        """Select the pair that a layer of one net belongs to."""
        row = self.list.row_of(name, is_first=is_first)
        if row is not None:
            self.choose(row)

    def step(self, by: int) -> None:
        """Go to the next difference (1) or the one before (-1), around the ends."""
        place = self.list.place_of(self.chosen)
        place = (-1 if by > 0 else 0) if place is None else place
        following = self.list.next_difference(place, by) if self.list.shown else None
        if following is not None:
            self.choose(self.list.shown[following])

    @property
    def ignored(self) -> frozenset[Effect]:
        """The effects that count as equal."""
        return self.list.ignored

    def ignore(self, effect: Effect, is_on: bool) -> None:
        """Let differences of an effect count as equal, or not."""
        self.list.set_ignored(self.ignored | {effect} if is_on else self.ignored - {effect})
        self._refill()

    def ignore_menu(self) -> QMenu:
        """What can count as equal."""
        menu = QMenu(self)
        for effect, words in IGNORABLE:
            action = menu.addAction(words)
            action.setCheckable(True)
            action.setChecked(effect in self.ignored)
            action.toggled.connect(lambda on, e=effect: self.ignore(e, on))
        return menu

    @property
    def ignored_words(self) -> str:
        """What does not count, in a sentence; "" where all does."""
        names = [_IGNORED_SHORT[effect] for effect, _ in IGNORABLE if effect in self.ignored]
        return f"Not counted: {join_names(names)}." if names else ""

    def _make_controls(self) -> None:
        keeper = self._keeper
        self.only_differences = QPushButton("Differences")
        self.all_layers = QPushButton("All")
        self._which = QButtonGroup(self)
        for button, tip in ((self.only_differences, "Only layers that differ"),
                            (self.all_layers, "All layers of both nets")):  # fmt: skip
            button.setCheckable(True)
            button.setToolTip(plain_tip(tip))
            self._which.addButton(button)
        self.only_differences.setChecked(True)
        self.ignore_button = Button(keeper, "Ignore…")
        self.ignore_button.setToolTip("Choose what counts as equal")
        self.previous = IconButton(keeper, "up", "Difference before (Shift+F8)")
        self.following = IconButton(keeper, "down", "Next difference (F8)")
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter")
        self.filter.setClearButtonEnabled(True)
        self.filter.setAccessibleName("Filter layers of both nets")
        keep(
            "compared layers", differences=self.only_differences, all=self.all_layers,
            filter=self.filter,
        )  # fmt: skip
        self.filter.setToolTip(_FILTER_TIP)
        self._glass = self.filter.addAction(
            icon("search", keeper.theme.secondary), QLineEdit.LeadingPosition
        )
        self.counts = ThemedLabel("", "secondary", pixels=11)

    def _make_pages(self) -> None:
        keeper = self._keeper
        self.table = FigureTable(keeper, HEADINGS, "Layers of both nets", left=(1, 2, 3))
        self.equal = EmptyState(keeper, "check", "", "Show all layers", button_icon="list")
        self.no_match = EmptyState(
            keeper, "search", "No layer matches this filter.", "Clear filter", button_icon="cross"
        )
        self.pages = QStackedWidget()
        for page in (self.table, self.equal, self.no_match):
            self.pages.addWidget(page)
        self.details = ComparisonDetails(keeper)
        self.totals = TotalsBar()

    def _lay_out(self) -> None:
        bar = PanelBar(self._keeper)
        for widget in (self.only_differences, self.all_layers):
            bar.row.addWidget(widget)
        bar.row.addWidget(self.filter, 1)
        for tool in (self.previous, self.following, self.ignore_button):
            bar.row.addWidget(tool)
        below = QHBoxLayout()
        below.setContentsMargins(12, 4, 12, 4)
        below.addWidget(self.counts)
        below.addStretch(1)
        splitter = QSplitter(Qt.Vertical)
        splitter.setHandleWidth(1)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self.pages)
        splitter.addWidget(self.details)
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar)
        column.addLayout(below)
        column.addWidget(splitter, 1)
        column.addWidget(self.totals)

    def _connect(self) -> None:
        self.filter.textChanged.connect(lambda _text: self._choose_rows())
        self.only_differences.toggled.connect(lambda _on: self._choose_rows())
        self.equal.clicked.connect(self.all_layers.click)
        self.no_match.clicked.connect(self.filter.clear)
        self.ignore_button.clicked.connect(self._open_ignore)
        self.previous.clicked.connect(lambda: self.step(-1))
        self.following.clicked.connect(lambda: self.step(1))
        self.table.row_chosen.connect(lambda place: self.choose(self.list.shown[place]))
        self._keeper.changed.connect(self._tint)

    def _open_ignore(self) -> None:
        menu = self.ignore_menu()
        menu.exec(self.ignore_button.mapToGlobal(QPoint(0, self.ignore_button.height())))
        menu.deleteLater()

    def _choose_rows(self) -> None:
        query = parse_query(self.filter.text())
        self.filter.setToolTip(plain_tip(query.problem) or _FILTER_TIP)
        kept = parse_query("") if query.problem else query
        is_only = self.only_differences.isChecked()
        self.list.set_choice(kept, is_only_differences=is_only)
        self._refill()

    def _refill(self) -> None:
        """Rows, counts and sentences anew; the selected pair stays where it still shows."""
        shown = self.list
        self.table.show_rows([figure_row(row) for row in shown.shown])
        n_different = shown.count(*(status for status, _ in _COUNTS))
        self.only_differences.setText(f"Differences {n_different:,}")
        self.all_layers.setText(f"All {len(shown.rows):,}")
        counts = [f"{s.value} {shown.count(s):,} {w}" for s, w in _COUNTS if shown.count(s)]
        follow = shown.count(Status.FOLLOWS)
        if follow:
            counts.append(f"{Status.FOLLOWS.value} {follow:,} follow from others")
        self.counts.setText("\N{EM SPACE}".join(counts))
        self.counts.setVisible(bool(counts))
        self.ignore_button.setText(f"Ignoring {len(self.ignored)}" if self.ignored else "Ignore…")
        n_hidden = len(shown.rows) - len(shown.shown)
        self.equal.set_sentence(f"No layer differs: {plural(n_hidden, 'equal layer')} hidden.")
        is_all_hidden = not n_different and self.only_differences.isChecked()
        empty: QWidget = self.equal if is_all_hidden else self.no_match
        self.pages.setCurrentWidget(self.table if shown.shown else empty)
        place = shown.place_of(self.chosen)
        if place is None and shown.shown:
            place = 0
        self.choose(shown.shown[place] if place is not None else None)
        self.shown_changed.emit()

    @pyqtSlot()
    def _tint(self) -> None:
        self._glass.setIcon(icon("search", self._keeper.theme.secondary))
