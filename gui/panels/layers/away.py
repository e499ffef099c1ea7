"""Which columns of the layer table are put away, in words that a session keeps."""

from __future__ import annotations

from collections.abc import Collection

from gui.panels.layers.menus import OPTIONAL
from gui.panels.layers.table import LayerTable


def columns_away(table: LayerTable) -> tuple[str, ...]:
    """The names of the columns that the user put away."""
    return tuple(sorted(column.name for column in table.put_away))


def put_away(table: LayerTable, names: Collection[str]) -> None:
    """Put these columns away and no others; names of no such column are passed over."""
    table.put_away = frozenset(column for column in OPTIONAL if column.name in names)
    table.show_columns()
