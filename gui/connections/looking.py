"""The graph, the window's look, values of layers and the dialogs about them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module

from gui.controllers.comparing.engines import ComparedEngines
from gui.controllers.dialogs import DialogsController
from gui.controllers.engine_child import READY, EngineController
from gui.controllers.engine_choice import EngineChoiceController
from gui.controllers.former_selections import FormerSelections
from gui.controllers.inspecting import InspectingController
from gui.controllers.seeing import SeeingController
from gui.controllers.status import StatusController
from gui.document import ModelDocument
from gui.jobs import Lanes
from gui.main_window import MainWindow, Panels
from gui.settings import Settings
from gui.theme import ThemeKeeper

THEMES = ("system", "light", "dark")


def connect_window(window: MainWindow) -> None:
    """What the window does by itself."""
    actions, graph = window.actions_, window.panels.graph
    actions.on("quit", window.close)
    compared = window.compare_page

    def of_page(of_net: Callable[[], object], of_pair: Callable[[], object]) -> None:
        """A graph's action goes to the graphs of the Compare page where that is shown."""
        of_pair() if window.page == "compare" else of_net()

    actions.on("find", partial(of_page, graph.focus_find, compared.focus_filter))
    actions.on("fit", partial(of_page, graph.fit, compared.graph.fit))
    for name in ("zoom_in", "zoom_out"):
        of_net = getattr(graph.canvas, name)
        actions.on(name, partial(of_page, of_net, getattr(compared.graph.canvas, name)))
    actions.on("reset_layout", window.set_default_layout)


def connect_themes(window: MainWindow, keeper: ThemeKeeper, settings: Settings) -> None:
    """The choice of a theme, and of the colours of tiles, remembered."""

    def check() -> None:
        for choice in THEMES:
            window.actions_[f"theme_{choice}"].setChecked(keeper.choice == choice)

    def choose(choice: str) -> None:
        keeper.choose(choice)
        settings.theme = choice
        check()

    def remember() -> None:
        settings.tile_map = keeper.theme.tile_map

    keeper.choose_tile_map(settings.tile_map)
    keeper.changed.connect(remember)
    for theme in THEMES:
        window.actions_.on(f"theme_{theme}", partial(choose, theme))
    check()


def connect_dialogs(
    window: MainWindow, dialogs: DialogsController, seeing: SeeingController
) -> None:
    """What a dialog asks or tells."""
    actions = window.actions_
    actions.on("show_text", dialogs.show_text)
    actions.on("extract", dialogs.ask_extract)
    actions.on("recipe", seeing.open_popup)
    actions.on("first_steps", dialogs.show_first_steps)
    actions.on("keys", dialogs.show_keys)
    actions.on("show_log", dialogs.show_log)
    actions.on("about", dialogs.show_about)


def connect_engine(
    window: MainWindow,
    engine: EngineController,
    choice: EngineChoiceController,
    compared: ComparedEngines,
    status: StatusController,
) -> None:
    """Which engine runs, and how far two of them agree."""
    window.actions_.on("choose_engine", choice.ask)
    window.actions_.on("restart_engine", engine.restart)
    window.actions_.on("fidelity", compared.show)
    window.actions_.on("cancel", status.cancel_by_key)
    choice.changed.connect(status.show_devices)


def connect_inspecting(
    document: ModelDocument,
    window: MainWindow,
    inspecting: InspectingController,
    status: StatusController,
) -> None:
    """A forward pass and what it tells."""
    panels = window.panels
    for opened in (panels.graph.layer_opened, panels.layer_table.layer_opened,
                   panels.inspector.layer_opened):  # fmt: skip
        opened.connect(lambda _name: window.show_page("layer"))
    window.actions_.on("forward", inspecting.forward)
    window.actions_.refused.connect(status.say)
    status.why_no_run = inspecting.why_no_run
    status.refresh()

    inspecting.told.connect(status.say)
    inspecting.classes_found.connect(panels.inspector.show_classes)
    for changed in (document.opened, document.image_changed, document.weights_changed):
        changed.connect(lambda: panels.inspector.show_classes(None))


def connect_former_selections(
    window: MainWindow, former: FormerSelections, status: StatusController
) -> None:
    """Back to what was looked at before, on any page."""
    window.actions_.on("selection_before", former.go_back)
    window.actions_.on("selection_after", former.go_forward)
    status.extra_facts.append(
        lambda: {"former": former.why_no_former, "later": former.why_no_later}
    )
    former.changed.connect(status.refresh)
    status.refresh()


def connect_captions(document: ModelDocument, panels: Panels) -> None:
    """What is saved of a panel says which net, weights, image and recipe it is of."""

    def tell() -> None:
        paths = (document.path, document.weights_path, document.image_path)
        source = [path.name for path in paths if path is not None]
        if document.image_path is not None and document.recipe is not None:
            source.append(document.recipe.describe())
        panels.histogram.show_source(source)
        panels.activations.show_source(source)

    for changed in (document.opened, document.saved_changed, document.image_changed,
                    document.weights_changed, document.recipe_changed):  # fmt: skip
        changed.connect(tell)


def load_plots_beside(engine: EngineController, lanes: Lanes) -> None:
    """Import pyqtgraph, which takes 0.2 s, once the engine is up and before a plot is asked for."""

    def load() -> None:
        if engine.state == READY:
            engine.state_changed.disconnect(load)
            lanes.files.start(partial(import_module, "gui.widgets.plot"), key="load-plots")

    engine.state_changed.connect(load)
