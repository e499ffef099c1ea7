"""The menu of what the boxes of the graph can be coloured by, and what is missing for the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PyQt5.QtWidgets import QMenu

from gui.widgets.plain_text import add_plain, plain_caption


@dataclass(frozen=True)
class OverlayOffer:
    """A kind of numbers. note: what they are of, or what they need where they can't be had.

    group: the title of the menu inside this one where it stands, "" for this one.
    """

    key: str
    name: str
    note: str
    is_possible: bool = True
    group: str = ""


def fill_overlay_menu(
    menu: QMenu,
    offers: Sequence[OverlayOffer],
    current: str,
    on_chosen: Callable[[str], None],
) -> None:
    """An entry for each offer, checked where it shows; "none" last."""
    groups = {"": menu}
    for offer in offers:
        if offer.group not in groups:
            groups[offer.group] = menu.addMenu(plain_caption(offer.group))
        action = add_plain(groups[offer.group], f"{offer.name}   {offer.note}")
        action.setCheckable(True)
        action.setChecked(offer.key == current)
        action.setEnabled(offer.is_possible)
        action.triggered.connect(partial(_choose, on_chosen, offer.key))
    menu.addSeparator()
    none = menu.addAction("none   families only", partial(on_chosen, ""))
    none.setCheckable(True)
    none.setChecked(not current)


def _choose(on_chosen: Callable[[str], None], key: str, _is_on: bool) -> None:
    on_chosen(key)
