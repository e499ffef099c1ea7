"""All layers at once: what stands out in a sentence, an offer to read more, the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QHBoxLayout, QLineEdit, QStackedLayout, QVBoxLayout, QWidget

from core.words import plural
from gui.icons import pixmap
from gui.panels.spreads.rows import SpreadRow, parse_filter
from gui.panels.spreads.table import SpreadTable
from gui.theme import ThemeKeeper
from gui.widgets.buttons import IconButton
from gui.widgets.empty_state import EmptyState
from gui.widgets.kept import keep
from gui.widgets.labels import PictureLabel, ThemedLabel
from gui.widgets.plain_text import plain_tip
from gui.widgets.read_line import ReadLine
from gui.widgets.wrapped_pair import WrappedPair

EMPTY_SENTENCE = "Open a prototxt and an image to see how the values of every layer spread."
_LINE, _FOOT = 36, 24


@dataclass(frozen=True)
class Told:
    """What stands out, and what there is none of; grave: whether anything does."""

    sentence: str = ""
    rest: str = ""
    is_grave: bool = False


class FindingLine(QWidget):
    """One sentence over the table."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._told = Told()
        self.setObjectName("findingLine")
        self.setAttribute(Qt.WA_StyledBackground)
        self.setMinimumHeight(_LINE)
        self._picture = PictureLabel()
        self.words = ThemedLabel("", semibold=True)
        self.rest = ThemedLabel("", "secondary")
        self._pair = WrappedPair(self.words, self.rest)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 12, 5)
        row.setSpacing(8)
        row.addWidget(self._picture)
        row.addWidget(self._pair, 1)
        keeper.changed.connect(self._tint)
        self._tint()

    def show_told(self, told: Told) -> None:
        """Show a sentence; an empty one takes the line away."""
        self._told = told
        self.setVisible(bool(told.sentence or told.rest))
        both = (told.sentence, told.rest) if told.sentence else (told.rest, "")
        self._pair.show_texts(*both)
        self._tint()

    @pyqtSlot()
    def _tint(self) -> None:
        theme = self._keeper.theme
        name, colour = ("warning", theme.warning_text) if self._told.is_grave else (
            "check", theme.ok_text)  # fmt: skip
        self._picture.setPixmap(pixmap(name, colour, 16, self.devicePixelRatioF()))


class SpreadsPanel(QWidget):
    """The table with what stands out above and what it is of below."""

    copy_requested = pyqtSignal(str)
    """What to copy: "csv" or "picture"."""
    save_requested = pyqtSignal()
    open_image_requested = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[SpreadRow, ...] = ()
        self._of = self._exact = ""
        self.finding = FindingLine(keeper)
        self.offer = ReadLine(keeper)
        self.table = SpreadTable(keeper)
        self.filter = QLineEdit()
        keep("all layers", filter=self.filter)
        self.filter.setPlaceholderText("Filter: zeros>80 dead>0")
        self.filter.setClearButtonEnabled(True)
        self.filter.setMinimumWidth(190)
        self.filter.setMaximumWidth(220)
        self.filter.setAccessibleName("Filter the layers")
        self.copy_button = IconButton(keeper, "copy", "Copy the table")
        self.save_button = IconButton(keeper, "save", "Save the table as CSV or PNG")
        self.empty_state = EmptyState(
            keeper, "list", EMPTY_SENTENCE, "Open image", button_icon="image"
        )
        self.of_what = ThemedLabel("")
        self.exactness = ThemedLabel("", "secondary")
        self._foot = WrappedPair(self.of_what, self.exactness)
        self._build()
        self.filter.textChanged.connect(self._refilter)
        self.table.hidden_changed.connect(self._say_what_is_shown)
        self.copy_button.clicked.connect(lambda: self.copy_requested.emit("csv"))
        self.save_button.clicked.connect(lambda: self.save_requested.emit())
        self.empty_state.clicked.connect(self.open_image_requested)
        self.empty_state.show_button(False)

    @property
    def tools(self) -> tuple[QWidget, ...]:
        """What stands in the bar of the views while this one shows."""
        return self.filter, self.copy_button, self.save_button

    @property
    def rows(self) -> tuple[SpreadRow, ...]:
        """All rows, whether or not the filter lets them through."""
        return self._rows

    def show_rows(self, rows: Sequence[SpreadRow], told: Told, of_what: str) -> None:
        """Show how values spread; of_what: "40 versions, 387 images, one pass 1:58"."""
        self._rows, self._of = tuple(rows), of_what
        self.finding.show_told(told)
        has_cells = any(row.spread.cells is not None for row in rows)
        exact = "Mean, std, ends and counts are exact"
        self._exact = f"{exact}; percentiles within 0.4 %." if has_cells else f"{exact}."
        self._pages.setCurrentIndex(1)
        self._refilter()

    def show_empty(self, sentence: str, *, offers_image: bool = False) -> None:
        """Say in a sentence what brings the table; offers_image: an image does."""
        self.empty_state.show_button(offers_image)
        self._rows = ()
        self.table.show_rows(())
        self.finding.show_told(Told())
        self.empty_state.set_sentence(sentence)
        self._pages.setCurrentIndex(0)

    @pyqtSlot()
    def _refilter(self) -> None:
        found = parse_filter(self.filter.text())
        self.filter.setToolTip(plain_tip(found.problem))
        rows = [row for row in self._rows if found.holds(row)]
        self.table.show_rows(rows)
        self._say_what_is_shown()

    @pyqtSlot()
    def _say_what_is_shown(self) -> None:
        n_shown, n_rows = len(self.table.model_.rows), len(self._rows)
        problem = parse_filter(self.filter.text()).problem
        words = [problem] if problem else []
        if n_shown < n_rows and not problem:
            words.append(f"{n_shown:,} of {plural(n_rows, 'row')}")
        words.append(self._of)
        hidden = self.table.n_left_out
        if hidden:
            words.append(f"+ {plural(hidden, 'column')} where it is wider")
        self._foot.show_texts(", ".join(filter(None, words)), self._exact)

    def _build(self) -> None:
        foot = QWidget()
        foot.setMinimumHeight(_FOOT)
        row = QHBoxLayout(foot)
        row.setContentsMargins(12, 2, 12, 3)
        row.addWidget(self._foot, 1)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.finding)
        column.addWidget(self.table, 1)
        column.addWidget(foot)
        pages = QWidget()
        self._pages = QStackedLayout(pages)
        self._pages.addWidget(self.empty_state)
        self._pages.addWidget(page)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.offer)
        whole.addWidget(pages, 1)
