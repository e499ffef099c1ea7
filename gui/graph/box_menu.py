"""What a right click on a box of the graph offers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PyQt5.QtWidgets import QApplication, QMenu

from core.net.definition import Net
from core.net.pycaffe_words import pycaffe_expression
from gui.graph.picture import BadgePicture, BoxPicture, FoldGroup
from gui.widgets.plain_text import add_plain


@dataclass(frozen=True)
class CopyOffer:
    """A line of the menu and the text it puts on the clipboard."""

    words: str
    text: str


def copy_offers(net: Net, layer_names: Sequence[str]) -> tuple[CopyOffer, ...]:
    """Offers for the layers of one box, in file order."""
    known = [name for name in layer_names if net.has_layer(name)]
    versions = [version for name in known for version in net.written(name)]
    if not known:
        return (CopyOffer("Copy layer name", "\n".join(layer_names)),)
    is_one = len(known) == 1
    return (
        CopyOffer("Copy layer name" if is_one else "Copy layer names", "\n".join(known)),
        CopyOffer("Copy blob@version", "\n".join(version.label for version in versions)),
        CopyOffer(
            "Copy as pycaffe", "\n".join(pycaffe_expression(net, version) for version in versions)
        ),
    )


def fill_box_menu(
    menu: QMenu,
    box: BoxPicture,
    *,
    opened: Sequence[FoldGroup],
    offers: Sequence[CopyOffer],
    on_rename: Callable[[BadgePicture], None],
    on_unfold: Callable[[], None],
    on_fold: Callable[[FoldGroup], None],
) -> None:
    """Add the entries; opened: the unfolded groups around the box, the outermost first."""
    for badge in box.badges:
        if badge.wish:
            action = add_plain(menu, f"Give {badge.wish} a blob of its own")
            action.triggered.connect(lambda _=False, b=badge: on_rename(b))
    if box.is_folded:
        menu.addAction("Unfold\tEnter", on_unfold)
    for group in reversed(opened):
        action = add_plain(menu, fold_words(group))
        action.triggered.connect(lambda _=False, g=group: on_fold(g))
    menu.addSeparator()
    for offer in offers:
        action = menu.addAction(offer.words)
        action.triggered.connect(
            lambda _=False, text=offer.text: QApplication.clipboard().setText(text)
        )


def fold_words(group: FoldGroup) -> str:
    """ "Fold the block inception_3a/*"."""
    return f"Fold the {group.kind} {group.title}"
