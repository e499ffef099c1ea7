"""The kinds of jobs that are killed: how each is run, and how what it left is looked at."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from core.engines.verification_report import report_path, report_standing
from core.errors import AppError
from core.retrieval.finish import FITS_NAME
from core.retrieval.gallery import open_gallery
from core.retrieval.gallery_store import SWEEP_NAMES, GalleryStore
from core.session_file import Session, read_session
from core.surveys.part_files import Entry, parts_folder
from gui.controllers.autosaving import find_lost_edits
from tests.soak.kills.files import N_EARLIER, N_IMAGES, text_after, text_of_version

UNSAVED = "HOME/.local/share/Blobscope/Blobscope/unsaved"


@dataclass(frozen=True)
class Left:
    """What a killed program left: how much of what it had done, and whether all is whole."""

    n_has: int
    is_half: bool = False
    note: str = ""


class Kind(ABC):
    """One job; `place` is the folder of one moment, `shared` that of the net and the pictures."""

    name = ""
    module = "tests.soak.kills.victim"
    ends = True
    """Whether the job comes to an end by itself; the others go on until they are killed."""

    def out(self, place: Path) -> Path:
        """What it writes to."""
        return place / "out"

    def words(self, shared: Path, place: Path) -> list[str]:
        """How the victim is started."""
        return [self.name.split()[0], str(shared), str(self.out(place))]

    def next_words(self, shared: Path, place: Path) -> list[str]:
        """How the one after it is started, which ends by itself."""
        return self.words(shared, place)

    def earlier_words(self, shared: Path, place: Path) -> list[str]:
        """What is done before, so that there is something to lose; nothing where []."""
        return []

    @abstractmethod
    def look(self, shared: Path, place: Path) -> Left:
        """Look at what was left without changing it."""

    @abstractmethod
    def result(self, shared: Path, place: Path) -> object:
        """What the next run ends in, to compare."""


class Index(Kind):
    """A gallery, whole after each batch."""

    name = "index"

    def look(self, shared: Path, place: Path) -> Left:
        if not GalleryStore(self.out(place)).exists:
            return Left(0)
        try:
            contents = GalleryStore(self.out(place)).read()
            is_finite = bool(np.isfinite(contents.descriptors).all())
            return Left(len(contents.images), is_half=not is_finite)
        except AppError as error:
            return Left(0, is_half=True, note=str(error))

    def result(self, shared: Path, place: Path) -> object:
        gallery = open_gallery(self.out(place))
        return [image.path for image in gallery.images], gallery.descriptors.tobytes()


class Sweep(Index):
    """A gallery of several representations, then the table of what each is worth."""

    name = "sweep"

    def result(self, shared: Path, place: Path) -> object:
        out = self.out(place)
        gallery = open_gallery(out)
        numbers = [0, *(one.number for one in gallery.others)]
        tables = [out / name for name in SWEEP_NAMES] + sorted((out / FITS_NAME).iterdir())
        return (
            [image.path for image in gallery.images],
            [gallery.representation(number).descriptors.tobytes() for number in numbers],
            [(path.name, path.read_bytes()) for path in tables if path.is_file()],
        )


class Extract(Kind):
    """Features in one file or in a folder, over those of an earlier extraction."""

    def __init__(self, suffix: str) -> None:
        self.name = f"extract {suffix or 'folder'}"
        self._suffix = suffix

    def out(self, place: Path) -> Path:
        return place / f"out{self._suffix}"

    def earlier_words(self, shared: Path, place: Path) -> list[str]:
        return ["earlier", str(shared), str(self.out(place))]

    def look(self, shared: Path, place: Path) -> Left:
        try:
            n_whole = len(self._arrays(place)["images"])
        except (OSError, ValueError, KeyError) as error:
            return Left(0, is_half=True, note=str(error))
        if n_whole not in (N_EARLIER, N_IMAGES):
            return Left(n_whole, is_half=True)
        return Left(n_whole if n_whole == N_IMAGES else self._n_in_parts(place))

    def result(self, shared: Path, place: Path) -> object:
        return {key: (a.shape, a.tobytes()) for key, a in self._arrays(place).items()}

    def _arrays(self, place: Path) -> Mapping[str, np.ndarray]:
        out = self.out(place)
        if self._suffix:
            with np.load(out, allow_pickle=False) as arrays:
                return dict(arrays)
        return {path.stem: np.load(path, allow_pickle=False) for path in sorted(out.glob("*.npy"))}

    def _n_in_parts(self, place: Path) -> int:
        journal = parts_folder(self.out(place)) / "journal.jsonl"
        lines = journal.read_bytes().rpartition(b"\n")[0].splitlines() if journal.exists() else []
        return sum(len(msgspec.json.decode(line, type=Entry).images) for line in lines)


class Save(Kind):
    """One renamed net after another under the same name, with or without its proof."""

    ends = False

    def __init__(self, name: str, *, has_proof: bool) -> None:
        self.name = name
        self._has_proof = has_proof

    def out(self, place: Path) -> Path:
        return place / "out.prototxt"

    def next_words(self, shared: Path, place: Path) -> list[str]:
        return [*self.words(shared, place), "1"]

    def look(self, shared: Path, place: Path) -> Left:
        out = self.out(place)
        if not out.exists():
            return Left(0)
        text = out.read_text()
        number = text.partition('top: "version')[2].partition('"')[0]
        if not number.isdigit() or text != text_of_version(int(number)):
            return Left(0, is_half=True, note="the text is none of those that were written")
        return Left(int(number) + 1, is_half=self._is_proof_half(out, text))

    def _is_proof_half(self, out: Path, text: str) -> bool:
        """A proof of the version before is whole; it says itself that it is of another text."""
        if not self._has_proof or not report_path(out).exists():
            return False
        try:
            json.loads(report_path(out).read_bytes())
        except ValueError:
            return True
        return report_standing(out, text).status not in ("matches", "other text")

    def result(self, shared: Path, place: Path) -> object:
        out = self.out(place)
        proof = report_standing(out, out.read_text()).status if self._has_proof else ""
        return out.read_bytes(), proof


class Window(Kind):
    """A user who clicks without pause; `look` finds how many of the clicks' edits are there."""

    module = "tests.soak.kills.window_victim"
    ends = False

    def __init__(
        self, name: str, suffix: str, milliseconds: int, find: Callable[[Path, Path], Left]
    ) -> None:
        self.name = name
        self._suffix = suffix
        self._milliseconds = milliseconds
        self._find = find

    def out(self, place: Path) -> Path:
        return place / f"out{self._suffix}"

    def words(self, shared: Path, place: Path) -> list[str]:
        what = self.name.split()[1]
        return [what, str(shared), str(self.out(place)), str(self._milliseconds)]

    def next_words(self, shared: Path, place: Path) -> list[str]:
        return ["restart", str(shared), str(self.out(place)), "0"]

    def look(self, shared: Path, place: Path) -> Left:
        return self._find(place, self.out(place))

    def result(self, shared: Path, place: Path) -> object:
        """The next window changes nothing by itself; it offers what there is."""
        return int(any((place / UNSAVED).glob("*.blobscope")))


def find_edits(place: Path, _out: Path) -> Left:
    """What the next window would offer."""
    folder = place / UNSAVED
    files = list(folder.glob("*.blobscope"))
    lost = find_lost_edits(folder)
    for one in lost:
        one.lock.release()
    if len(lost) != len(files):
        return Left(0, is_half=True, note="a file of unsaved edits can't be read")
    return _as_edited(lost[0].session) if lost else Left(0)


def find_saved(_place: Path, out: Path) -> Left:
    """How many edits the saved net has."""
    if not out.exists():
        return Left(0)
    text = out.read_text()
    n_edits = text.count("_relu") // max(1, text_after(1).count("_relu"))
    return Left(n_edits, is_half=text != text_after(n_edits))


def find_session(_place: Path, out: Path) -> Left:
    """How many edits the saved session has."""
    if not out.exists():
        return Left(0)
    try:
        return _as_edited(read_session(out))
    except AppError as error:
        return Left(0, is_half=True, note=str(error))


def _as_edited(session: Session) -> Left:
    return Left(session.n_done, is_half=session.text != text_after(session.n_done))


KINDS: tuple[Kind, ...] = (
    Index(),
    Sweep(),
    Extract(".npz"),
    Extract(""),
    Save("save a rename", has_proof=False),
    Save("verify and save", has_proof=True),
    Window("window save", ".prototxt", 10, find_saved),
    Window("window session", ".blobscope", 10, find_session),
    Window("window edits, a click every 0.5 s", "", 500, find_edits),
    Window("window edits, a click every 0.1 s", "", 100, find_edits),
)
