"""Files that are dropped or pasted: what they will do, in words, and doing it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from PyQt5.QtCore import QObject, QStandardPaths
from PyQt5.QtGui import QGuiApplication, QImage

from core.files import is_folder, is_plain_file, write_file
from core.reading import names_in
from core.words import plural
from gui.controllers.comparing.controller import ComparingController
from gui.controllers.opening import OpeningController
from gui.controllers.sorted_paths import SortedPaths, sort_paths
from gui.document import ModelDocument
from gui.frame.drop_overlay import DropWords, local_files
from gui.jobs import Lanes
from gui.notices import Notices
from gui.widgets.png import png_of

MOST_PASTED = 100
_LISTS = (".csv", ".tsv", ".txt", ".lst")
NOTHING_TO_PASTE = "There is no image and no file on the clipboard."


def default_pasted() -> Path:
    """Where pasted images are kept for this user, so that a session finds them again."""
    base = QStandardPaths.writableLocation(QStandardPaths.CacheLocation)
    return Path(base) / "pasted"


class DroppingController(QObject):
    """Takes files as File > Open does; what is pasted without a file becomes one."""

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        opening: OpeningController,
        comparing: ComparingController,
        notices: Notices,
        pasted: Path | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._lanes = lanes
        self._opening = opening
        self._comparing = comparing
        self._notices = notices
        self._pasted = pasted or default_pasted()
        self.say: Callable[[str], None] = lambda sentence: None
        self.is_searching: Callable[[], bool] = lambda: False
        """Whether one image is a query now, as it is on the page where a folder is searched."""
        self.search: Callable[[Path], None] = opening.open_image
        self.is_training: Callable[[], bool] = lambda: False
        """Whether a folder or a list is images to learn from, as on the page that trains."""
        self.train_on: Callable[[Path], object] = lambda path: None

    def words(self, paths: list[Path]) -> DropWords:
        """What dropping these files does."""
        if self._comparing.offers(paths):
            first, second = (path.name for path in paths)
            return DropWords(f"Compare {first} with {second}", "Or open one: you are asked.")
        if self._comparing.takes(paths):
            return DropWords(f"Compare A with {paths[0].name}", "It takes the place of B.")
        source = self._to_learn_from(paths)
        if source is not None:
            return DropWords(f"Train on {source.name}", "Its images are checked first.")
        found = sort_paths(paths)
        image = self._query(paths)
        title = _title(found, self._document) if image is None else f"Search with {image.name}"
        notes = []
        if self._document.is_edited and (found.prototxt or found.session):
            notes.append("Unsaved edits are asked about first.")
        n_left = len(paths) - found.n_taken
        if n_left > 0:
            notes.append(f"Of each kind one is opened; {n_left} more are left out.")
        return DropWords(title, " ".join(notes) or "The files stay where they are.")

    def take(self, paths: list[Path]) -> None:
        """Compare two prototxts, search with one image, or open what was dropped."""
        image, source = self._query(paths), self._to_learn_from(paths)
        if image is not None:
            self.search(image)
        elif source is not None:
            self.train_on(source)
        elif self._comparing.takes(paths):
            self._comparing.take(paths[0])
        elif not self._comparing.offer(paths):
            self._opening.open_paths(paths)

    def _query(self, paths: list[Path]) -> Path | None:
        """The image to search with; None where these files are for something else."""
        if len(paths) != 1 or not self.is_searching():
            return None
        images = sort_paths(paths).images
        return images[0] if images else None

    def _to_learn_from(self, paths: list[Path]) -> Path | None:
        """A folder, a table or a list of images, where these are for a training now."""
        if len(paths) != 1 or not self.is_training():
            return None
        return paths[0] if is_folder(paths[0]) or paths[0].suffix.lower() in _LISTS else None

    def paste(self) -> None:
        """Open the files on the clipboard, or take its picture as the image."""
        clipboard = QGuiApplication.clipboard()
        mime = clipboard.mimeData()
        paths = local_files(mime) if mime is not None else []
        if not paths and mime is not None and mime.hasText():
            paths = _named_file(mime.text())
        if paths:
            self.take(paths)
            return
        picture = clipboard.image()
        if picture.isNull():
            self.say(NOTHING_TO_PASTE)
        else:
            self._keep(picture)

    def _keep(self, picture: QImage) -> None:
        self._lanes.files.start(
            lambda: _write(self._pasted, picture),
            key="paste",
            title="Pasting an image",
            on_result=lambda path: self.take([path]),
            on_error=lambda error: self._notices.show_error(error, "image"),
        )


def _write(folder: Path, picture: QImage) -> Path:
    """A pasted picture as a file with the time as its name; of older ones the last stay."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"pasted {datetime.now().astimezone():%Y-%m-%d %H.%M.%S.%f}.png"
    write_file(path, png_of(picture))
    for name in [one for one in names_in(folder) if one.startswith("pasted ")][:-MOST_PASTED]:
        (folder / name).unlink(missing_ok=True)
    return path


def _title(found: SortedPaths, document: ModelDocument) -> str:
    """What happens to the files, the one that matters most."""
    if found.session:
        return f"Go on with the session {found.session.name}"
    if found.prototxt and found.weights:
        return f"Open {found.prototxt.name} with {found.weights.name}"
    if found.prototxt:
        return f"Open {found.prototxt.name}"
    if found.weights:
        name = document.path.stem if document.path and document.net else ""
        weights = found.weights.name
        return f"Bind {weights} to {name}" if name else f"Open {weights} and look for its prototxt"
    if found.folder:
        return f"Search the images of {found.folder.name}"
    if len(found.images) > 1:
        return f"Show {plural(len(found.images), 'image')}, {found.images[0].name} first"
    return f"Run on {found.images[0].name}" if found.images else "Open"


def _named_file(text: str) -> list[Path]:
    """The file that a copied path names."""
    line = text.strip().removeprefix("file://")
    path = Path(line)
    is_path = "\n" not in line and len(line) < 4096 and path.is_absolute()
    return [path] if is_path and is_plain_file(path) else []
