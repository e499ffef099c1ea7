"""What a right click on a box of the graph offers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PyQt5.QtWidgets import QApplication, QMenu

from gui.graph.copying import CopyOffer
from gui.graph.picture import BadgePicture, BoxPicture, FoldGroup


def fill_box_menu(
    menu: QMenu,
    box: BoxPicture,
    *,
    opened: Sequence[FoldGroup],
    offers: Sequence[CopyOffer],
    on_rename: Callable[[BadgePicture], None],
    on_unfold: Callable[[], None],
    on_fold: Callable[[FoldGroup], None],
    on_compare: Callable[[], None] | None,
) -> None:
    """Add the entries; opened: the unfolded groups around the box, the outermost first."""
    for badge in box.badges:
        if badge.wish:
            action = menu.addAction(f"Give {badge.wish} a blob of its own")
            action.triggered.connect(lambda _=False, b=badge: on_rename(b))
    if box.is_folded:
        menu.addAction("Unfold\tEnter", on_unfold)
    for group in reversed(opened):
        action = menu.addAction(fold_words(group))
        action.triggered.connect(lambda _=False, g=group: on_fold(g))
    if on_compare is not None:
        menu.addAction("Compare with the selected layer\tCtrl+Click", on_compare)
    menu.addSeparator()
    for offer in offers:
        action = menu.addAction(offer.words)
        action.triggered.connect(
            lambda _=False, text=offer.text: QApplication.clipboard().setText(text)
        )


def fold_words(group: FoldGroup) -> str:
    """ "Fold the block inception_3a/*"."""
    return f"Fold the {group.kind} {group.title}"
