"""Opens the dialogs: preprocessing, extraction, keys, About and the prototxt's text."""

from __future__ import annotations

import platform
from collections.abc import Callable
from pathlib import Path

from PyQt5.QtCore import PYQT_VERSION_STR, QT_VERSION_STR, QObject, pyqtSignal
from PyQt5.QtWidgets import QDialog

from core import __version__
from core.comparison.paired_lines import paired_lines
from core.errors import AppError, ImageError
from core.files import is_plain_file
from core.images.preprocess import Preprocess
from core.images.presets import recipe_path, save_recipe
from core.images.recipe_choice import ChosenRecipe
from core.jobs.look import picture_input
from core.log import last_lines, log_path
from core.words import plural_with
from gui.actions import ROWS
from gui.controllers.engine_child import EngineController
from gui.controllers.extracting import ExtractingController
from gui.dialogs.extract import ExtractDialog
from gui.dialogs.files import FEATURES_FILTER, FileChooser
from gui.dialogs.first_steps import FirstStepsDialog
from gui.dialogs.help import AboutDialog, KeysDialog, TextDialog
from gui.dialogs.preview import DifferenceDialog
from gui.dialogs.recipe import RecipeDialog
from gui.document import ModelDocument
from gui.graph.canvas import KEYS as GRAPH_KEYS
from gui.jobs import Lanes
from gui.main_window import MainWindow
from gui.notices import Notices
from gui.panels.retrieval.grid import KEYS as RANKING_KEYS
from gui.panels.retrieval.maps.view import KEYS as MAP_KEYS
from gui.settings import Settings
from gui.theme import ThemeKeeper

KEYS_OF_PARTS = (
    ("In the graph", GRAPH_KEYS),
    ("In the ranking", RANKING_KEYS),
    ("On the map", MAP_KEYS),
)
"""What the keys do in parts of the window, as each part says."""


class DialogsController(QObject):
    """Fills each dialog from the document and carries its answer on."""

    recipe_kept = pyqtSignal()

    def __init__(
        self,
        keeper: ThemeKeeper,
        document: ModelDocument,
        lanes: Lanes,
        engine: EngineController,
        extracting: ExtractingController,
        window: MainWindow,
        notices: Notices,
        settings: Settings,
        chooser: FileChooser,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._document = document
        self._lanes = lanes
        self._engine = engine
        self._extracting = extracting
        self._window = window
        self._notices = notices
        self._settings = settings
        self.chooser = chooser
        self.dialog: QDialog | None = None

    def ask_recipe(self) -> None:
        """How an image becomes the net's input."""
        document = self._document
        net, shapes, path = document.net, document.shapes, document.path
        if net is None or shapes is None or path is None:
            return
        picture = picture_input(net, shapes)
        chosen = document.chosen_recipe
        dialog = RecipeDialog(
            self._keeper,
            Preprocess() if chosen is None else chosen.recipe,
            None if picture is None else picture.shape,
            kept_words(recipe_path(path)),
            origin="" if chosen is None else _origin_words(chosen),
            parent=self._window,
        )
        dialog.recipe_chosen.connect(self.take_recipe)
        self._open(dialog)

    def take_recipe(self, recipe: Preprocess) -> None:
        """Use a recipe from now on and keep it with the prototxt."""
        document = self._document
        document.set_recipe(recipe)
        if document.path is None:
            return
        target = recipe_path(document.path)
        self._lanes.files.start(
            lambda: save_recipe(target, recipe),
            key="save-recipe",
            on_result=lambda _none: self.recipe_kept.emit(),
            on_error=lambda error: self._notices.show_error(
                ImageError(error.sentence, hint="The recipe holds until the window closes."),
                "recipe",
                "The recipe could not be kept",
            ),
        )

    def ask_extract(self) -> None:
        """Which activations go into a file."""
        if self._document.net is None:
            return

        def choose_out(path: Path, on_chosen: Callable[[Path], None]) -> None:
            self.chooser.save_file("Write activations to", path, FEATURES_FILTER, on_chosen)

        def choose_folder(on_chosen: Callable[[Path], None]) -> None:
            folder = self._settings.folder("images")
            self.chooser.open_folder("Choose a folder of images", folder, on_chosen)

        dialog = ExtractDialog(
            self._keeper,
            self._extracting.rows(),
            self._document.selection,
            self._document.image_path,
            self._extracting.suggested_path(),
            choose_out=choose_out,
            choose_folder=choose_folder,
            parent=self._window,
        )
        dialog.extract_requested.connect(self._extracting.extract)
        self._open(dialog)

    def show_first_steps(self) -> None:
        """What to do in which order."""
        self._open(FirstStepsDialog(self._keeper, self._window))

    def show_keys(self) -> None:
        """Every key there is."""
        self._open(KeysDialog(self._keeper, ROWS, KEYS_OF_PARTS, self._window))

    def show_about(self) -> None:
        """Versions and licence."""
        versions = {
            "Blobscope": __version__,
            "Python": platform.python_version(),
            "Qt, PyQt": f"{QT_VERSION_STR}, {PYQT_VERSION_STR}",
            "Engine": self._engine.title,
            **{name: v for name, v in self._engine.versions.items() if name != "python"},
            **{
                f"Fast path {n}": path.sentence for n, path in enumerate(self._engine.fast_paths, 1)
            },
            "System": platform.platform(),
        }
        self._open(AboutDialog(self._keeper, versions, self._window))

    def show_log(self) -> None:
        """The end of the log, under its file's name."""
        path = log_path()
        if path is None:
            self._notices.show_error(AppError("No log is written in this window."), "log")
            return

        def show(text: str) -> None:
            n_lines = text.count("\n")
            self._open(TextDialog(self._keeper, str(path), text, n_lines, parent=self._window))

        self._lanes.files.start(lambda: last_lines(path), key="log", on_result=show)

    def show_text(self, line: int = 0) -> None:
        """The prototxt at a line, or at the selected layer; the broken file after a parse error."""
        document = self._document
        broken = document.broken_text
        document.broken_text = ""
        name = document.path.name if document.path else "prototxt"
        text = broken or document.text
        self._open(
            TextDialog(
                self._keeper,
                "Text with the error" if broken else name,
                text,
                line or self._line_of_selection(),
                is_error=bool(broken),
                parent=self._window,
            )
        )

    def show_difference(self) -> None:
        """The text as it is beside the text as it was opened."""
        if self._document.original_net is not None:
            self._compare_texts(self._document.original_net.text, "as opened")

    def show_file_difference(self, text: str) -> None:
        """The text as it is beside what the file holds now."""
        self._compare_texts(text, "in the file now")

    def _compare_texts(self, text: str, heading: str) -> None:
        document = self._document
        rows = paired_lines(text, document.text)
        n_changed = sum(not row.is_equal for row in rows)
        name = document.path.name if document.path else "prototxt"
        self._open(
            DifferenceDialog(
                self._keeper,
                "Text difference",
                f"{plural_with(n_changed, 'line', 'differs', 'differ')}. Comments and layout stay."
                if rows
                else "Nothing has changed yet.",
                (f"{name}, {heading}", "as it is now"),
                rows,
                self._window,
            )
        )  # fmt: skip

    def _line_of_selection(self) -> int:
        net, name = self._document.net, self._document.selection
        return net.layer(name).line if net is not None and net.has_layer(name) else 1

    def close(self) -> None:
        """Close the dialog that is open, if any."""
        if self.dialog is not None:
            self.dialog.close()

    def _open(self, dialog: QDialog) -> None:
        self.close()
        self.dialog = dialog
        dialog.finished.connect(lambda _code: self._forget(dialog))
        dialog.open()

    def _forget(self, dialog: QDialog) -> None:
        if self.dialog is dialog:
            self.dialog = None


def kept_words(path: Path) -> str:
    """Where a recipe is kept, or will be once it is used."""
    verb = "Replaces what is kept in" if is_plain_file(path) else "Will be kept in"
    return f"{verb} {path.name}, beside the prototxt."


def _origin_words(chosen: ChosenRecipe) -> str:
    """Where a recipe comes from, and what to know of it."""
    if chosen.is_guessed:
        words = "Guessed: nothing says how the pictures were made that the net has learned from."
    else:
        words = f"Origin: {chosen.origin}."
    return f"{words} {chosen.note}".rstrip()
