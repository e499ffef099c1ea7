"""Beside the filters: the chosen one with its numbers, the layer's spread, twins, another file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PyQt5.QtCore import QRectF, Qt, pyqtSignal
from PyQt5.QtGui import QImage, QPainter, QPaintEvent
from PyQt5.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from core.words import plural, value_text, with_minus
from gui.panels.weights.parts import (
    ChangeBars,
    ChangedLayer,
    FilterPair,
    FilterPairs,
    WeightHistogram,
)
from gui.panels.weights.shown import ShownWeights
from gui.theme import ThemeKeeper
from gui.widgets.fact_list import Fact, FactList
from gui.widgets.figure_table import FigureRow, FigureTable
from gui.widgets.labels import LinkLabel, SectionHeader, ThemedLabel

SIDE = 120
N_TWINS = 6
_TABLE = 240
"""Pixels of the list of all twins, which scrolls by itself."""


class FilterPicture(QWidget):
    """One filter, its weights as squares."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = QImage()
        self.setFixedSize(SIDE, SIDE)
        self.setAccessibleName("The chosen filter")

    def show_image(self, image: QImage) -> None:
        """Draw a picture of a pixel for each weight, or nothing."""
        self._image = image
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._image.isNull():
            return
        painter = QPainter(self)
        largest = max(self._image.width(), self._image.height())
        painter.setRenderHint(QPainter.SmoothPixmapTransform, largest > SIDE)
        scale = SIDE / largest
        if largest <= SIDE:
            scale = float(max(1, SIDE // largest))
        size = QRectF(0, 0, self._image.width() * scale, self._image.height() * scale)
        painter.drawImage(size, self._image, QRectF(self._image.rect()))
        painter.end()


class WeightsSide(QScrollArea):
    """Sections below one another; what has nothing to say is left out."""

    filter_chosen = pyqtSignal(int)
    layer_chosen = pyqtSignal(str)
    top_images_requested = pyqtSignal(int)
    all_twins_requested = pyqtSignal()
    twins_requested = pyqtSignal()
    other_requested = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self.title = SectionHeader("Filter")
        self.picture = FilterPicture()
        self.facts = FactList(keeper, name_width=92)
        self.top_images = LinkLabel("")
        self.weights = SectionHeader("Weights")
        self.histogram = WeightHistogram(keeper)
        self.trouble = ThemedLabel("", "warning_text")
        self.twins_head = SectionHeader("Twins", "cosine of two filters")
        self.twins = FilterPairs(keeper, "Twins")
        self.twins_note = ThemedLabel("", "secondary")
        self.twins_link = LinkLabel("")
        self.twins_all_link = LinkLabel("")
        self.twins_table = FigureTable(
            keeper, ("Filter", "Twin", "Cosine"), "All twins", least_name=56
        )
        self.twins_table.setFixedHeight(_TABLE)
        self._are_all_twins_shown = False
        self._shown: ShownWeights | None = None
        self.other_head = SectionHeader("Against another caffemodel")
        self.other_link = LinkLabel("Choose a file")
        self.bars = ChangeBars(keeper)
        self.bars_note = ThemedLabel("", "secondary")
        self.moved_head = SectionHeader("Filters that moved most", "this file, the other")
        self.moved = FilterPairs(keeper, "Filters that moved most")
        self._twins_are_asked_for = False
        self._lay_out()
        self.twins.filter_chosen.connect(self.filter_chosen)
        self.moved.filter_chosen.connect(self.filter_chosen)
        self.bars.layer_chosen.connect(self.layer_chosen)
        self.other_link.clicked.connect(self.other_requested)
        self.twins_link.clicked.connect(self._on_twins)
        self.twins_all_link.clicked.connect(self._toggle_all_twins)
        self.twins_table.row_chosen.connect(self._on_twin_row)
        self.top_images.clicked.connect(self._on_top_images)
        self._filter: int | None = None

    def show_filter(self, shown: ShownWeights, index: int | None) -> None:
        """The chosen filter with its numbers, or nothing."""
        self._filter = index
        word = "channel" if shown.array.is_vector else "filter"
        for widget in (self.title, self.picture, self.facts):
            widget.setVisible(index is not None)
        self.top_images.setVisible(index is not None and shown.is_by_output)
        if index is None:
            return
        self.title.set_text(f"{word} {index}")
        self.title.set_note(shown.array.row_word(index))
        self.picture.setVisible(not shown.array.is_vector)
        if not shown.array.is_vector:
            self.picture.show_image(shown.picture_of(index, self._keeper.theme))
        self.facts.show_facts(_facts(shown, index))
        self.top_images.setText(f"top images of channel {index}")

    def show_layer(self, shown: ShownWeights) -> None:
        """How the layer's weights spread, and its twins."""
        n = shown.figures.n_values
        self.weights.set_note(f"{shown.read.layer}, {plural(n, 'number')}, square-root scale")
        self.histogram.show_histogram(shown.one.histogram)
        self.trouble.setText(shown.one.trouble_words)
        self.trouble.setVisible(bool(shown.one.trouble_words))
        self._shown = shown
        self._show_twins(shown)
        self._show_all_twins(shown)

    def show_other(
        self, name: str, layers: Sequence[ChangedLayer], note: str, pairs: Sequence[FilterPair]
    ) -> None:
        """The other file, how far layers moved, and the layer's filters that moved most."""
        self.other_head.set_note(name)
        self.other_link.setText("Change" if name else "Choose a file")
        self.bars.show_layers(layers)
        self.bars.setVisible(bool(layers))
        self.bars_note.setText(note)
        self.bars_note.setVisible(bool(note))
        self.moved.show_pairs(pairs)
        for widget in (self.moved_head, self.moved):
            widget.setVisible(bool(pairs))

    def _show_twins(self, shown: ShownWeights) -> None:
        found = shown.one.twins
        is_vector = shown.array.is_vector
        for widget in (self.twins_head, self.twins, self.twins_note, self.twins_link):
            widget.setVisible(not is_vector)
        if is_vector:
            return
        if found is None:
            self._twins_are_asked_for = False
            n = shown.array.n_filters
            self.twins.show_pairs(())
            self.twins_note.setText(
                f"{plural(n * (n - 1) // 2, 'pair')}: finding twins takes some seconds."
            )
            self.twins_link.setText("Find twins")
            return
        pairs = [
            FilterPair(
                shown.picture_of(pair.first, self._keeper.theme),
                shown.picture_of(pair.second, self._keeper.theme),
                with_minus(f"{pair.cosine:+.2f}"), f"{pair.first} and {pair.second}",
                pair.first,
            )
            for pair in found.pairs[:N_TWINS]
        ]  # fmt: skip
        self.twins.show_pairs(pairs)
        over = f"over {found.threshold:g}"
        if found.n_pairs:
            self.twins_note.setText(f"{plural(found.n_pairs, 'pair')} {over} in magnitude.")
        else:
            closest = float(np.abs(found.cosines).max(initial=0.0))
            self.twins_note.setText(f"No pair {over} in magnitude; the closest is {closest:.2f}.")
        self._twins_are_asked_for = True
        self.twins_link.setText("Sort by twin")
        self.twins_link.setVisible(shown.sort != "twin")

    def _show_all_twins(self, shown: ShownWeights) -> None:
        """The list of every pair over the threshold, where it is asked for."""
        found = shown.one.twins
        pairs = () if found is None or shown.array.is_vector else found.pairs
        self.twins_all_link.setVisible(len(pairs) > N_TWINS)
        self.twins_table.setVisible(self._are_all_twins_shown and len(pairs) > N_TWINS)
        if found is None:
            return
        self.twins_all_link.setText(
            "Hide the list" if self._are_all_twins_shown else f"All over {found.threshold:g}"
        )
        if not self._are_all_twins_shown:
            return
        rows = [
            FigureRow((str(p.first), str(p.second), with_minus(f"{p.cosine:+.3f}"))) for p in pairs
        ]
        self.twins_table.show_rows(rows)
        if len(pairs) < found.n_pairs:
            closest = f"the {len(pairs):,} closest are listed."
            self.twins_note.setText(f"{plural(found.n_pairs, 'pair')} over, {closest}")

    def _toggle_all_twins(self) -> None:
        self._are_all_twins_shown = not self._are_all_twins_shown
        if self._shown is not None:
            self._show_twins(self._shown)
            self._show_all_twins(self._shown)

    def _on_twin_row(self, place: int) -> None:
        found = None if self._shown is None else self._shown.one.twins
        if found is not None and 0 <= place < len(found.pairs):
            self.filter_chosen.emit(found.pairs[place].first)

    def _on_twins(self) -> None:
        if self._twins_are_asked_for:
            self.all_twins_requested.emit()
        else:
            self.twins_requested.emit()

    def _on_top_images(self) -> None:
        if self._filter is not None:
            self.top_images_requested.emit(self._filter)

    def _lay_out(self) -> None:
        self.setFrameShape(QFrame.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        body = QWidget()
        body.setObjectName("weightsSide")
        body.setAttribute(Qt.WA_StyledBackground)
        column = QVBoxLayout(body)
        column.setContentsMargins(14, 0, 14, 12)
        column.setSpacing(4)
        head = QHBoxLayout()
        head.setSpacing(14)
        head.addWidget(self.picture, 0, Qt.AlignTop)
        right = QVBoxLayout()
        right.setSpacing(2)
        right.addWidget(self.facts)
        right.addWidget(self.top_images, 0, Qt.AlignLeft)
        right.addStretch(1)
        head.addLayout(right, 1)
        column.addWidget(self.title)
        column.addLayout(head)
        for widget in (self.weights, self.histogram, self.trouble, self.twins_head, self.twins):
            column.addWidget(widget)
        column.addLayout(_beside(self.twins_note, self.twins_all_link, self.twins_link))
        column.addWidget(self.twins_table)
        column.addWidget(self.other_head)
        column.addWidget(self.bars)
        column.addLayout(_beside(self.bars_note, self.other_link))
        column.addWidget(self.moved_head)
        column.addWidget(self.moved)
        column.addStretch(1)
        self.setWidget(body)


def _beside(note: QLabel, *links: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(10)
    note.setWordWrap(True)
    row.addWidget(note, 1)
    for link in links:
        row.addWidget(link, 0, Qt.AlignTop)
    return row


def _facts(shown: ShownWeights, index: int) -> list[Fact]:
    figures, one = shown.figures, shown.one
    if shown.array.is_vector:
        return [
            Fact(x.array.name, value_text(float(x.array.values[index, 0, 0, 0])))
            for x in shown.read.arrays
            if index < x.array.n_filters
        ]
    rank = f"{value_text(float(figures.norms[index]))}, rank {int(figures.ranks[index]):,}"
    is_dead = index in figures.dead
    facts = [
        Fact(
            "L2 norm", f"{rank} of {figures.n_filters:,}" + (", dead" if is_dead else ""),
            role="warning_text" if is_dead else "text",
        ),
        Fact("Mean", value_text(float(figures.means[index]))),
        Fact("Deviation", value_text(float(figures.stds[index]))),
    ]  # fmt: skip
    bias = shown.read.filters.bias if shown.read.filters is not None else None
    if bias is not None and shown.array is shown.read.arrays[0].array:
        facts.append(Fact("Bias", value_text(float(bias[index]))))
    n_zeros = int(figures.n_zeros[index])
    facts.append(Fact("Exact zeros", f"{n_zeros:,} of {figures.n_weights:,}"))
    if one.twins is not None and one.twins.nearest[index] >= 0:
        cosine = with_minus(f"{float(one.twins.cosines[index]):+.2f}")
        facts.append(Fact("Nearest twin", f"{int(one.twins.nearest[index])}, cosine {cosine}"))
    if shown.changes is not None:
        facts.append(Fact("Change", shown.of_sort("change").caption_of(index)))
    return facts
