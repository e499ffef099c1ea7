"""Which files a gallery was made with, so that a query finds its net again."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.engines.values import EngineSpec
from core.errors import GalleryError
from core.net.definition import NetState
from core.net.reader import DEFAULT_STATE
from core.net.solver import open_prototxt
from core.retrieval.descriptor import DescriptorRecipe, file_sha256, text_sha256

OLD_NOTE_NAME = "origin.json"
"""A file of the gallery's folder: galleries had their origin there before their database had it."""

_NAME_THEM = "Name the files: --net P --weights W."


@dataclass(frozen=True)
class GalleryOrigin:
    """Where the prototxt and the weights of a gallery lay when it was made, and the net's state."""

    net: Path
    weights: Path
    state: NetState = DEFAULT_STATE

    def to_json(self) -> dict[str, Any]:
        """A JSON-able dictionary."""
        return {
            "net": str(self.net.absolute()),
            "weights": str(self.weights.absolute()),
            "phase": self.state.phase,
            "level": self.state.level,
            "stages": list(self.state.stages),
        }

    @classmethod
    def from_json(cls, document: object) -> GalleryOrigin | None:
        """The inverse of to_json; None for anything that is no origin.

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
        state = NetState(phase, level, tuple(str(stage) for stage in stages))
        return cls(Path(net), Path(weights), state)


def read_old_note(folder: Path) -> GalleryOrigin | None:
    """The origin that an earlier version left beside the database; None without a readable one."""
    try:
        document = json.loads((folder / OLD_NOTE_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return GalleryOrigin.from_json(document)


def check_origin(origin: GalleryOrigin | None) -> GalleryOrigin:
    """The origin itself. Raises GalleryError where there is none, or its files are gone."""
    if origin is None:
        raise GalleryError(
            "The gallery does not say which files it was made with.", hint=_NAME_THEM
        )
    for path in (origin.net, origin.weights):
        if not path.is_file():
            raise GalleryError(f"The gallery was made with {path}, which is gone.", hint=_NAME_THEM)
    return origin


def recipe_of(
    origin: GalleryOrigin, engine: EngineSpec, like: DescriptorRecipe
) -> DescriptorRecipe:
    """What these files on this engine give with the layer, pooling, preprocessing of `like`."""
    file = open_prototxt(origin.net, origin.state)
    return replace(
        like,
        net_sha256=text_sha256(file.text),
        weights_sha256=file_sha256(origin.weights),
        state=file.state,
        precision=engine.precision,
        engine_options=engine.value_options,
    )
