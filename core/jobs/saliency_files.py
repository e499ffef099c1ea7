"""An explanation as files: the picture with its places, or the places with their manifest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from core.attribution.explanation import Explanation
from core.attribution.methods import SOURCES
from core.files import file_sha256, write_file, written_beside
from core.images.thumbnails import thumbnail
from core.jobs.look import LookRequest
from core.jobs.provenance import net_manifest, plain_values
from core.retrieval.why_picture import heat_of, painted, png_bytes

PNG_SIDE = 640


def draw_explanation(
    found: Explanation, image: Path | None, out: Path, *, opacity: float = 0.8
) -> None:
    """A PNG of the picture with its places, warm for the score and cool against it."""
    pixels = _pixels(found, image)
    heat = heat_of(found, pixels.shape[1], pixels.shape[0], found.strongest)
    write_file(out, png_bytes(painted(pixels, heat, opacity)))


def _pixels(found: Explanation, image: Path | None) -> np.ndarray:
    if image is not None:
        return thumbnail(image, PNG_SIDE)
    width, height = found.size
    scale = max(1, PNG_SIDE // max(width, height))
    return np.zeros((height * scale, width * scale, 3), np.uint8)


def write_places(found: Explanation, look: LookRequest, out: Path) -> Path:
    """The places as a .npy of (rows, columns) float32, and beside it F.json, its manifest."""
    with written_beside(out) as partial, partial.open("wb") as stream:
        np.lib.format.write_array(stream, found.places, allow_pickle=False)
    beside = out.with_suffix(".json")
    write_file(beside, json.dumps(plain_values(manifest(found, look)), indent=1).encode())
    return beside


def facts(found: Explanation) -> dict[str, Any]:
    """What was explained and how, as plain values for JSON."""
    return {
        "method": found.method.name,
        "how": SOURCES[found.method.name],
        "settings": found.method.settings(),
        "target": found.words,
        "of": list(found.of),
        "score": found.score,
        "at": list(found.at),
    }


def manifest(found: Explanation, look: LookRequest) -> dict[str, Any]:
    """What the places are of, and how they were found, as plain values for JSON."""
    complete = found.completeness
    image = look.image
    return {
        **net_manifest(look.net),
        "image": None
        if image is None
        else {"path": str(image.absolute()), "sha256": file_sha256(image)},
        **facts(found),
        "shape": list(found.places.shape),
        "covered": list(found.covered),
        "grid": list(found.grid),
        "size": list(found.size),
        "completeness": None
        if complete is None
        else {"total": complete.total, "grown": complete.grown},
        "notes": list(found.notes),
    }
