"""What is typed into the find field: its hits are counted, listed and stepped through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from PyQt5.QtCore import QObject, pyqtSignal

from core.layers.records import find_records
from core.layers.shapes import NetShapes
from core.net.definition import Net
from gui.graph.find_bar import GraphBar
from gui.graph.find_list import FindList
from gui.graph.finder import Finder
from gui.widgets.layer_rows import LayerRow, layer_rows


class Finding(QObject):
    """Joins the field of the bar, the list below it and the finder."""

    found = pyqtSignal(object)
    """The keys of the boxes with hits, None while nothing is asked for."""
    listed = pyqtSignal()
    taken = pyqtSignal(str)
    """The layer to select."""

    def __init__(self, bar: GraphBar, hits: FindList) -> None:
        super().__init__(bar)
        self._bar = bar
        self._list = hits
        self._finder = Finder()
        self._net: Net | None = None
        self._shapes: NetShapes | None = None
        self._box_of: Mapping[int, int] = {}
        self._rows: Sequence[LayerRow] | None = None
        bar.query_changed.connect(self._search)
        bar.stepped.connect(self._step)
        bar.find_left.connect(self._leave)
        bar.field.focus_changed.connect(lambda _has_focus: self._list_hits())
        hits.taken.connect(self.taken)

    def show_net(self, net: Net | None, shapes: NetShapes | None) -> None:
        """Search another net with the same query."""
        self._net, self._shapes, self._rows = net, shapes, None
        if net is None or shapes is None:
            self._finder.set_source(tuple)
        else:
            self._finder.set_source(partial(find_records, net, shapes))

    def show_boxes(self, box_of: Mapping[int, int]) -> None:
        """The graph has other boxes; box_of: from a layer index to the key of its box."""
        self._box_of = box_of
        self.tell()

    def tell(self) -> None:
        """Dim what is not found, count and list what is."""
        finder = self._finder
        keys = None
        if not finder.is_idle:
            keys = frozenset(self._box_of[i] for i in finder.hits if i in self._box_of)
        self.found.emit(keys)
        self._bar.show_hits(finder.position, len(finder.hits), finder.problem)
        self._list_hits()

    def _search(self, text: str) -> None:
        self._finder.search(text)
        self.tell()

    def _step(self, by: int) -> None:
        if self._finder.is_idle:  # Escape left the words in the field
            self._finder.search(self._bar.field.text())
        index = self._finder.step(by)
        if index is not None and self._net is not None:
            self.tell()
            self.taken.emit(self._net.layers[index].name)

    def _leave(self) -> None:
        """The words stay in the field, and find nothing until they are asked for again."""
        self._finder.search("")
        self.tell()

    def _list_hits(self) -> None:
        finder, net = self._finder, self._net
        if not self._bar.field.hasFocus() or net is None:
            self._list.hide()
            return
        names = {net.layers[i].name for i in finder.hits}
        rows = [row for row in self._last_values() if row.layer in names] if names else []
        self._list.show_hits(rows, finder.problem)
        if finder.position is not None:
            self._list.go_to(net.layers[finder.hits[finder.position]].name)
        self.listed.emit()

    def _last_values(self) -> Sequence[LayerRow]:
        """A row for each layer, of its last value; made when first needed."""
        if self._rows is None and self._net is not None and self._shapes is not None:
            rows = {row.layer: row for row in layer_rows(self._net, self._shapes)}
            self._rows = tuple(rows.values())
        return self._rows or ()
