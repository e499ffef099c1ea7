"""A gallery made ready to be searched in: all that is done beside a plain exact ranking."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import RequestError
from core.progress import Job
from core.retrieval.backends.approximate import (
    N_FOUND,
    ApproximateSearch,
    open_approximate,
)
from core.retrieval.cosines import Cosines, Excluded
from core.retrieval.duplicates import Duplicates
from core.retrieval.expansion import NOTHING, SearchSteps, augment, expand
from core.retrieval.gallery import Gallery, check_not_empty
from core.retrieval.search import Ranking, best_by, rank_by


@dataclass(frozen=True, eq=False)
class Searching:
    """The descriptors that are ranked, what is done to a query first, what is left out."""

    cosines: Cosines
    steps: SearchSteps = NOTHING
    duplicates: Duplicates | None = None
    approximate: ApproximateSearch | None = None

    @property
    def ranks_all(self) -> bool:
        """Whether a ranking lists every image, so that its AP can be told."""
        return self.approximate is None

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of its rankings has to know."""
        steps = self.steps.describe()
        said = (f"Search: {steps}.",) if steps else ()
        return said if self.approximate is None else (*said, self.approximate.note())

    def to_json(self) -> dict[str, object]:
        """A JSON-able dictionary."""
        nearest = {"kind": "exact"} if self.approximate is None else self.approximate.to_json()
        return {"nearest": nearest, "steps": self.steps.describe()}

    def rank(self, query: np.ndarray, own: int | None) -> Ranking:
        """Rank for one descriptor; own: the image that it is, which its ranking leaves out."""
        exclude: Excluded = own
        if self.duplicates is not None:
            itself = np.array([] if own is None else [own], dtype=np.int64)
            exclude = np.concatenate((itself, self.duplicates.left_out(own)))
        expansion = self.steps.expansion
        if expansion is not None:
            found = self._best(query, expansion.k, exclude)
            query = expand(self.cosines, query, found, expansion)
        if self.approximate is not None:
            return self.approximate.best(query, N_FOUND, exclude=exclude)
        return rank_by(self.cosines, query, exclude=exclude)

    def _best(self, query: np.ndarray, k: int, exclude: Excluded) -> Ranking:
        if self.approximate is not None:
            return self.approximate.best(query, k, exclude=exclude)
        return best_by(self.cosines, query, k, exclude=exclude)


def prepare_search(
    gallery: Gallery, steps: SearchSteps = NOTHING, duplicates: Duplicates | None = None
) -> Job[Searching]:
    """Augment the gallery or open its lists, as the steps say; duplicates: what to leave out.

    Raises RequestError for steps that exclude one another.
    """
    check_not_empty(gallery)
    if steps.augmentation and steps.approximate:
        raise RequestError(
            "Approximate search looks through the descriptors as they are stored, not through "
            "augmented ones.",
            hint="Leave out one of the two.",
        )
    cosines, approximate = gallery.cosines, None
    if steps.augmentation:
        cosines = Cosines((yield from augment(cosines, steps.augmentation)))
    if steps.approximate:
        approximate = yield from open_approximate(gallery)
    return Searching(cosines, steps, duplicates, approximate)
