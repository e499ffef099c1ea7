"""What differs in the selected pair of layers, in words."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QAbstractTableModel, QModelIndex, QObject, QRectF, Qt
from PyQt5.QtGui import QPainter
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from core.comparison.differences import Difference, Effect, NetSide, one_sided
from core.comparison.rows import Comparison, ComparisonRow
from core.words import join_names, plural
from gui.theme import ThemeKeeper, text_font
from gui.widgets.alignment import LEFT
from gui.widgets.elided import elided
from gui.widgets.labels import ThemedLabel
from gui.widgets.plain_text import plain_tip

_ROW = 22
_MEANINGS: dict[Effect, str] = {
    "result": "changes what the layer computes",
    "names": "only a name",
    "training": "matters to training only",
    "spelling": "means the same",
    "follows": "a consequence",
}
_KINDS = {
    "Layer name": "name",
    "Type": "type",
    "Wiring": "connection",
    "Blob name": "blob name",
    "Parameter": "parameter",
}
_ONLY_ONE = ("Layer name", "Type")
EFFECT_ROLE = int(Qt.UserRole)
_BEFORE, _AFTER = 2, 3
_LEAST_MEANING = 110


class DifferenceModel(QAbstractTableModel):
    """The differences of one pair of layers."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._differences: tuple[Difference, ...] = ()
        self._names = ("A", "B")
        self._meaning = ""

    @property
    def differences(self) -> tuple[Difference, ...]:
        """The rows shown."""
        return self._differences

    def show_differences(
        self, found: Sequence[Difference], names: tuple[str, str], meaning: str = ""
    ) -> None:
        """Show other rows; names: of the two files; meaning: of all, in place of their own."""
        self.beginResetModel()
        self._differences, self._meaning = tuple(found), meaning
        self._names = names
        self.endResetModel()

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 (Qt's own default)
        return 0 if parent.isValid() else len(self._differences)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 (Qt's own default)
        return 0 if parent.isValid() else 5

    def data(self, index: QModelIndex, role: int = Qt.DisplayRole) -> object:
        found = self._differences[index.row()]
        if role in (Qt.DisplayRole, Qt.ToolTipRole):
            meaning = self._meaning or _MEANINGS[found.effect]
            cells = (found.kind, found.name, found.before, found.after, meaning)
            words = cells[index.column()]
            return plain_tip(words) if role == Qt.ToolTipRole else words
        if role == EFFECT_ROLE:
            return found.effect
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.DisplayRole
    ) -> object:
        if orientation != Qt.Horizontal:
            return None
        if role == Qt.DisplayRole:
            return ("Kind", "What", *self._names, "Meaning")[section]
        if role == Qt.TextAlignmentRole:
            return LEFT
        return None


class _Delegate(QStyledItemDelegate):
    """Values in the colours of - and +, grey where nothing but a name or the training differs."""

    def __init__(self, keeper: ThemeKeeper, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._plain, self._bold = text_font(12), text_font(12, semibold=True)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        theme = self._keeper.theme
        column, effect = index.column(), index.data(EFFECT_ROLE)
        painter.save()
        painter.fillRect(option.rect, theme.alternate_row if index.row() % 2 else theme.panel)
        is_strong = effect == "result" and column in (_BEFORE, _AFTER)
        colour = theme.text if column in (1, _BEFORE, _AFTER) else theme.secondary
        if is_strong:
            colour = theme.error_text if column == _BEFORE else theme.ok_text
        painter.setPen(colour)
        painter.setFont(self._bold if is_strong else self._plain)
        box = QRectF(option.rect).adjusted(8, 0, -6, 0)
        beside = [str(index.siblingAtColumn(c).data()) for c in (_BEFORE, _AFTER) if c != column]
        text = elided(str(index.data()), int(box.width()), painter.fontMetrics(), beside)
        painter.drawText(box, LEFT, text)
        painter.restore()


class ComparisonDetails(QWidget):
    """The differences of the selected pair, one a row, with what each means."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names = ("A", "B")
        self._sides: tuple[NetSide | None, NetSide | None] = (None, None)
        self.heading = ThemedLabel("", semibold=True)
        self.heading.setContentsMargins(12, 6, 8, 4)
        self.heading.setWordWrap(True)
        self.heading.setTextInteractionFlags(Qt.TextSelectableByMouse)
        self.model = DifferenceModel(self)
        self.table = self._make_table(keeper)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.heading)
        column.addWidget(self.table, 1)

    def show_comparison(self, comparison: Comparison) -> None:
        """Take the nets of two files."""
        self._sides = (comparison.first.side, comparison.second.side)

    def show_row(self, row: ComparisonRow | None) -> None:
        """Say what differs in a pair of layers."""
        self.heading.setText(details_sentence(row))
        self.model.show_differences(*self._rows_of(row))
        self._fit_columns()

    def _rows_of(
        self, row: ComparisonRow | None
    ) -> tuple[Sequence[Difference], tuple[str, str], str]:
        """What differs; of a layer that only one net has, all that the file says of it."""
        if row is None:
            return (), self._names, ""
        for layer, side, which in zip(
            (row.pair.before, row.pair.after), self._sides, ("A", "B"), strict=True
        ):
            if (row.before is None or row.after is None) and layer is not None and side is not None:
                facts = one_sided(layer, side, is_first=which == "A")
                return facts, self._names, f"only in {which}"
        return row.differences, self._names, ""

    def _make_table(self, keeper: ThemeKeeper) -> QTableView:
        table = QTableView()
        table.setModel(self.model)
        table.setItemDelegate(_Delegate(keeper, table))
        table.setSelectionMode(QAbstractItemView.NoSelection)
        table.setFocusPolicy(Qt.TabFocus)
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.setVerticalScrollMode(QAbstractItemView.ScrollPerPixel)
        table.setAccessibleName("Differences of the layer")
        table.verticalHeader().hide()
        table.verticalHeader().setSectionResizeMode(QHeaderView.Fixed)
        table.verticalHeader().setDefaultSectionSize(_ROW)
        header = table.horizontalHeader()
        header.setFixedHeight(24)
        header.setFont(text_font(11, semibold=True))
        header.setHighlightSections(False)
        header.setSectionsClickable(False)
        header.setStretchLastSection(True)
        table.setColumnHidden(0, True)  # what differs says its kind, and the tooltip too
        keeper.changed.connect(table.viewport().update)
        return table

    def _fit_columns(self) -> None:
        """As wide as what stands in them; where that has no room, each a share of it."""
        room, columns = self.table.viewport().width(), (1, _BEFORE, _AFTER)
        wanted = [max(70, self.table.sizeHintForColumn(column) + 20) for column in columns]
        if sum(wanted) + _LEAST_MEANING > room:
            wanted = [max(70, round(room * share)) for share in (0.24, 0.22, 0.22)]
        for column, width in zip(columns, wanted, strict=True):
            self.table.setColumnWidth(column, width)

    def resizeEvent(self, event: object) -> None:
        self._fit_columns()


def details_sentence(row: ComparisonRow | None) -> str:
    """What differs in a pair of layers, in a line."""
    if row is None:
        return "No layer is selected."
    if row.after is None or row.before is None:
        record = row.before or row.after
        where = "A" if row.after is None else "B"
        type_ = f", {record.type}," if record else ""
        return f"{row.name}{type_} is only in {where}."
    written = [d for d in row.differences if d.effect != "follows"]
    if written:
        renamed = f" (B: {row.after.name})" if row.after.name != row.name else ""
        return f"{row.name}{renamed}: {_kinds_words(written)}"
    if not row.differences:
        return f"{row.name} is the same in both."
    return f"{row.name} reads the same in both files; what differs follows from other layers."


def _kinds_words(written: Sequence[Difference]) -> str:
    """ "2 parameters and the wiring differ."."""
    parts = [
        f"the {words}" if kind in _ONLY_ONE else plural(count, words)
        for kind, words in _KINDS.items()
        if (count := sum(d.kind == kind for d in written))
    ]
    return f"{join_names(parts)} {'differs' if len(written) == 1 else 'differ'}."
