"""Which layer and which pooling to search with, and the buttons beside them."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt5.QtWidgets import QWidget

from gui.panels.retrieval.view import POOLING_NAMES, LayerChoice, RecipeChoice
from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button
from gui.widgets.choice import Choice
from gui.widgets.elided_choice import ElidedChoice
from gui.widgets.number_fields import DecimalField
from gui.widgets.panel_bar import PanelBar
from gui.widgets.plain_text import plain_tip

POOLING_TIPS = {
    "flatten": "Every value of the layer, in a row",
    "gap": "Mean over all positions, one value for each channel",
    "mac": "Maximum over all positions, one value for each channel",
    "gem": "Generalised mean: p = 1 is GAP, a great p nears MAC",
}
SPATIAL_POOLINGS = ("gap", "mac", "gem", "flatten")


class RecipeBar(PanelBar):
    """Layer, pooling and p; a change asks for that representation at once."""

    recipe_requested = pyqtSignal(object)
    folder_requested = pyqtSignal()
    evaluate_requested = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(keeper, parent)
        self._choices: tuple[LayerChoice, ...] = ()
        self.layer_choice = ElidedChoice(5)
        self.pooling_choice = Choice()
        self.p_field = DecimalField()
        self.p_field.setRange(1.0, 20.0)
        self.p_field.setSingleStep(0.5)
        self.p_field.setDecimals(1)
        self.p_field.setValue(3.0)
        self.p_field.setPrefix("p ")
        self.p_field.setKeyboardTracking(False)
        self.p_field.setToolTip("GeM's exponent")
        self.folder_button = Button(keeper, "Folder", "open")
        self.folder_button.setToolTip("Choose another folder of images")
        self.evaluate_button = Button(keeper, "Evaluate", "bars")
        self.evaluate_button.setToolTip("Every image once as the query: mAP of this layer")
        self.add_field("Layer", self.layer_choice, stretch=20)
        self.add_field("Pooling", self.pooling_choice)
        self.row.addWidget(self.p_field)
        self.add_stretch()
        self.row.addWidget(self.evaluate_button)
        self.row.addWidget(self.folder_button)
        self.layer_choice.activated.connect(self._on_layer)
        self.pooling_choice.activated.connect(self._request)
        self.p_field.valueChanged.connect(self._request)
        self.folder_button.clicked.connect(lambda: self.folder_requested.emit())
        self.evaluate_button.clicked.connect(lambda: self.evaluate_requested.emit())

    def show_layers(self, choices: Sequence[LayerChoice], current: RecipeChoice | None) -> None:
        """Offer `choices` and put the fields on `current`."""
        self._choices = tuple(choices)
        with QSignalBlocker(self.layer_choice):
            self.layer_choice.clear()
            for choice in self._choices:
                self.layer_choice.addItem(choice.text)
            keys = [(choice.layer, choice.top) for choice in self._choices]
            key = None if current is None else (current.layer, current.top)
            self.layer_choice.setCurrentIndex(keys.index(key) if key in keys else -1)
        self._offer_poolings(None if current is None else current.pooling)
        if current is not None:
            with QSignalBlocker(self.p_field):
                self.p_field.setValue(current.p)
        self._show_p()

    def set_narrow(self, is_narrow: bool) -> None:
        """In little room the buttons show their icons alone."""
        for button, text in ((self.evaluate_button, "Evaluate"), (self.folder_button, "Folder")):
            button.setText("" if is_narrow else text)
            button.setAccessibleName(text)

    def recipe(self) -> RecipeChoice | None:
        """What the fields say now."""
        index = self.layer_choice.currentIndex()
        if not 0 <= index < len(self._choices):
            return None
        choice = self._choices[index]
        pooling = self.pooling_choice.currentData() or "flatten"
        return RecipeChoice(choice.layer, choice.top, pooling, self.p_field.value())

    def _on_layer(self) -> None:
        self._offer_poolings(self.pooling_choice.currentData())
        self._request()

    def _offer_poolings(self, wanted: str | None) -> None:
        index = self.layer_choice.currentIndex()
        is_spatial = 0 <= index < len(self._choices) and self._choices[index].is_spatial
        names = SPATIAL_POOLINGS if is_spatial else ("flatten",)
        with QSignalBlocker(self.pooling_choice):
            self.pooling_choice.clear()
            for name in names:
                self.pooling_choice.addItem(POOLING_NAMES[name], name)
                place = self.pooling_choice.count() - 1
                tip = POOLING_TIPS[name]
                self.pooling_choice.setItemData(place, plain_tip(tip), Qt.ToolTipRole)
            self.pooling_choice.setCurrentIndex(names.index(wanted) if wanted in names else 0)
        self.pooling_choice.setEnabled(is_spatial)
        self._show_p()

    def _show_p(self) -> None:
        self.p_field.setVisible(self.pooling_choice.currentData() == "gem")

    def _request(self) -> None:
        self._show_p()
        recipe = self.recipe()
        if recipe is not None:
            self.recipe_requested.emit(recipe)
