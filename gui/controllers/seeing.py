"""What the net sees: the picture it is fed, the recipe with its origin, and other recipes."""

from __future__ import annotations

from pathlib import Path

from PyQt5.QtCore import QObject, QPoint, pyqtSignal
from PyQt5.QtGui import QImage

from core.images.preprocess import Preprocess
from core.images.recipe_choice import ChosenRecipe
from core.images.seen import SeenPicture, see_image
from core.jobs.recipes import RecipeOffers, offer_recipes
from gui.controllers.dialogs import DialogsController
from gui.controllers.viewing import as_image
from gui.document import ModelDocument
from gui.frame.sees_popup import PICTURE_SIDE, SeesView
from gui.jobs import Lanes
from gui.main_window import MainWindow

_TITLES = {
    "given": "As you said",
    "beside the net": "From the file beside the net",
    "the net's transform_param": "As the file's transform_param says",
    "preset": "The preset for nets like this",
    "guessed": "Guessed from the input's shape",
}
_NO_FILE_SAYS = "No file says how the pictures were made that the net has learned from."


class SeeingController(QObject):
    """Follows image, net and recipe; a recipe that is chosen is kept with the prototxt."""

    picture_changed = pyqtSignal(object)
    """A QImage of what the net sees, None where nothing is to be seen."""

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        window: MainWindow,
        dialogs: DialogsController,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._lanes = lanes
        self._field = window.subjects.sees
        self._popup = window.sees_popup
        self._shown: tuple[Path, int, Preprocess] | None = None
        self.fed_size: tuple[int, int] | None = None
        """(height, width) of what the net is fed; None where nothing is to be seen."""
        for changed in (document.image_changed, document.recipe_changed, document.opened):
            changed.connect(self._look)
        document.recipe_changed.connect(self._refill)
        dialogs.recipe_kept.connect(self._refill)
        self._field.clicked.connect(lambda: self.open_popup())
        self._popup.recipe_chosen.connect(dialogs.take_recipe)
        self._popup.own_requested.connect(dialogs.ask_recipe)

    def open_popup(self) -> None:
        """Open it under its field, and fill in what has to be looked for."""
        if self._document.net is None:
            return
        self._fill()
        self._popup.open_at(self._field.mapToGlobal(QPoint(0, self._field.height())))

    def _refill(self) -> None:
        if self._popup.isVisible():
            self._fill()

    def _fill(self) -> None:
        document = self._document
        net, shapes, path = document.net, document.shapes, document.path
        chosen = document.chosen_recipe
        self._popup.show_recipe(view_of(chosen, RecipeOffers()))
        if net is None or shapes is None or path is None:
            return
        self._lanes.files.start(
            lambda: offer_recipes(net, shapes, path, chosen),
            key="recipe-offers",
            revision=document.revision,
            on_result=lambda found: self._popup.show_recipe(view_of(chosen, found)),
        )

    def _look(self) -> None:
        """Make the picture anew where the image or the recipe is another."""
        document = self._document
        path, recipe = document.image_path, document.recipe
        key = None if path is None or recipe is None else (path, _modified(path), recipe)
        if key == self._shown and key is not None:
            return
        is_next = key is not None and self._shown is not None and key[2] == self._shown[2]
        self._shown = key
        if path is None or recipe is None:
            self._lanes.cancel("seen")
            self._show_none("No image is open." if path is None else "")
            return
        if not is_next:  # the next picture takes this one's place, which must not flicker
            self._show_none()
        self._lanes.files.start(
            lambda: see_image(path, recipe, 2 * PICTURE_SIDE),
            key="seen",
            on_result=self._show_seen,
            on_error=lambda error: self._show_none(error.sentence),
        )

    def _show_none(self, why: str = "") -> None:
        self.fed_size = None
        self._field.show_picture(None)
        self.picture_changed.emit(None)
        self._popup.show_picture(None, why)

    def _show_seen(self, seen: SeenPicture) -> None:
        picture: QImage = as_image(seen.pixels)
        self.fed_size = seen.shape[1:]
        self._field.show_picture(picture)
        self.picture_changed.emit(picture)
        size = "×".join(map(str, (1, *seen.shape)))
        self._popup.show_picture(picture, f"{size}, {seen.lowest:.4g} to {seen.highest:.4g}")


def view_of(chosen: ChosenRecipe | None, found: RecipeOffers) -> SeesView:
    """A recipe in words, with the others that may be chosen."""
    if chosen is None:
        words = "How a picture becomes the input is not known. Say it with own values."
        return SeesView("No recipe", words, None, offers=found.offers)
    words = chosen.note
    if chosen.origin == "guessed":
        words = f"{_NO_FILE_SAYS} {chosen.note}".rstrip()
    is_other = found.family is not None and found.family.recipe != chosen.recipe
    return SeesView(
        _TITLES[chosen.origin],
        words,
        chosen.recipe,
        is_guessed=chosen.is_guessed,
        kept=f"Kept in {found.kept.name}." if found.kept else "",
        offers=found.offers,
        suggested=found.family if chosen.is_guessed and is_other else None,
    )


def _modified(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
