"""The Activations panel: every channel of a layer, or of its whole chain, as tiles."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PyQt5.QtCore import QSignalBlocker, QSize, Qt, QTimer, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QColor, QImage, QPainter, QPaintEvent, QResizeEvent
from PyQt5.QtWidgets import (
    QHBoxLayout,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from core.activations.channels import CHANNEL_ORDERS
from core.activations.tiles import MAX_LEVEL
from core.errors import AppError
from core.files import write_file
from gui.panels.activations.canvas import TileCanvas
from gui.panels.activations.classes import ClassList, ClassScores
from gui.panels.activations.colours import colour_table
from gui.panels.activations.tiles import ActivationRequest, ShowChoice, TileCard
from gui.theme import ThemeKeeper, text_font
from gui.widgets.alignment import CENTRE
from gui.widgets.buttons import IconButton
from gui.widgets.choice import Choice
from gui.widgets.elided_choice import ElidedChoice
from gui.widgets.empty_state import EmptyState
from gui.widgets.panel_bar import PanelBar
from gui.widgets.png import png_of

EMPTY_SENTENCE = "Open an image to see every channel."
SETTLE_MILLISECONDS = 150
LAYER, CHAIN = "layer", "chain"
FILTERS = (
    "PNG picture of the tiles (*.png);;"
    "NumPy array of the layer (*.npy);;"
    "NumPy arrays of all shown (*.npz)"
)


class ColourLegend(QWidget):
    """The colours of the tiles, from most negative to most positive, or from zero up."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._is_diverging = True
        self.setFixedSize(QSize(76, 18))
        self.setToolTip("Colour of a value: zero is the ground colour")
        keeper.changed.connect(self.update)

    def show_scale(self, *, is_diverging: bool) -> None:
        """Draw the scale of signed values, or of values from zero up."""
        self._is_diverging = is_diverging
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._keeper.theme
        table = colour_table(theme, is_diverging=self._is_diverging)
        painter.setFont(text_font(11))
        painter.setPen(theme.secondary)
        left = "\N{MINUS SIGN}" if self._is_diverging else "0"
        painter.drawText(0, 0, 14, self.height(), CENTRE, left)
        painter.drawText(62, 0, 14, self.height(), CENTRE, "+")
        for x in range(46):
            painter.setPen(_opaque(table[round(x / 45 * MAX_LEVEL)]))
            painter.drawLine(15 + x, 5, 15 + x, 12)


class ActivationsPanel(QWidget):
    """Toolbar, tiles and best classes; asks for cards and shows the ones it is given."""

    activations_requested = pyqtSignal(object)
    open_image_requested = pyqtSignal()
    save_requested = pyqtSignal(str, str)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("activationsPanel")
        self.setAttribute(Qt.WA_StyledBackground)
        self._keeper = keeper
        self._choices: tuple[ShowChoice, ...] = ()
        self._layer = ""
        self._kind = CHAIN
        self._cards: tuple[TileCard, ...] = ()
        self._aspect = 0.0
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MILLISECONDS)
        self._build()
        self._dress()
        self._refresh()
        keeper.changed.connect(self._dress)
        self.show_choice.activated.connect(self._choose_kind)
        self.order_choice.activated.connect(self._request)
        self.scope_choice.activated.connect(self._request)
        self.save_button.clicked.connect(self._save)
        self.empty_state.clicked.connect(self.open_image_requested)
        self._settle.timeout.connect(self._request_if_reshaped)

    def minimumSizeHint(self) -> QSize:
        return QSize(360, 120)

    def show_choices(self, choices: Sequence[ShowChoice], layer: str) -> None:
        """Offer what can be shown of `layer`; keeps showing chains, or layers, as last chosen."""
        self._choices, self._layer = tuple(choices), layer
        with QSignalBlocker(self.show_choice):
            self.show_choice.clear()
            for choice in self._choices:
                self.show_choice.addItem(choice.text)
            kinds = [choice.kind for choice in self._choices]
            self.show_choice.setCurrentIndex(kinds.index(self._kind) if self._kind in kinds else 0)

    def show_cards(self, cards: Sequence[TileCard]) -> None:
        """Draw the answer to the last request."""
        self._cards = tuple(cards)
        self._refresh()
        self._settle.start()

    def show_classes(self, scores: ClassScores | None) -> None:
        """Show the best classes beside the tiles, or none."""
        self.classes.show_scores(scores)

    def show_empty(self, sentence: str = EMPTY_SENTENCE) -> None:
        """Take the tiles away and say in one sentence what brings them back."""
        self._cards = ()
        self.empty_state.set_sentence(sentence)
        self.classes.show_scores(None)
        self._refresh()

    def request(self) -> ActivationRequest | None:
        """What the controls ask for now; None where nothing can be shown."""
        index = self.show_choice.currentIndex()
        if not 0 <= index < len(self._choices):
            return None
        values = self._choices[index].values
        self._aspect = self._room_aspect(len(values))
        return ActivationRequest(
            values,
            self.order_choice.currentData(),
            self.scope_choice.currentData(),
            self._aspect,
        )

    @property
    def cards(self) -> tuple[TileCard, ...]:
        """What is drawn now."""
        return self._cards

    def save_to(self, path: Path) -> None:
        """Write the tiles (.png), the layer's array (.npy) or all arrays shown (.npz)."""
        if self._cards:
            write_tiles(path, self.canvas.whole_picture(), self._cards, self._layer)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._settle.start()

    def _choose_kind(self, index: int) -> None:
        if 0 <= index < len(self._choices):
            self._kind = self._choices[index].kind
        self._request()

    def _request(self) -> None:
        request = self.request()
        if request is not None:
            self.activations_requested.emit(request)

    def _request_if_reshaped(self) -> None:
        """Lay the tiles out anew once the room has settled on quite another shape."""
        if not self._cards or any(card.channels.is_vector for card in self._cards):
            return
        aspect = self._room_aspect(len(self._cards))
        if max(aspect, self._aspect) > 1.15 * min(aspect, self._aspect):
            self._request()

    def _room_aspect(self, n_cards: int) -> float:
        """From the panel's own size: the canvas may not have been laid out yet."""
        width = self.width() - (0 if self.classes.isHidden() else self.classes.width())
        room = QSize(width, self.height() - self._bar.sizeHint().height())
        return self.canvas.room_aspect(n_cards, room)

    def _refresh(self) -> None:
        has_cards = bool(self._cards)
        self.canvas.show_cards(self._cards, self._layer)
        self.legend.show_scale(is_diverging=any(card.mosaic.is_diverging for card in self._cards))
        self._bar.setVisible(has_cards)
        self._pages.setCurrentIndex(1 if has_cards else 0)

    def _build(self) -> None:
        self.show_choice = ElidedChoice(6)
        self.show_choice.setAccessibleName("Show")
        self.order_choice, self.scope_choice = Choice(), Choice()
        for order in CHANNEL_ORDERS:
            self.order_choice.addItem(order, order)
        self.order_choice.setToolTip("Order of the channels")
        self.scope_choice.addItem("per layer", "layer")
        self.scope_choice.addItem("per channel", "channel")
        self.scope_choice.setToolTip("Colour range: one for all channels, or one for each")
        self.legend = ColourLegend(self._keeper)
        self.save_button = IconButton(
            self._keeper, "save", "Save the tiles as PNG or the values as .npy"
        )
        self._bar = PanelBar(self._keeper)
        self._bar.add_field("Show", self.show_choice, stretch=20)
        self._bar.add_field("Sort", self.order_choice)
        self._bar.add_field("Range", self.scope_choice)
        self._bar.add_stretch()
        self._bar.row.addWidget(self.legend)
        self._bar.row.addWidget(self.save_button)
        self.canvas = TileCanvas(self._keeper)
        self.classes = ClassList(self._keeper)
        self.classes.hide()
        self.empty_state = EmptyState(
            self._keeper, "grid", EMPTY_SENTENCE, "Open image", button_icon="image"
        )
        self._lay_out()

    def _lay_out(self) -> None:
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.canvas, 1)
        row.addWidget(self.classes)
        self._pages = QStackedLayout()
        self._pages.addWidget(self.empty_state)
        self._pages.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._bar)
        column.addLayout(self._pages, 1)

    @pyqtSlot()
    def _dress(self) -> None:
        colour = self._keeper.theme.panel.name()
        self.setStyleSheet(f"#activationsPanel {{ background: {colour}; }}")

    def _save(self) -> None:
        suggested = f"{self._layer.replace('/', '_') or 'tiles'}.png"
        self.save_requested.emit(suggested, FILTERS)


def _opaque(rgb: int) -> QColor:
    return QColor.fromRgb(rgb)


def write_tiles(path: Path, picture: QImage, cards: Sequence[TileCard], layer: str) -> None:
    """Write in the format the suffix names; AppError when that can't be done.

    layer: whose array goes into a .npy; where it is not shown, the first card's.
    """
    suffix = path.suffix.lower()
    if suffix not in (".png", ".npy", ".npz"):
        raise AppError(f"No tiles can be saved as '{suffix}'.", hint="Use .png, .npy or .npz.")
    content = png_of(picture) if suffix == ".png" else _numpy(suffix, cards, layer)
    write_file(path, content)


def _numpy(suffix: str, cards: Sequence[TileCard], layer: str) -> bytes:
    stream = io.BytesIO()
    if suffix == ".npy":
        chosen = next((card for card in cards if card.value.layer == layer), cards[0])
        np.save(stream, chosen.array, allow_pickle=False)
    else:
        arrays = {_array_name(card, cards): card.array for card in cards}
        np.savez(stream, **arrays)  # type: ignore[arg-type]
    return stream.getvalue()


def _array_name(card: TileCard, cards: Sequence[TileCard]) -> str:
    """The layer's name; `layer:top` where a layer is shown with several tops."""
    same = sum(other.value.layer == card.value.layer for other in cards)
    return card.value.layer if same == 1 else f"{card.value.layer}:{card.value.top}"
