"""The bar of the Compare page: its views, the two files, and the sentence below."""

from __future__ import annotations

from PyQt5.QtCore import QPoint, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QPainter, QPaintEvent
from PyQt5.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from core.comparison.rows import ComparedFile
from core.words import plural
from gui.icons import icon
from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button, IconButton
from gui.widgets.choice import Choice
from gui.widgets.elided import elided
from gui.widgets.kept import keep
from gui.widgets.labels import ElidedLabel, ThemedLabel
from gui.widgets.panel_bar import PanelBar
from gui.widgets.plain_text import plain_tip
from gui.widgets.segments import Segments

VIEWS = (
    ("layers", "Layers", "Layers that differ, in a list and in both graphs"),
    ("text", "Text", "Both texts, line beside line"),
    ("values", "Values", "Both nets on one image: how far paired values are apart"),
    ("weights", "Weights", "How far each layer's weights have moved"),
    ("engines", "Engines", "One net in two engines or precisions, layer by layer"),
)
PHASES = (("TEST", "TEST", "TEST"), ("TRAIN", "TRAIN", "TRAIN"),
          ("TEST with TRAIN", "TEST", "TRAIN"))  # fmt: skip
"""What the list says, and the phases of the first and the second file."""

EXPORTS = (("text", "Copy as text"), (".md", "Save as Markdown…"), (".csv", "Save as CSV…"),
           (".txt", "Save as text…"))  # fmt: skip
TABLE_EXPORTS = ((".csv", "Save as CSV…"),)
"""Of a view that is a table of figures."""

_SIDE_WIDTH, _MOST_WIDTH = 190, 380
_AROUND_NAME, _MARGIN = 32, 6
"""Pixels left of a file's name, and right of it for the arrow."""


class SideButton(QPushButton):
    """A file of the comparison; pressed, it asks for another."""

    def __init__(self, keeper: ThemeKeeper, letter: str) -> None:
        super().__init__()
        self._keeper = keeper
        self._name, self._facts, self._beside = "choose a file", "", ""
        self.setAccessibleName(f"File {letter}")
        self.setMinimumWidth(_SIDE_WIDTH)
        self.setSizePolicy(QSizePolicy.Maximum, QSizePolicy.Fixed)
        keeper.changed.connect(self.update)

    @property
    def name(self) -> str:
        """The file that it names."""
        return self._name

    @property
    def shown_name(self) -> str:
        """The name as far as there is room."""
        room = self.width() - _AROUND_NAME
        return elided(self._name, room, self.fontMetrics(), [self._beside])

    def show_file(self, file: ComparedFile | None, beside: ComparedFile | None) -> None:
        """Name a file, or none; beside: the other one, which it must be told from."""
        self._name = file.title if file is not None else "choose a file"
        self._beside = "" if beside is None else beside.title
        self._facts = "" if file is None else facts_of(file)
        path = "" if file is None else str(file.path)
        lines = (path, self._facts, "Choose another file")
        self.setToolTip(plain_tip("\n".join(filter(None, lines))))
        self.setAccessibleDescription(f"{self._name}. {self._facts}")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        wanted = self.fontMetrics().horizontalAdvance(self._name) + _AROUND_NAME + _MARGIN
        return QSize(max(_SIDE_WIDTH, min(wanted, _MOST_WIDTH)), super().sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        box = self.rect().adjusted(8, 0, 8 - _AROUND_NAME, 0)
        painter.setPen(self._keeper.theme.text)
        painter.drawText(box, int(Qt.AlignLeft | Qt.AlignVCenter), self.shown_name)
        glyph = icon("down", self._keeper.theme.secondary)
        glyph.paint(painter, self.width() - 20, (self.height() - 14) // 2, 14, 14)
        painter.end()


class _Hint(ElidedLabel):
    """A sentence loses its end where it has no room; the tooltip has it whole."""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        shown = self.fontMetrics().elidedText(self.text(), Qt.ElideRight, self.width())
        painter.drawText(self.rect(), int(Qt.AlignLeft | Qt.AlignVCenter), shown)
        painter.end()


class ComparisonBar(QWidget):
    """Says what was chosen; the page shows it."""

    view_chosen = pyqtSignal(str)
    choose_requested = pyqtSignal(bool)
    """True for the first file, False for the second."""
    swap_requested = pyqtSignal()
    reread_requested = pyqtSignal()
    phases_chosen = pyqtSignal(str, str)
    export_requested = pyqtSignal(str)
    """ "text" for the clipboard, else the suffix of a file."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._exports: tuple[tuple[str, str], ...] = EXPORTS
        self.views = Segments(keeper, "View of the comparison")
        keep("comparison", view=self.views)
        self.sides = (SideButton(keeper, "A"), SideButton(keeper, "B"))
        self.swap = IconButton(keeper, "swap", "Swap the two files")
        self.changed = ThemedLabel("", "warning_text", pixels=11)
        self.reread = Button(keeper, "Read again", "restart")
        self.reread.setToolTip("Read both files again from the disk")
        self.phase = Choice()
        self.phase.addItems([words for words, _, _ in PHASES])
        self.phase.setAccessibleName("Phase")
        self.phase.setToolTip("The phase that the nets are built in")
        self.export = Button(keeper, "Export", "save")
        self.export.setToolTip("Take the rows along, as text or as a file")
        self.sentence = ThemedLabel("", pixels=14, semibold=True)
        self.sentence.setTextInteractionFlags(Qt.TextSelectableByMouse)
        self.hint = _Hint()
        self.hint.setObjectName("quiet")
        self._lay_out()
        self._connect()
        self.show_changed("")
        self.show_files(None, None)

    def show_view(self, view: str) -> None:
        """Mark a view; what belongs to another one goes."""
        self.views.choose(view)
        has_files = view != "engines"
        for widget in (*self._of_files, self.phase):
            widget.setVisible(has_files)
        self.export.setVisible(view != "text")
        self._exports = EXPORTS if view == "layers" else TABLE_EXPORTS

    def show_files(self, first: ComparedFile | None, second: ComparedFile | None) -> None:
        """Name both files."""
        self.sides[0].show_file(first, second)
        self.sides[1].show_file(second, first)
        for widget in (self.swap, self.phase):
            widget.setEnabled(first is not None and second is not None)

    def show_phases(self, first: str, second: str) -> None:
        """Show which phases the nets are built in."""
        place = next((i for i, p in enumerate(PHASES) if p[1:] == (first, second)), 0)
        self.phase.setCurrentIndex(place)

    def show_changed(self, words: str) -> None:
        """Say that a file is another by now; "" takes it away."""
        self.changed.setText(words)
        self.changed.setVisible(bool(words))
        self.reread.setVisible(bool(words))

    def show_sentence(self, sentence: str, hint: str = "") -> None:
        """What the view shows, in a sentence, and more in small."""
        self.sentence.setText(sentence)
        self.hint.setText(hint)

    def export_menu(self) -> QMenu:
        """How the rows shown can be taken along."""
        menu = QMenu(self)
        for kind, words in self._exports:
            menu.addAction(words, lambda k=kind: self.export_requested.emit(k))
        return menu

    def _lay_out(self) -> None:
        keeper = self._keeper
        bar = PanelBar(keeper)
        for view, words, tip in VIEWS:
            self.views.add(view, words, tip)
        bar.row.addWidget(self.views)
        bar.row.addSpacing(10)
        letters = [
            ThemedLabel(letter, role, semibold=True)
            for letter, role in (("A", "series_a"), ("B", "series_b"))
        ]
        self._of_files = (letters[0], self.sides[0], self.swap, letters[1], self.sides[1])
        for widget in self._of_files:
            bar.row.addWidget(widget)
        bar.row.addWidget(self.changed)
        bar.row.addWidget(self.reread)
        bar.row.addStretch(1)
        bar.row.addWidget(self.phase)
        bar.row.addWidget(self.export)
        said = QWidget()
        line = QHBoxLayout(said)
        line.setContentsMargins(12, 8, 12, 8)
        line.setSpacing(12)
        line.addWidget(self.sentence)
        line.addWidget(self.hint, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar)
        column.addWidget(said)

    def _connect(self) -> None:
        self.views.chosen.connect(self.view_chosen)
        self.sides[0].clicked.connect(lambda: self.choose_requested.emit(True))
        self.sides[1].clicked.connect(lambda: self.choose_requested.emit(False))
        self.swap.clicked.connect(lambda: self.swap_requested.emit())
        self.reread.clicked.connect(lambda: self.reread_requested.emit())
        self.phase.activated.connect(lambda place: self.phases_chosen.emit(*PHASES[place][1:]))
        self.export.clicked.connect(self._open_export)

    def _open_export(self) -> None:
        menu = self.export_menu()
        menu.exec(self.export.mapToGlobal(QPoint(0, self.export.height())))
        menu.deleteLater()


def facts_of(file: ComparedFile) -> str:
    """ "40 layers · TEST · the open net"."""
    if file.side is None:
        return "can't be read"
    net = file.side.net
    parts = [plural(len(net.layers), "layer"), net.state.phase]
    if net.dialect:
        parts.append(str(net.dialect))
    if file.is_open:
        parts.append("the open net")
    if file.note:
        parts.append(file.note)
    return " · ".join(parts)
