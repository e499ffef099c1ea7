"""Two prototxts compared: files and totals above, matched layers in two panes, details below."""

from __future__ import annotations

from PyQt5.QtCore import QPoint, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QKeySequence
from PyQt5.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QShortcut,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core.comparison.differences import Effect
from core.comparison.export import hint, summary
from core.comparison.rows import Comparison, ComparisonRow, Status
from core.comparison.totals import totals_of
from core.net.find import parse_query
from core.words import join_names, plural
from gui.icons import icon, pixmap
from gui.panels.comparison.counts import ComparisonCounts
from gui.panels.comparison.details import ComparisonDetails
from gui.panels.comparison.model import ComparisonModel
from gui.panels.comparison.sides import FileHeader, TotalsBar
from gui.panels.comparison.table import ComparisonTable
from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button, IconButton
from gui.widgets.choice import Choice
from gui.widgets.empty_state import EmptyState
from gui.widgets.labels import ThemedLabel
from gui.widgets.notice_card import Notice
from gui.widgets.panel_bar import PanelBar
from gui.widgets.plain_text import plain_tip

PHASES = (("TEST", "TEST", "TEST"), ("TRAIN", "TRAIN", "TRAIN"),
          ("TEST with TRAIN", "TEST", "TRAIN"))  # fmt: skip
"""What the list says, and the phases of the first and the second file."""

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
EXPORTS = (("text", "Copy as text"), (".md", "Save as Markdown…"), (".csv", "Save as CSV…"),
           (".txt", "Save as text…"))  # fmt: skip


class ComparisonPanel(QWidget):
    """Shows a Comparison; files, phases and exports are asked for."""

    swap_requested = pyqtSignal()
    reread_requested = pyqtSignal()
    choose_requested = pyqtSignal(bool)
    """True for the first file, False for the second."""
    phases_chosen = pyqtSignal(str, str)
    graphs_requested = pyqtSignal()
    """The graphs are wanted and not there yet: `set_graphs` brings them."""
    shown_changed = pyqtSignal()
    """Other rows than before are shown, or another comparison."""
    row_selected = pyqtSignal(object)
    """The ComparisonRow, None for none."""
    export_requested = pyqtSignal(str)
    """ "text" for the clipboard, else the suffix of a file."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self.comparison: Comparison | None = None
        self._graphs: QWidget | None = None
        self.model = ComparisonModel(self)
        self._make_heads()
        self._make_bar()
        self._make_pages()
        self._lay_out()
        self._connect()
        self._tint()

    @property
    def ignored(self) -> frozenset[Effect]:
        """The effects that count as equal."""
        return self.model.ignored

    def show_comparison(
        self, comparison: Comparison, notices: tuple[Notice | None, Notice | None] = (None, None)
    ) -> None:
        """Show two files as read; notices: why the first, or the second, can't be."""
        self.comparison = comparison
        for head, file, notice in zip(
            self.heads, (comparison.first, comparison.second), notices, strict=True
        ):
            head.show_file(file, notice)
        self.totals.show_totals(totals_of(comparison.first, comparison.second))
        self.details.show_comparison(comparison)
        self.model.set_rows(comparison.rows)
        self.table.fit_columns()
        self._show_state()

    def show_phases(self, first: str, second: str) -> None:
        """Show which phases the nets are built in."""
        place = next((i for i, p in enumerate(PHASES) if p[1:] == (first, second)), 0)
        self.phase.setCurrentIndex(place)

    def show_changed(self, is_first: bool, words: str) -> None:
        """Say that a file is another on the disk by now."""
        self.heads[0 if is_first else 1].show_changed(words)
        self.reread.setProperty("primary", any(head.changed.text() for head in self.heads))
        self.reread.style().polish(self.reread)

    def ignore(self, effect: Effect, is_on: bool) -> None:
        """Let differences of an effect count as equal, or not."""
        self.model.set_ignored(self.ignored | {effect} if is_on else self.ignored - {effect})
        self._show_state()

    def ignore_menu(self) -> QMenu:
        """What can count as equal."""
        menu = QMenu(self)
        for effect, words in IGNORABLE:
            action = menu.addAction(words)
            action.setCheckable(True)
            action.setChecked(effect in self.ignored)
            action.toggled.connect(lambda on, e=effect: self.ignore(e, on))
        return menu

    def export_menu(self) -> QMenu:
        """How the rows shown can be taken along."""
        menu = QMenu(self)
        for kind, words in EXPORTS:
            menu.addAction(words, lambda k=kind: self.export_requested.emit(k))
        return menu

    @property
    def shows_graphs(self) -> bool:
        """Whether the graphs stand in the place of the table."""
        return self._graphs is not None and self.pages.currentWidget() is self._graphs

    @property
    def marked(self) -> tuple[ComparisonRow, ...] | None:
        """The rows that a graph should point out; None while all are shown."""
        is_all = len(self.model.shown) == len(self.model.rows)
        return None if is_all and not self.only_differences.isChecked() else self.model.shown

    def set_graphs(self, graphs: QWidget) -> None:
        """Take the graphs of both nets, to be shown in the table's place."""
        self._graphs = graphs
        self.pages.addWidget(graphs)
        self._show_state()

    def choose_layer(self, name: str, *, is_first: bool) -> None:
        """Select the pair that a layer of one net belongs to, be its row shown or not."""
        for row in self.model.rows:
            record = row.record(is_first=is_first)
            if record is not None and record.name == name:
                place = self.model.place_of(row)
                if place is None:
                    self._show_row(row)
                else:
                    self.table.choose_place(place)
                return

    def step(self, by: int) -> None:
        """Go to the next difference (1) or the one before (-1)."""
        self.table.step(by)
        if not self.shows_graphs:
            self.table.setFocus(Qt.OtherFocusReason)

    def _make_heads(self) -> None:
        keeper = self._keeper
        self.heads = (FileHeader(keeper, "first"), FileHeader(keeper, "second"))
        self.swap = IconButton(keeper, "swap", "Swap the two files (Ctrl+Shift+X)")
        self.reread = Button(keeper, "Read again", "restart")
        self.reread.setToolTip("Read both files again from the disk (F5)")
        self.summary = ThemedLabel(keeper, "", semibold=True)
        self.summary.setWordWrap(True)
        self.summary.setTextInteractionFlags(Qt.TextSelectableByMouse)
        self.hint = ThemedLabel(keeper, "", "secondary")
        self.hint.setWordWrap(True)
        self.mark = ThemedLabel(keeper)
        self.totals = TotalsBar(keeper)

    def _make_bar(self) -> None:
        keeper = self._keeper
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter (Ctrl+F)")
        self.filter.setClearButtonEnabled(True)
        self.filter.setAccessibleName("Filter layers of both nets")
        self.filter.setToolTip(_FILTER_TIP)
        self.filter.setMinimumWidth(130)
        self.filter.setMaximumWidth(320)
        self._glass = self.filter.addAction(
            icon("search", keeper.theme.secondary), QLineEdit.LeadingPosition
        )
        self.only_differences = QPushButton("Only differences")
        self.only_differences.setCheckable(True)
        self.only_differences.setChecked(True)
        self.only_differences.setToolTip("Hide layers whose text is equal (Ctrl+D)")
        self.as_graphs = Button(keeper, "Graphs", "layout")
        self.as_graphs.setCheckable(True)
        self.as_graphs.setToolTip("Both graphs in place of the table; equal layers step back")
        self.ignore_button = Button(keeper, "Ignore…", "filter")
        self.ignore_button.setToolTip("Choose what counts as equal")
        self.previous = IconButton(keeper, "up", "Difference before (Shift+F8)")
        self.following = IconButton(keeper, "down", "Next difference (F8)")
        self.counts = ComparisonCounts(keeper)
        self.phase = Choice()
        self.phase.addItems([words for words, _, _ in PHASES])
        self.phase.setAccessibleName("Phase")
        self.phase.setToolTip("The phase that the nets are built in")
        self.export = Button(keeper, "Export", "save")

    def _make_pages(self) -> None:
        keeper = self._keeper
        self.table = ComparisonTable(keeper, self.model)
        self.equal = EmptyState(keeper, "check", "", "Show all layers", button_icon="list")
        self.no_match = EmptyState(
            keeper, "search", "No layer matches this filter.", "Clear filter", button_icon="cross"
        )
        self.broken = EmptyState(keeper, "warning", "Mend the file or choose another.")
        self.pages = QStackedWidget()
        for page in (self.table, self.equal, self.no_match, self.broken):
            self.pages.addWidget(page)
        self.details = ComparisonDetails(keeper)

    def _lay_out(self) -> None:
        self.bar = PanelBar(self._keeper)
        for widget in (self.filter, self.only_differences, self.as_graphs, self.ignore_button,
                       self.previous, self.following):  # fmt: skip
            self.bar.row.addWidget(widget)
        self.bar.row.addWidget(self.counts, 1)
        self.bar.row.addWidget(self.phase)
        self.bar.row.addWidget(self.export)
        self.splitter = QSplitter(Qt.Vertical)
        self.splitter.addWidget(self.pages)
        self.splitter.addWidget(self.details)
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([420, 210])
        self.splitter.setChildrenCollapsible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head())
        column.addWidget(self.bar)
        column.addWidget(self.splitter, 1)

    def _head(self) -> QWidget:
        head = QWidget()
        files = QHBoxLayout()
        files.setSpacing(12)
        files.addWidget(self.heads[0], 1, Qt.AlignTop)
        files.addWidget(self.swap, 0, Qt.AlignTop)
        files.addWidget(self.heads[1], 1, Qt.AlignTop)
        files.addWidget(self.reread, 0, Qt.AlignTop)
        said = QVBoxLayout()
        said.setSpacing(2)
        said.addWidget(self.summary)
        said.addWidget(self.hint)
        said.addStretch(1)
        sums = QHBoxLayout()
        sums.setSpacing(8)
        sums.addWidget(self.mark, 0, Qt.AlignTop)
        sums.addLayout(said, 1)
        sums.addWidget(self.totals)
        column = QVBoxLayout(head)
        column.setContentsMargins(12, 10, 12, 8)
        column.setSpacing(10)
        column.addLayout(files)
        column.addLayout(sums)
        return head

    def _connect(self) -> None:
        self.swap.clicked.connect(lambda: self.swap_requested.emit())
        self.reread.clicked.connect(lambda: self.reread_requested.emit())
        self.heads[0].choose_pressed.connect(lambda: self.choose_requested.emit(True))
        self.heads[1].choose_pressed.connect(lambda: self.choose_requested.emit(False))
        self.filter.textChanged.connect(lambda _text: self._choose())
        self.only_differences.toggled.connect(lambda _on: self._choose())
        self.as_graphs.toggled.connect(self._toggle_graphs)
        self.equal.clicked.connect(lambda: self.only_differences.setChecked(False))
        self.no_match.clicked.connect(self.filter.clear)
        self.ignore_button.clicked.connect(
            lambda: self._open_below(self.ignore_button, self.ignore_menu())
        )
        self.export.clicked.connect(lambda: self._open_below(self.export, self.export_menu()))
        self.previous.clicked.connect(lambda: self.step(-1))
        self.following.clicked.connect(lambda: self.step(1))
        self.phase.activated.connect(lambda place: self.phases_chosen.emit(*PHASES[place][1:]))
        self.table.row_selected.connect(self._show_row)
        self._keeper.changed.connect(self._tint)
        for keys, do in (
            ("F8", lambda: self.step(1)),
            ("Shift+F8", lambda: self.step(-1)),
            ("Ctrl+F", self._focus_filter),
            ("Ctrl+D", self.only_differences.toggle),
            ("Ctrl+Shift+X", self.swap_requested.emit),
            ("F5", self.reread_requested.emit),
        ):
            QShortcut(QKeySequence(keys), self, do)

    def _focus_filter(self) -> None:
        self.filter.setFocus(Qt.ShortcutFocusReason)
        self.filter.selectAll()

    def _open_below(self, button: QWidget, menu: QMenu) -> None:
        menu.exec(button.mapToGlobal(QPoint(0, button.height())))
        menu.deleteLater()

    def _choose(self) -> None:
        query = parse_query(self.filter.text())
        self.filter.setToolTip(plain_tip(query.problem) or _FILTER_TIP)
        kept = parse_query("") if query.problem else query
        self.model.set_choice(kept, is_only_differences=self.only_differences.isChecked())
        self._show_state()

    def _toggle_graphs(self, is_on: bool) -> None:
        if is_on and self._graphs is None:
            self.graphs_requested.emit()
        self._show_state()

    def _show_row(self, row: ComparisonRow | None) -> None:
        self.details.show_row(row)
        self.row_selected.emit(row)

    def _show_state(self) -> None:
        """The page, the sentences and the counts that belong to what is shown."""
        comparison, model = self.comparison, self.model
        is_read = comparison is not None and comparison.nets is not None
        self.details.setVisible(is_read and bool(model.shown))
        self.bar.setVisible(is_read)
        if comparison is None or not is_read:
            self._show_broken()
            return
        self.summary.setText(summary(comparison))
        self.hint.setText(
            " ".join(filter(None, (hint(comparison, model.rows), self._ignored_words())))
        )
        n_ignored = len(self.ignored)
        self.ignore_button.setText(f"Ignoring {n_ignored}" if n_ignored else "Ignore…")
        self.hint.setVisible(bool(self.hint.text()))
        self.counts.show_counts(
            model,
            is_hidden=self.only_differences.isChecked(),
            is_filtered=bool(self.filter.text()),
        )
        n_hidden = len(model.rows) - len(model.shown)
        self.equal.set_sentence(f"No layer differs: {plural(n_hidden, 'equal layer')} hidden.")
        is_equal = not model.count(Status.CHANGED, Status.ADDED, Status.REMOVED)
        is_all_hidden = is_equal and self.only_differences.isChecked()
        empty: QWidget = self.equal if is_all_hidden else self.no_match
        page: QWidget = self.table if model.shown else empty
        if self.as_graphs.isChecked() and self._graphs is not None:
            page = self._graphs
        self.pages.setCurrentWidget(page)
        self._tint()
        self.shown_changed.emit()

    def _ignored_words(self) -> str:
        names = [_IGNORED_SHORT[effect] for effect, _ in IGNORABLE if effect in self.ignored]
        return f"Not counted: {join_names(names)}." if names else ""

    def _show_broken(self) -> None:
        files = (self.comparison.first, self.comparison.second) if self.comparison else ()
        broken = [file.path.name for file in files if file.side is None]
        self.summary.setText(f"{' and '.join(broken)} can't be read, so nothing is compared.")
        self.hint.hide()
        self.pages.setCurrentWidget(self.broken)
        self._tint()

    @pyqtSlot()
    def _tint(self) -> None:
        theme = self._keeper.theme
        nets = self.comparison.nets if self.comparison else None
        name, kind = ("error", "error") if nets is None else ("compare", "accent")
        if nets is not None and not nets.different:
            name, kind = "check", "ok"
        ratio = self.devicePixelRatioF()
        self.mark.setPixmap(pixmap(name, theme.kind_text(kind), 16, ratio))
        self._glass.setIcon(icon("search", theme.secondary))
