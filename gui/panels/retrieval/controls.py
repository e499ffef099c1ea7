"""The bar of the page: its views, what is searched by, and what can be done with the ranking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PyQt5.QtCore import QEvent, QSignalBlocker, Qt, pyqtSignal
from PyQt5.QtGui import QResizeEvent, QStandardItemModel
from PyQt5.QtWidgets import QAction, QMenu, QWidget

from core.representations.titles import ENCODED_TITLES, POOLING_TITLES
from gui.panels.retrieval.fit_button import AfterChoice, FitButton, needs_fit
from gui.panels.retrieval.marks import Legend
from gui.panels.retrieval.view import LayerChoice, RecipeChoice
from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button
from gui.widgets.choice import Choice
from gui.widgets.layer_picker import LayerPickerButton
from gui.widgets.number_fields import DecimalField
from gui.widgets.panel_bar import PanelBar
from gui.widgets.plain_text import plain_tip
from gui.widgets.segments import Segments

RANKING_VIEW, SWEEP_VIEW, LAYERS_VIEW = "ranking", "sweep", "layers"
TWO_VIEW, QUERIES_VIEW, MAP_VIEW = "two", "queries", "map"
POOLING_TIPS = {
    "flatten": "Every value of the layer, in a row",
    "gap": "Mean over all positions, one value for each channel",
    "mac": "Maximum over all positions, one value for each channel",
    "gem": "Generalised mean: p = 1 is GAP, a great p nears MAC",
    "spoc": "Sum that favours the centre of the picture",
    "crow": "Sum weighted by where and in which channel much happens",
    "rmac": "Sum of the maxima over a grid of regions, three levels",
    "mac+rmac": "The maximum, and behind it the sum of the regions' maxima",
    "rmac-white": "R-MAC whose regions are whitened before they are summed; fitted first",
    "vlad": "What the places lie off 64 centres, in 32 dimensions; fitted first",
}
_OFFERED = {
    **{key: words for key, words in POOLING_TITLES.items() if key != "flatten"},
    **ENCODED_TITLES,
    "flatten": POOLING_TITLES["flatten"],
}
_MOST_CHOICE, _LEAST_CHOICE = 190, 96
_N_LEFT_OUT = 5
"""Steps in which the bar gives way to little room: words of buttons, of views, the legend."""


class RecipeBar(PanelBar):
    """Views, layer, pooling and p; a choice goes out as a wish, the fields say what is shown."""

    recipe_requested = pyqtSignal(object)
    evaluate_requested = pyqtSignal()
    csv_requested = pyqtSignal()
    html_requested = pyqtSignal()
    picture_requested = pyqtSignal()
    command_requested = pyqtSignal()
    fit_folder_requested = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(keeper, parent)
        self._choices: dict[tuple[str, str], LayerChoice] = {}
        self._shown: RecipeChoice | None = None
        self._has_fields = True
        self._is_narrow = self._has_marks = False
        self._fitted_to: tuple[object, ...] = ()
        self.views = Segments(keeper, "View")
        self.views.add(RANKING_VIEW, "Ranking", "The images most like the query, the best first")
        self.views.add(TWO_VIEW, "Two rankings", "Two layers or poolings on this query")
        self.views.add(SWEEP_VIEW, "Sweep", "Every layer under every pooling: which retrieves best")
        self.views.add(MAP_VIEW, "Map", "The gallery in two dimensions, and what that keeps")
        self.views.add(QUERIES_VIEW, "Queries", "The AP of every query, the worst first")
        self.views.add(LAYERS_VIEW, "Evaluated", "mAP of the representations evaluated so far")
        self.layer_button = LayerPickerButton(keeper, "Layer to search by")
        self.pooling_choice = Choice()
        self.pooling_choice.setAccessibleName("Pooling")
        self.p_field = DecimalField()
        self.p_field.setRange(1.0, 20.0)
        self.p_field.setSingleStep(0.5)
        self.p_field.setDecimals(1)
        self.p_field.setValue(3.0)
        self.p_field.setPrefix("p ")
        self.p_field.setKeyboardTracking(False)
        self.p_field.setToolTip("GeM's exponent")
        self.p_field.setAccessibleName("GeM's exponent")
        self.after_choice = AfterChoice()
        self.fit_button = FitButton(keeper)
        self.evaluate_button = Button(keeper, "Evaluate", "bars")
        self.legend = Legend(keeper)
        self.legend.hide()
        self.export_button = Button(keeper, "Export", "save")
        self.export_button.setAccessibleName("Export")
        self.evaluate_button.setAccessibleName("Evaluate")
        self.export_menu = QMenu(self)
        for words, wish in (
            ("Ranking as CSV…", self.csv_requested),
            ("Ranking as one HTML file…", self.html_requested),
            ("Picture of the ranking…", self.picture_requested),
            ("Copy as command", self.command_requested),
        ):
            action = QAction(words, self)
            action.triggered.connect(lambda _checked=False, w=wish: w.emit())
            self.export_menu.addAction(action)
        self.export_button.setMenu(self.export_menu)
        self._lay_out()
        self.set_why_not_evaluate("No image is read yet.")
        self.set_can_export(can_export=False)
        self.layer_button.value_chosen.connect(self._on_layer)
        self.pooling_choice.activated.connect(self._on_pooling)
        self.p_field.valueChanged.connect(self._on_pooling)
        self.after_choice.activated.connect(self._on_pooling)
        self.fit_button.fit_chosen.connect(self.set_fit_folder)
        self.fit_button.folder_requested.connect(self.fit_folder_requested)
        self.evaluate_button.clicked.connect(lambda: self.evaluate_requested.emit())

    def _lay_out(self) -> None:
        self.row.addWidget(self.views)
        self.row.addSpacing(10)
        for widget in (self.layer_button, self.pooling_choice, self.p_field):
            self.row.addWidget(widget)
        for behind in (self.after_choice, self.fit_button, self.evaluate_button):
            self.row.addWidget(behind)
        self.add_stretch()
        self.row.addWidget(self.legend)
        self.row.addWidget(self.export_button)

    def show_layers(self, choices: Sequence[LayerChoice], shown: RecipeChoice | None) -> None:
        """Offer `choices`; the fields say `shown`, which is what the ranking is of."""
        self._choices = {(choice.layer, choice.top): choice for choice in choices}
        self._shown = shown
        self.layer_button.setEnabled(bool(choices))
        key = ("", "") if shown is None else (shown.layer, shown.top)
        choice = self._choices.get(key)
        near = tuple(one.text for one in choices)
        self.layer_button.show_value(key, "" if choice is None else choice.text, near)
        self._offer_poolings(choice, None if shown is None else shown.pooling)
        if shown is not None:
            with QSignalBlocker(self.p_field):
                self.p_field.setValue(shown.p)
            self.after_choice.show_after(shown.after)
            self.fit_button.show_fit(shown.fit_on, shown.found)
        self.after_choice.setEnabled(choice is not None)
        self._show_p_field()

    def show_fields(self, *, is_shown: bool, has_ranking: bool = True) -> None:
        """Whether what is searched by is chosen here, evaluated and written, or in the view.

        has_ranking: whether the view shows one that can be written.
        """
        self._has_fields = is_shown
        fields = (self.layer_button, self.pooling_choice, self.after_choice, self.evaluate_button)
        for widget in fields:
            widget.setVisible(is_shown)
        self.export_button.setVisible(is_shown and has_ranking)
        self._show_p_field()

    def _show_p_field(self) -> None:
        is_gem = self._shown is not None and self._shown.pooling == "gem"
        self.p_field.setVisible(is_gem and self._has_fields)
        shown = self._shown
        is_fitted = shown is not None and needs_fit(shown.after, shown.pooling)
        self.fit_button.setVisible(is_fitted and self._has_fields)

    def set_fit_folder(self, folder: str) -> None:
        """Fit on these images from now on, as a choice has them."""
        self.fit_button.show_fit(folder)
        self._on_pooling()

    def recipe(self) -> RecipeChoice | None:
        """What the fields say now."""
        return self._shown

    def set_why_not_evaluate(self, why_not: str) -> None:
        """Whether there is something to evaluate; else why not, in a sentence."""
        self.evaluate_button.setEnabled(not why_not)
        tip = why_not or "mAP: every labelled image once as the query of the search as it is chosen"
        self.evaluate_button.setToolTip(plain_tip(tip))

    def set_can_export(self, *, can_export: bool) -> None:
        """Whether there is a ranking to write."""
        self.export_button.setEnabled(can_export)
        said = "Write the ranking, with what it is of" if can_export else "There is no ranking yet."
        self.export_button.setToolTip(plain_tip(said))

    def set_room(self, *, is_narrow: bool, has_marks: bool) -> None:
        """In little room buttons lose their words, and the legend goes."""
        self._is_narrow, self._has_marks = is_narrow, has_marks
        self._fit()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.LayoutRequest:
            self._fit()
        return done

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Leave words out, one after another, until what is left has its room."""
        fields: tuple[QWidget, ...] = (
            self.layer_button, self.pooling_choice, self.p_field, self.after_choice,
            self.fit_button, self.evaluate_button, self.export_button,
        )  # fmt: skip
        shown = {key: words for key, words in self.views.shown.items() if key != TWO_VIEW}
        key = (
            self.width(), self._is_narrow, self._has_marks, tuple(shown.items()),
            TWO_VIEW in self.views.shown, self.fit_button.accessibleName(), self.layer_button.words,
            tuple(field.isVisibleTo(self) for field in fields),
        )  # fmt: skip
        if key == self._fitted_to:
            return  # the words left out here ask for a layout, too
        self._fitted_to = key
        for n_left_out in range(_N_LEFT_OUT + 1):
            self.export_button.setText("" if self._is_narrow or n_left_out > 0 else "Export")
            self.evaluate_button.setText("" if n_left_out > 1 else "Evaluate")
            self.views.set_narrow(is_narrow=n_left_out > 2)
            self.fit_button.set_short(is_short=n_left_out > 3)
            for choice in (self.pooling_choice, self.after_choice):
                choice.setMaximumWidth(_LEAST_CHOICE if n_left_out > 3 else _MOST_CHOICE)
            self.views.set_words(TWO_VIEW, "Two" if n_left_out > 3 else "Two rankings")
            has_legend = self._has_marks and not self._is_narrow and n_left_out < _N_LEFT_OUT
            self.legend.setVisible(has_legend)
            if self.row.minimumSize().width() <= self.width():
                break
        self._leave_room_for_the_layer()

    def _leave_room_for_the_layer(self) -> None:
        """A layer that is cut can't be told from its neighbours; the lists beside it can."""
        lists = [w for w in (self.pooling_choice, self.after_choice) if w.isVisibleTo(self)]
        too_wide = self.row.sizeHint().width() - self.width()
        for choice in lists:
            most = choice.maximumWidth() - max(0, -(-too_wide // len(lists)))
            choice.setMaximumWidth(max(_LEAST_CHOICE, most))

    def _on_layer(self, layer: str, top: str) -> None:
        """A layer that can't be pooled as now is pooled as it can be."""
        choice, shown = self._choices.get((layer, top)), self._shown
        if choice is None or shown is None:
            return
        pooling = shown.pooling
        if choice.why_not(pooling):
            pooling = "flatten"
        elif pooling == "flatten" and choice.is_spatial:
            pooling = "gem"
        self.recipe_requested.emit(replace(shown, layer=layer, top=top, pooling=pooling))

    def _on_pooling(self) -> None:
        shown, pooling = self._shown, self.pooling_choice.currentData()
        if shown is None or pooling is None:
            return
        after = self.after_choice.currentData() or shown.after
        fit_on = self.fit_button.fit_on if needs_fit(after, pooling) else ""
        wanted = replace(shown, pooling=pooling, p=self.p_field.value(), after=after, fit_on=fit_on)
        if wanted != shown:
            self.recipe_requested.emit(wanted)

    def _offer_poolings(self, choice: LayerChoice | None, current: str | None) -> None:
        """All poolings; those that can't be are grey and say why."""
        with QSignalBlocker(self.pooling_choice):
            self.pooling_choice.clear()
            for name, words in _OFFERED.items():
                self.pooling_choice.addItem(words, name)
                place = self.pooling_choice.count() - 1
                why_not = "" if choice is None else choice.why_not(name)
                caution = "" if choice is None else choice.caution(name)
                tip = why_not or " ".join(filter(None, (f"{POOLING_TIPS[name]}.", caution)))
                self.pooling_choice.setItemData(place, plain_tip(tip), Qt.ToolTipRole)
                model = self.pooling_choice.model()
                item = model.item(place) if isinstance(model, QStandardItemModel) else None
                if item is not None:
                    item.setEnabled(not why_not)
            names = list(_OFFERED)
            self.pooling_choice.setCurrentIndex(names.index(current) if current in names else -1)
        self.pooling_choice.setEnabled(choice is not None)
        is_fixed = choice is not None and not choice.is_spatial
        tip = choice.why_not("gap") if choice is not None and is_fixed else ""
        if choice is not None and not tip and current in _OFFERED:
            tip = choice.caution(str(current))
        self.pooling_choice.setToolTip(plain_tip(tip or "How places become one vector"))
