"""The Activations panel: every channel of a layer, or of its whole chain, as tiles."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PyQt5.QtCore import QSize, Qt, pyqtSignal
from PyQt5.QtGui import QGuiApplication, QImage, QResizeEvent
from PyQt5.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from gui.panels.activations.canvas import Cell, TileCanvas
from gui.panels.activations.channel_view import ChannelView
from gui.panels.activations.enlarged import Place
from gui.panels.activations.export import FILTERS, captioned, csv_of, write_shown
from gui.panels.activations.pins import PinnedMap, PinRow
from gui.panels.activations.shown import (
    ActivationRequest,
    Drawing,
    Pin,
    PinnedValue,
    ShownCard,
    ShownValue,
    cards_of,
    drawing_of,
)
from gui.panels.activations.tile_bar import TileBar
from gui.panels.activations.value_bar import ValueBar
from gui.theme import ThemeKeeper
from gui.widgets.buttons import IconButton
from gui.widgets.class_list import ClassList, ClassScores
from gui.widgets.empty_state import EmptyState
from gui.widgets.labels import LinkLabel, ThemedLabel

EMPTY_SENTENCE = "Open an image to see every channel."
HINT = "Arrows walk the channels, Space pins one, X switches it off, wheel zooms."
Key = tuple[str, str]


@dataclass(frozen=True)
class LayerValues:
    """What can be shown of a layer: its own values, and the chain it works in, if any.

    chain_blob: "" for a layer in no chain.
    """

    layer: str = ""
    own: tuple[ShownValue, ...] = ()
    chain_blob: str = ""
    chain: tuple[ShownValue, ...] = ()


class ActivationsPanel(QWidget):
    """Pins, tiles and what to do with them; `bar` and `channel` stand elsewhere on the page."""

    activations_requested = pyqtSignal(object)
    open_image_requested = pyqtSignal()
    save_requested = pyqtSignal(str, str)
    command_requested = pyqtSignal()
    layer_requested = pyqtSignal(str)
    channel_changed = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("activationsPanel")
        self.setAttribute(Qt.WA_StyledBackground)
        self._keeper = keeper
        self._values = LayerValues()
        self._is_chain = False
        self._request: ActivationRequest | None = None
        self._arrays: dict[Key, np.ndarray] = {}
        self._cards: tuple[ShownCard, ...] = ()
        self._drawing = Drawing()
        self._at: dict[int, int] = {}
        self._enlarged: ShownValue | None = None
        self._channel: int | None = None
        self._place: Place | None = None
        self._pins: list[Pin] = []
        self._are_zeros_alone = False
        self._source: tuple[str, ...] = ()
        self.value_of_pin: Callable[[Pin], ShownValue | None] = lambda pin: None
        self._build()
        self._refresh()
        self._connect()

    def minimumSizeHint(self) -> QSize:
        return QSize(360, 120)

    @property
    def save_button(self) -> IconButton:
        """Asks for a file to save the tiles in."""
        return self.bar.save_button

    @property
    def classes(self) -> ClassList:
        """The best classes, shown in the place of the enlarged channel."""
        return self.channel.classes

    @property
    def cards(self) -> tuple[ShownCard, ...]:
        """What is drawn now."""
        return self._drawing.cards

    @property
    def drawing(self) -> Drawing:
        """How it is drawn."""
        return self._drawing

    @property
    def chosen(self) -> tuple[int | None, Place | None]:
        """The channel and the cell of it that are looked at."""
        return self._channel, self._place

    @property
    def pins(self) -> tuple[Pin, ...]:
        """The pinned channels, the first pinned first."""
        return tuple(self._pins)

    def take_pins(self, pins: Sequence[Pin]) -> None:
        """Pin these channels, as they were left, in the place of those that are."""
        self._pins = list(dict.fromkeys(pins))
        self._ask()

    def show_layer(self, values: LayerValues) -> None:
        """Offer what there is of a layer; what was chosen before stays where the layer has it."""
        if values.layer != self._values.layer:
            self._enlarged = None
        self._values = values
        self._show_chain_offer()

    def show_source(self, source: Sequence[str]) -> None:
        """Which net, weights, image and recipe the values are of, for what is saved."""
        self._source = tuple(source)

    def show_picture(self, picture: QImage | None) -> None:
        """What the net sees of the image."""
        self.channel.show_picture(picture)

    def show_read(
        self,
        request: ActivationRequest,
        arrays: Mapping[Key, np.ndarray],
        cards: Sequence[ShownCard] | None = None,
    ) -> None:
        """Draw the answer to a request; arrays: each (n, ...) with all its axes.

        cards: those of the request, measured, where that is done already.
        """
        self._request, self._arrays = request, dict(arrays)
        is_current = cards is not None and dict(request.at) == self._at
        self._cards = tuple(cards or ()) if is_current else self._make_cards()
        self._refresh()

    def show_classes(self, scores: ClassScores | None) -> None:
        """Show the best classes in the place of the enlarged channel, or none."""
        self.channel.show_classes(scores)
        self.canvas.name_values(() if scores is None else scores.names)

    def _make_cards(self) -> tuple[ShownCard, ...]:
        return () if self._request is None else cards_of(self._request, self._arrays, self._at)

    def show_empty(self, sentence: str = EMPTY_SENTENCE, *, offers_image: bool = True) -> None:
        """Take the tiles away and say what brings them back; offers_image: an image would."""
        self._request, self._arrays, self._cards = None, {}, ()
        self.empty_state.set_sentence(sentence)
        self.empty_state.show_button(offers_image)
        self.show_classes(None)
        self._refresh()

    def request(self) -> ActivationRequest | None:
        """What is to be read; None where nothing can be shown."""
        chain = self._values.chain
        shown = chain if self._is_chain and chain else self._values.own
        if not shown:
            return None
        pairs = ((pin, self.value_of_pin(pin)) for pin in self._pins)
        pins = tuple(PinnedValue(pin, value) for pin, value in pairs if value is not None)
        return ActivationRequest(shown, pins, tuple(self._at.items()))

    def caption(self) -> str:
        """What is shown, in one line: values, net, weights, image and recipe."""
        values = ", ".join(card.value.words for card in self.cards)
        return ", ".join((values, *self._source))

    def save_to(self, path: Path) -> None:
        """Write the tiles (.png, .svg), arrays (.npy, .npz) or numbers of each channel (.csv)."""
        if self.cards:
            picture, leader = self.canvas.whole_picture(), self._drawing.leader
            write_shown(path, picture, self.cards, leader, self.caption(), self._keeper.theme)

    def choose(self, channel: int | None, place: Place | None = None) -> None:
        """Look at a channel, and at a cell of it."""
        self._channel, self._place = channel, place
        self.canvas.choose(channel)
        self._show_channel()

    def toggle_pin(self) -> None:
        """Keep the chosen channel above the tiles, or let it go."""
        pin = self._pin_of_channel()
        if pin is None:
            return
        if pin in self._pins:
            self._pins.remove(pin)
        else:
            self._pins.append(pin)
        self._ask()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_hint()

    def _show_hint(self) -> None:
        """The hint leaves as a whole where it does not fit."""
        needed = self.hint.sizeHint().width() + self.zeros.sizeHint().width() + 120
        self.hint.setVisible(needed <= self.width())

    def _pin_of_channel(self) -> Pin | None:
        if self._channel is None or not self.cards:
            return None
        value = self.cards[self._drawing.enlarged].value
        return Pin(value.layer, value.top_index, self._channel)

    def _let_go(self, pin: Pin) -> None:
        self._pins.remove(pin)
        self._ask()

    def _go_to(self, pin: Pin) -> None:
        self.choose(pin.channel, self._place)
        if pin.layer != self._values.layer:
            self.layer_requested.emit(pin.layer)

    def _ask(self) -> None:
        request = self.request()
        if request is not None:
            self.activations_requested.emit(request)

    def _choose_chain(self, is_chain: bool) -> None:
        self._is_chain = is_chain
        self._ask()

    def _choose_index(self, axis: int, index: int) -> None:
        self._at[axis] = index
        self._cards = self._make_cards()
        self._refresh()

    def _on_channel(self, card: int, channel: int, y: int, x: int) -> None:
        self._channel = channel
        if card >= 0:
            self._enlarged, self._place = self.cards[card].value, (y, x)
            self._drawing = replace(self._drawing, enlarged=card)
        self._show_channel()

    def _on_hovered(self, cell: Cell | None) -> None:
        at = (0, 0, None) if cell is None else (cell.card, cell.channel, (cell.y, cell.x))
        self.channel.hover(*at)

    def _on_place(self, place: Place) -> None:
        self._place = place
        self._show_channel()

    def _refresh(self) -> None:
        """Draw all anew; order, channel, zoom and pins stay as they were."""
        cards = self._cards
        layers = [card.value.layer for card in cards]
        leader = layers.index(self._values.layer) if self._values.layer in layers else 0
        shown = [card.value for card in cards]
        enlarged = shown.index(self._enlarged) if self._enlarged in shown else leader
        bar = self.tile_bar
        self._drawing = drawing_of(cards, leader, bar.order, bar.scope, enlarged)
        zeros = cards[leader].stack.zero_channels if cards else ()
        self._are_zeros_alone = self._are_zeros_alone and bool(zeros)
        only = frozenset(zeros) if self._are_zeros_alone else None
        self.canvas.show_drawing(self._drawing, only)
        self.bar.show_cards(cards, leader)
        self._show_zeros(len(zeros), is_vector=bool(cards) and cards[leader].stack.is_vector)
        self._show_pins()
        self._show_channel()
        self._pages.setCurrentIndex(1 if cards else 0)
        self.tile_bar.setVisible(bool(cards))
        self._footer.setVisible(bool(cards))

    def _show_channel(self) -> None:
        pin = self._pin_of_channel()
        is_pinned = pin is not None and pin in self._pins
        self.canvas.choose(self._channel)
        self.tile_bar.show_drawing(self._drawing, self._channel)
        self.channel.show_drawing(self._drawing, self._channel, self._place, is_pinned=is_pinned)
        self.channel_changed.emit()

    def _show_zeros(self, n_zeros: int, *, is_vector: bool) -> None:
        noun = ("value is" if n_zeros == 1 else "values are") if is_vector else (
            "channel is" if n_zeros == 1 else "channels are")  # fmt: skip
        where = "0" if is_vector else "0 everywhere"
        self.zeros.setText(f"{n_zeros:,} {noun} {where}" if n_zeros else "")
        self.zeros_link.setText("Show all" if self._are_zeros_alone else "Show them")
        self.zeros_link.setVisible(n_zeros > 0)
        self._show_hint()

    def _toggle_zeros(self) -> None:
        self._are_zeros_alone = not self._are_zeros_alone
        self._refresh()

    def _show_pins(self) -> None:
        shown = [] if self._request is None else list(self._request.pins)
        maps = [PinnedMap(one, self._map_of(one)) for one in shown]
        self.pin_row.show_pins(maps)
        before: QWidget = self.tile_bar.colours_choice
        for widget in (*self.tile_bar.index_boxes, *self.pin_row.tiles, self.canvas):
            QWidget.setTabOrder(before, widget)
            before = widget

    def _map_of(self, pinned: PinnedValue) -> np.ndarray | None:
        array = self._arrays.get((pinned.value.layer, pinned.value.top))
        if array is None:
            return None
        request = ActivationRequest((pinned.value,))
        (card,) = cards_of(request, self._arrays, self._at)
        maps = card.stack.maps
        return maps[pinned.pin.channel] if pinned.pin.channel < len(maps) else None

    def _show_chain_offer(self) -> None:
        self.bar.show_chain(self._values.chain_blob, is_shown=self._is_chain)

    def _picture(self) -> QImage:
        return captioned(self.canvas.whole_picture(), self.caption(), self._keeper.theme)

    def _copy(self, what: str) -> None:
        clipboard = QGuiApplication.clipboard()
        if what == "command":
            self.command_requested.emit()
        elif clipboard is not None and self.cards:
            if what == "picture":
                clipboard.setImage(self._picture())
            else:
                clipboard.setText(csv_of(self.cards, self.caption()))

    def _build(self) -> None:
        keeper = self._keeper
        self.bar = ValueBar(keeper)
        self.channel = ChannelView(keeper)
        self.tile_bar = TileBar(keeper)
        self.pin_row = PinRow(keeper)
        self.canvas = TileCanvas(keeper)
        self.hint = ThemedLabel(HINT, "secondary", pixels=11)
        self.zeros = ThemedLabel("", "secondary", pixels=11)
        self.zeros_link = LinkLabel("Show them")
        self.empty_state = EmptyState(
            keeper, "grid", EMPTY_SENTENCE, "Open image", button_icon="image"
        )
        self._footer = QWidget()
        line = QHBoxLayout(self._footer)
        line.setContentsMargins(10, 2, 10, 6)
        line.addWidget(self.hint)
        line.addStretch(1)
        line.addWidget(self.zeros)
        line.addWidget(self.zeros_link)
        self._pages = QStackedLayout()
        self._pages.addWidget(self.empty_state)
        self._pages.addWidget(self.canvas)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.tile_bar)
        column.addWidget(self.pin_row)
        column.addLayout(self._pages, 1)
        column.addWidget(self._footer)

    def _connect(self) -> None:
        self.tile_bar.changed.connect(self._refresh)
        self.tile_bar.index_changed.connect(self._choose_index)
        self.canvas.channel_chosen.connect(self._on_channel)
        self.canvas.cell_hovered.connect(self._on_hovered)
        self.canvas.channel_let_go.connect(lambda: self.choose(None))
        self.canvas.channel_opened.connect(lambda: self.channel.map.setFocus(Qt.OtherFocusReason))
        self.canvas.pin_toggled.connect(self.toggle_pin)
        self.channel.place_chosen.connect(self._on_place)
        self.channel.left.connect(lambda: self.canvas.setFocus(Qt.OtherFocusReason))
        self.channel.pin_toggled.connect(self.toggle_pin)
        self.pin_row.pin_chosen.connect(self._go_to)
        self.pin_row.pin_let_go.connect(self._let_go)
        self.bar.chain_toggled.connect(self._choose_chain)
        self.bar.copy_requested.connect(self._copy)
        self.bar.save_requested.connect(self._save)
        self.zeros_link.clicked.connect(self._toggle_zeros)
        self.empty_state.clicked.connect(self.open_image_requested)

    def _save(self) -> None:
        name = self._values.layer.replace("/", "_") or "tiles"
        self.save_requested.emit(f"{name}.png", FILTERS)
