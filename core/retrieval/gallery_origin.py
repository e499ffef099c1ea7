"""Which files a gallery was made with, so that a query finds its net again."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import AppError, GalleryError
from core.files import file_sha256
from core.net.definition import NetState
from core.net.reader import DEFAULT_STATE
from core.net.solver import open_prototxt
from core.retrieval.descriptor import DescriptorRecipe, text_sha256
from core.retrieval.nearby import candidates, path_from

OLD_NOTE_NAME = "origin.json"
"""A file of the gallery's folder: galleries had their origin there before their database had it."""

_NAME_THEM = "Name the files: --net P --weights W."


@dataclass(frozen=True)
class GalleryOrigin:
    """Where the prototxt and the weights of a gallery lay when it was made, and the net's state."""

    net: Path
    weights: Path
    state: NetState = DEFAULT_STATE

    def to_json(self, gallery: Path) -> dict[str, Any]:
        """A JSON-able dictionary, with the ways to the files from the gallery's folder."""
        return {
            "net": str(self.net.absolute()),
            "weights": str(self.weights.absolute()),
            "net_from_gallery": path_from(gallery, self.net),
            "weights_from_gallery": path_from(gallery, self.weights),
            "phase": self.state.phase,
            "level": self.state.level,
            "stages": list(self.state.stages),
        }


@dataclass(frozen=True)
class NotedOrigin:
    """An origin as a gallery's folder notes it: each file's likely places, the noted one first."""

    nets: tuple[Path, ...]
    weights: tuple[Path, ...]
    state: NetState = DEFAULT_STATE

    def find(self, recipe: DescriptorRecipe) -> GalleryOrigin:
        """The files that the recipe was made with, wherever they are now.

        Files that have changed are better than none: the recipe that they give tells it. Raises
        GalleryError for a file that is in none of its places.
        """
        net = _first(self.nets, lambda path: self._net_sha256(path) == recipe.net_sha256)
        weights = _first(self.weights, lambda path: file_sha256(path) == recipe.weights_sha256)
        return GalleryOrigin(net, weights, self.state)

    def _net_sha256(self, path: Path) -> str:
        return text_sha256(open_prototxt(path, self.state).text)


def read_origin(document: object, gallery: Path) -> NotedOrigin | None:
    """An origin that `to_json` wrote into this gallery; None for anything that is none.

    Galleries made before states were kept are of the TEST phase.
    """
    if not isinstance(document, dict):
        return None
    net, weights = document.get("net"), document.get("weights")
    phase, level = document.get("phase", "TEST"), document.get("level", 0)
    stages = document.get("stages", [])
    if not isinstance(net, str) or not isinstance(weights, str):
        return None
    if not (isinstance(phase, str) and isinstance(level, int) and isinstance(stages, list)):
        return None
    return NotedOrigin(
        candidates(gallery, Path(net), document.get("net_from_gallery")),
        candidates(gallery, Path(weights), document.get("weights_from_gallery")),
        NetState(phase, level, tuple(str(stage) for stage in stages)),
    )


def read_old_note(gallery: Path) -> NotedOrigin | None:
    """The origin that an earlier version left beside the database; None without a readable one."""
    try:
        document = json.loads((gallery / OLD_NOTE_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return read_origin(document, gallery)


def find_origin(noted: NotedOrigin | None, recipe: DescriptorRecipe) -> GalleryOrigin:
    """The files of a gallery. Raises GalleryError where it names none, or they are gone."""
    if noted is None:
        raise GalleryError(
            "The gallery does not say which files it was made with.", hint=_NAME_THEM
        )
    return noted.find(recipe)


def _first(places: Sequence[Path], is_it: Callable[[Path], bool]) -> Path:
    there = [path for path in places if path.is_file()]
    if not there:
        raise GalleryError(
            f"The gallery was made with {places[0]}, which is gone.", hint=_NAME_THEM
        )
    for path in there:
        with suppress(AppError):
            if is_it(path):
                return path
    return there[0]
