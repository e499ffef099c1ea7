"""What an index keeps of each pass: an image's descriptors, or why it has none."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from core.engines.values import Value
from core.errors import FolderLost
from core.images.prepared import PreparedImage
from core.measures.measure import Pool
from core.retrieval.describing import Describer, checked_rows
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.folder_reach import FolderReach, Reach
from core.retrieval.gallery_contents import GONE, StoredImage, StoredProblem
from core.retrieval.gallery_store import GalleryStore
from core.retrieval.ground_truth import folder_label
from core.retrieval.index_plan import IndexPlan
from core.surveys.passes import Results
from core.words import plural_with

_STORED_EVERY_SECONDS = 0.5
"""What a kill costs at most of a quick net; of a slow one it is a batch."""


class GalleryCollector:
    """Stores descriptors as they come; the gallery is whole at every moment."""

    def __init__(
        self,
        describer: Describer,
        store: GalleryStore,
        plan: IndexPlan,
        others: Sequence[DescriptorRecipe] = (),
    ) -> None:
        self._describer, self._plan = describer, plan
        self._others = [(one.value, one.measure) for one in others]
        self._waiting = _Waiting()
        self._reach = FolderReach(plan.root)
        self.gallery_store = store
        self.n_added = 0
        self.lost: list[str] = []

    @property
    def wants(self) -> Mapping[Value, tuple[Pool, ...]]:
        """The pooling of the recipe's value, and those of the others."""
        wants = self._describer.wants
        for value, measure in self._others:
            wants[value] = (*wants.get(value, ()), measure)
        return wants

    def take(self, images: Sequence[PreparedImage], results: Results) -> None:
        """Keep what is finite by the recipe; an image that gives NaN or infinity is a problem."""
        descriptors = self._describer.rows(results, len(images))
        others = [checked_rows(results[key], len(images), key[0].layer) for key in self._others]
        is_finite = np.isfinite(descriptors).all(axis=1)
        pairs = list(zip(images, is_finite, strict=True))
        added = [_image(self._plan, image) for image, is_good in pairs if is_good]
        if added:
            if not self._waiting.fits(descriptors):
                self.store()  # which knows what to say of two lengths
            self._waiting.add(added, [array[is_finite] for array in (descriptors, *others)])
            if self._waiting.is_due:
                self.store()
        reason = f"Layer '{self._describer.recipe.layer}' gives NaN or infinity for it."
        bad = [_problem(self._plan, image, reason) for image, is_good in pairs if not is_good]
        if bad:
            self.gallery_store.add_problems(bad)
        self.n_added += len(added)

    def store(self) -> None:
        """Write what waits; the gallery is whole after it."""
        if self._waiting.images:
            self._waiting.write(self.gallery_store)

    def skip(self, image: PreparedImage) -> None:
        """Note an image that can't be used.

        One that went away is no problem: it keeps what it has. Raises FolderLost where its whole
        folder went.
        """
        how = self._reach.how(image.path)
        relative = image.path.relative_to(self._plan.root).as_posix()
        if how is Reach.NOT_THERE or (how is Reach.CLOSED and relative in self._plan.outdated):
            self.lost.append(relative)
            if not self._reach.has_folder:
                raise self._folder_lost()
            return
        problem = _problem(self._plan, image, image.problem)
        # what is closed may be opened without a change of its time: it is tried again next time
        self.gallery_store.add_problems(
            [problem if how is Reach.OPEN else replace(problem, stamp=GONE)]
        )

    def _folder_lost(self) -> FolderLost:
        n_done = self._plan.n_expected - len(self._plan.todo) + self.n_added
        return FolderLost(
            f"The folder '{self._plan.root}' went away while it was indexed: {n_done:,} of "
            f"{plural_with(self._plan.n_expected, 'image', 'is', 'are')} in the gallery.",
            hint="Nothing was dropped. Index again when the folder is back: it goes on from there.",
        )


class _Waiting:
    """Described images that are not written yet.

    To write takes as much of a processor for a batch as for a hundred, and each representation is a
    file of its own that has to reach the disk, which takes longer than a pass where they are
    hundreds: so they are written at intervals, of ten times what that takes at least.
    """

    def __init__(self) -> None:
        self.images: list[StoredImage] = []
        self._arrays: list[list[np.ndarray]] = []
        self._written_at, self._took = time.monotonic(), 0.0

    @property
    def is_due(self) -> bool:
        """Whether it is time to write."""
        waited = time.monotonic() - self._written_at
        return waited > max(_STORED_EVERY_SECONDS, 10 * self._took)

    def fits(self, descriptors: np.ndarray) -> bool:
        """Whether (n_images, dimension) of the first representation go with what waits."""
        return not self._arrays or self._arrays[0][0].shape[1:] == descriptors.shape[1:]

    def add(self, images: Sequence[StoredImage], arrays: Sequence[np.ndarray]) -> None:
        """(n_images, dimension) of each representation."""
        self.images += images
        self._arrays.append(list(arrays))

    def write(self, store: GalleryStore) -> None:
        """Add them to the gallery, in one step."""
        started = time.monotonic()
        first, *others = (np.concatenate(parts) for parts in zip(*self._arrays, strict=True))
        images, self.images, self._arrays = self.images, [], []
        store.add(images, first, others)
        self._written_at = time.monotonic()
        self._took = self._written_at - started


def _image(plan: IndexPlan, image: PreparedImage) -> StoredImage:
    relative = image.path.relative_to(plan.root).as_posix()
    width, height = image.size
    return StoredImage(relative, folder_label(relative), width, height, plan.todo[relative])


def _problem(plan: IndexPlan, image: PreparedImage, reason: str | None) -> StoredProblem:
    relative = image.path.relative_to(plan.root).as_posix()
    return StoredProblem(relative, reason or "", plan.todo[relative])
