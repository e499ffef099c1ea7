"""A map of a gallery as a value: where each image lies, how that came about, what it keeps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import RequestError

PCA, TSNE = "pca", "tsne"
METHODS = (PCA, TSNE)
TITLES = {PCA: "PCA", TSNE: "t-SNE"}
LEAST_IMAGES = 4
"""Three points show nothing that their three distances do not."""
MOST_LAID_OUT = 20_000
"""Of images that t-SNE lays out; the time grows with them, and a map of more says no more."""
MOST_EXACT = 20_000
"""Of images among which t-SNE's neighbours are found exactly; of more they are approximate."""


@dataclass(frozen=True)
class MapSettings:
    """What a map is made with; equal settings on equal descriptors give an equal map.

    method: "pca" or "tsne". perplexity: how many neighbours t-SNE weighs (van der Maaten and
    Hinton, 2008). iterations: of its descent after 250 of early exaggeration. most: images that it
    lays out at most, drawn by the seed; the others are placed among them. k: of how many nearest
    neighbours it is counted how many the map keeps. Raises RequestError for what makes no sense.
    """

    method: str = PCA
    perplexity: float = 30.0
    seed: int = 1
    iterations: int = 500
    most: int = MOST_LAID_OUT
    k: int = 10

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise RequestError(f"There is no map '{self.method}'.", hint="Known: pca, tsne.")
        if not 2 <= self.perplexity <= 500:
            raise RequestError(f"A perplexity is from 2 to 500, not {self.perplexity:g}.")
        if not 0 <= self.seed < 1 << 31:
            raise RequestError(f"A seed is from 0 to 2,147,483,647, not {self.seed}.")
        if not 1 <= self.iterations <= 100_000:
            raise RequestError(f"Iterations are from 1 to 100,000, not {self.iterations}.")
        if self.most < LEAST_IMAGES:
            raise RequestError(f"A map lays out {LEAST_IMAGES} images or more, not {self.most}.")
        if not 1 <= self.k <= 1000:
            raise RequestError(f"Neighbours to keep are from 1 to 1,000, not {self.k}.")

    @property
    def title(self) -> str:
        """ "t-SNE"."""
        return TITLES[self.method]

    def n_laid_out(self, n_images: int) -> int:
        """How many of so many images the method itself places."""
        return n_images if self.method == PCA else min(n_images, self.most)

    def perplexity_of(self, n_images: int) -> float:
        """The perplexity for so many images: each has to have three times as many neighbours."""
        return min(self.perplexity, max(1.0, (n_images - 1) / 3))

    def describe(self, n_images: int) -> str:
        """ "t-SNE, perplexity 30, 500 iterations, seed 1"."""
        if self.method == PCA:
            return "PCA"
        perplexity = self.perplexity_of(self.n_laid_out(n_images))
        return (
            f"t-SNE, perplexity {perplexity:.4g}, {self.iterations:,} iterations, seed {self.seed}"
        )


@dataclass(frozen=True)
class KeptShare:
    """How many of the k nearest neighbours by descriptor are among the k nearest on the map.

    share: from 0 to 1, the mean over n_judged images, which are all, or drawn by the seed.
    """

    k: int
    share: float
    n_judged: int

    def describe(self, n_images: int) -> str:
        """ "2-D keeps 64 % of the 10 nearest neighbours", and of how many images that is."""
        said = f"2-D keeps {100 * self.share:.0f} % of the {self.k} nearest neighbours"
        if self.k == 1:
            said = f"2-D keeps {100 * self.share:.0f} % of the nearest neighbours"
        return said if self.n_judged == n_images else f"{said}, judged on {self.n_judged:,} images"


@dataclass(frozen=True, eq=False)
class GalleryMap:
    """Where the images of a gallery lie in two dimensions.

    points: (n_images, 2) float32, in the gallery's order, of any scale. variance: the share of the
    descriptors' variance that both axes of PCA hold, None for t-SNE. n_laid_out: images that the
    method placed itself. is_exact: whether t-SNE's own neighbours were. seconds: it took. notes:
    what its reader has to know. was_stored: whether it was read, not computed.
    """

    settings: MapSettings
    points: np.ndarray
    kept: KeptShare
    n_laid_out: int
    seconds: float
    variance: float | None = None
    is_exact: bool = True
    notes: tuple[str, ...] = ()
    was_stored: bool = False

    def __len__(self) -> int:
        return len(self.points)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What it keeps, and where it is not of all images or not exact."""
        n = len(self)
        said = [f"{self.kept.describe(n)}."]
        if self.variance is not None:
            said.append(f"Its two axes hold {100 * self.variance:.0f} % of the variance.")
        if self.n_laid_out < n:
            said.append(
                f"{self.settings.title} laid out {self.n_laid_out:,} of {n:,} images; each other "
                "one is in the middle of its nearest among them."
            )
        if not self.is_exact:
            said.append("t-SNE's own neighbours were found approximately.")
        return (*said, *self.notes)


def estimated_seconds(n_images: int, settings: MapSettings) -> float:
    """About how long t-SNE takes for so many images on one core; an order, not a promise."""
    n = settings.n_laid_out(n_images)
    rounds = (250 + settings.iterations) / 750
    return 2.0 + rounds * (0.0045 * n if n < 10_000 else 20 + 0.0035 * n)
