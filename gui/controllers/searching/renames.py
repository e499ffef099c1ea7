"""Keeps what was read and evaluated under the names that a rename gives its values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PyQt5.QtCore import QObject

from core.net.definition import Net
from core.net.identity import net_identity, place_of, value_at
from gui.controllers.searching.states import Search
from gui.controllers.searching.values import value_label
from gui.document import ModelDocument
from gui.panels.retrieval.view import EvaluationRow, RecipeChoice


class NameFollower(QObject):
    """Knows the net by whose names the search calls its values.

    on_renamed: called when what was evaluated is called otherwise.
    """

    def __init__(
        self,
        document: ModelDocument,
        search: Search,
        on_renamed: Callable[[], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._search = search
        self._on_renamed = on_renamed
        self._net: Net | None = None
        document.net_changed.connect(self._follow)

    def _follow(self) -> None:
        """Take the names of the net of now where it computes what the one before did."""
        before, self._net = self._net, self._document.net
        net, search = self._net, self._search
        if before is None or net is None or search.folder is None or before.text == net.text:
            return
        if net_identity(before) != net_identity(net):
            return
        if search.choice is not None:
            search.choice = _renamed(before, net, search.choice)
        if search.searched is not None:
            reading = search.searched.reading
            choice = _renamed(before, net, reading.choice)
            reading = replace(reading, choice=choice, value=value_label(net, choice))
            search.searched = replace(search.searched, reading=reading)
        rows = [_renamed_row(before, net, row) for row in search.rows.values()]
        search.rows.clear()
        search.rows.update(((row.recipe, row.search), row) for row in rows)
        self._on_renamed()


def _renamed(before: Net, now: Net, choice: RecipeChoice) -> RecipeChoice:
    place = place_of(before, choice.layer, choice.top)
    found = None if place is None else value_at(now, place)
    return choice if found is None else replace(choice, layer=found[0], top=found[1])


def _renamed_row(before: Net, now: Net, row: EvaluationRow) -> EvaluationRow:
    choice = _renamed(before, now, row.recipe)
    rest = row.label.removeprefix(value_label(before, row.recipe))
    return replace(row, recipe=choice, label=f"{value_label(now, choice)}{rest}")
