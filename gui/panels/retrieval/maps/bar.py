"""The bar of the map view: method and its settings, one map or several, thumbnails, lasso."""

from __future__ import annotations

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtWidgets import QAction, QHBoxLayout, QMenu, QWidget

from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button
from gui.widgets.kept import keep
from gui.widgets.labels import ThemedLabel
from gui.widgets.number_fields import Slider, WholeNumberField
from gui.widgets.panel_bar import PanelBar
from gui.widgets.plain_text import plain_tip
from gui.widgets.segments import Segments

PCA, TSNE = "pca", "tsne"
ONE, LAYERS = "one", "layers"
LEAST_THUMB, MOST_THUMB, FIRST_THUMB = 12, 96, 44
PERPLEXITY, LEAST_PERPLEXITY, MOST_PERPLEXITY = 30, 2, 500
SEED, MOST_SEED, SEED_WIDTH = 1, (1 << 31) - 1, 92


class MapBar(PanelBar):
    """Wishes go out as signals."""

    settings_changed = pyqtSignal()
    csv_requested = pyqtSignal()
    picture_requested = pyqtSignal()
    copy_picture_requested = pyqtSignal()
    copy_command_requested = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(keeper, parent)
        self.methods = Segments(keeper, "Method")
        self.methods.add(PCA, "PCA", "The two directions of greatest variance: at once")
        self.methods.add(TSNE, "t-SNE", "Keeps neighbours near one another; takes its time")
        self.kinds = Segments(keeper, "Maps")
        self.kinds.add(ONE, "One map", "The representation that is searched by")
        self.kinds.add(LAYERS, "Layers", "Every representation that the folder is read with")
        self._make_fields_of_tsne()
        self.settings = ThemedLabel("", "secondary")
        self.thumbs = Slider()
        self.thumbs.setRange(LEAST_THUMB, MOST_THUMB)
        self.thumbs.setValue(FIRST_THUMB)
        self.thumbs.setFixedWidth(84)
        self.thumbs.setAccessibleName("Size of the thumbnails on the map")
        self.thumbs.setToolTip("Size of the thumbnails; at the left end points alone")
        self.lasso_button = Button(keeper, "Lasso", "pencil")
        self.lasso_button.setCheckable(True)
        self.lasso_button.setChecked(True)
        self.lasso_button.setToolTip(
            "Dragging draws a line around images; off, it moves the map. Shift does the other."
        )
        self.fit_button = Button(keeper, "Fit", "fit")
        self.fit_button.setToolTip("Show the whole map (0). The wheel, + and - zoom.")
        self._make_export_button(keeper)
        keep(
            "map", perplexity=self.perplexity, seed=self.seed, maps=self.kinds,
            thumbnails=self.thumbs, lasso=self.lasso_button,
        )  # fmt: skip
        self.row.addWidget(self.methods)
        self.row.addWidget(self.tsne)
        self.row.addWidget(self.settings)
        self.row.addSpacing(10)
        self.row.addWidget(self.kinds)
        self.add_stretch()
        self.add_field("Thumbnails", self.thumbs)
        self.row.addSpacing(6)
        for widget in (self.lasso_button, self.fit_button, self.export_button):
            self.row.addWidget(widget)
        self.set_can_export(can_export=False)
        self._show_fields()

    def _make_fields_of_tsne(self) -> None:
        """What t-SNE is made with, in one widget, which is hidden for PCA."""
        self.perplexity = WholeNumberField()
        self.perplexity.setRange(LEAST_PERPLEXITY, MOST_PERPLEXITY)
        self.perplexity.setValue(PERPLEXITY)
        self.perplexity.setAccessibleName("Perplexity of t-SNE")
        self.perplexity.setToolTip("How many neighbours of an image t-SNE weighs")
        self.seed = WholeNumberField()
        self.seed.setRange(0, MOST_SEED)
        self.seed.setValue(SEED)
        self.seed.setAccessibleName("Seed of t-SNE")
        self.seed.setToolTip("Where the drawing of images of a large gallery, and t-SNE, begin")
        self.seed.setMaximumWidth(SEED_WIDTH)
        for field in (self.perplexity, self.seed):
            field.setKeyboardTracking(False)  # a number that is half typed is none
        self.tsne = QWidget()
        row = QHBoxLayout(self.tsne)
        row.setContentsMargins(4, 0, 0, 0)
        row.setSpacing(6)
        for words, field in (("Perplexity", self.perplexity), ("Seed", self.seed)):
            label = ThemedLabel(words, "secondary")
            label.setBuddy(field)
            row.addWidget(label)
            row.addWidget(field)
        self.methods.chosen.connect(self._show_fields)
        self.perplexity.valueChanged.connect(lambda _value: self.settings_changed.emit())
        self.seed.valueChanged.connect(lambda _value: self.settings_changed.emit())

    def _make_export_button(self, keeper: ThemeKeeper) -> None:
        self.export_button = Button(keeper, "Export", "save")
        self.export_menu = QMenu(self)
        for words, wish in (
            ("Map as CSV…", self.csv_requested),
            ("Picture of the map…", self.picture_requested),
            ("Copy the picture", self.copy_picture_requested),
            ("Copy the command", self.copy_command_requested),
        ):
            action = QAction(words, self)
            action.triggered.connect(lambda _checked=False, w=wish: w.emit())
            self.export_menu.addAction(action)
        self.export_button.setMenu(self.export_menu)

    def _show_fields(self, _method: str = "") -> None:
        self.tsne.setVisible(self.methods.current == TSNE)

    def set_can_export(self, *, can_export: bool) -> None:
        """Whether there is a map to write."""
        self.export_button.setEnabled(can_export)
        said = "Write the map, with what it is of" if can_export else "There is no map yet."
        self.export_button.setToolTip(plain_tip(said))
