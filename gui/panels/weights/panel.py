"""The Weights view: a layer's filters, sorted and scaled, and the chosen one beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PyQt5.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt5.QtGui import QGuiApplication, QImage, QResizeEvent, QShowEvent
from PyQt5.QtWidgets import QMenu, QSplitter, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from core.filters.pictures import FilterTiles, MapRegion
from core.words import plural
from gui.panels.weights.channels import ChannelBars
from gui.panels.weights.matrix import WeightMap
from gui.panels.weights.parts import ChangedLayer, FilterPair
from gui.panels.weights.shown import SORTS, ShownWeights
from gui.panels.weights.side import WeightsSide
from gui.panels.weights.tiles import FilterTileCanvas
from gui.theme import ThemeKeeper
from gui.widgets.buttons import IconButton
from gui.widgets.choice import Choice
from gui.widgets.empty_state import EmptyState
from gui.widgets.labels import FittingLabel, ThemedLabel
from gui.widgets.panel_bar import PanelBar
from gui.widgets.segments import Segments

NO_WEIGHTS = "Open a caffemodel to see the weights of this layer."
_MAP_KEYS = "Wheel zooms, Shift+wheel scrolls, drag pans, 0 fits."
_NARROW_BELOW = 760


class WeightsPanel(QWidget):
    """Asks for tiles and regions of maps, which are drawn off the window's thread."""

    look_changed = pyqtSignal(object)
    """Another order, range or mode of what is shown: a ShownWeights."""
    region_requested = pyqtSignal(object, object)
    """ShownWeights and MapRegion."""
    filter_chosen = pyqtSignal(int)
    layer_requested = pyqtSignal(str)
    top_images_requested = pyqtSignal(str, int)
    twins_requested = pyqtSignal()
    other_requested = pyqtSignal()
    weights_requested = pyqtSignal()
    became_visible = pyqtSignal()
    save_requested = pyqtSignal()
    save_all_requested = pyqtSignal()
    """The arrays of every layer, not of the one that shows."""
    copy_requested = pyqtSignal(str)
    """ "csv" or "command"; a picture the panel copies by itself."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._shown: ShownWeights | None = None
        self._filter: int | None = None
        self._near = ""
        self.bar = PanelBar(keeper)
        self.count = ThemedLabel("", semibold=True)
        self.shape = ThemedLabel("", "secondary")
        self.arrays, self.sort, self.scope = Choice(), Choice(), Choice()
        self.mode = Segments(keeper, "Colour")
        self.caption = FittingLabel(pixels=11)
        self.copy_button = IconButton(keeper, "copy", "Copy the filters")
        self.save_button = IconButton(keeper, "save", "Save weights, figures or a picture")
        self.tiles = FilterTileCanvas(keeper)
        self.map = WeightMap(keeper)
        self.channels = ChannelBars(keeper)
        self.foot = FittingLabel(pixels=11)
        self.dead = ThemedLabel("", "warning_text", pixels=11)
        self.side = WeightsSide(keeper)
        self.empty = EmptyState(keeper, "weights", NO_WEIGHTS, "Open weights", button_icon="open")
        self._build()
        self._connect()

    @property
    def shown(self) -> ShownWeights | None:
        """What is shown, None for an empty panel."""
        return self._shown

    @property
    def chosen(self) -> int | None:
        """The filter that is looked at."""
        return self._filter

    def show_empty(self, sentence: str, *, near: str = "", offers_weights: bool = False) -> None:
        """Say why there is nothing; near: a layer to go to, or else weights to open."""
        self._shown, self._near = None, near
        self.empty.set_sentence(sentence)
        icon = "weights" if near else "open"
        self.empty.set_button(f"Show {near}" if near else "Open weights", icon)
        self.empty.show_button(bool(near) or offers_weights)
        self._stack.setCurrentWidget(self.empty)

    def show_weights(
        self, shown: ShownWeights, tiles: FilterTiles | None, channel: int | None = None
    ) -> None:
        """Show a layer; the chosen filter stays where the layer is the same.

        channel: that is looked at elsewhere, whose filter is chosen of another layer.
        """
        before, self._shown = self._shown, shown
        is_other = before is None or before.read.layer != shown.read.layer
        n = shown.array.n_filters
        if is_other and channel is not None and shown.is_by_output and channel < n:
            self._filter, is_other = channel, False
        if is_other or self._filter is None or self._filter >= n:
            self._filter = int(shown.places[0]) if n else None
        self._show_bar(shown)
        if shown.form == "tiles" and tiles is not None:
            self.tiles.show_tiles(shown, tiles)
        elif shown.form == "map":
            self.map.show_weights(shown)
        else:
            self.channels.show_weights(shown)
        self.pictures.setCurrentWidget(self._canvas)
        self._stack.setCurrentWidget(self._split)
        self.side.show_layer(shown)
        self._show_foot(shown)
        self.choose(self._filter)

    def show_region(self, region: MapRegion, levels: object) -> None:
        """Draw a region of the map that was asked for."""
        self.map.show_region(region, levels)  # type: ignore[arg-type]

    def show_other(
        self, name: str, layers: Sequence[ChangedLayer], note: str, pairs: Sequence[FilterPair]
    ) -> None:
        """What another file has in these layers."""
        self.side.show_other(name, layers, note, pairs)

    def choose(self, index: int | None) -> None:
        """Look at a filter."""
        self._filter = index
        if self._shown is not None:
            self._canvas.choose(index)
            self.side.show_filter(self._shown, index)

    def picture(self) -> QImage:
        """The filters as drawn."""
        canvas = self._canvas
        if isinstance(canvas, FilterTileCanvas):
            return canvas.whole_picture()
        return canvas.picture()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.became_visible.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._shown is not None:
            self._show_bar(self._shown)

    @property
    def _canvas(self) -> FilterTileCanvas | WeightMap | ChannelBars:
        form = "tiles" if self._shown is None else self._shown.form
        return {"tiles": self.tiles, "map": self.map}.get(form, self.channels)  # type: ignore[return-value]

    def _show_bar(self, shown: ShownWeights) -> None:
        word = "channel" if shown.array.is_vector else "filter"
        self.count.setText(plural(shown.array.n_filters, word))
        colour = ", as RGB" if shown.can_be_colour and shown.mode == "RGB" else ""
        self.shape.setText("" if shown.array.is_vector else f"{shown.array.shape_text}{colour}")
        names = [one.array.name for one in shown.read.arrays]
        self._fill(self.arrays, [(name, name) for name in names], shown.array.name)
        self.arrays.setVisible(len(names) > 1)
        self._fill(self.sort, [(SORTS[sort], sort) for sort in shown.sorts], shown.sort)
        self._fill(
            self.scope, [("each filter", "filter"), ("whole layer", "layer")], shown.scope
        )  # fmt: skip
        for widget in (self.scope, *self._scope_labels):
            widget.setVisible(not shown.array.is_vector)
        for label in self._labels:
            label.setVisible(self.width() >= _NARROW_BELOW)
        self.mode.setVisible(shown.can_be_colour)
        with QSignalBlocker(self.mode):
            self.mode.choose(shown.mode)
        self.caption.show_wordings(shown.caption_words if not shown.array.is_vector else "", "")

    @staticmethod
    def _fill(choice: Choice, entries: Sequence[tuple[str, str]], current: str) -> None:
        with QSignalBlocker(choice):
            if [choice.itemData(i) for i in range(choice.count())] != [key for _, key in entries]:
                choice.clear()
                for words, key in entries:
                    choice.addItem(words, key)
            choice.setCurrentIndex(max(0, choice.findData(current)))

    def _show_foot(self, shown: ShownWeights) -> None:
        notes = [shown.note] if shown.note else []
        if shown.can_be_colour:
            notes.append(
                "Order of the file is BGR; shown as the camera's RGB."
                if shown.order == "BGR"
                else "Order of the file is RGB."
            )
        notes += shown.read.filters.notes if shown.read.filters is not None else ()
        if shown.form == "map":
            notes.append(f"Rows are outputs, columns inputs. {_MAP_KEYS}")
        zeros = f"{shown.one.zero_words} exact zeros."
        self.foot.show_wordings(
            " ".join((*notes, zeros)), " ".join(notes) or zeros, notes[0] if notes else zeros, ""
        )
        self.dead.setText(shown.one.dead_words)

    def _change(self, **fields: object) -> None:
        if self._shown is not None:
            self.look_changed.emit(replace(self._shown, **fields))  # type: ignore[arg-type]

    def _choose_from(self, index: int) -> None:
        self.choose(index)
        self.filter_chosen.emit(index)

    def _on_empty(self) -> None:
        if self._near:
            self.layer_requested.emit(self._near)
        else:
            self.weights_requested.emit()

    def _ask_region(self, region: MapRegion) -> None:
        if self._shown is not None:
            self.region_requested.emit(self._shown, region)

    def _ask_top_images(self, channel: int) -> None:
        if self._shown is not None:
            self.top_images_requested.emit(self._shown.read.layer, channel)

    def _copy(self, what: str) -> None:
        clipboard = QGuiApplication.clipboard()
        if what == "picture" and clipboard is not None:
            clipboard.setImage(self.picture())
        else:
            self.copy_requested.emit(what)

    def _build(self) -> None:
        self.mode.add("RGB", "RGB", "The three planes as one colour")
        self.mode.add("planes", "B, G, R", "The three planes side by side")
        self.arrays.setAccessibleName("Array")
        self.sort.setAccessibleName("Sort")
        self.scope.setAccessibleName("Range")
        self.scope.setToolTip("Scale of the colours: each filter its own, or one for the layer")
        row = self.bar.row
        row.addWidget(self.count)
        row.addWidget(self.shape)
        row.addSpacing(4)
        row.addWidget(self.arrays)
        self._labels = [ThemedLabel(word, "secondary") for word in ("Sort", "Range")]
        self._scope_labels = (self._labels[1],)
        for label, choice in zip(self._labels, (self.sort, self.scope), strict=True):
            label.setBuddy(choice)
            row.addWidget(label)
            row.addWidget(choice)
        row.addWidget(self.mode)
        row.addWidget(self.caption, 1)
        self.caption.setAlignment(Qt.AlignRight | Qt.AlignVCenter)
        self._add_menus()
        for button in (self.copy_button, self.save_button):
            row.addWidget(button)
        self.bar.setFixedHeight(36)
        self.pictures = QStackedWidget()
        for canvas in (self.tiles, self.map, self.channels):
            self.pictures.addWidget(canvas)
        left = QWidget()
        left.setObjectName("weightsLeft")
        left.setAttribute(Qt.WA_StyledBackground)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.pictures, 1)
        foot = PanelBar(self._keeper)
        foot.row.addWidget(self.foot, 1)
        foot.row.addWidget(self.dead)
        column.addWidget(foot)
        self._split = QSplitter(Qt.Horizontal)
        self._split.setChildrenCollapsible(False)
        self._split.setHandleWidth(1)
        self._split.addWidget(left)
        self._split.addWidget(self.side)
        self._split.setStretchFactor(0, 1)
        self._split.setSizes([840, 510])
        self.side.setMinimumWidth(300)
        left.setMinimumWidth(420)
        self.setObjectName("weightsPanel")
        self.setAttribute(Qt.WA_StyledBackground)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._split)
        self._stack.addWidget(self.empty)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)
        self.show_empty(NO_WEIGHTS, offers_weights=True)
        self._retint()

    def _add_menus(self) -> None:
        copies = (
            ("Copy picture", lambda: self._copy("picture")),
            ("Copy figures as CSV", lambda: self._copy("csv")),
            ("Copy as command", lambda: self._copy("command")),
        )
        saves = (
            ("Save this layer…", self.save_requested.emit),
            ("Save all layers…", self.save_all_requested.emit),
        )
        for button, entries in ((self.copy_button, copies), (self.save_button, saves)):
            menu = QMenu(self)
            for words, wish in entries:
                menu.addAction(words).triggered.connect(lambda _checked=False, do=wish: do())
            button.setMenu(menu)
            button.setPopupMode(QToolButton.InstantPopup)

    def _connect(self) -> None:
        self.arrays.activated.connect(
            lambda _i: self._change(array_name=self.arrays.currentData(), sort="norm")
        )
        self.sort.activated.connect(lambda _i: self._change(sort=self.sort.currentData()))
        self.scope.activated.connect(lambda _i: self._change(scope=self.scope.currentData()))
        self.mode.chosen.connect(lambda key: self._change(mode=key))
        for canvas in (self.tiles, self.map, self.channels):
            canvas.filter_chosen.connect(self._choose_from)
        self.map.region_requested.connect(self._ask_region)
        self.side.filter_chosen.connect(self._choose_from)
        self.side.layer_chosen.connect(self.layer_requested)
        self.side.top_images_requested.connect(self._ask_top_images)
        self.side.all_twins_requested.connect(lambda: self._change(sort="twin"))
        self.side.twins_requested.connect(self.twins_requested)
        self.side.other_requested.connect(self.other_requested)
        self.empty.clicked.connect(self._on_empty)
        self._keeper.changed.connect(self._retint)

    def _retint(self) -> None:
        """Pictures of filters have the colours of the theme."""
        if self._shown is not None:
            self.side.show_layer(self._shown)
            self.side.show_filter(self._shown, self._filter)
