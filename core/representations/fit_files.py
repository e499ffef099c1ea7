"""Fits and encoders as files: what is known of one as JSON, its numbers as .npy beside it."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np

from core.errors import AppError
from core.files import file_sha256, write_file, written_beside
from core.npy_file import NotNpyError, read_npy
from core.reading import names_in
from core.representations.encoding import Encoder, parse_encoding
from core.representations.pca import IMAGES_AN_AXIS, LEAST_EIGENVALUE, PcaFit
from core.typed_json import as_type, load_json

_MOST_BYTES = 8 << 30
_MOST_JSON_BYTES = 4 << 20
_MOST_FITS = 100_000
Share = Annotated[float, msgspec.Meta(ge=0, le=1.0001)]


class FitNote(msgspec.Struct, frozen=True):
    """What stands in the JSON file; the explained variance is for people and plots.

    explained_variance: of every axis that the set tells of, those that were cut off among them.
    what: of n_images vectors, "images", or "regions" or "cells" of them. after: the steps or the
    encoding that it is a fit for, folder: of the images; "" where nobody noted it.
    """

    image_set: str
    n_images: Annotated[int, msgspec.Meta(ge=2)]
    dimensions: Annotated[int, msgspec.Meta(ge=1)]
    of_dimensions: Annotated[int, msgspec.Meta(ge=1)]
    total_variance: Annotated[float, msgspec.Meta(ge=0)]
    eigenvalue_cut: float
    made_for: str
    explained_variance: tuple[Share, ...]
    what: str = "images"
    after: str = ""
    folder: str = ""

    @property
    def sensible(self) -> int:
        """The most dimensions to whiten to, as `PcaFit.sensible` has it."""
        return max(1, min(len(self.explained_variance), self.n_images // IMAGES_AN_AXIS))

    def share(self, dimension: int) -> float:
        """The share of the variance that so many axes hold."""
        shares = self.explained_variance
        return shares[min(dimension, len(shares)) - 1] if shares and dimension else 0.0


def save_fit(
    path: Path,
    fit: PcaFit,
    *,
    whole: PcaFit | None = None,
    after: str = "",
    folder: Path | None = None,
) -> None:
    """Write `path`.json and `path`.npy, the numbers first. Raises AppError.

    whole: the same before its last axes were cut off, for the curve of the variance. after, folder:
    as the note has them.
    """
    numbers = np.zeros((fit.most + 1, fit.mean.size + 1))
    numbers[0, 1:] = fit.mean
    numbers[1:, 0] = fit.eigenvalues
    numbers[1:, 1:] = fit.axes
    with written_beside(_beside(path, ".npy")) as partial, partial.open("wb") as file:
        np.save(file, numbers)
    note = FitNote(
        fit.image_set,
        fit.n,
        fit.most,
        int(fit.mean.size),
        fit.total,
        LEAST_EIGENVALUE,
        fit.made_for,
        tuple(float(one) for one in (whole or fit).explained),
        fit.what,
        after,
        "" if folder is None else str(folder.resolve()),
    )
    written = msgspec.json.format(msgspec.json.encode(note), indent=2)
    write_file(_beside(path, ".json"), written + b"\n")


def open_fit(path: Path) -> PcaFit:
    """The fit that `save_fit` wrote. Raises AppError where it is damaged, or not there."""
    path = _without_ending(path)
    note = read_note(path)
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
        note.what,
    )


def read_note(path: Path) -> FitNote:
    """What is known of a fit without its numbers. Raises AppError."""
    path = _beside(_without_ending(path), ".json")
    return as_type(load_json(path, _MOST_JSON_BYTES), FitNote, "The fit")


def list_fits(folder: Path) -> dict[str, FitNote]:
    """The fits of a folder by their names, damaged ones left out."""
    found: dict[str, FitNote] = {}
    names = (name for name in names_in(folder) if name.endswith(".json"))
    for name in islice(names, _MOST_FITS):
        with suppress(AppError):
            found[name.removesuffix(".json")] = read_note(folder / name.removesuffix(".json"))
    return found


def save_encoder(path: Path, encoder: Encoder, *, folder: Path | None = None) -> None:
    """Write an encoder's fit as `save_fit` does, its centres before as `path`-centres.npy."""
    if encoder.centres is not None:
        with written_beside(_centres(path)) as partial, partial.open("wb") as file:
            np.save(file, encoder.centres)
    word = encoder.encoding.word
    save_fit(path, encoder.fit, whole=encoder.whole, after=word, folder=folder)


def open_encoder(path: Path) -> Encoder:
    """The encoder that `save_encoder` wrote. Raises AppError where it is damaged or none."""
    fit, encoding = open_fit(path), parse_encoding(read_note(path).after)
    if encoding.method != "vlad":
        return Encoder(encoding, fit)
    try:
        centres = read_npy(_centres(path), _MOST_BYTES, what="The fit")
    except NotNpyError as error:
        raise AppError(f"The fit '{path.name}' is damaged: {error}") from error
    is_whole = centres.shape == (encoding.centres, fit.most) and centres.dtype == np.float64
    if not is_whole or not np.isfinite(centres).all() or fit.most != encoding.dimension:
        raise AppError(f"The fit '{path.name}' is damaged: its centres are not those of its note.")
    return Encoder(encoding, fit, centres)


def fit_digest(path: Path) -> str:
    """SHA-256 over the numbers of a fit, and over the centres of an encoder. Raises AppError."""
    parts = [file_sha256(_beside(path, ".npy"))]
    if _centres(path).is_file():
        parts.append(file_sha256(_centres(path)))
    return parts[0] if len(parts) == 1 else hashlib.sha256("".join(parts).encode()).hexdigest()


def _without_ending(path: Path) -> Path:
    return path.with_suffix("") if path.suffix in (".json", ".npy") else path


def _centres(path: Path) -> Path:
    return _beside(path, "-centres.npy")


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(f"{path.name}{ending}")
