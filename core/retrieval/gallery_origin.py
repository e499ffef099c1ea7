"""Which files a gallery was made with, so that a query finds its net again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from core.errors import AppError, GalleryError
from core.files import file_sha256, is_plain_file
from core.net.definition import NetState
from core.net.identity import net_identity
from core.net.reader import DEFAULT_STATE, read_net
from core.net.solver import open_prototxt
from core.retrieval.descriptor import DescriptorRecipe, text_sha256
from core.retrieval.nearby import PathText, candidates, path_from
from core.typed_json import as_type, load_json

OLD_NOTE_NAME = "origin.json"
"""A file of the gallery's folder: galleries had their origin there before their database had it."""

_MOST_NOTE_BYTES = 1 << 20
_NAME_THEM = "Name the files: --net P --weights W."


class _OriginDocument(msgspec.Struct, frozen=True):
    """An origin as JSON keeps it, with the ways to the files from the gallery's folder.

    Galleries made before states were kept are of the TEST phase.
    """

    net: PathText
    weights: PathText
    net_from_gallery: PathText | None = None
    weights_from_gallery: PathText | None = None
    phase: str = "TEST"
    level: int = 0
    stages: tuple[str, ...] = ()
    engine: str = ""
    batch: int = 0


@dataclass(frozen=True)
class GalleryOrigin:
    """Where the prototxt and the weights of a gallery lay when it was made, and the net's state.

    engine: the name of the one that ran it last, "" where nobody noted it; batch: its images a
    pass, 0 likewise.
    """

    net: Path
    weights: Path
    state: NetState = DEFAULT_STATE
    engine: str = ""
    batch: int = 0

    def to_json(self, gallery: Path) -> dict[str, Any]:
        """A JSON-able dictionary, with the ways to the files from the gallery's folder."""
        document = _OriginDocument(
            str(self.net.absolute()),
            str(self.weights.absolute()),
            path_from(gallery, self.net),
            path_from(gallery, self.weights),
            self.state.phase,
            self.state.level,
            self.state.stages,
            self.engine,
            self.batch,
        )
        written: dict[str, Any] = msgspec.to_builtins(document)
        return written


@dataclass(frozen=True)
class NotedOrigin:
    """An origin as a gallery's folder notes it: each file's likely places, the noted one first."""

    nets: tuple[Path, ...]
    weights: tuple[Path, ...]
    state: NetState = DEFAULT_STATE
    engine: str = ""
    batch: int = 0

    def find(self, recipe: DescriptorRecipe) -> GalleryOrigin:
        """The files that the recipe was made with, wherever they are now.

        Files that have changed are better than none: the recipe that they give tells it. Raises
        GalleryError for a file that is in none of its places.
        """
        net = _first(self.nets, lambda path: self._is_net_of(recipe, path))
        weights = _first(self.weights, lambda path: file_sha256(path) == recipe.weights_sha256)
        return GalleryOrigin(net, weights, self.state, self.engine, self.batch)

    def _is_net_of(self, recipe: DescriptorRecipe, path: Path) -> bool:
        file = open_prototxt(path, self.state)
        if text_sha256(file.text) == recipe.net_sha256:
            return True
        net = read_net(file.text, path=file.path, state=file.state)
        return net_identity(net) == recipe.net_identity


def read_origin(document: object, gallery: Path) -> NotedOrigin | None:
    """An origin that `to_json` wrote into this gallery; None for anything that is none."""
    try:
        noted = as_type(document, _OriginDocument, "The origin")
    except AppError:
        return None
    return NotedOrigin(
        candidates(gallery, Path(noted.net), noted.net_from_gallery),
        candidates(gallery, Path(noted.weights), noted.weights_from_gallery),
        NetState(noted.phase, noted.level, noted.stages),
        noted.engine,
        noted.batch,
    )


def read_old_note(gallery: Path) -> NotedOrigin | None:
    """The origin that an earlier version left beside the database; None without a readable one."""
    try:
        return read_origin(load_json(gallery / OLD_NOTE_NAME, _MOST_NOTE_BYTES), gallery)
    except AppError:
        return None


def find_origin(noted: NotedOrigin | None, recipe: DescriptorRecipe) -> GalleryOrigin:
    """The files of a gallery. Raises GalleryError where it names none, or they are gone."""
    if noted is None:
        raise GalleryError(
            "The gallery does not say which files it was made with.", hint=_NAME_THEM
        )
    return noted.find(recipe)


def _first(places: Sequence[Path], is_it: Callable[[Path], bool]) -> Path:
    there = [path for path in places if is_plain_file(path)]
    if not there:
        raise GalleryError(
            f"The gallery was made with {places[0]}, which is gone.", hint=_NAME_THEM
        )
    for path in there:
        with suppress(AppError):
            if is_it(path):
                return path
    return there[0]
