"""The right of the Data step: how the images are divided, and where that is written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PyQt5.QtCore import QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from core.training.split import PARTS
from core.words import plural
from gui.theme import ThemeKeeper, text_font
from gui.widgets.alignment import CENTRE
from gui.widgets.buttons import Button
from gui.widgets.choice import Choice
from gui.widgets.fact_list import Fact, FactList
from gui.widgets.labels import ElidedLabel, LinkLabel, SectionHeader, ThemedLabel
from gui.widgets.number_fields import WholeNumberField
from gui.widgets.plain_text import plain_tip

SHARES = ((0.7, 0.15, 0.15), (0.8, 0.1, 0.1), (0.6, 0.2, 0.2), (0.5, 0.25, 0.25), (0.8, 0.2, 0.0))
_LEAST, _ARROW = 64, 44


@dataclass(frozen=True)
class SplitWords:
    """What is said of a split: images of train, val and test, and how it was drawn."""

    counts: tuple[int, ...]
    n_groups: int
    n_straddling: int
    smallest: str
    is_written: bool


class SplitBar(QWidget):
    """The parts as one bar, each as wide as its share of the images."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._counts: tuple[int, ...] = ()
        self.setFixedHeight(24)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        keeper.changed.connect(self.update)

    @property
    def words(self) -> tuple[str, ...]:
        """What stands in the parts that there are."""
        parts = zip(PARTS, self._counts, strict=False)
        return tuple(f"{part} {n:,}" for part, n in parts if n)

    def show_counts(self, counts: tuple[int, ...]) -> None:
        """How many images are in train, val and test."""
        self._counts = counts
        self.setAccessibleName(f"Split: {', '.join(self.words)}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, 24)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = self._keeper.theme, QPainter(self)
        counts = [n for n in self._counts if n]
        room = self.width() - 1 - _LEAST * len(counts)
        left, total = 0.0, sum(counts) or 1
        fills = (theme.selected_row, theme.panel, theme.header)
        for place, (n, words) in enumerate(zip(counts, self.words, strict=True)):
            width = _LEAST + room * n / total
            box = QRectF(left + 0.5, 0.5, width, self.height() - 1)
            painter.setPen(QPen(theme.outline, 1))
            painter.setBrush(fills[place])
            painter.drawRect(box)
            painter.setPen(theme.text)
            painter.setFont(text_font(12, semibold=place == 0))
            painter.drawText(box, CENTRE, words)
            left += width
        painter.end()


class SplitPanel(QWidget):
    """What is chosen goes out, at once; the folder only by the button."""

    changed = pyqtSignal()
    """Another seed or other shares are wished."""
    folder_requested = pyqtSignal()
    use_requested = pyqtSignal()
    command_requested = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.head = SectionHeader("Split", "by class, near-duplicates together")
        self.bar = SplitBar(keeper)
        self.facts = FactList(keeper, name_width=96)
        self.seed = WholeNumberField()
        self.seed.setRange(0, 1_000_000)
        self.seed.setValue(1)
        self.seed.setAccessibleName("Seed of the split")
        self.seed.setFixedWidth(64)
        self.shares = Choice()
        self.shares.setAccessibleName("Shares of train, val and test")
        for shares in SHARES:
            words = " / ".join(f"{round(100 * share)}" for share in shares if share)
            self.shares.addItem(f"{words} %", shares)
        widest = QFontMetrics(text_font(12)).horizontalAdvance("50 / 25 / 25 %")
        self.shares.setMinimumWidth(widest + _ARROW)
        self.again = Button(keeper, "Split again")
        self.again.setToolTip("Draw the parts with the next seed")
        self.folder = ElidedLabel()
        self.folder.setAccessibleName("Folder of the split")
        self.folder_link = LinkLabel("Change…")
        self.folder_link.setToolTip("Write the split into another folder")
        self.command = Button(keeper, "Copy as command", "copy")
        self.use = Button(keeper, "Use this split", "save", is_primary=True)
        self._body = QWidget()
        self._lay_out()
        self.seed.valueChanged.connect(lambda _value: self.changed.emit())
        self.shares.activated.connect(lambda _place: self.changed.emit())
        self.again.clicked.connect(lambda: self.seed.setValue(self.seed.value() + 1))
        self.folder_link.clicked.connect(self.folder_requested)
        self.command.clicked.connect(lambda: self.command_requested.emit())
        self.use.clicked.connect(lambda: self.use_requested.emit())
        self.show_split(None)

    @property
    def chosen_shares(self) -> tuple[float, float, float]:
        """Of train, val and test."""
        shares: tuple[float, float, float] = self.shares.currentData()
        return shares

    def put_below(self, widget: QWidget) -> None:
        """Put another panel between the split and the buttons."""
        self.column.insertWidget(2, widget)

    def show_folder(self, folder: Path | None) -> None:
        """Where the split is written."""
        self.folder.setText(str(folder) if folder is not None else "")

    def show_split(self, words: SplitWords | None) -> None:
        """Show how the images are divided; None where there are none."""
        self._body.setVisible(words is not None)
        for button in (self.command, self.use):
            button.setEnabled(words is not None)
            button.setToolTip("" if words is not None else "Choose images first.")
        if words is None:
            return
        self.bar.show_counts(words.counts)
        is_clean = words.n_straddling == 0
        groups = plural(words.n_groups, "group")
        straddling = f"{words.n_straddling} of {groups} of near-duplicates"
        self.facts.show_facts(
            (
                Fact("On two sides", straddling,
                     role="ok_text" if is_clean else "error_text"),
                Fact("Smallest class", words.smallest),
                Fact("Saved as", "split.json, train.txt, val.txt, test.txt" if words.is_written
                     else "not saved yet"),
            )
        )  # fmt: skip
        self.use.setText("Save it again" if words.is_written else "Use this split")
        self.use.setToolTip(
            plain_tip(f"Write split.json and Caffe's list files into {self.folder.text()}")
        )

    def _lay_out(self) -> None:
        fields = QHBoxLayout()
        fields.setSpacing(6)
        label = ThemedLabel("Seed", "secondary")
        label.setBuddy(self.seed)
        for widget in (label, self.seed, self.shares, self.again):
            fields.addWidget(widget)
        fields.addStretch(1)
        where = QHBoxLayout()
        where.setSpacing(6)
        where.addWidget(ThemedLabel("Into", "secondary"))
        where.addWidget(self.folder, 1)
        where.addWidget(self.folder_link)
        body = QVBoxLayout(self._body)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(7)
        body.addWidget(self.bar)
        body.addWidget(self.facts)
        body.addLayout(fields)
        body.addLayout(where)
        foot = QHBoxLayout()
        foot.addWidget(self.command)
        foot.addStretch(1)
        foot.addWidget(self.use)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(14, 4, 14, 10)
        self.column.setSpacing(7)
        self.column.addWidget(self.head)
        self.column.addWidget(self._body)
        self.column.addStretch(1)
        self.column.addLayout(foot)
        self.folder.setAlignment(Qt.AlignLeft | Qt.AlignVCenter)
