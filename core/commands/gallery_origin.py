"""The note in a gallery of the files it was made with, so that a query finds its net again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.commands.output import write_json
from core.errors import GalleryError
from core.net.definition import NetState
from core.net.reader import DEFAULT_STATE
from core.net.solver import open_prototxt
from core.retrieval.descriptor import DescriptorRecipe, file_sha256, text_sha256

_NOTE = "origin.json"


@dataclass(frozen=True)
class GalleryOrigin:
    """Where the prototxt and the weights of a gallery lay when it was made, and the net's state."""

    net: Path
    weights: Path
    state: NetState = DEFAULT_STATE


def write_origin(gallery: Path, origin: GalleryOrigin) -> None:
    """Leave the note in the gallery's folder."""
    note = {
        "net": origin.net.resolve(),
        "weights": origin.weights.resolve(),
        "phase": origin.state.phase,
        "level": origin.state.level,
        "stages": list(origin.state.stages),
    }
    write_json(gallery / _NOTE, note)


def read_origin(gallery: Path) -> GalleryOrigin:
    """Read the note. Raises GalleryError where there is none, or its files are gone."""
    try:
        note = json.loads((gallery / _NOTE).read_text(encoding="utf-8"))
        origin = GalleryOrigin(Path(note["net"]), Path(note["weights"]), _state(note))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise GalleryError(
            "The gallery does not say which files it was made with.",
            hint="Name them: --net P --weights W.",
        ) from error
    for path in (origin.net, origin.weights):
        if not path.is_file():
            raise GalleryError(
                f"The gallery was made with {path}, which is gone.",
                hint="Name the files: --net P --weights W.",
            )
    return origin


def _state(note: dict[str, Any]) -> NetState:
    """Galleries made before states were kept are of the TEST phase."""
    stages = tuple(str(stage) for stage in note.get("stages", ()))
    return NetState(str(note.get("phase", "TEST")), int(note.get("level", 0)), stages)


def recipe_of(origin: GalleryOrigin, like: DescriptorRecipe) -> DescriptorRecipe:
    """The recipe that these files give with the layer, pooling and preprocessing of `like`."""
    return DescriptorRecipe(
        like.layer,
        like.top,
        like.pooling,
        like.p,
        like.preprocess,
        text_sha256(open_prototxt(origin.net, origin.state).text),
        file_sha256(origin.weights),
    )
