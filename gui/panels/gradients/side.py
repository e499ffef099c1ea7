"""The gradient by layer, and the channels of the selected one by gradient times value."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PyQt5.QtCore import pyqtSignal
from PyQt5.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from core.words import with_minus
from gui.panels.gradients.shown import NormRow
from gui.theme import ThemeKeeper, text_font
from gui.widgets.buttons import Button
from gui.widgets.figure_table import ROW_HEIGHT, FigureRow, FigureTable
from gui.widgets.labels import ElidedLabel, LinkLabel, ThemedLabel

N_CHANNELS = 6
NO_NORMS = "Gradients by layer come with saliency, gradient × input and Grad-CAM."


class LayersSide(QWidget):
    """Norms above, channels below; what is chosen can be opened or switched off."""

    layer_chosen = pyqtSignal(str, str)
    csv_requested = pyqtSignal()
    open_requested = pyqtSignal(str, str, int)
    switch_off = pyqtSignal(str, str, int)
    """(layer, top, channel): set this channel to 0 in the passes that follow."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[NormRow, ...] = ()
        self._of = ("", "")
        self._shares = np.zeros(0)
        self._order: tuple[int, ...] = ()
        self._shows_all = False
        self._may_switch_off = False
        self.title = ThemedLabel("Gradient by layer", semibold=True)
        self.note = ElidedLabel("")
        self.note.setObjectName("quietNote")
        self.csv = LinkLabel("CSV")
        self.norms = FigureTable(keeper, ("Layer", "", "Norm"), "Gradient by layer", least_name=96)
        self.empty = ThemedLabel(NO_NORMS, "secondary", pixels=11)
        self.empty.setWordWrap(True)
        self.of_layer = ElidedLabel("")
        self.of_layer.setFont(text_font(11, semibold=True))
        self.by = ThemedLabel("by channel", "secondary", pixels=11)
        self.channels = FigureTable(
            keeper, ("Channel", "", "Share"), "Channels by gradient times value", least_name=40
        )
        self.meaning = ElidedLabel("")
        self.meaning.setObjectName("quietNote")
        self.all = LinkLabel("")
        self.open = Button(keeper, "Open channel", "grid")
        self.off = Button(keeper, "Switch it off")
        self.off.setToolTip("Set this channel to 0 in the passes that follow")
        self._lay_out()
        self.norms.row_chosen.connect(self._on_layer)
        self.channels.row_chosen.connect(lambda _: self._show_buttons())
        self.csv.clicked.connect(self.csv_requested)
        self.all.clicked.connect(self._turn)
        self.open.clicked.connect(lambda: self._emit(self.open_requested))
        self.off.clicked.connect(lambda: self._emit(self.switch_off))
        self.show_channels("", ("", ""), np.zeros(0), "")
        self.show_norms((), "")

    @property
    def channel(self) -> int | None:
        """The chosen channel, the strongest where none is."""
        if not self._order:
            return None
        place = self.channels.currentIndex().row()
        return self._order[place if 0 <= place < len(self._order) else 0]

    @property
    def rows(self) -> tuple[NormRow, ...]:
        """The layers as listed."""
        return self._rows

    def offer_switch_off(self, *, is_there: bool) -> None:
        """Whether anything listens to `switch_off`."""
        self._may_switch_off = is_there
        self._show_buttons()

    def show_norms(self, rows: Sequence[NormRow], note: str) -> None:
        """The gradient's norm at each value, in net order."""
        self._rows = tuple(rows)
        self.note.setText(note)
        self.csv.setVisible(bool(rows))
        self.empty.setVisible(not rows)
        self.norms.setVisible(bool(rows))
        self.norms.show_rows([
            FigureRow(
                (row.layer, "target" if row.is_target else "", f"{row.norm:#.3g}"),
                row.family,
                bars={} if row.is_target else {1: row.share},
                tip=row.words,
            )
            for row in rows
        ])  # fmt: skip
        chosen = next((i for i, row in enumerate(rows) if row.is_selected), None)
        self.norms.choose(chosen)

    def show_channels(
        self, words: str, of: tuple[str, str], shares: np.ndarray, target: str
    ) -> None:
        """shares: (channels,) gradient times value; target: what a positive one raises."""
        self._of, self._shares = of, shares
        self.of_layer.setText(words)
        self.meaning.setText(f"Gradient × value; + raises {target}." if len(shares) else "")
        self._fill()

    def _fill(self) -> None:
        shares = self._shares
        order = np.argsort(-np.abs(shares), kind="stable")
        order = order[shares[order] != 0]
        n_all = len(shares)
        if not self._shows_all:
            order = order[:N_CHANNELS]
        order = order[np.argsort(-shares[order], kind="stable")]
        self._order = tuple(int(one) for one in order)
        largest = float(np.abs(shares).max(initial=0)) or 1.0
        self.channels.show_rows([
            FigureRow(
                (str(one), "", with_minus(f"{shares[one]:+.3g}")),
                bars={1: abs(float(shares[one])) / largest},
                roles={1: "tile_positive" if shares[one] > 0 else "tile_negative"},
            )
            for one in self._order
        ])  # fmt: skip
        self.all.setText("Fewer" if self._shows_all else f"All {n_all:,}")
        self.all.setVisible(n_all > N_CHANNELS)
        has_any = bool(self._order)
        for widget in (self.by, self.channels, self.open, self.off):
            widget.setVisible(has_any)
        if not self._shows_all:
            self.channels.setFixedHeight((len(self._order) + 1) * ROW_HEIGHT + 4)
        self._show_buttons()

    def _turn(self) -> None:
        self._shows_all = not self._shows_all
        if self._shows_all:
            self.channels.setFixedHeight(12 * ROW_HEIGHT)
        self._fill()

    def _show_buttons(self) -> None:
        channel = self.channel
        self.open.setText("Open channel" if channel is None else f"Open channel {channel}")
        self.off.setVisible(self._may_switch_off and channel is not None)

    def _emit(self, signal: object) -> None:
        channel = self.channel
        if channel is not None:
            signal.emit(*self._of, channel)  # type: ignore[attr-defined]

    def _on_layer(self, place: int) -> None:
        self.layer_chosen.emit(self._rows[place].layer, self._rows[place].top)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(10, 8, 10, 4)
        head.addWidget(self.title)
        head.addSpacing(8)
        head.addWidget(self.note, 1)
        head.addWidget(self.csv)
        below = QHBoxLayout()
        below.setContentsMargins(10, 6, 10, 2)
        below.addWidget(self.of_layer, 1)
        below.addWidget(self.by)
        meaning = QHBoxLayout()
        meaning.setContentsMargins(10, 2, 10, 2)
        meaning.addWidget(self.meaning, 1)
        meaning.addWidget(self.all)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(10, 2, 10, 8)
        buttons.addWidget(self.open)
        buttons.addWidget(self.off)
        buttons.addStretch(1)
        self.empty.setContentsMargins(10, 0, 10, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.empty)
        column.addWidget(self.norms, 1)
        column.addLayout(below)
        column.addWidget(self.channels)
        column.addLayout(meaning)
        column.addLayout(buttons)
        column.addStretch(0)
