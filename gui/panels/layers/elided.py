"""The names of a column, shortened to its width so that rows can be told apart."""

from __future__ import annotations

from functools import lru_cache

from PyQt5.QtGui import QFontMetrics

from core.net.elision import elide_names
from gui.panels.layers.model import LayerModel
from gui.panels.layers.rows import Column
from gui.theme import text_font

NAME_COLUMNS = (Column.NAME, Column.BLOB)
EYE_ROOM = 20


class ElidedColumns:
    """Works out a whole column at once, since a name is told from its neighbours."""

    def __init__(self, model: LayerModel) -> None:
        self._model = model
        self._known: dict[tuple[Column, int], tuple[str, ...]] = {}
        model.modelReset.connect(self._forget)
        model.dataChanged.connect(lambda *_: self._forget())

    def text(self, column: Column, place: int, width: int) -> str:
        """What the cell in row `place` says in `width` pixels."""
        key = (column, width)
        if key not in self._known:
            self._known = {k: texts for k, texts in self._known.items() if k[0] is not column}
            self._known[key] = self._elide(column, width)
        return self._known[key][place]

    def _forget(self) -> None:
        self._known = {}

    def _elide(self, column: Column, width: int) -> tuple[str, ...]:
        rows = self._model.shown
        rooms = [float(width - eye_room(column, row.is_overwritten)) for row in rows]
        names = [row.text(column) for row in rows]
        return elide_names(names, rooms, name_width)


@lru_cache(maxsize=1)
def _bold() -> QFontMetrics:
    return QFontMetrics(text_font(12, semibold=True))


@lru_cache(maxsize=32768)  # each name is asked for at every width of its column
def name_width(text: str) -> int:
    """Pixels that a name takes."""
    return _bold().horizontalAdvance(text)


def eye_room(column: Column, is_overwritten: bool) -> int:
    """What the eye takes of a cell."""
    return EYE_ROOM if column is Column.BLOB and is_overwritten else 0
