"""The list of layers that opens under a field: searched as the graph is, in the net's order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt5.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPoint,
    QRect,
    QSize,
    Qt,
    pyqtSignal,
    pyqtSlot,
)
from PyQt5.QtGui import QFontMetrics, QKeyEvent, QPainter
from PyQt5.QtWidgets import (
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from core.net.find import FindRecord, parse_query
from gui.theme import ThemeKeeper, text_font
from gui.widgets.labels import ThemedLabel

WIDTH, ROW_HEIGHT, MOST_ROWS = 360, 24, 14
_RECORD = Qt.UserRole
_STEPS: dict[int, int] = {
    Qt.Key_Down: 1, Qt.Key_Up: -1, Qt.Key_PageDown: 10, Qt.Key_PageUp: -10,
}  # fmt: skip


@dataclass(frozen=True)
class PickedLayer:
    """One row: how it is found, how its value is spelled, and whether a later layer hides it."""

    record: FindRecord
    name: str
    blob: str
    shape: str
    is_hidden: bool


class _RowDelegate(QStyledItemDelegate):
    """Family square, layer, blob version, shape."""

    def __init__(self, keeper: ThemeKeeper, parent: QObject) -> None:
        super().__init__(parent)
        self._keeper = keeper

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(WIDTH, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        row = index.data(_RECORD)
        if not isinstance(row, PickedLayer):
            return
        theme, box = self._keeper.theme, option.rect
        if option.state & QStyle.State_Selected:
            painter.fillRect(box, theme.selected_row)
        square = QRect(box.x() + 10, box.center().y() - 4, 10, 10)
        painter.fillRect(square, theme.family(row.record.family))
        left, right = box.x() + 28, box.right() - 10
        painter.setFont(text_font(11))
        painter.setPen(theme.secondary)
        painter.drawText(QRect(left, box.y(), right - left, box.height()),
                         int(Qt.AlignRight | Qt.AlignVCenter), row.shape)  # fmt: skip
        right -= QFontMetrics(painter.font()).horizontalAdvance(row.shape) + 10
        bold, plain = text_font(12, semibold=True), text_font(12)
        rest = f"  · {row.blob}" if row.blob else ""
        room = right - left - min(QFontMetrics(plain).horizontalAdvance(rest), 120)
        name = QFontMetrics(bold).elidedText(row.name, Qt.ElideMiddle, room)
        painter.setFont(bold)
        painter.setPen(theme.text)
        place = QRect(left, box.y(), right - left, box.height())
        painter.drawText(place, int(Qt.AlignVCenter), name)
        place.adjust(QFontMetrics(bold).horizontalAdvance(name), 0, 0, 0)
        painter.setFont(plain)
        painter.setPen(theme.placeholder if row.is_hidden else theme.secondary)
        shown = QFontMetrics(plain).elidedText(rest, Qt.ElideRight, place.width())
        painter.drawText(place, int(Qt.AlignVCenter), shown)


class LayerPicker(QFrame):
    """A popup; Enter or a click takes the row, Esc leaves all as it was."""

    layer_chosen = pyqtSignal(str)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.Popup)
        self._keeper = keeper
        self._rows: tuple[PickedLayer, ...] = ()
        self.setObjectName("layerPicker")
        self.setFixedWidth(WIDTH)
        self.field = QLineEdit()
        self.field.setPlaceholderText("Find: name, type:ReLU, blob:fc7, shape:512")
        self.field.setAccessibleName("Find a layer")
        self.count = ThemedLabel(keeper, "", "secondary", pixels=11)
        self.list = QListWidget()
        self.list.setAccessibleName("Layers")
        self.list.setItemDelegate(_RowDelegate(keeper, self.list))
        self.list.setUniformItemSizes(True)
        self.list.setFrameShape(QFrame.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 6)
        column.setSpacing(6)
        column.addWidget(self.field)
        column.addWidget(self.list)
        column.addWidget(self.count)
        self.field.installEventFilter(self)
        self.field.textChanged.connect(self._filter)
        self.list.itemClicked.connect(lambda _item: self._take())
        self.list.itemActivated.connect(lambda _item: self._take())
        keeper.changed.connect(self._tint)
        self._tint()

    @property
    def shown(self) -> tuple[str, ...]:
        """The layers listed now."""
        items = (self.list.item(row) for row in range(self.list.count()))
        return tuple(item.data(_RECORD).name for item in items if item is not None)

    def open_at(self, place: QPoint, rows: Sequence[PickedLayer], current: str) -> None:
        """Open below a field with all layers, on the current one."""
        self._rows = tuple(rows)
        self.field.clear()
        self._filter("")
        names = [row.name for row in self._rows]
        if current in names:
            self.list.setCurrentRow(names.index(current))
            self.list.scrollToItem(self.list.currentItem(), QListWidget.PositionAtCenter)
        self.list.setFixedHeight(min(MOST_ROWS, max(3, len(self._rows))) * ROW_HEIGHT + 2)
        self.adjustSize()
        self.move(place)
        self.show()
        self.field.setFocus(Qt.PopupFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows and Enter of the field work in the list."""
        if watched is self.field and isinstance(event, QKeyEvent) and _is_press(event):
            if event.key() in _STEPS:
                row = self.list.currentRow() + _STEPS[event.key()]
                self.list.setCurrentRow(max(0, min(self.list.count() - 1, row)))
                return True
            if event.key() in (Qt.Key_Return, Qt.Key_Enter):
                self._take()
                return True
        return super().eventFilter(watched, event)

    def _filter(self, text: str) -> None:
        query = parse_query(text)
        hits = [row for row in self._rows if query.matches(row.record)]
        self.list.clear()
        for row in hits:
            item = QListWidgetItem(row.name)
            item.setData(_RECORD, row)
            item.setData(Qt.AccessibleTextRole, f"{row.name} {row.blob} {row.shape}")
            self.list.addItem(item)
        if hits:
            self.list.setCurrentRow(0)
        self.count.setText(query.problem or f"{len(hits):,} of {len(self._rows):,} layers")

    def _take(self) -> None:
        item = self.list.currentItem()
        self.hide()
        if item is not None:
            self.layer_chosen.emit(item.data(_RECORD).name)

    @pyqtSlot()
    def _tint(self) -> None:
        theme = self._keeper.theme
        self.setStyleSheet(
            f"#layerPicker {{ background: {theme.panel.name()};"
            f" border: 1px solid {theme.border.name()}; }}"
        )


def _is_press(event: QKeyEvent) -> bool:
    return bool(event.type() == QEvent.KeyPress)
