"""What the menus of the layer table hold."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial

from PyQt5.QtWidgets import QApplication, QMenu

from core.net.definition import Net
from core.net.pycaffe_words import pycaffe_expression
from core.words import plural
from gui.panels.layers.rows import Column, LayerRow
from gui.widgets.plain_text import plain_caption

OPTIONAL = (
    Column.SHAPE, Column.TYPE, Column.PARAMS, Column.SHARE, Column.MACS, Column.MEMORY,
)  # fmt: skip
_TITLES = {Column.SHARE: "Share of the parameters"}


def add_renames(
    menu: QMenu,
    rows: Sequence[LayerRow],
    give: Callable[[tuple[str, ...]], None],
    plan: Callable[[], None],
) -> None:
    """Blobs of their own for those of these layers that share one, at once or after a look."""
    shared = tuple(row.record.name for row in rows if row.is_shared)
    if len(shared) == 1:
        words = f"Give {shared[0]} a blob of its own"
        menu.addAction(f"{plain_caption(words)}\tF2", lambda: give(shared))
    elif shared:
        words = f"Give {plural(len(shared), 'layer')} blobs of their own"
        menu.addAction(f"{plain_caption(words)}\tF2", lambda: give(shared))
    whom = "this layer" if len(rows) == 1 else f"the {plural(len(rows), 'selected layer')}"
    menu.addAction(f"{plain_caption(f'Rename blobs of {whom}…')}\tCtrl+R", plan)
    menu.addSeparator()


def add_copies(menu: QMenu, net: Net, rows: Sequence[LayerRow]) -> None:
    """Copies of the names of these layers, a line each."""
    written = [version for row in rows for version in net.written(net.layers[row.index])]
    offers = {
        "Copy layer name": [row.record.name for row in rows],
        "Copy blob@version": [version.label for version in written],
        "Copy as pycaffe": [pycaffe_expression(net, version) for version in written],
    }
    for words, lines in offers.items():
        menu.addAction(words, partial(QApplication.clipboard().setText, "\n".join(lines)))


def add_columns(
    menu: QMenu,
    left_out: Sequence[Column],
    put_away: Collection[Column],
    widen_to: Callable[[Column], None],
    choose: Callable[[Column, bool], None],
) -> None:
    """The columns without room as wishes to widen, then all of them as checks."""
    for column in left_out:
        menu.addAction(plain_caption(f"Widen to show {column.value}"), partial(widen_to, column))
    menu.addSeparator()
    for column in OPTIONAL:
        action = menu.addAction(_TITLES.get(column, column.value))
        action.setCheckable(True)
        action.setChecked(column not in put_away)
        action.toggled.connect(partial(choose, column))
