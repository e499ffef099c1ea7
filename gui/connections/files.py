"""Opening, saving and exporting: who asks for it and who does it."""

from __future__ import annotations

from pathlib import Path

from core.files import is_plain_file
from gui.controllers.comparing.controller import ComparingController
from gui.controllers.demo import DemoController
from gui.controllers.dialogs import DialogsController
from gui.controllers.dropping import DroppingController
from gui.controllers.exporting import ExportingController
from gui.controllers.graph import GraphController
from gui.controllers.images import ImagesController
from gui.controllers.last_session import LastSession
from gui.controllers.opening import OpeningController
from gui.controllers.recent_files import RecentFilesController
from gui.controllers.saving import SavingController
from gui.controllers.searching.controller import SearchingController
from gui.controllers.searching.gallery_work import GalleryWorkController
from gui.controllers.sessions import SessionController
from gui.controllers.status import StatusController
from gui.controllers.watching import WatchingController
from gui.main_window import MainWindow
from gui.notices import Notices
from gui.pages.recent_list import shown_folder
from gui.settings import Settings


def connect_opening(window: MainWindow, opening: OpeningController, demo: DemoController) -> None:
    """What opens models, weights and images."""
    actions, panels = window.actions_, window.panels
    actions.on("open_model", opening.choose_model)
    actions.on("open_weights", opening.choose_weights)
    actions.on("open_image", opening.choose_image)
    actions.on("open_demo", demo.open)
    actions.on("close_net", opening.close_net)
    panels.layer_table.open_requested.connect(opening.choose_model)
    panels.activations.open_image_requested.connect(opening.choose_image)
    window.subjects.image.image_chosen.connect(opening.open_image)
    opening.model_opened.connect(panels.graph.canvas.setFocus)
    demo.show_first = lambda: window.show_page("net")


def connect_recent_files(window: MainWindow, recent: RecentFilesController) -> None:
    """The menu of files opened before is filled as the menu around it opens.

    By itself it can't tell when it is about to show while it is empty, and so disabled.
    """
    window.menus["File"].aboutToShow.connect(recent.fill)
    recent.fill()


def connect_dropping(
    window: MainWindow, dropping: DroppingController, status: StatusController
) -> None:
    """Files from elsewhere."""
    window.actions_.on("paste", dropping.paste)
    window.files_dropped.connect(dropping.take)
    window.drop_overlay.words_wanted = dropping.words
    dropping.say = status.say


def connect_watching(
    window: MainWindow,
    watching: WatchingController,
    status: StatusController,
    notices: Notices,
    settings: Settings,
) -> None:
    """Files that other programs change."""

    def follow(is_on: bool) -> None:
        settings.follows_files = is_on
        watching.set_on(is_on)

    def say(sentence: str) -> None:
        status.say(sentence)
        notices.note("info", sentence)

    action = window.actions_["follow_files"]
    action.setChecked(settings.follows_files)
    action.toggled.connect(follow)
    watching.set_on(settings.follows_files)
    watching.reread.connect(say)


def connect_watched(
    watching: WatchingController,
    dialogs: DialogsController,
    saving: SavingController,
    searching: SearchingController,
    work: GalleryWorkController,
) -> None:
    """What is done where a file was changed; the gallery's table of labels is followed, too."""

    def label_table() -> Path | None:
        gallery = searching.gallery
        truth = Path(gallery.truth) if gallery is not None else None
        return truth if truth is not None and is_plain_file(truth) else None

    watching.difference_requested.connect(dialogs.show_file_difference)
    watching.save = saving.choose_and_save
    watching.labels = label_table
    watching.read_labels = lambda path: work.label(str(path))
    searching.indexed.connect(lambda _found: watching.follow())


def connect_images(
    window: MainWindow, images: ImagesController, opening: OpeningController
) -> None:
    """Walking the images of a folder."""
    opening.show_images = images.show_together
    images.open_image = opening.open_image
    window.actions_.on("image_before", lambda: images.step(-1))
    window.actions_.on("image_after", lambda: images.step(1))


def connect_last_session(window: MainWindow, last: LastSession, status: StatusController) -> None:
    """The session as the window was closed."""
    button = window.last_session_button

    def show() -> None:
        button.show_sentence(last.sentence or last.why_not)
        status.refresh()

    window.actions_.on("restore_last", last.restore)
    status.extra_facts.append(lambda: {"last_session": last.why_not})
    last.changed.connect(show)
    show()


def connect_comparing(
    window: MainWindow,
    comparing: ComparingController,
    opening: OpeningController,
    status: StatusController,
) -> None:
    """Two prototxts side by side."""

    def step(by: int) -> None:
        window.show_page("compare")
        window.compare_page.show_view("layers")
        window.compare_page.layers.step(by)

    def facts() -> dict[str, str]:
        is_there = comparing.comparison is not None and comparing.comparison.nets is not None
        return {"compared": "" if is_there else "Compare two prototxts first: Ctrl+Shift+C."}

    window.actions_.on("compare", comparing.choose)
    window.actions_.on("next_difference", lambda: step(1))
    window.actions_.on("difference_before", lambda: step(-1))
    status.extra_facts.append(facts)
    comparing.compared.connect(status.refresh)
    comparing.open_requested.connect(lambda path: opening.open_model(path))


def connect_saving(
    window: MainWindow, saving: SavingController, sessions: SessionController
) -> None:
    """The edited text and the session."""
    window.actions_.on("save", lambda: saving.save(saving.suggested_path()))
    window.actions_.on("save_as", saving.choose_and_save)
    sessions.fields_in = lambda: window
    window.actions_.on("open_session", sessions.choose_and_open)
    window.actions_.on("save_session", sessions.choose_and_save)


def connect_exports(
    window: MainWindow, graph: GraphController, exporting: ExportingController
) -> None:
    """Pictures and arrays that panels write themselves."""
    tiles, histogram = window.panels.activations, window.panels.histogram
    window.actions_.on("export_graph", graph.choose_and_export)
    tiles.save_requested.connect(
        lambda name, filters: exporting.choose("Save the tiles", name, filters, tiles.save_to)
    )
    histogram.save_requested.connect(
        lambda name, filters: exporting.choose(
            "Save the histogram", name, filters, histogram.save_to
        )
    )


def connect_written(
    status: StatusController,
    notices: Notices,
    *writers: SavingController | SessionController | ExportingController | ComparingController,
) -> None:
    """The status line says which file was written and where, and the bell keeps it."""

    def say(path: Path) -> None:
        sentence = f"saved {path.name} in {shown_folder(path.absolute().parent)}"
        status.say(sentence)
        notices.note("ok", sentence)

    for writer in writers:
        writer.saved.connect(say)
