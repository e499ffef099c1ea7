"""What a right click on a box of the graph offers."""

from __future__ import annotations

from collections.abc import Callable

from PyQt5.QtWidgets import QApplication, QMenu

from gui.graph.picture import BadgePicture, BoxPicture


def fill_box_menu(
    menu: QMenu,
    box: BoxPicture,
    *,
    on_rename: Callable[[BadgePicture], None],
    on_unfold: Callable[[], None],
    on_fold: Callable[[], None] | None,
) -> None:
    """Add the entries; on_fold: None where the box belongs to no unfolded group."""
    for badge in box.badges:
        if badge.wish:
            action = menu.addAction(f"Give {badge.wish} a blob of its own")
            action.triggered.connect(lambda _=False, b=badge: on_rename(b))
    if box.is_folded:
        menu.addAction("Unfold", on_unfold)
    elif on_fold is not None:
        menu.addAction("Fold its block", on_fold)
    names = "\n".join(box.layers)
    menu.addAction("Copy layer name", lambda: QApplication.clipboard().setText(names))
