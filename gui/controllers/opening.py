"""Opening models, weights and images from wherever they come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal

from core.comparison.changes import changes_between
from core.edits.findings.finding import Finding
from core.edits.findings.search import find_mistakes
from core.errors import AppError, ImageError
from core.files import is_plain_file
from core.images.formats import describe_no_file
from core.jobs.open import OpenRequest, own_recipe
from core.jobs.open_partly import PartlyOpened, open_partly
from core.layers.shapes import NetShapes
from core.net.definition import NetState
from core.reading import names_in
from core.weights.binding import Binding
from core.weights.reader import Weights
from core.weights.repeated_names import repeated_name_notes
from gui.controllers.opening_notices import (
    names_notice,
    other_state_notice,
    parse_notice,
    problems_notice,
    rewiring_notice,
    solver_notice,
)
from gui.controllers.opening_weights import WeightsOpening
from gui.controllers.sorted_paths import sort_paths
from gui.derivation import Deriver
from gui.dialogs.files import IMAGE_FILTER, MODEL_FILTER, WEIGHTS_FILTER, FileChooser
from gui.document import DerivedNet, ModelDocument
from gui.jobs import Lanes
from gui.notices import Notice, NoticeAction, Notices
from gui.settings import Settings

MODEL_NOTICES = tuple("parse problems rewiring weights verify solver names kept-proof".split())


class OpeningController(QObject):
    """Reads on the lanes, then changes the document and says what is wrong with the files."""

    model_opened = pyqtSignal()
    folder_opened = pyqtSignal(object)
    fix_requested = pyqtSignal(object)
    text_requested = pyqtSignal(int)
    layers_requested = pyqtSignal(list)
    session_opened = pyqtSignal(object)

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        deriver: Deriver,
        notices: Notices,
        settings: Settings,
        chooser: FileChooser,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._lanes = lanes
        self._deriver = deriver
        self._notices = notices
        self._settings = settings
        self.chooser = chooser
        self.may_replace: Callable[[Callable[[], None]], None] = lambda go_on: go_on()
        self._waiting_folder: Path | None = None
        self.show_images: Callable[[Sequence[Path]], None] = lambda images: self.open_image(
            images[0]
        )
        self._watches_rewiring = False
        self.weights = WeightsOpening(document, lanes, deriver, notices, settings, self)
        self.weights.choose_weights = self.choose_weights
        self.weights.choose_model = self.choose_model
        document.net_changed.connect(self._follow_rewirings)
        self.weights.bound.connect(self._show_bound)
        self.weights.layers_requested.connect(self.layers_requested)

    def choose_model(self) -> None:
        """Ask for a prototxt, a caffemodel, or both."""
        self.chooser.open_files(
            "Open model", self._settings.folder("models"), MODEL_FILTER, self.open_paths
        )

    def choose_weights(self) -> None:
        """Ask for weights of the open net."""
        self.chooser.open_files(
            "Open weights",
            self._settings.folder("models"),
            WEIGHTS_FILTER,
            lambda paths: self.open_weights(paths[0]),
        )

    def choose_image(self) -> None:
        """Ask for the image that forward passes read."""
        self.chooser.open_files(
            "Open image",
            self._settings.folder("images"),
            IMAGE_FILTER,
            lambda paths: self.open_image(paths[0]),
        )

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Open whatever these are: a prototxt, weights, an image, a folder of images."""
        found = sort_paths(paths)
        if found.session is not None:
            self.session_opened.emit(found.session)
            return
        if found.images:
            self.show_images(found.images)
        self._waiting_folder = found.folder or self._waiting_folder
        if found.prototxt is not None:
            self.open_model(found.prototxt, found.weights)
        elif found.weights is not None:
            self.open_weights(found.weights)
        elif found.folder is not None:
            self.open_folder(found.folder)

    def open_folder(self, folder: Path) -> None:
        """Search in a folder of images, or keep it until there is a net to search with."""
        self._waiting_folder = folder
        if self._lanes.is_running("open"):
            return  # it is for the net that comes, not for the one that goes
        if self._document.net is not None:
            self._go_on_with_folder()
            return
        self._notices.show(
            Notice(
                "info",
                f"{folder.name or folder} waits for a net",
                "Images are searched by what a net makes of them. Open a net first.",
                actions=(NoticeAction("open", "Open model", "open", closes=True),),
                key="folder",
            ),
            {"open": self.choose_model},
        )

    def open_model(self, path: Path, weights: Path | None = None) -> None:
        """Read a prototxt, then its weights if given; asks first where edits would be lost."""
        self.may_replace(lambda: self._start_reading(path, weights))

    def close_net(self) -> None:
        """Back to an empty window; asks first where edits would be lost."""

        def close() -> None:
            for key in ("open", "weights", "derive", "findings"):
                self._lanes.cancel(key)
            self._watches_rewiring = False
            self._notices.dismiss_all(*MODEL_NOTICES, "recipe")
            self._deriver.forget()
            self._document.set_closed()

        self.may_replace(close)

    def open_weights(self, path: Path) -> None:
        """Bind weights to the open net; without one, take the prototxt that lies beside them."""
        beside = None if self._document.net is not None else _prototxt_beside(path)
        if beside is None:
            self.weights.open(path)
        else:
            self.open_model(beside, path)

    def open_image(self, path: Path) -> None:
        """Make this the image that forward passes read."""
        if not is_plain_file(path):
            self._notices.show_error(ImageError(describe_no_file(path)), "image")
            return
        self._notices.dismiss("image")
        self._settings.add_recent("images", path)
        self._settings.set_folder("images", path.absolute().parent)
        self._document.set_image(path.absolute())

    def choose_state(self, state: NetState) -> None:
        """Show the net as another phase builds it."""
        document = self._document
        if state == document.state:
            return
        document.state = state
        if document.net is not None:
            self._deriver.obtain(document.text, self._take_state, self._show_failure)

    def _take_state(self, derived: DerivedNet) -> None:
        """The file as that phase builds it, too: what was changed is counted against it."""
        document = self._document
        changes = document.changes

        def take(saved: DerivedNet) -> None:
            document.set_edited(derived, changes)
            document.set_baseline(saved, changes_between(saved.net, derived.net, changes.n_fixes))

        if document.is_edited and document.saved_net is not None:
            self._deriver.obtain(document.saved_text, take, self._show_failure)
        else:
            take(derived)

    def _show_failure(self, error: AppError) -> None:
        self._notices.show_error(error, "parse")

    def _start_reading(self, path: Path, weights: Path | None) -> None:
        state = self._document.state
        self._lanes.compute.start(
            lambda: open_partly(OpenRequest(path, state=state)),
            key="open",
            title=f"Opening {path.name}",
            on_result=lambda found: self.take_model(found, weights),
            on_error=self._show_unread,
        )

    def _show_unread(self, error: AppError) -> None:
        self._show_failure(error)
        self._go_on_with_former()

    def _go_on_with_former(self) -> None:
        """The net that was to be replaced stays, and a folder that waited is searched with it."""
        if self._document.net is not None:
            self._go_on_with_folder()

    def take_model(
        self,
        found: PartlyOpened,
        weights: Path | None,
        saved_text: str | None = None,
        *,
        offers_weights: bool = True,
    ) -> None:
        """Make a model that was read the document, and open its weights.

        saved_text: what the file holds, where the text that was read is another; offers_weights:
        look for some beside it where none are given.
        """
        weights = weights or self.weights.waiting
        self._notices.dismiss_all(*MODEL_NOTICES)
        self._settings.set_folder("models", found.path.absolute().parent)
        if found.error is not None:
            self._show_parse_error(found)
        opened = found.opened
        if opened is None:
            self._go_on_with_former()
            return
        document = self._document
        self._watches_rewiring = False
        self._deriver.forget()
        is_partial = found.error is not None
        derived = DerivedNet(opened.net.text, opened.net, opened.shapes)
        if opened.solver is not None:
            document.state = opened.state
            self._notices.show(solver_notice(opened.solver, found.path, document.state))
        if found.other_state is not None:
            self._notices.show(other_state_notice(document.state, found.other_state))
            document.state = found.other_state
        document.set_opened(
            found.path.absolute(),
            derived,
            is_partial=is_partial,
            saved_text=saved_text,
        )
        recipe, problem = own_recipe(opened)
        document.set_chosen_recipe(recipe)
        if problem is not None:
            self._notices.show_error(problem, "recipe")
        if not is_partial:
            self._settings.add_recent("models", opened.solver or found.path)
            self._deriver.remember(derived, document.state, None)
            self._show_findings(found)
        self.model_opened.emit()
        if is_partial:
            return
        if weights is not None:
            self.open_weights(weights)
            return
        if offers_weights:
            self.weights.offer_beside()
        self._go_on_with_folder()

    def _show_bound(self) -> None:
        document = self._document
        if document.shapes is not None:
            self._show_names(document.shapes, document.weights, document.binding)
        self._go_on_with_folder()

    def _go_on_with_folder(self) -> None:
        """Hand on the folder that waited for the net, whose descriptors need its weights."""
        folder, self._waiting_folder = self._waiting_folder, None
        if folder is not None:
            self._notices.dismiss("folder")
            self.folder_opened.emit(folder)

    def _show_parse_error(self, found: PartlyOpened) -> None:
        if found.error is None:
            return
        line = found.error.position.line
        n_shown = len(found.opened.net.layers) if found.opened else 0
        self._notices.show(
            parse_notice(found.error, found.source, n_shown, found.stopped_before_line),
            {
                "text": lambda: self._show_text(found, line),
                "open": self.choose_model,
            },
        )

    def _show_text(self, found: PartlyOpened, line: int) -> None:
        self._document.broken_text = "\n".join(found.source)
        self.text_requested.emit(line)

    def _show_names(
        self, shapes: NetShapes, weights: Weights | None = None, binding: Binding | None = None
    ) -> None:
        notice = names_notice(repeated_name_notes(shapes, weights, binding))
        if notice is not None:
            self._notices.show(notice)

    def _show_findings(self, found: PartlyOpened) -> None:
        if found.opened is None:
            return
        net, shapes = found.opened.net, found.opened.shapes
        self._show_names(shapes)
        refused = problems_notice(net, shapes)
        if refused is not None:
            self._notices.show(refused, {"text": lambda: self.text_requested.emit(1)})
        self._watches_rewiring = bool(found.mistakes)
        if found.mistakes:
            self._show_rewirings(found.mistakes)

    def _follow_rewirings(self) -> None:
        """A fix takes the notice away, its undo brings it back; "Keep as is" is kept."""
        net = self._document.net
        if not self._watches_rewiring or net is None:
            return
        self._lanes.compute.start(
            lambda: find_mistakes(net),
            key="findings",
            revision=self._document.revision,
            on_result=self._take_rewirings,
        )

    def _take_rewirings(self, rewirings: tuple[Finding, ...]) -> None:
        if not self._watches_rewiring:
            return
        if rewirings:
            self._show_rewirings(rewirings)
        else:
            self._notices.dismiss("rewiring")

    def _keep_rewiring(self) -> None:
        self._watches_rewiring = False

    def _show_rewirings(self, rewirings: tuple[Finding, ...]) -> None:
        affected = [name for found in rewirings for name in found.layers]
        self._notices.show(
            rewiring_notice(rewirings),
            {
                "fix": lambda: self.fix_requested.emit(rewirings),
                "show": lambda: self.layers_requested.emit(affected),
                "keep": self._keep_rewiring,
            },
        )


def _prototxt_beside(weights: Path) -> Path | None:
    """The prototxt of the same name beside weights, or the only one there."""
    folder = weights.absolute().parent
    names = [name for name in names_in(folder) if name.endswith(".prototxt")]
    same = f"{weights.name.split('.')[0]}.prototxt"
    if same in names:
        return folder / same
    return folder / names[0] if len(names) == 1 else None
