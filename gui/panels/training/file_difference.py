"""One of the files that are made: its lines that differ from the net's own, or all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from core.comparison.paired_lines import CONTEXT, PairedLine, paired_lines
from core.net.definition import NetState
from core.net.reader import read_net
from core.words import plural
from gui.theme import ThemeKeeper
from gui.widgets.labels import ThemedLabel
from gui.widgets.text_lines import TextLine, TextLines

_ALL = 1 << 30
_MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class FileLines:
    """A made file: its lines that differ with headings, and all lines; how many came and went."""

    changed: tuple[TextLine, ...]
    whole: tuple[TextLine, ...]
    n_in: int
    n_out: int


def file_lines(old: str, new: str, *, is_net: bool = True) -> FileLines:
    """What is shown of a file. is_net: hunks are headed by the layer that they begin in."""
    starts = _layer_starts(new) if is_net else []
    rows = paired_lines(old, new, CONTEXT)
    every = paired_lines(old, new, _ALL)
    n_in = sum(row.new is not None and not row.is_equal for row in every)
    n_out = sum(row.old is not None and not row.is_equal for row in every)
    return FileLines(tuple(_lines(rows, starts)), tuple(_lines(every, ())), n_in, n_out)


def _layer_starts(text: str) -> list[tuple[int, str]]:
    """(number of the first line, name) of each layer, in the order of the text."""
    net = read_net(text, state=NetState("TRAIN"))
    return sorted(
        (text.count("\n", 0, layer.span.start) + 1, layer.name)
        for layer in (*net.layers, *net.inactive)
        if layer.span is not None
    )


def _lines(rows: Sequence[PairedLine], starts: Sequence[tuple[int, str]]) -> Iterator[TextLine]:
    """What went before what came, run by run, so that each can be read on end."""
    named = ""
    for is_equal, run in groupby(rows, key=lambda row: row.is_equal):
        lines = list(run)
        if not is_equal:
            number = next((row.new_number for row in lines if row.new_number), 0)
            layer = next((name for first, name in reversed(starts) if first <= number), "")
            if layer and layer != named:
                named = layer
                yield TextLine("heading", layer, note=f"line {number}", layer=layer)
            yield from (TextLine("out", r.old, r.old_number) for r in lines if r.old is not None)
            yield from (TextLine("in", r.new, r.new_number) for r in lines if r.new is not None)
            continue
        for row in lines:
            if row.n_skipped:
                yield TextLine("note", plural(row.n_skipped, "equal line"))
            else:
                yield TextLine("plain", row.new or "", row.new_number)


class FileDifference(QWidget):
    """The file's name with its counts, over its lines."""

    layer_clicked = pyqtSignal(str)

    def __init__(self, keeper: ThemeKeeper, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: FileLines | None = None
        self._is_whole = False
        self.setObjectName("fileDifference")
        self.setAttribute(Qt.WA_StyledBackground)
        self.lines = TextLines(keeper)
        self.area = QScrollArea()
        self.area.setWidget(self.lines)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.NoFrame)
        self.area.setFocusPolicy(Qt.StrongFocus)
        self.area.setAccessibleName(f"Lines of {name}")
        self._head = QWidget()
        self._head.setObjectName("fileHead")
        self._head.setAttribute(Qt.WA_StyledBackground)
        self._head.setFixedHeight(28)
        self.came = ThemedLabel("", "ok_text", semibold=True)
        self.went = ThemedLabel("", "error_text", semibold=True)
        row = QHBoxLayout(self._head)
        row.setContentsMargins(10, 0, 10, 0)
        row.addWidget(ThemedLabel(name, semibold=True))
        row.addStretch(1)
        row.addWidget(self.came)
        row.addWidget(self.went)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        column.addWidget(self._head)
        column.addWidget(self.area, 1)
        self.lines.layer_clicked.connect(self.layer_clicked)

    def show_file(self, shown: FileLines) -> None:
        """Show another text; the place stays where the lines are about as many."""
        self._shown = shown
        self.came.setText(f"+{shown.n_in:,}")
        self.went.setText(f"{_MINUS}{shown.n_out:,}")
        self._fill()

    def show_whole(self, is_whole: bool) -> None:
        """All lines, or those that differ."""
        self._is_whole = is_whole
        self._fill()

    def _fill(self) -> None:
        if self._shown is not None:
            self.lines.show_lines(self._shown.whole if self._is_whole else self._shown.changed)
