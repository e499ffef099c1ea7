"""One vector of many parts: regions whitened and summed, or cells counted round centres.

What turns the parts is fitted on those of a set of images. A part is a vector of channels; it gets
length 1 first, and one of zeros counts for nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from core.errors import AppError, RequestError
from core.representations.after import After, signed_power, unit_length
from core.representations.clusters import assign, find_centres
from core.representations.pca import PcaFit, PcaSums

Method = Literal["white", "vlad"]
Parts = Literal["regions", "cells"]
VLAD_CENTRES, VLAD_DIMENSION = 64, 32
MOST_CENTRES, MOST_DIMENSIONS = 4096, 4096
_WORD = re.compile(r"(?P<method>white|vlad)(?::(?P<first>\d{1,5})(?:x(?P<second>\d{1,5}))?)?")
_MOST_SAMPLED_VALUES = 1 << 25
"""Of the cells that centres are sought among, 128 MB."""


@dataclass(frozen=True)
class Encoding:
    """How parts become one vector.

    "white": each region whitened to `dimension` values, of length 1, then summed (Tolias et al.,
    2016); 0 dimensions for an eighth of the regions of the fit. "vlad": each cell turned to its
    first `dimension` axes; what it lies off the nearest of `centres` is summed for each of them,
    which gets length 1, then the signed root is taken (Jegou et al., 2010; Arandjelovic and
    Zisserman, 2013).
    """

    method: Method
    dimension: int = 0
    centres: int = 0

    @property
    def parts(self) -> Parts:
        """The measure whose parts it takes."""
        return "regions" if self.method == "white" else "cells"

    @property
    def word(self) -> str:
        """ "white", "white:64", "vlad:64x32": what `parse_encoding` reads."""
        if self.method == "vlad":
            return f"vlad:{self.centres}x{self.dimension}"
        return f"white:{self.dimension}" if self.dimension else "white"

    def describe(self) -> str:
        """ "regions whitened to 64", "VLAD of 64 centres in 32 dimensions"."""
        if self.method == "vlad":
            return f"VLAD of {self.centres} centres in {self.dimension} dimensions"
        return f"regions whitened to {self.dimension}" if self.dimension else "regions whitened"


def parse_encoding(word: str) -> Encoding:
    """The encoding of "white:64", "vlad", "vlad:128" or "vlad:128x32". Raises RequestError."""
    match = _WORD.fullmatch(word.lower())
    if match is None or (match["method"] == "white" and match["second"]):
        raise RequestError(f"There is no encoding '{word}'.", hint="Known: white:D, vlad:KxD.")
    first, second = (None if group is None else int(group) for group in match.groups()[1:])
    if match["method"] == "white":
        found = Encoding("white", first or 0)
    else:
        found = Encoding("vlad", second or VLAD_DIMENSION, first or VLAD_CENTRES)
    is_known = first != 0 and second != 0
    if not is_known or found.centres > MOST_CENTRES or found.dimension > MOST_DIMENSIONS:
        raise RequestError(f"'{word}' has a number that no encoding can have.")
    return found


@dataclass(frozen=True, eq=False)
class Encoder:
    """An encoding with what it was fitted on.

    fit: of parts of length 1; centres: (n_centres, dimension) float64, None for regions. whole: the
    fit before its last axes were cut off.
    """

    encoding: Encoding
    fit: PcaFit
    centres: np.ndarray | None = None
    whole: PcaFit | None = None

    @property
    def dimension(self) -> int:
        """How many values a vector has."""
        return self.encoding.dimension * max(1, self.encoding.centres)

    def encode(self, rows: np.ndarray) -> np.ndarray:
        """(n, n_parts * channels), part by part, to (n, dimension) float32, not normalised.

        Raises AppError where the parts have other channels than those of the fit.
        """
        channels = self.fit.mean.size
        if rows.ndim != 2 or rows.shape[1] % channels:
            raise AppError(f"Parts of {channels} channels can't be made of {rows.shape} values.")
        n, n_parts = len(rows), rows.shape[1] // channels
        parts = rows.reshape(n * n_parts, channels)
        if self.centres is None:
            turned = After(False, "white", self.encoding.dimension).apply(parts, self.fit)
            summed = turned.reshape(n, n_parts, -1).sum(axis=1, dtype=np.float64)
            return np.asarray(summed, np.float32)
        return self._vlad(parts, n_parts)

    def _vlad(self, parts: np.ndarray, n_parts: int) -> np.ndarray:
        if self.centres is None:
            raise AppError("VLAD needs its centres.")
        exact = unit_length(parts.astype(np.float64))
        turned = self.fit.project(exact, self.encoding.dimension, whiten=False)
        nearest, _ = assign(turned, self.centres)
        off = turned - self.centres[nearest]
        off[~exact.any(axis=1)] = 0  # a place where nothing is above 0 says nothing
        k, n = len(self.centres), len(parts) // n_parts
        image = np.repeat(np.arange(n), n_parts)
        summed = np.zeros((n * k, self.encoding.dimension))
        np.add.at(summed, image * k + nearest, off)
        return signed_power(unit_length(summed)).reshape(n, -1).astype(np.float32)


@dataclass
class PartSample:
    """What an encoder is fitted on, image by image: all regions, or some cells of each image.

    n_expected: how many images there will be, about; so many that they share the room for cells.
    """

    encoding: Encoding
    image_set: str
    made_for: str = ""
    n_expected: int = 1
    n_images: int = 0
    _sums: PcaSums | None = field(default=None, repr=False)
    _cells: list[np.ndarray] = field(default_factory=list, repr=False)

    def add(self, rows: np.ndarray, channels: int) -> None:
        """(n_images, n_parts * channels), part by part."""
        for row in rows:
            parts = row.reshape(-1, channels)
            parts = unit_length(parts[parts.any(axis=1)].astype(np.float64))
            if self.encoding.method == "vlad":
                self._cells.append(self._some(parts).astype(np.float32))
            else:
                if self._sums is None:
                    self._sums = PcaSums(self.image_set, self.made_for, what="regions")
                self._sums.add(parts)
            self.n_images += 1

    def _some(self, cells: np.ndarray) -> np.ndarray:
        """As many cells of an image as all can have, drawn by the image's number."""
        most = max(1, _MOST_SAMPLED_VALUES // max(1, cells.shape[1]) // max(1, self.n_expected))
        if len(cells) <= most:
            return cells
        chosen = np.random.default_rng(self.n_images).choice(len(cells), most, replace=False)
        found: np.ndarray = cells[np.sort(chosen)]
        return found

    def fit(self) -> Encoder:
        """The encoder, its dimension settled. Raises AppError for too few images or parts."""
        if self.encoding.method == "white":
            if self._sums is None:
                raise AppError("There is no image to fit on.")
            fit = self._sums.fit()
            settled = replace(self.encoding, dimension=self.encoding.dimension or fit.sensible)
            _check(settled, fit)
            return Encoder(settled, fit.cut(settled.dimension), whole=fit)
        if not self._cells:
            raise AppError("There is no image to fit on.")
        cells = np.concatenate(self._cells)
        sums = PcaSums(self.image_set, self.made_for, what="cells")
        sums.add(cells)
        fit = sums.fit()
        _check(self.encoding, fit)
        turned = fit.project(cells, self.encoding.dimension, whiten=False)
        centres = find_centres(turned, self.encoding.centres)
        return Encoder(self.encoding, fit.cut(self.encoding.dimension), centres, fit)


def _check(encoding: Encoding, fit: PcaFit) -> None:
    if encoding.dimension > fit.most:
        raise AppError(
            f"{fit.n:,} {fit.what} of {fit.image_set} have {fit.most} dimensions, not "
            f"{encoding.dimension}.",
            hint="Fit on more images, or choose fewer dimensions.",
        )
