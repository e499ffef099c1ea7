"""A list of layers to choose from: searched as the graph is, in the net's order, chains marked."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PyQt5.QtCore import QEvent, QModelIndex, QObject, QRect, QRectF, QSize, Qt, pyqtSignal
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

from core.net.elision import elide_name
from core.net.find import parse_query
from gui.icons import paint_icon
from gui.theme import ThemeKeeper, text_font
from gui.widgets.labels import ThemedLabel
from gui.widgets.layer_rows import LayerRow, find_rows
from gui.widgets.plain_text import plain_tip

WIDTH, ROW_HEIGHT, MOST_ROWS = 372, 24, 14
_ROW, _LINKS, _NEAR = Qt.UserRole, Qt.UserRole + 1, Qt.UserRole + 2
_GUTTER, _SQUARE, _SIGN, _PADDING = 14, 10, 14, 10
_STEPS: dict[int, int] = {
    Qt.Key_Down: 1, Qt.Key_Up: -1, Qt.Key_PageDown: 10, Qt.Key_PageUp: -10,
}  # fmt: skip


class LayerList(QWidget):
    """A search field over the rows; `is_checkable` rows are ticked, else one is taken."""

    taken = pyqtSignal(str, str)
    """(layer, top) of the row that Enter or a click took; two empty texts for no value."""
    ticks_changed = pyqtSignal()

    def __init__(
        self, keeper: ThemeKeeper, *, is_checkable: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._rows: tuple[LayerRow, ...] = ()
        self._nothing = ""
        self._ticked: set[tuple[str, str]] = set()
        self._is_checkable = is_checkable
        self.field = QLineEdit()
        self.field.setPlaceholderText("Find: name, type:ReLU, blob:fc7, shape:512")
        self.field.setAccessibleName("Find a layer")
        self.list = QListWidget()
        self.list.setAccessibleName("Layers")
        self.list.setItemDelegate(LayerRowDelegate(keeper, self.list))
        self.list.setFrameShape(QFrame.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        self.count = ThemedLabel("", "secondary", pixels=11)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for widget in (self.field, self.list, self.count):
            column.addWidget(widget)
        self.setFocusProxy(self.field)
        self.field.installEventFilter(self)
        self.field.textChanged.connect(self._filter)
        self.list.itemClicked.connect(lambda _item: self._take())
        self.list.itemActivated.connect(lambda _item: self._take())

    @property
    def shown(self) -> tuple[str, ...]:
        """The values listed now, as they are spelled."""
        return tuple(row.words for row in self._shown_rows())

    @property
    def n_rows(self) -> int:
        """How many rows there are, listed now or not."""
        return len(self._rows)

    @property
    def ticked(self) -> tuple[tuple[str, str], ...]:
        """(layer, top) of each ticked row in the order of the net, listed now or not."""
        keys = ((row.layer, row.top) for row in self._rows)
        return tuple(key for key in keys if key in self._ticked)

    def show_rows(
        self,
        rows: Sequence[LayerRow],
        current: tuple[str, str] = ("", ""),
        *,
        nothing: str = "",
        ticked: Collection[tuple[str, str]] = (),
    ) -> None:
        """List all rows, on the current one; nothing: the words of a first row for no value."""
        self._rows, self._nothing, self._ticked = tuple(rows), nothing, set(ticked)
        self.field.clear()
        self._filter("")
        self._go_to(current)

    def fit_height(self) -> None:
        """As high as the rows need, to 14 of them."""
        n_rows = len(self._rows) + bool(self._nothing)
        self.list.setFixedHeight(min(MOST_ROWS, max(3, n_rows)) * ROW_HEIGHT + 2)

    def tick_shown(self, is_ticked: bool) -> None:
        """Tick every row that is listed now, or none of them."""
        keys = {(row.layer, row.top) for row in self._shown_rows()}
        self._ticked = self._ticked | keys if is_ticked else self._ticked - keys
        self._show_ticks()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows and Enter of the field work in the list."""
        if (
            watched is self.field
            and isinstance(event, QKeyEvent)
            and event.type() == QEvent.KeyPress
        ):
            key = event.key()
            if key in _STEPS:
                self._step(_STEPS[key])
                return True
            if key in (Qt.Key_Return, Qt.Key_Enter):
                self._take()
                return True
        return super().eventFilter(watched, event)

    def _shown_rows(self) -> list[LayerRow]:
        items = (self.list.item(place) for place in range(self.list.count()))
        data = (item.data(_ROW) for item in items if item is not None)
        return [row for row in data if isinstance(row, LayerRow)]

    def _filter(self, text: str) -> None:
        query = parse_query(text)
        found = find_rows(self._rows, query)
        self.list.clear()
        if self._nothing and not text:
            self._add_nothing()
        self._add_rows(found.by_name)
        if found.by_shape:
            self._add_heading(f"Also matching: shape, {text.strip()}")
            self._add_rows(found.by_shape)
        self._go_to(("", ""))
        n_found = len(found.by_name) + len(found.by_shape)
        self.count.setText(query.problem or f"{n_found:,} of {len(self._rows):,}")

    def _add_rows(self, rows: Sequence[LayerRow]) -> None:
        for item, row in zip(add_rows(self.list, rows), rows, strict=True):
            if self._is_checkable:
                is_ticked = (row.layer, row.top) in self._ticked
                item.setCheckState(Qt.Checked if is_ticked else Qt.Unchecked)

    def _add_nothing(self) -> None:
        item = QListWidgetItem(self._nothing)
        item.setData(Qt.AccessibleTextRole, self._nothing)
        self.list.addItem(item)

    def _add_heading(self, words: str) -> None:
        item = QListWidgetItem(words)
        item.setFlags(Qt.NoItemFlags)
        self.list.addItem(item)

    def _go_to(self, key: tuple[str, str]) -> None:
        """Put the cursor on a value, or on any value of its layer, else on the first row."""
        listed = [item for item in map(self.list.item, range(self.list.count())) if item]
        rows = [(item, item.data(_ROW)) for item in listed if item.flags() & Qt.ItemIsEnabled]
        exact = [item for item, row in rows if row is not None and (row.layer, row.top) == key]
        near = [item for item, row in rows if row is not None and row.layer == key[0]]
        best = (*exact, *near, *(item for item, _ in rows))
        if best:
            self.list.setCurrentItem(best[0])
            self.list.scrollToItem(best[0], QListWidget.PositionAtCenter)

    def _step(self, by: int) -> None:
        """Move the cursor over what can be taken."""
        place = self.list.currentRow()
        way = 1 if by > 0 else -1
        goal = max(0, min(self.list.count() - 1, place + by))
        item = self.list.item(goal)
        if item is not None and not item.flags() & Qt.ItemIsEnabled:
            goal = max(0, min(self.list.count() - 1, goal + way))
        self.list.setCurrentRow(goal)

    def _take(self) -> None:
        item = self.list.currentItem()
        if item is None or not item.flags() & Qt.ItemIsEnabled:
            return
        row = item.data(_ROW)
        key = (row.layer, row.top) if isinstance(row, LayerRow) else ("", "")
        if self._is_checkable:
            self._ticked ^= {key}
            self._show_ticks()
        self.taken.emit(*key)

    def _show_ticks(self) -> None:
        for item in map(self.list.item, range(self.list.count())):
            row = item.data(_ROW) if item is not None else None
            if item is not None and isinstance(row, LayerRow):
                is_ticked = (row.layer, row.top) in self._ticked
                item.setCheckState(Qt.Checked if is_ticked else Qt.Unchecked)
        self.ticks_changed.emit()


def add_rows(list_: QListWidget, rows: Sequence[LayerRow]) -> list[QListWidgetItem]:
    """Append rows that `LayerRowDelegate` paints; returns their items."""
    items = []
    for place, row in enumerate(rows):
        item = QListWidgetItem()
        item.setData(_ROW, row)
        item.setData(_LINKS, (_is_joined(rows, place - 1), _is_joined(rows, place)))
        item.setData(_NEAR, tuple(one.layer for one in rows[max(0, place - 1) : place + 2]))
        item.setToolTip(plain_tip(_tip(row)))
        item.setData(Qt.AccessibleTextRole, _said(row))
        list_.addItem(item)
        items.append(item)
    return items


class LayerRowDelegate(QStyledItemDelegate):
    """Chain bracket, tick, family square, value, what hides it, shape, check of the gallery."""

    def __init__(self, keeper: ThemeKeeper, parent: QObject) -> None:
        super().__init__(parent)
        self._keeper = keeper

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(WIDTH // 2, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        theme, box, row = self._keeper.theme, option.rect, index.data(_ROW)
        is_heading = not index.flags() & Qt.ItemIsEnabled
        if is_heading:
            painter.fillRect(box, theme.header)
        elif option.state & QStyle.State_Selected:
            painter.fillRect(box, theme.selected_row)
        if not isinstance(row, LayerRow):
            painter.setFont(text_font(11 if is_heading else 12, semibold=is_heading))
            painter.setPen(theme.secondary)
            words = box.adjusted(_PADDING, 0, -_PADDING, 0)
            painter.drawText(words, int(Qt.AlignVCenter), str(index.data(Qt.DisplayRole)))
            return
        self._paint_bracket(painter, box, index.data(_LINKS), is_chain=bool(row.chain))
        left = box.x() + _GUTTER
        tick = index.data(Qt.CheckStateRole)
        if tick is not None:
            left = self._paint_tick(painter, box, left, is_ticked=tick == Qt.Checked)
        painter.fillRect(
            QRect(left, box.center().y() - 4, _SQUARE, _SQUARE), theme.family(row.record.family)
        )
        right = self._paint_signs(painter, box, row)
        place = QRect(left + 16, box.y(), right - left - 16, box.height())
        self._paint_words(painter, place, row, index.data(_NEAR))

    def _paint_bracket(
        self, painter: QPainter, box: QRect, links: tuple[bool, bool], *, is_chain: bool
    ) -> None:
        """A line beside the rows that share a blob, with an arm at its first and last one."""
        to_before, to_after = links
        if not is_chain or not (to_before or to_after):
            return
        x, middle, mark = box.x() + 4, box.center().y(), self._keeper.theme.mark
        top = box.top() if to_before else middle
        bottom = box.bottom() if to_after else middle
        painter.fillRect(x, top, 1, bottom - top + 1, mark)
        if not (to_before and to_after):
            painter.fillRect(x, middle, 6, 1, mark)

    def _paint_tick(self, painter: QPainter, box: QRect, left: int, *, is_ticked: bool) -> int:
        theme = self._keeper.theme
        frame = QRectF(left + 0.5, box.center().y() - 5.5, 12, 12)
        painter.setPen(theme.accent if is_ticked else theme.outline)
        painter.setBrush(theme.accent if is_ticked else theme.panel)
        painter.drawRect(frame)
        if is_ticked:
            paint_icon(painter, "check", theme.text_on_accent, frame.adjusted(1, 1, -1, -1))
        return left + 20

    def _paint_signs(self, painter: QPainter, box: QRect, row: LayerRow) -> int:
        """Shape, eye and check at the right; the x where the words must end."""
        theme, right = self._keeper.theme, box.right() - _PADDING - _SIGN
        if row.is_in_gallery:
            place = QRectF(right, box.center().y() - 6, 13, 13)
            paint_icon(painter, "check", theme.ok_text, place)
        right -= 6
        painter.setFont(text_font(11))
        painter.setPen(theme.secondary)
        shape = QRect(box.x(), box.y(), right - box.x(), box.height())
        painter.drawText(shape, int(Qt.AlignRight | Qt.AlignVCenter), row.shape)
        right -= max(64, painter.fontMetrics().horizontalAdvance(row.shape)) + 22
        if row.is_hidden:
            place = QRectF(right, box.center().y() - 6, 13, 13)
            paint_icon(painter, "eye-off", theme.placeholder, place)
        return right - 6

    def _paint_words(
        self, painter: QPainter, place: QRect, row: LayerRow, near: Sequence[str]
    ) -> None:
        theme = self._keeper.theme
        bold, plain = text_font(12, semibold=True), text_font(12)
        of_bold = QFontMetrics(bold).horizontalAdvance
        of_plain = QFontMetrics(plain).horizontalAdvance
        rest = f" · {row.blob}" if row.blob else ""
        room = place.width() - min(of_plain(rest), place.width() // 2)
        name = row.layer
        if of_bold(name) > room:
            name = elide_name(name, room, of_bold, [other for other in near if other != name])
        painter.setFont(bold)
        painter.setPen(theme.text)
        painter.drawText(place, int(Qt.AlignVCenter), name)
        place.adjust(of_bold(name), 0, 0, 0)
        painter.setFont(plain)
        painter.setPen(theme.placeholder if row.is_hidden else theme.secondary)
        shown = elide_name(rest, place.width(), of_plain)
        painter.drawText(place, int(Qt.AlignVCenter), shown)


def _is_joined(rows: Sequence[LayerRow], place: int) -> bool:
    """Whether a row and the next one share a blob."""
    if not 0 <= place < len(rows) - 1:
        return False
    return bool(rows[place].chain) and rows[place].chain == rows[place + 1].chain


def _tip(row: LayerRow) -> str:
    hidden = "\npycaffe cannot return it after a full forward" if row.is_hidden else ""
    return f"{row.words}\n{row.record.type} {row.shape}{hidden}"


def _said(row: LayerRow) -> str:
    hidden = ", overwritten" if row.is_hidden else ""
    return f"{row.words}, {row.record.type}, {row.shape}{hidden}"
