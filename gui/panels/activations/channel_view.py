"""The chosen channel beside the picture: enlarged, with its numbers and its scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PyQt5.QtCore import QRectF, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QImage
from PyQt5.QtWidgets import (
    QBoxLayout,
    QGridLayout,
    QHBoxLayout,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from core.jobs.receptive_field import FieldGradients, LayerField
from core.net.elision import elide_name
from core.words import share_text, value_text
from gui.panels.activations.enlarged import EnlargedMap, Place, SeenPicture
from gui.panels.activations.field_view import FieldView
from gui.panels.activations.overlay_choice import FIELD, OverlayChoice
from gui.panels.activations.scale import ValueScale
from gui.panels.activations.shown import Drawing, ShownCard
from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button
from gui.widgets.class_list import ClassList, ClassScores
from gui.widgets.fact_list import Fact, FactList
from gui.widgets.labels import SectionHeader, ThemedLabel

SIDE, SMALL_SIDE, LEAST_SIDE = 248, 176, 112
N_LARGEST = 5
MORE_FOR_NAMES = 56
"""Pixels by which the list of classes is wider than a map."""


class ChannelView(QWidget):
    """What the net sees, the channel with the same place marked, and what it says in numbers."""

    place_chosen = pyqtSignal(object)
    left = pyqtSignal()
    pin_toggled = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._drawing = Drawing()
        self._channel: int | None = None
        self._place: Place | None = None
        self._hovered: tuple[int, int, Place] | None = None
        self._scores: ClassScores | None = None
        self.setObjectName("channelView")
        self.setAttribute(Qt.WA_StyledBackground)
        self.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Fixed)
        self.seen = SeenPicture(keeper)
        self.map = EnlargedMap(keeper)
        self.classes = ClassList(keeper)
        self.scale = ValueScale(keeper)
        self.caption = ThemedLabel("", "secondary", pixels=11)
        self.map_caption = ThemedLabel("", "secondary", pixels=11)
        self.heading = SectionHeader("Channel")
        self.facts = FactList(keeper, name_width=44)
        self.facts.setToolTip("Rank: how many channels have a greater maximum, plus one")
        self.pin_button = Button(keeper, "Pin", "pin")
        self.field = FieldView(keeper)
        self.overlay = OverlayChoice()
        self._lay_out()
        self.set_side(SIDE)
        self._refresh()
        self.map.place_chosen.connect(self.place_chosen)
        self.map.place_hovered.connect(self._hover_place)
        self.map.left.connect(self.left)
        self.overlay.chosen.connect(self._show_field)
        self.pin_button.clicked.connect(lambda: self.pin_toggled.emit())

    def set_side(self, side: int) -> None:
        """Show picture and channel as squares of so many pixels."""
        for square in (self.seen, self.map):
            square.set_side(side)
        is_low = side < SIDE
        self._numbers.setDirection(QBoxLayout.LeftToRight if is_low else QBoxLayout.TopToBottom)
        self.classes.setFixedSize(side + MORE_FOR_NAMES, side)
        self.updateGeometry()
        layout = self.layout()
        if layout is not None:
            layout.activate()

    def show_fields(self, fields: Mapping[tuple[str, str], LayerField]) -> None:
        """Take the receptive fields of the values that are shown, by (layer, top)."""
        self.field.show_fields(fields)
        self._show_field()

    def show_field_check(self, check: FieldGradients) -> None:
        """Take what gradients say of a field."""
        self.field.show_check(check)
        self._show_field()

    def show_picture(self, picture: QImage | None) -> None:
        """Show what the net saw."""
        self.seen.show_picture(picture)

    def show_drawing(
        self, drawing: Drawing, channel: int | None, place: Place | None, *, is_pinned: bool
    ) -> None:
        """Show a channel of the leading card, and a cell of it."""
        self._drawing, self._channel, self._place = drawing, channel, place
        self.pin_button.setText("Unpin" if is_pinned else "Pin")
        self.pin_button.setToolTip("Keep this channel above the tiles, on every layer (Space)")
        self._refresh()

    def hover(self, card: int, channel: int, place: Place | None) -> None:
        """Show the field of a cell under the mouse; None goes back to the chosen one."""
        self._hovered = None if place is None else (card, channel, place)
        self._show_field()

    def show_classes(self, scores: ClassScores | None) -> None:
        """Show the best classes in the place of the map, where there are any."""
        self._scores = scores
        self._refresh()

    def _refresh(self) -> None:
        drawing = self._drawing
        card = drawing.cards[drawing.enlarged] if drawing.cards else None
        channel = self._channel
        if card is not None and channel is not None and channel >= len(card.stack.maps):
            channel = None
        has_channel = card is not None and channel is not None
        is_vector = card is not None and card.stack.is_vector
        self.map.setVisible(not is_vector)
        self.classes.setVisible(is_vector)
        self.pin_button.setEnabled(has_channel)
        self.scale.setVisible(has_channel and not is_vector)
        self.heading.set_text("Value" if is_vector else "Channel")
        self.facts.show_facts(())
        self.map.show_map(None, 1.0, is_diverging=False)
        if is_vector:
            self._show_bars()
        if card is not None and channel is not None:
            high = float(drawing.highs[drawing.enlarged][channel])
            self.heading.set_text(f"{'Value' if is_vector else 'Channel'} {channel}")
            is_diverging, low = drawing.is_diverging, drawing.low
            self.map.show_map(card.stack.maps[channel], high, is_diverging=is_diverging, low=low)
            whose = "of the whole layer" if drawing.is_shared else f"of channel {channel} alone"
            self.scale.show_scale(
                high, whose, is_diverging=is_diverging, low=low, is_clipped=drawing.is_clipped
            )
            facts = _facts(card.stack.maps[channel], self._rank(channel))
            names = () if self._scores is None or not is_vector else self._scores.names
            named = (Fact("class", names[channel]),) if channel < len(names) else ()
            self.facts.show_facts((*named, *facts))
        self.map.mark(None if is_vector or not has_channel else self._place)
        self._show_field()
        self._say(card.stack.maps.shape[1:] if card is not None else (0, 0), is_vector=is_vector)

    def _mark_cell(self, card: ShownCard | None, place: Place | None) -> None:
        """Mark on the picture where a cell stands."""
        if place is None or card is None or card.stack.is_vector:
            self.seen.mark(None)
            return
        height, width = card.stack.maps.shape[1:]
        is_inside = place[0] < height and place[1] < width
        part = QRectF(place[1] / width, place[0] / height, 1 / width, 1 / height)
        self.seen.mark(part if is_inside else None)

    @pyqtSlot()
    def _show_field(self) -> None:
        """The field of the cell under the mouse, else of the chosen one, else of the layer."""
        cards = self._drawing.cards
        number, channel, place = self._hovered or (
            self._drawing.enlarged,
            self._channel,
            self._place,
        )
        card = cards[number] if number < len(cards) else None
        if card is None:
            self.field.show_value(None)
        else:
            cell = (0, 0) if card.stack.is_vector else place
            self.field.show_value(card, channel, cell)
        is_field = self.overlay.current == FIELD
        self._mark_cell(card, place if channel is not None else None)
        self.seen.show_field(self.field.marks if is_field else None, has_margin=is_field)
        self._caption(place)

    def _caption(self, place: Place | None) -> None:
        if self.seen.field is not None and place is not None:
            self.caption.setText(f"Receptive field of {place}")
        elif self.seen.part is not None and place is not None:
            self.caption.setText(f"Place of {place}")
        else:
            self.caption.setText("What the net sees")

    def _hover_place(self, place: Place | None) -> None:
        if self._channel is not None:
            self.hover(self._drawing.enlarged, self._channel, place)

    def _say(self, shape: Sequence[int], *, is_vector: bool) -> None:
        cards = self._drawing.cards
        if is_vector or not cards:
            self.map_caption.setText("")
            return
        whose = cards[self._drawing.enlarged].value.words.rpartition(" · ")[2]
        if len(cards) == 1:
            self.map_caption.setText(f"{shape[0]}×{shape[1]}")
            return
        metrics = self.map_caption.fontMetrics()
        room = self.map.width() - self.scale.sizeHint().width() - 10
        if "@" in whose and metrics.horizontalAdvance(whose) > room:
            whose = f"@{whose.rpartition('@')[2]}"  # the names stand over the tiles
        self.map_caption.setText(elide_name(whose, room, metrics.horizontalAdvance))

    def _show_bars(self) -> None:
        if self._scores is not None:
            self.classes.show_scores(self._scores)
            return
        card = self._drawing.cards[self._drawing.enlarged]
        values = card.stack.maps.reshape(-1)
        best = card.stack.order("max")[:N_LARGEST]
        named = [(index, float(values[index])) for index in best]
        self.classes.show_largest(card.value.layer, named)

    def _rank(self, channel: int) -> str:
        card = self._drawing.cards[self._drawing.enlarged]
        return f"{card.stack.rank_by_maximum(channel):,} of {len(card.stack.maps):,}"

    def _lay_out(self) -> None:
        second = QHBoxLayout()
        second.addWidget(self.map)
        second.addWidget(self.classes)
        below = QHBoxLayout()
        below.addWidget(self.map_caption)
        below.addStretch(1)
        below.addWidget(self.scale)
        channel = QVBoxLayout()
        channel.setSpacing(4)
        channel.addWidget(self.heading)
        channel.addWidget(self.facts)
        channel.addWidget(self.pin_button)
        channel.addStretch(1)
        self._numbers = QBoxLayout(QBoxLayout.TopToBottom)
        self._numbers.setSpacing(8)
        self._numbers.addLayout(channel, 1)
        self._numbers.addWidget(self.field, 1)
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 10, 12, 6)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(4)
        grid.addWidget(self.seen, 0, 0, Qt.AlignTop)
        grid.addLayout(second, 0, 1, Qt.AlignTop)
        grid.addLayout(self._numbers, 0, 2, 4, 1)
        grid.addWidget(self.caption, 1, 0)
        grid.addLayout(below, 1, 1)
        grid.addWidget(self.overlay, 2, 0, 1, 2)
        grid.setColumnStretch(2, 1)
        grid.setRowStretch(3, 1)  # what the numbers need more is no gap above the overlays


def _facts(one: np.ndarray, rank: str) -> tuple[Fact, ...]:
    """The numbers of a channel; one: (height, width)."""
    finite = one[np.isfinite(one)]
    if one.size == 1:
        return Fact("value", value_text(float(one[0, 0])), is_strong=True), Fact("rank", rank)
    if not finite.size:
        return (Fact("", "no finite value"),)
    low = float(finite.min())
    facts = [Fact("max", value_text(float(finite.max())), is_strong=True)]
    if low < 0:
        facts.append(Fact("min", value_text(low)))
    facts.append(Fact("mean", value_text(float(finite.mean(dtype=np.float64)))))
    facts.append(Fact("zeros", share_text(int((one == 0).sum()), one.size)))
    if finite.size < one.size:
        facts.append(Fact("NaN, Inf", f"{one.size - finite.size:,}"))
    return (*facts, Fact("rank", rank))
