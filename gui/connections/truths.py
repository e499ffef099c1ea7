"""What rankings are judged by: labels of folders, tables or names, or a published ground truth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt5.QtWidgets import QMenu

from core.evaluation.revisited import LEVELS
from core.retrieval.benchmarks import WORDS
from gui.controllers.searching.controller import SearchingController
from gui.controllers.searching.gallery_work import GalleryWorkController
from gui.controllers.searching.index import FOLDERS
from gui.controllers.searching.truths import TruthController
from gui.dialogs.files import JSON_FILTER, FileChooser
from gui.dialogs.label_pattern import PATTERN, LabelPatternDialog
from gui.dialogs.questions import Questioner
from gui.main_window import MainWindow
from gui.settings import Settings
from gui.theme import ThemeKeeper

_LABELS = ("folder_labels", "choose_labels", "label_pattern")
_TRUTHS = ("truth_oxford", "truth_revisited", "truth_holidays", "truth_ukbench")


def connect_truths(
    keeper: ThemeKeeper,
    window: MainWindow,
    searching: SearchingController,
    work: GalleryWorkController,
    truths: TruthController,
    settings: Settings,
    chooser: Callable[[], FileChooser],
    questioner: Callable[[], Questioner],
) -> None:
    """The actions, and the menu of the list of queries, which says what judges now."""
    actions, view = window.actions_, window.panels.retrieval.queries

    def choose_oxford() -> None:
        def take(folder: Path) -> None:
            settings.set_folder("labels", folder.parent)
            truths.choose("oxford", folder)

        title = "Folder of the ground truth"
        chooser().open_folder(title, settings.folder("labels"), take)

    def choose_revisited() -> None:
        def ask(paths: tuple[Path, ...]) -> None:
            settings.set_folder("labels", paths[0].parent)
            choices = (*((level, level.capitalize()) for level in LEVELS), ("", "Cancel"))
            questioner().ask(
                "Which of the three protocols?",
                "Easy and hard say which positives count, medium that both do.",
                choices,
                lambda level: truths.choose(f"revisited-{level}", paths[0]) if level else None,
            )

        title = "Ground truth of revisited Oxford or Paris"
        chooser().open_files(title, settings.folder("labels"), JSON_FILTER, ask)

    def choose_pattern() -> None:
        dialog = LabelPatternDialog(keeper, window)
        dialog.preview_wanted.connect(lambda truth: work.preview(truth, dialog.show_preview))
        dialog.chosen.connect(work.label)
        dialog.open()

    def show() -> None:
        gallery = searching.gallery
        truth = FOLDERS if gallery is None else gallery.truth
        view.truth_button.setText(f"Judged by {_words(truth, searching.state.benchmark)}")

    menu = QMenu(view.truth_button)
    for names in (_LABELS, _TRUTHS):
        menu.addActions([actions[name] for name in names])
        menu.addSeparator()
    view.truth_button.setMenu(menu)
    actions.on("truth_oxford", choose_oxford)
    actions.on("truth_revisited", choose_revisited)
    actions.on("truth_holidays", lambda: truths.choose("holidays"))
    actions.on("truth_ukbench", lambda: truths.choose("ukbench"))
    actions.on("label_pattern", choose_pattern)
    searching.changed.connect(show)
    show()


def _words(truth: str, benchmark: str) -> str:
    """ "Holidays", "folders", "labels.csv"."""
    if benchmark:
        return WORDS[benchmark.partition(":")[0]]
    if truth.startswith(PATTERN):
        return f"the pattern {truth.removeprefix(PATTERN)}"
    return truth if truth == FOLDERS else Path(truth).name
