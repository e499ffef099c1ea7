"""Copies and near-duplicates among the images of a gallery, which measure nothing as answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.images.alike import DISTANCE_LIMIT, N_HASH_BITS, AlikeGroup, find_alike
from core.progress import Job
from core.retrieval.gallery import Gallery, ImageProblem
from core.words import plural


@dataclass(frozen=True)
class Duplicate:
    """An image that is like the first of its group.

    image: its number in the gallery. distance: bits in which the two hashes differ, None where one
    has none; more than the limit where others lie between them. is_copy: whether the files are
    equal. cosine: of the gallery's descriptors.
    """

    image: int
    distance: int | None
    is_copy: bool
    cosine: float


@dataclass(frozen=True)
class DuplicateGroup:
    """Images that are alike; first: the one that stays where the others are left out."""

    first: int
    others: tuple[Duplicate, ...]


@dataclass(frozen=True)
class Duplicates:
    """The groups of a gallery, and the images whose files can't be looked at, which are in none.

    n_of_one_label: images that have the label of the first of their group, and may be what is to be
    found.
    """

    limit: int
    groups: tuple[DuplicateGroup, ...]
    problems: tuple[ImageProblem, ...]
    n_of_one_label: int = 0

    @property
    def n_copies(self) -> int:
        """Images whose file equals that of the first of their group."""
        return sum(other.is_copy for group in self.groups for other in group.others)

    @property
    def n_near(self) -> int:
        """The other images that are like the first of their group."""
        return sum(len(group.others) for group in self.groups) - self.n_copies

    def describe(self) -> str:
        """ "2 copies, 9 near-duplicates"; "no copies and no near-duplicates"."""
        copies = "1 copy" if self.n_copies == 1 else f"{self.n_copies:,} copies"
        words = [copies] if self.n_copies else []
        words += [plural(self.n_near, "near-duplicate")] if self.n_near else []
        return ", ".join(words) or "no copies and no near-duplicates"

    def left_out(self, own: int | None = None) -> np.ndarray:
        """The images that are junk, (n,) int64, rising: all but the first of each group.

        own: an image that is the query. Of its group all others are junk, for each of them would be
        found by being the query over again.
        """
        numbers: list[int] = []
        for group in self.groups:
            others = [other.image for other in group.others]
            if own is not None and own in others:
                others = [group.first, *(other for other in others if other != own)]
            numbers += others
        return np.array(sorted(numbers), dtype=np.int64)

    def note(self) -> str:
        """What a reader of results has to know."""
        said = (
            f"Left out, neither right nor wrong: {self.describe()} of other images "
            f"(hashes within {self.limit} of {N_HASH_BITS} bits)."
        )
        if self.n_of_one_label:
            have = "has" if self.n_of_one_label == 1 else "have"
            said += (
                f" {self.n_of_one_label:,} of them {have} the label of the image that stays: "
                "shots of one scene are alike too, and fewer bits keep more of them."
            )
        if self.problems:
            unseen = plural(len(self.problems), "image")
            said += f" {unseen} could not be compared, the first {self.problems[0].path}."
        return said


def find_duplicates(
    gallery: Gallery,
    *,
    limit: int = DISTANCE_LIMIT,
    labels: Sequence[str | None] | None = None,
) -> Job[Duplicates]:
    """Compare the files of a gallery's images as they are now, by their bytes and their hashes.

    limit: bits of 63 in which near-duplicates differ at most; what is like one of a group is of
    that group. labels: one each, None for the gallery's own: the first of a group is a labelled
    image if it has one, so that leaving copies out never takes away what is to be found.
    """
    labels = gallery.labels if labels is None else labels
    order = sorted(range(len(gallery)), key=lambda number: (labels[number] is None, number))
    paths = [gallery.path(number) for number in order]
    number_of = dict(zip(paths, order, strict=True))
    found = yield from find_alike(paths, limit=limit)
    groups = [
        _group(gallery, group, [number_of[file.path] for file in group]) for group in found.groups
    ]
    return Duplicates(
        limit,
        tuple(sorted(groups, key=lambda group: group.first)),
        tuple(
            ImageProblem(gallery.images.paths[number_of[path]], reason)
            for path, reason in found.problems
        ),
        sum(
            labels[group.first] is not None and labels[other.image] == labels[group.first]
            for group in groups
            for other in group.others
        ),
    )


def _group(gallery: Gallery, files: AlikeGroup, numbers: Sequence[int]) -> DuplicateGroup:
    first, others = numbers[0], np.array(numbers[1:])
    cosines = gallery.cosines.exactly(gallery.rows[first], others)
    return DuplicateGroup(
        first,
        tuple(
            Duplicate(number, file.distance, file.is_copy, float(cosine))
            for number, file, cosine in zip(others.tolist(), files[1:], cosines, strict=True)
        ),
    )
