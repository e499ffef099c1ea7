"""What two nets ran on, so that a report can tell later whether it still speaks of the files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from core import __version__
from core.net.text import encode_prototxt


@dataclass(frozen=True)
class Provenance:
    """What ran on what: enough to tell later whether a result still speaks of the same files.

    Hashes are SHA-256 in hex; texts as they are saved, inputs as float32 bytes in blob order.
    is_seeded: whether the inputs were random values made from `seed`.
    """

    engine: str
    versions: tuple[tuple[str, str], ...]
    device: str
    precision: str
    before_sha256: str
    after_sha256: str
    weights_sha256: str | None
    input_sha256: str
    input_shapes: tuple[tuple[str, tuple[int, ...]], ...]
    is_seeded: bool
    seed: int
    date: str


def sha256_of_text(text: str) -> str:
    """The hash of a prototxt as it is saved, in hex."""
    return hashlib.sha256(encode_prototxt(text)).hexdigest()


def provenance_record(
    origin: Provenance, *, weights_name: str | None, image_name: str | None
) -> dict[str, Any]:
    """What a report says of the run, as plain values for JSON."""
    return {
        "made_by": f"Blobscope {__version__}",
        "date": origin.date,
        "engine": {
            "name": origin.engine,
            "versions": dict(origin.versions),
            "device": origin.device,
            "precision": origin.precision,
        },
        "original_sha256": origin.before_sha256,
        "weights": None
        if origin.weights_sha256 is None
        else {"file": weights_name, "sha256": origin.weights_sha256},
        "input": {
            "kind": "seeded values" if origin.is_seeded else "image",
            "image": image_name,
            "sha256": origin.input_sha256,
            "shapes": {name: list(shape) for name, shape in origin.input_shapes},
        },
        "seed": origin.seed,
    }
