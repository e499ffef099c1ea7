"""What PCA and whitening of a sweep are fitted on, where no images are named to fit on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.jobs.fit_choice import CHOSEN
from core.representations.after import After
from core.retrieval.fit_at_hand import Needed, files_of, find_set
from core.retrieval.gallery import Gallery
from core.retrieval.held_out import HeldOut, hold_out
from core.retrieval.sweep_rows import TRANSDUCTIVE, Described, described_by
from core.words import plural

Kind = Literal["named", "known", "held out", "measured"]


@dataclass(frozen=True, eq=False)
class FitSet:
    """The gallery that is fitted on, what it is called, and why it is this one.

    numbers: its representations in the order of the sweep's, () where they have the same numbers.
    held_out: which images of the measured ones it has, and what the queries are then.
    """

    gallery: Gallery
    name: str
    kind: Kind
    note: str = ""
    numbers: tuple[int, ...] = ()
    held_out: HeldOut | None = None

    def described(self, numbers: Sequence[int]) -> Described:
        """Its descriptors by the sweep's representations of these numbers."""
        own = tuple(self.numbers[number] for number in numbers) if self.numbers else numbers
        return described_by(self.gallery, own)

    def to_json(self) -> dict[str, object]:
        """A JSON-able dictionary."""
        return {
            "images": self.name,
            "n_images": len(self.gallery),
            "folder": str(self.gallery.root),
            "chosen_as": self.kind,
        }


def measured_set(gallery: Gallery) -> FitSet:
    """The images that are measured, which is said."""
    return FitSet(gallery, gallery.root.name, "measured", TRANSDUCTIVE)


def unnamed_set(
    gallery: Gallery,
    labels: Sequence[str | None],
    afters: Sequence[After],
    known: Sequence[Path],
) -> FitSet:
    """Another set that a gallery below `known` holds, else half of the labels, else all images.

    gallery: the measured images, of whose `labels` those of the fitted half are no queries.
    """
    dimension = max(after.dimension for after in afters if after.projection)
    recipes = (gallery.recipe, *(one.recipe for one in gallery.others))
    needed = Needed(
        len(gallery),
        files_of(gallery.images),
        gallery.recipe,
        (tuple(recipe.digest for recipe in recipes),),
        dimension,
    )
    at_hand = find_set(known, needed)
    if at_hand is not None:
        other = at_hand.gallery
        return FitSet(other, other.root.name, "known", _said(other), at_hand.numbers)
    held_out = hold_out(labels)
    if held_out is None or held_out.images.size <= max(1, dimension):
        return measured_set(gallery)
    name = f"{plural(held_out.n_fitted, 'label')} of {gallery.root.name}"
    note = (
        "No other images to fit on are known: PCA and whitening are fitted on "
        f"{plural(held_out.images.size, 'image')}, and the queries of every row are the images of "
        f"the {plural(held_out.n_measured, 'label')} that are not among them."
    )
    fitted = gallery.only(held_out.images)
    return FitSet(fitted, name, "held out", note, held_out=held_out)


def _said(other: Gallery) -> str:
    n_images = plural(len(other), "image")
    return f"PCA and whitening are fitted on {n_images} of {other.root.name}. {CHOSEN}"
