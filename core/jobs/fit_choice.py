"""Where the fits of an index come from: what is named, else other images that are known already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from core.errors import GalleryError
from core.images.finding import list_images
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.finish import PLAIN
from core.retrieval.fit_at_hand import (
    Needed,
    SetAtHand,
    find_fit,
    find_set,
    listed_files,
)
from core.retrieval.gallery import open_gallery

CHOSEN = (
    "No images to fit on were named: of the other sets that are known by this recipe it is the "
    "largest."
)


@dataclass(frozen=True)
class FitWish:
    """Where the fits of an index come from.

    on: the images to fit on; None for what `chosen_wish` finds, else for those that are indexed,
    which the report says. stored: a saved fit of PCA or whitening to take instead, encoder: one of
    encoded parts. name: of what is saved; "" names it by layer, pooling and steps. described: a
    gallery that holds the images to fit on as the recipe describes them. is_chosen: by the program.
    """

    on: Path | None = None
    stored: Path | None = None
    encoder: Path | None = None
    name: str = ""
    described: Path | None = None
    is_chosen: bool = False

    @property
    def is_open(self) -> bool:
        """Whether nothing is named."""
        return self.on is None and self.stored is None and self.encoder is None


def chosen_wish(
    wish: FitWish, recipe: DescriptorRecipe, folder: Path, known: Sequence[Path]
) -> FitWish:
    """The wish with another set than `folder` where none is named and one is known.

    known: folders below which galleries lie. A set is taken where it is no worse than the images
    themselves: the largest that a gallery describes by the recipe, else that of a saved fit.
    Encoded parts lie in no gallery, so that theirs is a saved fit always.
    """
    finish = recipe.finish
    if not known or not wish.is_open or not finish.lacks_fit:
        return wish
    if finish.encoding and finish.encoder is None:
        found = find_fit(known, folder, made_for_parts(recipe), after=_word_of_parts(recipe))
        if found is None:
            return wish
        on = Path(found.note.folder)
        return replace(wish, on=on, encoder=found.path, is_chosen=True)
    at_hand = find_set(known, _needed(recipe, folder))
    if at_hand is not None:
        gallery = at_hand.gallery
        return replace(wish, on=gallery.root, described=gallery.folder, is_chosen=True)
    asked = finish.asked_after
    wanted = made_for(recipe, has_power=asked.has_power)
    fit = find_fit(known, folder, wanted, dimension=asked.dimension)
    if fit is None:
        return wish
    return replace(wish, on=Path(fit.note.folder), stored=fit.path, is_chosen=True)


def described_set(recipe: DescriptorRecipe, gallery: Path) -> SetAtHand:
    """The gallery that a wish names with the representations that a recipe is fitted on.

    Raises GalleryError where it has them no more.
    """
    found = SetAtHand.of(open_gallery(gallery), _alternatives(recipe))
    if found is None:
        raise GalleryError(
            f"The gallery '{gallery}' has no descriptors of this recipe any more.",
            hint="Name the images to fit on.",
        )
    return found


def made_for(recipe: DescriptorRecipe, *, has_power: bool) -> str:
    """What tells that a fit is of a recipe's descriptors; the same as a sweep's."""
    return f"{'+'.join(_singles(recipe))}, {'power' if has_power else 'l2'}"


def made_for_parts(recipe: DescriptorRecipe) -> str:
    """What tells that an encoder is of a recipe's parts: of pictures as they are, before scales."""
    return replace(recipe, finish=PLAIN).digest


def _singles(recipe: DescriptorRecipe) -> tuple[str, ...]:
    """The digest of each layer's descriptors alone, before they are joined."""
    raw = recipe.raw
    single = msgspec.structs.replace(raw.finish, further=())
    firsts = [replace(raw, finish=single)]
    firsts += [
        replace(raw, layer=one.layer, top=one.top, place=one.place, finish=single)
        for one in raw.finish.further
    ]
    return tuple(one.digest for one in firsts)


def _alternatives(recipe: DescriptorRecipe) -> tuple[tuple[str, ...], ...]:
    """Descriptors as the recipe joins them, or those of each layer, which are joined then."""
    return (recipe.raw.digest,), _singles(recipe)


def _needed(recipe: DescriptorRecipe, folder: Path) -> Needed:
    images = list_images(folder).images
    dimension = recipe.finish.asked_after.dimension
    return Needed(len(images), listed_files(images), recipe, _alternatives(recipe), dimension)


def _word_of_parts(recipe: DescriptorRecipe) -> str:
    """The encoding that a saved one has to be; "" for whitening as the images allow."""
    parts = recipe.finish.parts
    return "" if parts is None or not parts.dimension else parts.word
