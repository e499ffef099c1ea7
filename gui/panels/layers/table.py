"""The table of all layers: chains bracketed, sortable, with a filter and a legend."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from PyQt5.QtCore import QModelIndex, QPoint, QSize, Qt, pyqtSignal
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core.layers.cost_table import layers_as_csv, total_costs
from core.layers.shapes import NetShapes
from core.net.definition import Net
from core.net.find import parse_query
from core.net.pycaffe_words import pycaffe_expression
from core.weights.binding import Binding
from core.words import count_text, plural
from gui.icons import icon
from gui.panels.layers.delegate import LayerDelegate
from gui.panels.layers.footer import LayerFooter
from gui.panels.layers.model import LayerModel
from gui.panels.layers.rows import COLUMNS, Column, LayerRow, layer_rows
from gui.panels.layers.totals import LayerTotals
from gui.panels.layers.view import LayerView
from gui.panels.layers.widths import column_widths, fitted
from gui.theme import ThemeKeeper
from gui.widgets.buttons import IconButton
from gui.widgets.dock_title import DockTitle
from gui.widgets.empty_state import EmptyState
from gui.widgets.labels import ThemedLabel
from gui.widgets.plain_text import plain_caption, plain_tip

_OPTIONAL = (Column.TYPE, Column.SHAPE, Column.PARAMS, Column.MACS, Column.MEMORY)


class LayerTable(QWidget):
    """Shows every layer of a net; says what was selected, pointed at or asked for."""

    layer_selected = pyqtSignal(str)
    layer_hovered = pyqtSignal(str)
    rename_requested = pyqtSignal(str)
    plan_requested = pyqtSignal()
    open_requested = pyqtSignal()
    csv_requested = pyqtSignal()
    layer_opened = pyqtSignal(str)

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
        self._put_away: frozenset[Column] = frozenset()
        self.title = DockTitle(keeper, "list", "Layers")
        self.columns_button = IconButton(keeper, "sliders", "Choose columns")
        self.columns_button.setToolButtonStyle(Qt.ToolButtonTextBesideIcon)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter: name, type, blob, shape, inplace:yes")
        self.filter.setClearButtonEnabled(True)
        self.filter.setAccessibleName("Filter layers")
        self._glass = self.filter.addAction(
            icon("search", keeper.theme.secondary), QLineEdit.LeadingPosition
        )
        self.in_place_only = QPushButton("In-place only")
        self.in_place_only.setCheckable(True)
        self.in_place_only.setIconSize(QSize(14, 14))
        self.in_place_only.setToolTip("Show only layers that share a blob")
        self.hidden_only = IconButton(
            keeper, "eye-off", "Show only hidden versions: what a later layer overwrites"
        )
        self.hidden_only.setCheckable(True)
        self.hidden_only.setFixedSize(28, 26)
        self.problem = ThemedLabel(keeper, "", "error_text", pixels=11)
        self.problem.hide()
        self.model = LayerModel(self)
        self.delegate = LayerDelegate(keeper, self)
        self.view = LayerView()
        self.view.setModel(self.model)
        self.view.setItemDelegate(self.delegate)
        self.totals = LayerTotals(keeper, self.view)
        self.footer = LayerFooter(keeper)
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

    def show_own_blobs(self, own_blobs: Collection[tuple[str, str]]) -> None:
        """Mark the (layer, top) pairs that a rename gave blobs of their own."""
        self._own = frozenset(own_blobs)
        self._update_rows()

    def show_selection(self, name: str) -> None:
        """Select a layer and scroll to it; "" for none."""
        self._selection = name
        self._select_row(name)

    def highlight(self, name: str) -> None:
        """Tint the row of the layer that the mouse is on elsewhere."""
        if name != self.delegate.hovered_layer:
            self.delegate.hovered_layer = name
            self.view.viewport().update()

    def _arrange(self) -> None:
        self.title.add_button(self.columns_button)
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
        column.addWidget(self.footer)
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
        self.view.rename_pressed.connect(lambda: self._request_rename(self._selection))
        self.view.resized.connect(self._show_columns)
        self.view.open_pressed.connect(self._open_selected)
        self.view.doubleClicked.connect(lambda _index: self._open_selected())
        self.view.customContextMenuRequested.connect(self._open_menu)
        self.view.horizontalHeader().sectionClicked.connect(self._on_header)
        self.columns_button.clicked.connect(self._open_columns)
        self.empty.clicked.connect(self.open_requested)
        self.no_match.clicked.connect(self._clear_filter)
        self._keeper.changed.connect(self._tint)

    def _tint(self) -> None:
        theme = self._keeper.theme
        self._glass.setIcon(icon("search", theme.secondary))
        self.in_place_only.setIcon(icon("link", theme.mark_text))
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
        numbers = column in (Column.PARAMS, Column.MACS, Column.MEMORY, Column.SHAPE)
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

    def _fit_columns(self) -> None:
        """As wide as their words; names give way as far as the numbers need it."""
        self._widths = column_widths(self.model.rows, self.totals.words)
        self._show_columns()

    def _show_columns(self) -> None:
        """The columns that have room; the button says how many have none."""
        if not self._widths:
            return
        shown = fitted(self._widths, self.view.viewport().width(), self._put_away)
        for place, column in enumerate(COLUMNS):
            self.view.setColumnHidden(place, column not in shown)
            if column in shown:
                self.view.setColumnWidth(place, shown[column])
        n_left_out = len(COLUMNS) - len(shown) - len(self._put_away)
        self.columns_button.setText(f"+ {n_left_out}" if n_left_out else "")
        self.columns_button.setToolTip(
            plain_tip(f"{plural(n_left_out, 'column')} more in a wider list")
            if n_left_out
            else "Choose columns"
        )
        self.totals.update()

    def _open_selected(self) -> None:
        if self._selection:
            self.layer_opened.emit(self._selection)

    def _request_rename(self, name: str) -> None:
        row = next((row for row in self.model.rows if row.record.name == name), None)
        if row is not None and row.is_shared:
            self.rename_requested.emit(name)

    def _open_menu(self, place: QPoint) -> None:
        row = self.model.row_at(self.view.indexAt(place))
        if row is not None:
            menu = self.menu_of(row)
            menu.exec(self.view.viewport().mapToGlobal(place))
            menu.deleteLater()

    def menu_of(self, row: LayerRow) -> QMenu:
        """What a right click on a layer offers."""
        menu = QMenu(self)
        name = row.record.name
        if row.is_shared:
            wish = f"Give {plain_caption(name)} a blob of its own\tF2"
            menu.addAction(wish, lambda: self._request_rename(name))
        n = len(self.selected_layers)
        plan = f"Rename blobs of {f'the {n} selected layers' if n > 1 else 'this layer'}…"
        menu.addAction(f"{plain_caption(plan)}\tCtrl+Shift+R", self.plan_requested.emit)
        menu.addSeparator()
        net = self._net
        written = net.written(net.layers[row.index]) if net else ()
        offers = {
            "Copy layer name": name,
            "Copy blob@version": "\n".join(row.record.versions),
            "Copy as pycaffe": "\n".join(pycaffe_expression(net, v) for v in written if net),
        }
        for words, text in offers.items():
            menu.addAction(words, partial(QApplication.clipboard().setText, text))
        menu.addSeparator()
        menu.addAction("Save the table as CSV…", lambda: self.csv_requested.emit())
        return menu

    def as_csv(self) -> bytes:
        """The rows that are shown, in their order, with totals."""
        return layers_as_csv([(row.record, row.costs) for row in self.model.shown])

    def _open_columns(self) -> None:
        menu = QMenu(self)
        for column in _OPTIONAL:
            action = menu.addAction(column.value)
            action.setCheckable(True)
            action.setChecked(column not in self._put_away)
            action.toggled.connect(lambda on, c=column: self._choose_column(c, on))
        menu.addSeparator()
        menu.addAction("Save the table as CSV…", lambda: self.csv_requested.emit())
        button = self.columns_button
        menu.exec(button.mapToGlobal(QPoint(0, button.height())))
        menu.deleteLater()

    def _choose_column(self, column: Column, is_on: bool) -> None:
        self._put_away = self._put_away - {column} if is_on else self._put_away | {column}
        self._show_columns()
