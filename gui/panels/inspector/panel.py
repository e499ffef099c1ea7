"""The inspector: what a layer shares, reads, writes, costs, and says in the file."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtGui import QResizeEvent
from PyQt5.QtWidgets import (
    QHBoxLayout,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core.layers.registry import layer_type
from core.layers.shapes import NetShapes
from core.net.definition import Layer, Net
from core.weights.binding import Binding
from core.words import plural
from gui.panels.inspector import words
from gui.panels.inspector.header import InspectorHeader
from gui.panels.inspector.numbers import NumbersSection
from gui.panels.inspector.rename_form import RenameForm
from gui.panels.inspector.version_list import VersionList
from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button
from gui.widgets.class_list import ClassList, ClassScores
from gui.widgets.empty_state import EmptyState
from gui.widgets.fact_list import Fact, FactList
from gui.widgets.labels import SectionHeader, ThemedLabel
from gui.widgets.notice_card import Notice, NoticeCard
from gui.widgets.scroll_column import ScrollColumn
from gui.widgets.text_lines import TextLines

_SENTENCE = "Select a layer to see its shapes and parameters."
_MARGINS = 48
"""Pixels beside the first line: of the page, its scroll bar and between name and button."""
_NEAR = 20
"""Layers before and after from which a long name is told, about a block of a net."""
_DEFAULT_NOTE = "grey = default, not in the file"


class _Section(QWidget):
    """A heading over one widget; hides as a whole."""

    def __init__(self, title: str, body: QWidget) -> None:
        super().__init__()
        self.header = SectionHeader(title)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.header)
        column.addWidget(body)


class Inspector(QWidget):
    """Shows one layer, or the whole net while none is selected."""

    rename_requested = pyqtSignal(str, str)
    rename_chain_requested = pyqtSignal(str)
    rename_all_requested = pyqtSignal()
    rename_several_requested = pyqtSignal(tuple)
    preview_requested = pyqtSignal(str, str)
    layer_selected = pyqtSignal(str)
    layer_opened = pyqtSignal(str)

    def __init__(self, keeper: ThemeKeeper, values: QWidget, parent: QWidget | None = None) -> None:
        """values: what draws how the layer's values spread."""
        super().__init__(parent)
        self._keeper = keeper
        self._net: Net | None = None
        self._shapes: NetShapes | None = None
        self._binding: Binding | None = None
        self._layer: Layer | None = None
        self._card: NoticeCard | None = None
        self._several: tuple[str, ...] = ()
        self._has_values = False
        self._field = ""
        self.header = InspectorHeader(keeper)
        self.hint = ThemedLabel(_SENTENCE, "secondary")
        self.hint.setWordWrap(True)
        self.versions = VersionList(keeper)
        self.form = RenameForm(keeper)
        self.all_button = Button(keeper, "", "unlink")
        self.several_button = Button(keeper, "", "unlink")
        self.open_button = Button(keeper, "Open layer", "grid")
        self.open_button.setToolTip("Every channel, and how the values spread (Enter, Ctrl+2)")
        self.failure = ThemedLabel("", "error_text")
        self.failure.setWordWrap(True)
        self.values = values
        self.values_hint = ThemedLabel("", "secondary", pixels=11)
        self.several = FactList(keeper)
        self.shapes = FactList(keeper)
        self.parameters = FactList(keeper)
        self.cost = FactList(keeper)
        self.weights = FactList(keeper)
        self.text = TextLines(keeper)
        self.classes = ClassList(keeper)
        self.classes.setFixedHeight(self.classes.sizeHint().height())
        self.overview = FactList(keeper)
        self.ends = FactList(keeper)
        self.problems = FactList(keeper)
        self.foreign = FactList(keeper)
        self.numbers = NumbersSection(keeper)
        self.empty = EmptyState(keeper, "info", _SENTENCE)
        self._sections = {
            "classes": _Section("Last forward", self.classes),
            "overview": _Section("Net", self.overview),
            "ends": _Section("Inputs and outputs", self.ends),
            "problems": _Section("What Caffe refuses", self.problems),
            "foreign": _Section("Not in BVLC Caffe", self.foreign),
            "several": _Section("Together", self.several),
            "values": _Section("Values", self.values),
            "shapes": _Section("Shapes", self.shapes),
            "parameters": _Section("Parameters", self.parameters),
            "cost": _Section("Cost", self.cost),
            "weights": _Section("Weights", self.weights),
            "text": _Section("In the file", self.text),
        }
        self._arrange()
        self._connect()
        self.show_layer(None, None, None, None)

    def show_layer(
        self,
        net: Net | None,
        shapes: NetShapes | None,
        binding: Binding | None,
        name: str | None,
    ) -> None:
        """Show a layer of a net; without a name the net itself, without a net nothing."""
        before = self._layer.name if self._layer else None
        self._several = ()
        self.several_button.hide()
        self._net, self._shapes, self._binding = net, shapes, binding
        self._layer = net.layer(name) if net is not None and name and net.has_layer(name) else None
        self._field = self._field if self._layer and self._layer.name == before else ""
        if net is None or shapes is None:
            self._stack.setCurrentWidget(self.empty)
            return
        self._stack.setCurrentWidget(self._scroll)
        self._show_sharing(net)
        if self._layer is None:
            self._show_net(net, shapes)
        else:
            self._show_layer(net, shapes, self._layer)
        if before != (self._layer.name if self._layer else None):
            self._scroll.verticalScrollBar().setValue(0)

    def show_several(self, names: Sequence[str]) -> None:
        """Sum up layers that are selected together; () goes back to the one."""
        net, shapes = self._net, self._shapes
        if net is None or shapes is None or len(names) < 2:
            self._several = ()
            name = self._layer.name if self._layer else None
            self.show_layer(net, shapes, self._binding, name)
            return
        self._several = tuple(names)
        layers = [net.layer(name) for name in names]
        for widget in (self.hint, self.failure, self.all_button, self.open_button, self.versions,
                       self.form):  # fmt: skip
            widget.hide()
        self._drop_card()
        self.header.show_words(plural(len(layers), "layer"), "", "selected together", "")
        self.several.show_facts(words.several_facts(net, shapes, layers))
        n_shared = sum(any(v.n_versions > 1 for v in net.written(layer)) for layer in layers)
        what = "a blob of its own" if n_shared == 1 else "blobs of their own"
        self.several_button.setText(f"Give {plural(n_shared, 'layer')} {what}")
        self.several_button.setVisible(bool(n_shared))
        self._show_sections("several")

    def show_values(self, note: str, *, are_there: bool) -> None:
        """Say which values are drawn; where none are, what brings them, "" for nothing."""
        self.values.setVisible(are_there)
        self.values_hint.setText("" if are_there else note)
        self.values_hint.setVisible(not are_there)
        self._sections["values"].header.set_note(note if are_there else "")
        self._has_values = are_there or bool(note)
        is_layer = self._layer is not None and not self._several
        self._sections["values"].setVisible(self._has_values and is_layer)

    def show_field(self, words_: str) -> None:
        """Say how large the layer's receptive field is, "" for nothing."""
        self._field = words_
        self._show_shapes()

    def _show_shapes(self) -> None:
        if self._net is not None and self._shapes is not None and self._layer is not None:
            field = [Fact("Field", self._field)] if self._field else []
            facts = words.shape_facts(self._net, self._shapes, self._layer)
            self.shapes.show_facts([*facts, *field])

    def show_failure(self, sentence: str) -> None:
        """Why the selected layer can't run, "" where it can."""
        self.failure.setText(sentence)
        self.failure.setVisible(bool(sentence) and not self._several)

    def show_classes(self, scores: ClassScores | None) -> None:
        """The best classes of the last forward, shown with the net and with the layer they are of.

        None for a net without, or for another image.
        """
        self.classes.show_scores(scores)
        self._show_scores_section()

    def focus_rename(self) -> None:
        """Put the cursor into the name of the new blob, where there is one to give."""
        if self.form.isVisibleTo(self):
            self.form.focus_field()

    @property
    def card_title(self) -> str:
        """The heading of the in-place card, "" without one."""
        return self._card.notice.title if self._card is not None else ""

    @property
    def card_body(self) -> str:
        """The sentences of the in-place card."""
        return self._card.notice.body if self._card is not None else ""

    def section_note(self, name: str) -> str:
        """What stands at the right of a section's heading, such as "lines 344 to 349"."""
        return self._sections[name].header.note

    def _arrange(self) -> None:
        self._page = QWidget()
        self._page.setObjectName("inspectorPage")
        self._column = QVBoxLayout(self._page)
        self._column.setContentsMargins(12, 8, 12, 12)
        self._column.setSpacing(4)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.header, 1)
        top.addWidget(self.open_button, 0, Qt.AlignVCenter)
        self._column.addLayout(top)
        self._column.addWidget(self.hint)
        self._column.addWidget(self.failure)
        self._card_place = QVBoxLayout()
        self._card_place.setContentsMargins(0, 4, 0, 0)
        self._card_place.setSpacing(0)
        self._card_place.addWidget(self.versions)
        self._column.addLayout(self._card_place)
        self._column.addWidget(self.numbers)
        self._column.addWidget(self.form)
        self._column.addWidget(self.all_button, 0, Qt.AlignLeft)
        self._column.addWidget(self.several_button, 0, Qt.AlignLeft)
        for section in self._sections.values():
            self._column.addWidget(section)
        values = self._sections["values"].layout()
        if values is not None:
            values.addWidget(self.values_hint)
        self._column.addStretch(1)
        self._scroll = ScrollColumn(self._page)
        self._scroll.setAccessibleName("Facts about the layer")
        self._stack = QStackedWidget()
        self._stack.addWidget(self._scroll)
        self._stack.addWidget(self.empty)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_open_button()

    def _fit_open_button(self) -> None:
        """The button loses a word before the line beside it loses a number."""
        self.open_button.setText("Open layer")
        room = self.width() - _MARGINS - self.open_button.sizeHint().width()
        if self.header.least_width > room:
            self.open_button.setText("Open")

    def _connect(self) -> None:
        self.form.rename_requested.connect(self.rename_requested)
        self.form.rename_chain_requested.connect(self.rename_chain_requested)
        self.form.rename_all_requested.connect(self.rename_all_requested)
        self.form.preview_requested.connect(self.preview_requested)
        self.open_button.clicked.connect(self._open_layer)
        self.all_button.clicked.connect(lambda: self.rename_all_requested.emit())
        self.several_button.clicked.connect(
            lambda: self.rename_several_requested.emit(self._several)
        )
        self.versions.layer_clicked.connect(self.layer_selected)
        for facts in (self.shapes, self.ends, self.problems):
            facts.layer_clicked.connect(self.layer_selected)

    def _show_sections(self, *names: str) -> None:
        for name, section in self._sections.items():
            section.setVisible(name in names)
        self._show_scores_section()

    def _show_scores_section(self) -> None:
        scores, layer = self.classes.scores, self._layer
        is_theirs = scores is not None and (layer is None or layer.name == scores.layer)
        is_theirs = is_theirs and not self._several
        self._sections["classes"].setVisible(is_theirs)

    def _show_net(self, net: Net, shapes: NetShapes) -> None:
        self.header.show_words(net.name or "Net without a name", "", "", "")
        self.failure.hide()
        self.hint.show()
        self.open_button.hide()
        self.overview.show_facts(words.net_facts(net, shapes, self._binding))
        self.ends.show_facts(words.end_facts(net, shapes))
        self.problems.show_facts(
            [
                Fact(f"line {problem.line}", problem.sentence, layer=problem.layer)
                for problem in net.problems[:8]
            ]
        )
        n_hidden = len(net.hidden)
        n_in_place = len(net.in_place_layers)
        what = "a blob of its own" if n_in_place == 1 else "blobs of their own"
        self.all_button.setText(f"Give {plural(n_in_place, 'layer')} {what}")
        self.all_button.setVisible(bool(n_hidden))
        shown = {"problems": net.problems, "foreign": self._show_foreign(net, None)}
        self._show_sections("overview", "ends", *(name for name, rows in shown.items() if rows))

    def _show_foreign(self, net: Net, layer: Layer | None) -> list[Fact]:
        facts = words.foreign_facts(net, layer)
        self.foreign.show_facts(facts)
        self._sections["foreign"].header.set_note("kept when saved" if facts else "")
        return facts

    def _show_layer(self, net: Net, shapes: NetShapes, layer: Layer) -> None:
        place = words.place_text(net, layer)
        near = net.layers[max(0, layer.index - _NEAR) : layer.index + _NEAR + 1]
        family = layer_type(layer.type).family
        self.header.show_words(
            layer.name, layer.type, place, family, [other.name for other in near if other != layer]
        )
        self._fit_open_button()
        self.hint.hide()
        self.all_button.hide()
        self.open_button.show()
        self._show_shapes()
        parameters = words.parameter_facts(layer)
        self.parameters.show_facts(parameters)
        has_defaults = any(fact.is_default for fact in parameters)
        self._sections["parameters"].header.set_note(_DEFAULT_NOTE if has_defaults else "")
        self.cost.show_facts(words.cost_facts(net, shapes, layer))
        weights, note = words.weight_facts(net, shapes, self._binding, layer)
        self.weights.show_facts(weights)
        self._sections["weights"].header.set_note(note)
        lines, where = words.file_lines(net, layer)
        self.text.show_lines(lines)
        self._sections["text"].header.set_note(where)
        shown = {"foreign": self._show_foreign(net, layer), "parameters": parameters,
                 "weights": weights, "text": lines}  # fmt: skip
        values = ("values",) if self._has_values else ()
        self._show_sections(
            *values, "shapes", "cost", *(name for name, rows in shown.items() if rows)
        )

    def _open_layer(self) -> None:
        if self._layer is not None:
            self.layer_opened.emit(self._layer.name)

    def _drop_card(self) -> None:
        if self._card is not None:
            self._card_place.removeWidget(self._card)
            self._card.hide()
            self._card.deleteLater()
            self._card = None

    def _show_sharing(self, net: Net) -> None:
        """The in-place card, the versions and the rename form of a layer that shares its blob."""
        layer = self._layer
        chain = words.chain_of(net, layer) if layer is not None else None
        self._drop_card()
        offer = words.rename_offer(net, layer) if layer is not None else None
        self.versions.setVisible(chain is not None)
        self.form.setVisible(offer is not None)
        if chain is None or layer is None:
            return
        notice = Notice("mark", words.sharing_title(chain, layer), words.sharing_body(chain))
        self._card = NoticeCard(self._keeper, notice, is_closable=False)
        self._card_place.insertWidget(0, self._card)
        self.versions.show_rows(words.version_rows(net, chain, layer))
        if offer is not None:
            self.form.show_offer(net, offer)
