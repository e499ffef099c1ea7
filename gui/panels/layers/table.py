"""The table of all layers: chains bracketed, sortable, with a filter and a legend."""

from __future__ import annotations

from collections.abc import Collection

from PyQt5.QtCore import QModelIndex, QPoint, Qt, pyqtSignal
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core.layer_numbers import LayerNumbers
from core.layers.cost_table import layers_as_csv, total_costs
from core.layers.shapes import NetShapes
from core.net.definition import Net
from core.net.find import parse_query
from core.weights.binding import Binding
from core.words import count_text
from gui.icons import icon
from gui.panels.layers import widths as w
from gui.panels.layers.delegate import LayerDelegate
from gui.panels.layers.menus import add_columns, add_copies, add_renames
from gui.panels.layers.model import LayerModel
from gui.panels.layers.rows import COLUMNS, RIGHT_COLUMNS, Column, LayerRow, layer_rows
from gui.panels.layers.totals import LayerTotals
from gui.panels.layers.view import LayerView
from gui.theme import ThemeKeeper
from gui.widgets.buttons import IconButton
from gui.widgets.dock_title import DockTitle
from gui.widgets.empty_state import EmptyState
from gui.widgets.kept import keep
from gui.widgets.labels import ThemedLabel


class LayerTable(QWidget):
    """Shows every layer of a net; says what was selected, pointed at or asked for."""

    layer_selected = pyqtSignal(str)
    layers_selected = pyqtSignal(tuple)
    layer_hovered = pyqtSignal(str)
    rename_requested = pyqtSignal(tuple)
    plan_requested = pyqtSignal()
    open_requested = pyqtSignal()
    csv_requested = pyqtSignal()
    layer_opened = pyqtSignal(str)
    fold_requested = pyqtSignal()
    width_requested = pyqtSignal(int)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._net: Net | None = None
        self._shapes: NetShapes | None = None
        self._binding: Binding | None = None
        self._own: frozenset[tuple[str, str]] = frozenset()
        self._selection = ""
        self._is_quiet = False
        self._widths: dict[Column, int] = {}
        self._least: dict[Column, w.Least] = {}
        self.put_away = frozenset({Column.SHARE})
        self._several: tuple[str, ...] = ()
        self.title = DockTitle(keeper, "list", "Layers")
        self.fold_button = IconButton(keeper, "left", "Fold the list of layers (Ctrl+B)")
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter: name, type, blob, shape, inplace:yes")
        self.filter.setClearButtonEnabled(True)
        self.filter.setAccessibleName("Filter layers")
        self._glass = self.filter.addAction(
            icon("search", keeper.theme.secondary), QLineEdit.LeadingPosition
        )
        self.in_place_only = IconButton(keeper, "link", "Show only layers that share a blob")
        self.hidden_only = IconButton(
            keeper, "eye-off", "Show only hidden versions: what a later layer overwrites"
        )
        for button in (self.in_place_only, self.hidden_only):
            button.setCheckable(True)
            button.setFixedSize(28, 26)
        keep("layers", filter=self.filter, in_place=self.in_place_only, hidden=self.hidden_only)
        self.problem = ThemedLabel("", "error_text", pixels=11)
        self.problem.hide()
        self.model = LayerModel(self)
        self.delegate = LayerDelegate(keeper, self.model, self)
        self.view = LayerView(keeper)
        self.view.setModel(self.model)
        self.view.setItemDelegate(self.delegate)
        self.totals = LayerTotals(keeper, self.view)
        self.empty = EmptyState(keeper, "list", "Open a prototxt to list its layers.", "Open model")
        sentence = "No layer matches this filter."
        self.no_match = EmptyState(keeper, "search", sentence, "Clear filter", button_icon="cross")
        self._arrange()
        self._connect()
        self._tint()
        self.show_net(None, None)

    def show_net(
        self,
        net: Net | None,
        shapes: NetShapes | None,
        binding: Binding | None = None,
        own_blobs: Collection[tuple[str, str]] | None = None,
    ) -> None:
        """List the layers of a net, None for none.

        binding: how its weights file fits. own_blobs: (layer, top) pairs that a rename gave
        blobs of their own; None: as before.
        """
        if own_blobs is not None:
            self._own = frozenset(own_blobs)
        is_new = net is None or self._net is None or len(net.layers) != len(self._net.layers)
        self._net, self._shapes, self._binding = net, shapes, binding
        self._update_rows()
        self._show_page()
        self._show_counts()
        if is_new and net is not None:
            self._fit_columns()
            self.view.scrollToTop()

    @property
    def selected_layers(self) -> tuple[str, ...]:
        """The layers of every selected row, from the top."""
        rows = (self.model.row_at(index) for index in self.view.selectionModel().selectedRows())
        places = {row.record.name: self.model.place_of(row.record.name) for row in rows if row}
        return tuple(sorted(places, key=lambda name: places[name] or 0))

    def show_numbers(self, numbers: LayerNumbers | None) -> None:
        """A column of numbers, the rows by it; None for none."""
        self.model.set_numbers(numbers)
        self._order(None if numbers is None else Column.NUMBER, is_descending=True)

    def show_selection(self, name: str) -> None:
        """Select a layer and scroll to it; "" for none."""
        self._selection = name
        self._select_row(name)

    def highlight(self, name: str) -> None:
        """Tint the row of the layer that the mouse is on elsewhere."""
        if name != self.delegate.hovered_layer:
            before, self.delegate.hovered_layer = self.delegate.hovered_layer, name
            self.view.repaint_rows(map(self.model.place_of, (before, name)))

    def _arrange(self) -> None:
        self.title.add_button(self.fold_button)
        tools = QHBoxLayout()
        tools.setContentsMargins(8, 6, 8, 6)
        tools.setSpacing(6)
        tools.addWidget(self.filter, 1)
        tools.addWidget(self.in_place_only)
        tools.addWidget(self.hidden_only)
        self._page = QWidget()
        column = QVBoxLayout(self._page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(tools)
        column.addWidget(self.problem)
        self.problem.setContentsMargins(10, 0, 8, 6)
        self._rows = QStackedWidget()
        self._rows.addWidget(self.view)
        self._rows.addWidget(self.no_match)
        column.addWidget(self._rows, 1)
        column.addWidget(self.totals)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._page)
        self._stack.addWidget(self.empty)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.title)
        outer.addWidget(self._stack, 1)

    def _connect(self) -> None:
        self.filter.textChanged.connect(self._apply_filter)
        self.in_place_only.toggled.connect(self._apply_filter)
        self.hidden_only.toggled.connect(self._apply_filter)
        self.view.selectionModel().currentRowChanged.connect(self._on_current)
        self.view.layer_pointed.connect(self._on_pointed)
        self.view.selectionModel().selectionChanged.connect(lambda *_: self._tell_several())
        self.view.rename_pressed.connect(self._request_rename)
        self.view.resized.connect(self.show_columns)
        self.view.open_pressed.connect(self._open_selected)
        self.view.doubleClicked.connect(lambda _index: self._open_selected())
        self.view.customContextMenuRequested.connect(self._open_menu)
        self.view.horizontalHeader().sectionClicked.connect(self._on_header)
        self.view.header.more_clicked.connect(self._open_columns)
        self.view.header.setContextMenuPolicy(Qt.CustomContextMenu)
        self.view.header.customContextMenuRequested.connect(
            lambda place: self._open_columns(self.view.header.mapToGlobal(place))
        )
        self.fold_button.clicked.connect(lambda: self.fold_requested.emit())
        self.empty.clicked.connect(self.open_requested)
        self.no_match.clicked.connect(self._clear_filter)
        self._keeper.changed.connect(self._tint)

    def _tint(self) -> None:
        theme = self._keeper.theme
        self._glass.setIcon(icon("search", theme.secondary))
        self.view.viewport().update()

    def _update_rows(self) -> None:
        if self._net is None or self._shapes is None:
            self.model.set_rows(())
            return
        unbound = self._binding.unbound if self._binding is not None else ()
        rows = layer_rows(self._net, self._shapes, unbound=unbound, own_blobs=self._own)
        self._is_quiet = True
        self.model.set_rows(rows)
        self._is_quiet = False
        self._select_row(self._selection)

    def _show_page(self) -> None:
        self._stack.setCurrentWidget(self.empty if self._net is None else self._page)
        has_rows = bool(self.model.shown) or not self.model.rows
        self._rows.setCurrentWidget(self.view if has_rows else self.no_match)

    def _apply_filter(self) -> None:
        query = parse_query(self.filter.text())
        self.problem.setText(query.problem)
        self.problem.setVisible(bool(query.problem))
        self._is_quiet = True
        kept = parse_query("") if query.problem else query
        self.model.set_filter(kept, self.in_place_only.isChecked(), self.hidden_only.isChecked())
        self._is_quiet = False
        self._show_page()
        self._show_counts()
        self._select_row(self._selection)

    def _show_counts(self) -> None:
        """The number of layers in the title, their sums below."""
        model = self.model
        n_shown, n_all = len(model.shown), len(model.rows)
        words = count_text(n_all) if n_shown == n_all else f"{n_shown:,} of {n_all:,}"
        self.title.set_count(words if n_all else "")
        self.totals.show_totals(
            total_costs(row.costs for row in model.shown), model.totals, n_shown, n_all
        )

    def _clear_filter(self) -> None:
        self.in_place_only.setChecked(False)
        self.hidden_only.setChecked(False)
        self.filter.clear()

    def _select_row(self, name: str) -> None:
        place = self.model.place_of(name) if name else None
        self._show_chosen_chain(name)
        self._is_quiet = True
        if place is None:
            self.view.clearSelection()
            self.view.setCurrentIndex(QModelIndex())
        else:
            index = self.model.index(place, COLUMNS.index(Column.NAME))
            if self.view.currentIndex().row() != place:  # else other selected rows would be lost
                self.view.setCurrentIndex(index)
            self.view.scrollTo(index, QAbstractItemView.EnsureVisible)
        self._is_quiet = False
        self._tell_several()

    def _show_chosen_chain(self, name: str) -> None:
        """The selected layer's chain stands out among the others."""
        before, chosen = self.delegate.chosen_chains, self.model.chains_of(name)
        self.delegate.chosen_chains = chosen
        self.view.repaint_rows(self.model.places_in(before ^ chosen))

    def _tell_several(self) -> None:
        """Tell which layers are selected together, () for one or none."""
        names = () if self._is_quiet else self.selected_layers
        several = names if len(names) > 1 else ()
        if not self._is_quiet and several != self._several:
            self._several = several
            self.layers_selected.emit(several)

    def _on_current(self, index: QModelIndex) -> None:
        row = self.model.row_at(index)
        if self._is_quiet or row is None:
            return
        self._selection = row.record.name
        self.layer_selected.emit(row.record.name)

    def _on_pointed(self, name: str) -> None:
        self.highlight(name)
        self.layer_hovered.emit(name)

    def _on_header(self, section: int) -> None:
        """Up, down, and back to the order of the file."""
        column = COLUMNS[section]
        numbers = column in RIGHT_COLUMNS
        header = self.view.horizontalHeader()
        orders = [Qt.DescendingOrder, Qt.AscendingOrder] if numbers else [
            Qt.AscendingOrder, Qt.DescendingOrder]  # fmt: skip
        if self.model.sorted_by is not column:
            order = orders[0]
        elif header.sortIndicatorOrder() == orders[0]:
            order = orders[1]
        else:
            header.setSortIndicatorShown(False)
            self._order(None)
            return
        header.setSortIndicatorShown(True)
        header.setSortIndicator(section, order)
        self._order(column, is_descending=order == Qt.DescendingOrder)

    def _order(self, column: Column | None, *, is_descending: bool = False) -> None:
        self._is_quiet = True
        self.model.set_order(column, is_descending=is_descending)
        self._is_quiet = False
        self._select_row(self._selection)
        self._fit_columns()

    def _fit_columns(self) -> None:
        """As wide as their words; names give way as far as the numbers need it."""
        model = self.model
        self._widths = w.column_widths(model.rows, self.totals.words, model.sorted_by)
        self._least = w.least_widths(model.rows)
        self.show_columns()

    def show_columns(self) -> None:
        """The columns that have room; the button says how many have none."""
        if not self._widths:
            return
        room = self.view.viewport().width()
        shown = w.fitted(self._widths, self._least, room, self._unwanted)
        for place, column in enumerate(COLUMNS):
            self.view.setColumnHidden(place, column not in shown)
            if column in shown:
                self.view.setColumnWidth(place, shown[column])
        self.view.header.show_left_out(len(self.left_out))
        self.totals.update()

    @property
    def left_out(self) -> tuple[Column, ...]:
        """The columns that have no room."""
        return self.view.columns_left_out(self._unwanted)

    @property
    def _unwanted(self) -> frozenset[Column]:
        return self.put_away if self.model.has_numbers else self.put_away | {Column.NUMBER}

    def _open_selected(self) -> None:
        if self._selection:
            self.layer_opened.emit(self._selection)

    def _request_rename(self) -> None:
        """Of the selected layers, those that share a blob."""
        rows = {row.record.name: row for row in self.model.rows}
        names = [name for name in self.selected_layers if rows[name].is_shared]
        if names:
            self.rename_requested.emit(tuple(names))

    def _open_menu(self, place: QPoint) -> None:
        row = self.model.row_at(self.view.indexAt(place))
        if row is not None:
            menu = self.menu_of(row)
            menu.exec(self.view.viewport().mapToGlobal(place))
            menu.deleteLater()

    def menu_of(self, row: LayerRow) -> QMenu:
        """What a right click on a layer offers, for all that are selected with it."""
        menu = QMenu(self)
        chosen = self.selected_layers
        names = chosen if row.record.name in chosen else (row.record.name,)
        rows = [r for r in self.model.rows if r.record.name in names]
        if self._net is not None:
            rename, plan = self.rename_requested.emit, self.plan_requested.emit
            add_renames(menu, rows, rename, plan)
            add_copies(menu, self._net, rows)
        menu.addSeparator()
        menu.addAction("Save the table as CSV…", lambda: self.csv_requested.emit())
        return menu

    def as_csv(self) -> bytes:
        """The rows that are shown, in their order, with totals."""
        return layers_as_csv([(row.record, row.costs) for row in self.model.shown])

    def _open_columns(self, place: QPoint) -> None:
        menu = self.columns_menu()
        menu.exec(place)
        menu.deleteLater()

    def columns_menu(self) -> QMenu:
        """The columns without room, each of which widens the list; and which ones to have."""
        menu = QMenu(self)
        add_columns(menu, self.left_out, self.put_away, self._widen_to, self._choose_column)
        menu.addSeparator()
        menu.addAction("Save the table as CSV…", lambda: self.csv_requested.emit())
        return menu

    def _widen_to(self, column: Column) -> None:
        """Ask for the width at which a column that was left out has room."""
        still_out = w.LEAVING[: w.LEAVING.index(column)]
        wanted = [c for c in COLUMNS if c not in still_out and c not in self._unwanted]
        edges = self.width() - self.view.viewport().width()
        self.width_requested.emit(w.room_to_show(self._widths, wanted) + edges)

    def _choose_column(self, column: Column, is_on: bool) -> None:
        self.put_away = self.put_away - {column} if is_on else self.put_away | {column}
        self.show_columns()
