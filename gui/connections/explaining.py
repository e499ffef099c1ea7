"""The Gradients view: where its wishes lead, and which image a match is to."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from core.attribution.methods import METHOD_NAMES
from gui.controllers.explaining.controller import ExplainingController
from gui.dialogs.files import IMAGE_FILTER, FileChooser
from gui.document import ModelDocument
from gui.main_window import MainWindow
from gui.pages.layer_views import GRADIENTS_VIEW, VALUES_VIEW
from gui.panels.gradients.panel import GradientsPanel
from gui.settings import Settings


def connect_explaining(
    document: ModelDocument,
    window: MainWindow,
    panel: GradientsPanel,
    explaining: ExplainingController,
    settings: Settings,
    chooser: Callable[[], FileChooser],
) -> None:
    """Keys, the selected result as the match, and an open channel."""

    def explain(name: str) -> None:
        window.show_page("layer")
        window.layer_page.show_view(GRADIENTS_VIEW)
        panel.methods.choose(name)

    def keep() -> None:
        settings.explaining = panel.fields.kept

    panel.fields.take(settings.explaining)
    panel.fields.changed.connect(keep)
    panel.open_image_requested.connect(window.actions_["open_image"].trigger)
    for name in METHOD_NAMES:
        window.actions_.on(f"explain_{name}", partial(explain, name))

    def open_channel(layer: str, _top: str, channel: int) -> None:
        document.select(layer)
        window.layer_page.show_view(VALUES_VIEW)
        window.panels.activations.choose(channel)

    def choose_match() -> None:
        chooser().open_files("The image to match", settings.folder("images"), IMAGE_FILTER,
                             take_match)  # fmt: skip

    def take_match(paths: tuple[Path, ...]) -> None:
        if paths:
            explaining.set_match(paths[0])

    def follow_result(_: object = None) -> None:
        tile = window.panels.retrieval.selected.tile
        if tile is not None:
            explaining.set_match(tile.path)

    explaining.channel_opened.connect(open_channel)
    panel.target.image_requested.connect(choose_match)
    window.panels.retrieval.selected.tile_shown.connect(follow_result)
