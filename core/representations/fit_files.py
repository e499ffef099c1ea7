"""Fits as files: what is known of one as JSON, its numbers as .npy beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np

from core.errors import AppError
from core.files import write_file, written_beside
from core.npy_file import NotNpyError, read_npy
from core.representations.pca import LEAST_EIGENVALUE, PcaFit
from core.typed_json import as_type, load_json

_MOST_BYTES = 8 << 30
_MOST_JSON_BYTES = 4 << 20
Share = Annotated[float, msgspec.Meta(ge=0, le=1.0001)]


class _FitNote(msgspec.Struct, frozen=True):
    """What stands in the JSON file; the explained variance is for people and plots."""

    image_set: str
    n_images: Annotated[int, msgspec.Meta(ge=2)]
    dimensions: Annotated[int, msgspec.Meta(ge=1)]
    of_dimensions: Annotated[int, msgspec.Meta(ge=1)]
    total_variance: Annotated[float, msgspec.Meta(ge=0)]
    eigenvalue_cut: float
    made_for: str
    explained_variance: tuple[Share, ...]


def save_fit(path: Path, fit: PcaFit) -> None:
    """Write `path`.json and `path`.npy, the numbers first. Raises AppError."""
    numbers = np.zeros((fit.most + 1, fit.mean.size + 1))
    numbers[0, 1:] = fit.mean
    numbers[1:, 0] = fit.eigenvalues
    numbers[1:, 1:] = fit.axes
    with written_beside(_beside(path, ".npy")) as partial, partial.open("wb") as file:
        np.save(file, numbers)
    note = _FitNote(
        fit.image_set,
        fit.n,
        fit.most,
        int(fit.mean.size),
        fit.total,
        LEAST_EIGENVALUE,
        fit.made_for,
        tuple(float(one) for one in fit.explained),
    )
    written = msgspec.json.format(msgspec.json.encode(note), indent=2)
    write_file(_beside(path, ".json"), written + b"\n")


def open_fit(path: Path) -> PcaFit:
    """The fit that `save_fit` wrote. Raises AppError where it is damaged, or not there."""
    path = path.with_suffix("") if path.suffix in (".json", ".npy") else path
    note = as_type(load_json(_beside(path, ".json"), _MOST_JSON_BYTES), _FitNote, "The fit")
    try:
        numbers = read_npy(_beside(path, ".npy"), _MOST_BYTES, what="The fit")
    except NotNpyError as error:
        raise AppError(f"The fit '{path.name}' is damaged: {error}") from error
    is_whole = numbers.dtype == np.float64 and numbers.shape == (
        note.dimensions + 1,
        note.of_dimensions + 1,
    )
    if not is_whole or not np.isfinite(numbers).all() or not (numbers[1:, 0] > 0).all():
        raise AppError(f"The fit '{path.name}' is damaged: its numbers are not those of its note.")
    return PcaFit(
        note.image_set,
        note.n_images,
        numbers[0, 1:].copy(),
        numbers[1:, 0].copy(),
        numbers[1:, 1:].copy(),
        note.total_variance,
        note.made_for,
    )


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(f"{path.name}{ending}")
