"""Images by channels: the matrix with its orders and scale, and the chosen channel beside it."""

from __future__ import annotations

from PyQt5.QtCore import QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PyQt5.QtWidgets import QHBoxLayout, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from core.activations.tiles import MAX_LEVEL
from gui.panels.channels.matrix_canvas import MatrixCanvas
from gui.panels.channels.side import MatrixSide
from gui.panels.channels.values import MatrixShown, MatrixWords, ReadOffer
from gui.theme import Theme, ThemeKeeper, text_font
from gui.widgets.buttons import IconButton
from gui.widgets.choice import Choice
from gui.widgets.empty_state import EmptyState
from gui.widgets.kept import keep
from gui.widgets.labels import ElidedLabel, LinkLabel, ThemedLabel
from gui.widgets.plain_text import plain_tip
from gui.widgets.tile_colours import colour_table

ROWS = (("class", "by class"), ("folder", "by folder"), ("name", "by name"),
        ("similarity", "by similarity"))  # fmt: skip
COLUMNS = (("selectivity", "selectivity"), ("class", "class, by index"),
           ("sparsity", "sparsity"), ("index", "index"))  # fmt: skip
CELLS = (("maximum", "maximum"), ("mean", "mean"), ("positive", "share above 0"))
FILTERS = (
    "PNG picture of what is in view (*.png);;SVG drawing of what is in view (*.svg);;"
    "CSV table of the matrix (*.csv);;"
    "NumPy array, with the names of both axes beside it (*.npy)"
)
HINT = "Arrows walk, Enter opens the image, Space pins, wheel zooms, 0 shows all."


class ScaleBar(QWidget):
    """ "0 [bar] 29.4": which colours stand for which values."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._ends, self._is_diverging = ("0", ""), False
        self.setSizePolicy(QSizePolicy.Fixed, QSizePolicy.Fixed)
        keeper.changed.connect(self.update)

    def show_scale(self, low: str, high: str, *, is_diverging: bool) -> None:
        """Show the ends; what is beyond has the colour of the end."""
        self._ends, self._is_diverging = (low, high), is_diverging
        self.setToolTip(plain_tip(f"Colours from {low} to {high}, and beyond them"))
        self.setAccessibleName(f"Colours from {low} to {high}")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(text_font(11))
        return QSize(78 + sum(metrics.horizontalAdvance(end) for end in self._ends), 18)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._keeper.theme
        table = colour_table(theme, is_diverging=self._is_diverging)
        painter.setFont(text_font(11))
        painter.setPen(theme.secondary)
        low, high = self._ends
        left = painter.fontMetrics().horizontalAdvance(low) + 6
        painter.drawText(self.rect(), int(Qt.AlignLeft | Qt.AlignVCenter), low)
        painter.drawText(self.rect(), int(Qt.AlignRight | Qt.AlignVCenter), high)
        for x in range(64):
            colour = QColor.fromRgb(table[round(x / 63 * MAX_LEVEL)])
            painter.fillRect(QRectF(left + x, 4, 1, 10), colour)
        painter.setPen(theme.outline)
        painter.drawRect(QRectF(left - 0.5, 3.5, 64, 10))
        painter.end()


class MatrixView(QWidget):
    """Tells of other orders by `ordered` and of other cells by `summary_chosen`."""

    ordered = pyqtSignal()
    summary_chosen = pyqtSignal(str)
    read_requested = pyqtSignal()
    read_all_requested = pyqtSignal()
    save_requested = pyqtSignal()
    copy_requested = pyqtSignal()
    dead_requested = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self.setObjectName("matrixView")
        self.setAttribute(Qt.WA_StyledBackground)
        self.title = ThemedLabel("", semibold=True)
        self.cells, self.rows, self.columns = Choice(), Choice(), Choice()
        for choice, entries in (
            (self.cells, CELLS), (self.rows, ROWS), (self.columns, COLUMNS),
        ):  # fmt: skip
            for key, words in entries:
                choice.addItem(words, key)
            choice.setMinimumWidth(96)
            choice.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Fixed)
            choice.keep_to_contents(24)
        keep("matrix", cells=self.cells, rows=self.rows, columns=self.columns)
        self.scale = ScaleBar(keeper)
        self.copy_button = IconButton(keeper, "copy", "Copy what is in view as a picture")
        self.save_button = IconButton(keeper, "save", "Save as picture, drawing, table or array")
        self.canvas = MatrixCanvas(keeper)
        self.side = MatrixSide(keeper)
        self.hint = ElidedLabel(mode=Qt.ElideRight)
        self.hint.setObjectName("quietNote")
        self.dead = ThemedLabel("", "secondary", pixels=11)
        self.dead_link = LinkLabel("List")
        self.empty = EmptyState(keeper, "grid", "", "Read")
        self.all_link = LinkLabel("Read all layers in one pass")
        self._pages = QStackedLayout(self)
        self._lay_out()
        self.rows.activated.connect(lambda _index: self.ordered.emit())
        self.columns.activated.connect(lambda _index: self.ordered.emit())
        self.cells.activated.connect(lambda _i: self.summary_chosen.emit(self.summary))
        self.empty.clicked.connect(lambda: self.read_requested.emit())
        self.all_link.clicked.connect(lambda: self.read_all_requested.emit())
        self.copy_button.clicked.connect(lambda: self.copy_requested.emit())
        self.save_button.clicked.connect(lambda: self.save_requested.emit())
        self.dead_link.clicked.connect(lambda: self.dead_requested.emit())
        self.show_empty("Select a layer.")

    @property
    def theme(self) -> Theme:
        """The colours it is drawn in."""
        return self._keeper.theme

    @property
    def orders(self) -> tuple[str, str]:
        """The keys of the order of rows and of columns."""
        return str(self.rows.currentData()), str(self.columns.currentData())

    @property
    def summary(self) -> str:
        """What a cell is."""
        return str(self.cells.currentData())

    def show_empty(self, sentence: str, offer: ReadOffer | None = None) -> None:
        """Say what is missing, and offer to read it where that helps."""
        self.empty.set_sentence(sentence if offer is None else offer.words)
        self.empty.show_button(offer is not None)
        if offer is not None:
            self.empty.set_button(offer.button)
            self.all_link.setToolTip(plain_tip(offer.all_tip))
        self.all_link.setVisible(offer is not None)
        self._pages.setCurrentIndex(0)

    def show_matrix(self, shown: MatrixShown, words: MatrixWords, ends: tuple[str, str]) -> None:
        """Show a matrix and what is said of it; ends: of the scale."""
        self.title.setText(words.title)
        self.title.setMinimumWidth(self.title.sizeHint().width())
        self.hint.setText(words.hint)
        self.dead.setText(words.dead)
        self.dead_link.setVisible(bool(words.dead))
        self.scale.show_scale(*ends, is_diverging=shown.is_diverging)
        self.canvas.show_matrix(shown)
        self.side.show_table(words.table, words.table_note)
        self._pages.setCurrentIndex(1)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(12, 8, 12, 2)
        head.setSpacing(7)
        head.addWidget(self.title)
        head.addWidget(self.cells, 8)
        head.addStretch(1)
        for words, choice in (("Rows", self.rows), ("Columns", self.columns)):
            label = ThemedLabel(words, "secondary")
            label.setBuddy(choice)
            head.addWidget(label)
            head.addWidget(choice, 8)
        head.addWidget(self.scale)
        head.addWidget(self.copy_button)
        head.addWidget(self.save_button)
        foot = QHBoxLayout()
        foot.setContentsMargins(12, 2, 12, 8)
        foot.setSpacing(8)
        foot.addWidget(self.hint, 1)
        foot.addWidget(self.dead)
        foot.addWidget(self.dead_link)
        left = QVBoxLayout()
        left.setSpacing(2)
        left.addLayout(head)
        left.addWidget(self.canvas, 1)
        left.addLayout(foot)
        whole = QWidget()
        row = QHBoxLayout(whole)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(left, 1)
        row.addWidget(self.side)
        self.empty.add_below(self.all_link)
        self._pages.addWidget(self.empty)
        self._pages.addWidget(whole)
