"""The two files of a comparison: their names, what is wrong with them, and the totals."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from gui.panels.comparison_rows import ComparedFile
from gui.panels.layer_words import bytes_text, plural, short_count
from gui.theme import ThemeKeeper, text_font
from gui.widgets.buttons import IconButton
from gui.widgets.labels import ElidedLabel, ThemedLabel
from gui.widgets.notice_card import Notice, NoticeCard

_MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Total:
    """A sum of both nets and the difference, in words."""

    name: str
    before: str
    after: str
    difference: str
    is_equal: bool


def totals_of(first: ComparedFile, second: ComparedFile) -> tuple[Total, ...]:
    """Layers, parameters, MACs and memory of both; () while one can't be read."""
    one, other = first.side, second.side
    if one is None or other is None:
        return ()
    old, new = one.shapes.total_cost, other.shapes.total_cost
    layers = (len(one.net.layers), len(other.net.layers))
    memory = (old.memory_bytes, new.memory_bytes)
    parameters = (one.shapes.total_parameters, other.shapes.total_parameters)
    return (
        _total("Layers", layers, (str(layers[0]), str(layers[1]), str(abs(layers[1] - layers[0])))),
        _total("Parameters", parameters, _short(parameters)),
        _total("MACs", (old.macs, new.macs), _short((old.macs, new.macs))),
        _total("Memory", memory, (bytes_text(memory[0]), bytes_text(memory[1]),
                                  bytes_text(abs(memory[1] - memory[0])))),
    )  # fmt: skip


def _short(pair: tuple[int, int]) -> tuple[str, str, str]:
    return short_count(pair[0]), short_count(pair[1]), short_count(abs(pair[1] - pair[0]))


def _total(name: str, pair: tuple[int, int], words: tuple[str, str, str]) -> Total:
    before, after = pair
    if before == after:
        return Total(name, words[0], words[1], "the same", is_equal=True)
    sign = "+" if after > before else _MINUS
    share = f", {sign}{_percent(abs(after - before) / before)} %" if before else ""
    return Total(name, words[0], words[1], f"{sign}{words[2]}{share}", is_equal=False)


def _percent(share: float) -> str:
    percent = 100 * share
    return f"{percent:.0f}" if percent >= 9.95 else f"{percent:.1f}" if percent >= 0.05 else "<0.1"


class FileHeader(QWidget):
    """One file: its name, its folder, and a notice beneath where it can't be read."""

    choose_pressed = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, which: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self.notice: NoticeCard | None = None
        self.which = ThemedLabel(keeper, which.upper(), "secondary", pixels=11, semibold=True)
        self.name = ElidedLabel()
        self.facts = ThemedLabel(keeper, "", "secondary", pixels=11)
        self.changed = ThemedLabel(keeper, "", "warning_text", pixels=11)
        self.folder = ElidedLabel()
        self.folder.setFont(self.facts.font())
        self.choose = IconButton(keeper, "open", f"Choose another file for the {which}")
        self.choose.clicked.connect(lambda: self.choose_pressed.emit())
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self._lay_out()
        keeper.changed.connect(self._tint)
        self._tint()

    def show_file(self, file: ComparedFile, notice: Notice | None) -> None:
        """Name the file; `notice` says why it can't be read."""
        self.name.setText(file.title)
        self.name.setToolTip(f"{file.title}\n{file.path}")
        self.folder.setText(str(file.path.parent))
        self.facts.setText(_facts(file))
        self.show_changed("")
        if self.notice is not None:
            self._column.removeWidget(self.notice)
            self.notice.deleteLater()
            self.notice = None
        if notice is not None:
            self.notice = NoticeCard(self._keeper, notice, is_closable=False)
            self._column.addWidget(self.notice)

    def show_changed(self, words: str) -> None:
        """Say that the file is another on the disk by now; "" takes it away."""
        self.changed.setText(words)
        self.changed.setVisible(bool(words))

    def _lay_out(self) -> None:
        top, below = QHBoxLayout(), QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.which)
        top.addWidget(self.choose)
        top.addWidget(self.name, 1)
        below.setSpacing(8)
        below.addWidget(self.facts)
        below.addWidget(self.changed)
        below.addWidget(self.folder, 1)
        self._column.addLayout(top)
        self._column.addLayout(below)

    def _tint(self) -> None:
        theme = self._keeper.theme
        self.name.setFont(text_font(14, semibold=True))
        self.name.setStyleSheet(f"color: {theme.text.name()}; font-size: 14px; font-weight: 600")
        self.folder.setStyleSheet(f"color: {theme.placeholder.name()}; font-size: 11px")


def _facts(file: ComparedFile) -> str:
    if file.side is None:
        return "can't be read"
    net = file.side.net
    parts = [plural(len(net.layers), "layer"), net.state.phase]
    if net.dialect:
        parts.append(str(net.dialect))
    if file.is_open:
        parts.append("the open model")
    if file.note:
        parts.append(file.note)
    return " · ".join(parts)


class TotalsBar(QWidget):
    """Sums of both nets side by side, the difference below."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(1)
        self._labels: list[ThemedLabel] = []
        self.setAccessibleName("Totals of both nets")

    @property
    def words(self) -> str:
        """Everything it says, one total a line."""
        return self.accessibleDescription()

    def show_totals(self, totals: tuple[Total, ...]) -> None:
        """Show other sums."""
        for label in self._labels:
            self._grid.removeWidget(label)
            label.deleteLater()
        self._labels = []
        arrow = "\N{RIGHTWARDS ARROW}"
        for column, total in enumerate(totals):
            self._add(total.name, "secondary", 0, column, pixels=11)
            values = total.before if total.is_equal else f"{total.before} {arrow} {total.after}"
            self._add(values, "text", 1, column, is_strong=True)
            self._add(total.difference, "secondary" if total.is_equal else "warning_text", 2,
                      column, pixels=11)  # fmt: skip
        self.setAccessibleDescription(
            "\n".join(f"{t.name} {t.before}, {t.after}: {t.difference}" for t in totals)
        )

    def _add(
        self,
        text: str,
        role: str,
        row: int,
        column: int,
        *,
        pixels: int = 12,
        is_strong: bool = False,
    ) -> None:
        label = ThemedLabel(self._keeper, text, role, pixels=pixels, semibold=is_strong)
        self._grid.addWidget(label, row, column)
        self._labels.append(label)
