"""Choosing what to search and with which image."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PyQt5.QtCore import QUrl
from PyQt5.QtGui import QDesktopServices

from gui.controllers.demo import DemoController
from gui.controllers.dropping import DroppingController
from gui.controllers.opening import OpeningController
from gui.controllers.searching.controller import SearchingController
from gui.controllers.searching.gallery_list import remember_folder
from gui.controllers.searching.gallery_memory import GalleryMemory
from gui.controllers.searching.gallery_work import GalleryWorkController
from gui.controllers.searching.index import FOLDERS
from gui.controllers.searching.query_command import copy_query_command
from gui.controllers.status import StatusController
from gui.dialogs.files import DESCRIPTORS_FILTER, IMAGE_FILTER, LABELS_FILTER, FileChooser
from gui.main_window import MainWindow
from gui.panels.retrieval.controls import RecipeBar
from gui.panels.retrieval.sweep_bar import SweepBar
from gui.settings import Settings


def connect_searching(
    window: MainWindow,
    searching: SearchingController,
    memory: GalleryMemory,
    opening: OpeningController,
    settings: Settings,
    chooser: Callable[[], FileChooser],
    dropping: DroppingController,
) -> None:
    """A folder to search, from a dialog or dropped, and a query from outside."""

    def open_folder(folder: Path) -> None:
        remember_folder(settings, folder)
        window.show_panel(window.panels.retrieval)
        memory.open(folder)

    def search(paths: tuple[Path, ...]) -> None:
        window.show_panel(window.panels.retrieval)
        searching.query_image(paths[0])

    def choose_folder() -> None:
        start = settings.folder("gallery")
        chooser().open_folder("Choose a folder of images", start, opening.open_folder)

    def choose_fit_folder(bar: RecipeBar | SweepBar) -> None:
        def take(folder: Path) -> None:
            settings.set_folder("fits", folder)
            bar.set_fit_folder(str(folder))

        chooser().open_folder("Choose images to fit on", settings.folder("fits"), take)

    def choose_query() -> None:
        start = settings.folder("images")
        chooser().open_files("Search with an image", start, IMAGE_FILTER, search)

    dropping.is_searching = lambda: window.page == "retrieval" and searching.gallery is not None
    dropping.search = searching.query_image
    window.actions_.on("index_folder", choose_folder)
    window.actions_.on("open_query", choose_query)
    window.actions_.on("query_before", lambda: searching.asker.go(-1))
    window.actions_.on("query_after", lambda: searching.asker.go(1))
    wished = window.panels.retrieval.recipe_bar.command_requested
    wished.connect(lambda: copy_query_command(searching))
    window.panels.retrieval.reveal_requested.connect(_reveal)
    window.panels.retrieval.choose_folder_requested.connect(choose_folder)
    panel = window.panels.retrieval
    for bar in (panel.recipe_bar, panel.sweep.bar):
        bar.fit_folder_requested.connect(partial(choose_fit_folder, bar))
    window.panels.retrieval.choose_image_requested.connect(choose_query)
    window.actions_.on("forget_absent", lambda: searching.index(prune=True))
    window.subjects.gallery.popup.folder_chosen.connect(opening.open_folder)
    opening.folder_opened.connect(open_folder)


def connect_gallery_work(
    window: MainWindow,
    work: GalleryWorkController,
    settings: Settings,
    chooser: Callable[[], FileChooser],
) -> None:
    """Queries apart from the gallery, and a file of its descriptors."""

    def choose_queries() -> None:
        start = settings.folder("images")
        chooser().open_folder("Choose a folder of queries", start, work.evaluate_queries)

    def choose_file() -> None:
        suggested = settings.folder("exports") / "descriptors.npz"
        chooser().save_file("Export the descriptors", suggested, DESCRIPTORS_FILTER, work.export)

    def choose_labels() -> None:
        def take(paths: tuple[Path, ...]) -> None:
            settings.set_folder("labels", paths[0].parent)
            work.label(str(paths[0]))

        chooser().open_files("Labels of the images", settings.folder("labels"), LABELS_FILTER, take)

    window.actions_.on("choose_labels", choose_labels)
    window.actions_.on("folder_labels", lambda: work.label(FOLDERS))
    window.actions_.on("evaluate_queries", choose_queries)
    window.actions_.on("export_gallery", choose_file)


def connect_what_is_there(
    status: StatusController, searching: SearchingController, demo: DemoController
) -> None:
    """A gallery and the demo enable actions of their own."""

    def extra_facts() -> dict[str, str]:
        has_gallery = searching.gallery is not None
        return {
            "demo": "" if demo.is_there else "The demo's files did not come with this copy.",
            "gallery": "" if has_gallery else "No folder of images is open. Choose one: Ctrl+G.",
            "table_labels": "" if has_table_labels(searching) else "They are those of the folders.",
            "query": "" if searching.found is not None else "No image is searched with yet.",
            "query_before": "" if searching.asker.has(-1) else "There is no query before this one.",
            "query_after": "" if searching.asker.has(1) else "There is no query after this one.",
        }

    status.extra_facts.append(extra_facts)
    searching.changed.connect(status.refresh)
    searching.ranked.connect(lambda _found: status.refresh())


def has_table_labels(searching: SearchingController) -> bool:
    """Whether the labels are those of a table."""
    gallery = searching.gallery
    return gallery is not None and (gallery.truth != FOLDERS or bool(searching.state.benchmark))


def _reveal(path: Path) -> None:
    """Open a file's folder in the file manager of the desktop."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))
