"""The statistics table beside the histogram: B stands out where it differs from A."""

from __future__ import annotations

from PyQt5.QtCore import QAbstractTableModel, QModelIndex, QObject, QSize, Qt, pyqtSlot
from PyQt5.QtGui import QFontMetrics
from PyQt5.QtWidgets import QHeaderView, QWidget

from core.activations.statistics import Statistics
from core.words import count_text, share_text, value_text
from gui.panels.histogram.colours import swatch
from gui.panels.histogram.view import HistogramView
from gui.theme import ThemeKeeper, text_font
from gui.widgets.alignment import LEFT, RIGHT
from gui.widgets.copy_table import CopyTable
from gui.widgets.plain_text import plain_tip

ROW_HEIGHT, NAME_WIDTH, PADDING = 15, 70, 12
NAMES = (
    *("values", "min", "max", "mean", "std", "median", "p1", "p99"),
    *("zeros", "sparsity", "negative", "NaN, Inf", "L2 norm"),
)


def statistics_texts(one: Statistics) -> tuple[str, ...]:
    """The cells of one series, in the order of NAMES."""
    measures = (one.minimum, one.maximum, one.mean, one.std, one.median, one.p1, one.p99)
    return (
        count_text(one.n_values),
        *(value_text(measure) for measure in measures),
        count_text(one.n_zeros),
        share_text(one.n_zeros, one.n_values),
        count_text(one.n_negative),
        f"{count_text(one.n_nan)}, {count_text(one.n_inf)}",
        value_text(one.l2),
    )


class StatisticsModel(QAbstractTableModel):
    """A row a measure, a column a series."""

    def __init__(self, keeper: ThemeKeeper, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._titles: tuple[str, ...] = ("Statistic",)
        self._short: tuple[str, ...] = ("Statistic",)
        self._rows: tuple[tuple[str, ...], ...] = ()
        self._plain, self._bold = text_font(11), text_font(11, semibold=True)

    @property
    def titles(self) -> tuple[str, ...]:
        """The headings."""
        return self._titles

    @property
    def short_titles(self) -> tuple[str, ...]:
        """The headings as they are drawn."""
        return self._short

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """Name and cells of each row, as text."""
        return self._rows

    def show_view(self, view: HistogramView | None) -> None:
        """Take the statistics of every series in `view`."""
        self.beginResetModel()
        series = () if view is None else view.series
        self._titles = ("Statistic", *(f"{one.letter} {one.label}" for one in series))
        self._short = ("Statistic", *(f"{one.letter} {_version(one.label)}" for one in series))
        columns = [statistics_texts(one.statistics) for one in series]
        self._rows = tuple(zip(NAMES, *columns, strict=True)) if columns else ()
        self.endResetModel()

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 (Qt's own default)
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 (Qt's own default)
        return 0 if parent.isValid() else len(self._titles)

    def data(self, index: QModelIndex, role: int = Qt.DisplayRole) -> object:
        row, column = self._rows[index.row()], index.column()
        if role == Qt.DisplayRole:
            return row[column]
        if role == Qt.TextAlignmentRole:
            return int(LEFT if column == 0 else RIGHT)
        if role == Qt.ForegroundRole and column == 0:
            return self._keeper.theme.secondary
        if role == Qt.FontRole:
            return self._bold if column == 2 and row[2] != row[1] else self._plain
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.DisplayRole
    ) -> object:
        if orientation != Qt.Horizontal:
            return None
        if role == Qt.DisplayRole:
            return self._short[section]
        if role == Qt.AccessibleTextRole:
            return self._titles[section]
        if role == Qt.ToolTipRole:
            return plain_tip(self._titles[section])
        if role == Qt.TextAlignmentRole:
            return int(LEFT if section == 0 else RIGHT)
        if role == Qt.DecorationRole and section:
            return swatch("AB"[section - 1], self._keeper.theme, 1.0)
        return None


def _version(label: str) -> str:
    """ "@1" of "relu7 · fc7@1, cat.jpg"; the names stand above, where A and B are chosen."""
    label = label.partition(", ")[0]
    return f"@{label.rpartition('@')[2]}" if "@" in label else ""


class StatisticsTable(CopyTable):
    """The statistics of up to two series, as wide as its numbers need."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(ROW_HEIGHT, parent)
        self.statistics = StatisticsModel(keeper, self)
        self.setModel(self.statistics)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.Fixed)
        self.setAccessibleName("Statistics")
        keeper.changed.connect(self._dress)

    def show_view(self, view: HistogramView | None) -> None:
        """Show the statistics of every series in `view`."""
        self.statistics.show_view(view)
        self._fit_columns()
        self.updateGeometry()

    def rows(self) -> tuple[tuple[str, ...], ...]:
        """Name and cells of each row, as text."""
        return self.statistics.rows

    def sizeHint(self) -> QSize:
        columns = range(self.statistics.columnCount())
        width = sum(self.columnWidth(column) for column in columns)
        bar = self.verticalScrollBar().sizeHint().width()
        return QSize(max(150, width + bar), 24 + ROW_HEIGHT * len(NAMES) + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.sizeHint().width(), 60)

    def _fit_columns(self) -> None:
        metrics = QFontMetrics(text_font(11, semibold=True))
        self.setColumnWidth(0, NAME_WIDTH)
        for column in range(1, self.statistics.columnCount()):
            cells = [metrics.horizontalAdvance(row[column]) for row in self.statistics.rows]
            title = metrics.horizontalAdvance(self.statistics.short_titles[column]) + 24
            self.setColumnWidth(column, max(*cells, title) + PADDING)

    @pyqtSlot()
    def _dress(self) -> None:
        self.viewport().update()
        self.horizontalHeader().viewport().update()
