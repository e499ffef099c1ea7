"""Walking the areas of the window, and showing a page to others."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtGui import QKeySequence
from PyQt5.QtWidgets import QWidget

from gui.document import ModelDocument
from gui.frame.areas import AreaWalk
from gui.main_window import MainWindow

_WALKS = (("layer_before", "layer_after", "layers"), ("image_before", "image_after", "images"))
"""The actions that walk while a page is presented, and what they walk."""


def areas_of(window: MainWindow) -> Sequence[QWidget]:
    """The areas of the page that is shown, from the top left, within what is around every page."""
    panels, net, compare = window.panels, window.net_page, window.compare_page
    training = window.training_page
    of_page: dict[str, tuple[QWidget, ...]] = {
        "net": (net.left, panels.graph, net.right, net.changes_bar),
        "layer": window.layer_page.areas,
        "retrieval": (panels.retrieval,),
        "training": (training.bar, *training.areas),
        "compare": (compare.bar, compare.values_sources, compare.weights_sources, compare.layers,
                    compare.graph, compare.values, compare.text, compare.weights, compare.engines,
                    compare.broken, compare.empty),
    }  # fmt: skip
    centre = of_page[window.page]
    return (window.subjects, window.notice_bar, *centre, window.start_page, window.status_line,
            window.rail)  # fmt: skip


def connect_areas(window: MainWindow) -> None:
    """F6 and Shift+F6."""
    walk = AreaWalk(lambda: areas_of(window), window)
    window.actions_.on("next_area", lambda: walk.step(1))
    window.actions_.on("area_before", lambda: walk.step(-1))


def connect_presenting(window: MainWindow, document: ModelDocument) -> None:
    """F11 shows the page alone; Esc or F11 brings the window back."""
    actions = window.actions_

    def show_subject() -> None:
        image = document.image_path
        parts = (document.path.stem if document.path is not None else "", document.selection,
                 image.name if image is not None else "")  # fmt: skip
        walks = (
            f"{_key(window, before)}, {_key(window, after)} {what}"
            for before, after, what in _WALKS
            if not actions.why_not(before) or not actions.why_not(after)
        )
        window.present.show_subject(" · ".join(filter(None, parts)), "   ".join(walks))

    def turn(is_on: bool) -> None:
        show_subject()
        window.presenter.turn(is_on)

    actions["present"].toggled.connect(turn)
    window.present.left.connect(lambda: actions["present"].setChecked(False))
    for signal in (document.opened, document.saved_changed, document.image_changed):
        signal.connect(show_subject)
    document.selection_changed.connect(lambda _name: show_subject())


def _key(window: MainWindow, action_id: str) -> str:
    return window.actions_[action_id].shortcut().toString(QKeySequence.NativeText)
