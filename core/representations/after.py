"""What is done with a pooled descriptor before it is compared: power, length, PCA, whitening.

In the order of the published pipelines (Jegou and Chum, 2012; Kalantidis et al., 2016): signed
power, length 1, projection, length 1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.errors import AppError, RequestError
from core.representations.pca import PcaFit

Projection = Literal["", "pca", "white"]
POWER = 0.5
_WORD = re.compile(r"(?P<power>power)?\+?(?:(?P<projection>pca|white):?(?P<dimension>\d*))?")
_MOST_DIMENSIONS = 1 << 20
HELP = "l2, power, pca:N, white:N, power+pca:N, power+white:N; without N an eighth of the images"


@dataclass(frozen=True)
class After:
    """The steps after pooling. dimension: 0 for what the fit's images allow, an eighth of them."""

    has_power: bool = False
    projection: Projection = ""
    dimension: int = 0

    @property
    def word(self) -> str:
        """ "l2", "power", "pca:64", "power+white:32": what `parse_after` reads."""
        words = ["power"] if self.has_power else []
        if self.projection:
            words.append(
                f"{self.projection}:{self.dimension}" if self.dimension else self.projection
            )
        return "+".join(words) or "l2"

    def describe(self) -> str:
        """ "L2", "signed power, L2", "L2, PCA 64, L2", "L2, whitening 64, L2"."""
        words = ["signed power", "L2"] if self.has_power else ["L2"]
        if self.projection:
            name = "PCA" if self.projection == "pca" else "whitening"
            words += [f"{name} {self.dimension}" if self.dimension else name, "L2"]
        return ", ".join(words)

    def prepared(self, rows: np.ndarray) -> np.ndarray:
        """What comes before the projection: (n, d) of any length to (n, d) float64 of length 1."""
        exact = rows.astype(np.float64)
        return unit_length(signed_power(exact) if self.has_power else exact)

    def settled(self, fit: PcaFit | None) -> After:
        """The same with its dimension, where the fit's images decide."""
        if not self.projection or self.dimension or fit is None:
            return self
        return After(self.has_power, self.projection, fit.sensible)

    def apply(self, rows: np.ndarray, fit: PcaFit | None = None) -> np.ndarray:
        """(n, d) of any length to (n, dimension) float32 of length 1; zeros stay zeros.

        fit: of prepared rows, for PCA and whitening. Raises AppError without it, or where it has
        fewer dimensions.
        """
        prepared = self.prepared(rows)
        if not self.projection:
            return prepared.astype(np.float32)
        if fit is None:
            raise AppError(f"'{self.word}' needs a fit.")
        settled = self.settled(fit)
        is_zero = ~prepared.any(axis=1)
        turned = fit.project(prepared, settled.dimension, whiten=self.projection == "white")
        turned[is_zero] = 0  # nothing is known of it: it would stand where the mean is
        return unit_length(turned).astype(np.float32)


L2 = After()


def parse_after(words: str) -> tuple[After, ...]:
    """The steps that "l2,power,white:64" means, each once. Raises RequestError for another word."""
    found = [_parse(word.lower()) for word in filter(None, map(str.strip, words.split(",")))]
    if not found:
        raise RequestError("The words name no step after pooling.", hint=f"Known: {HELP}.")
    return tuple(dict.fromkeys(found))


def _parse(word: str) -> After:
    if word == "l2":
        return L2
    match = _WORD.fullmatch(word)
    if match is None or not (match["power"] or match["projection"]):
        raise RequestError(f"There is no step '{word}' after pooling.", hint=f"Known: {HELP}.")
    projection: Projection = "pca" if match["projection"] == "pca" else "white"
    n = int(match["dimension"] or 0)
    if match["dimension"] and not 0 < n <= _MOST_DIMENSIONS:
        raise RequestError(f"'{word}' has no number of dimensions from 1 on.")
    return After(bool(match["power"]), projection if match["projection"] else "", n)


def signed_power(values: np.ndarray, power: float = POWER) -> np.ndarray:
    """sign(x) |x|^power: what is great counts less (Perronnin et al., 2010)."""
    result: np.ndarray = np.sign(values) * np.abs(values) ** power
    return result


def unit_length(rows: np.ndarray) -> np.ndarray:
    """(n, d) float64, each row over its length; a row of zeros stays."""
    lengths = np.sqrt(np.vecdot(rows, rows))
    result: np.ndarray = rows / np.where(lengths == 0, 1.0, lengths)[:, None]
    return result


def concatenated(parts: list[np.ndarray]) -> np.ndarray:
    """Several layers' descriptors of the same images as one, (n, sum of dimensions) float32.

    Each gets length 1 first, so that a layer of great values does not drown the others.
    """
    if len({len(part) for part in parts}) != 1:
        raise AppError("Descriptors of other images can't be put together.")
    lengths = [unit_length(part.astype(np.float64)) for part in parts]
    return unit_length(np.concatenate(lengths, axis=1)).astype(np.float32)
