"""The recipes that a net may be fed with: its own, the presets that fit it, and what is kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.errors import AppError
from core.images.fitting_presets import is_of_family, rank_presets
from core.images.preprocess import Preprocess
from core.images.presets import load_recipe, recipe_path
from core.images.recipe_choice import ChosenRecipe, choose_recipe_of_net
from core.jobs.look import picture_input
from core.layers.shapes import NetShapes
from core.net.definition import Net


@dataclass(frozen=True)
class OfferedRecipe:
    """A recipe that may be chosen, by its name."""

    name: str
    recipe: Preprocess


@dataclass(frozen=True)
class RecipeOffers:
    """What fits a net, the best first.

    family: the preset of nets like this, among the offers, where one is; kept: the file beside the
    net that holds the recipe in use, None where none does.
    """

    offers: tuple[OfferedRecipe, ...] = ()
    family: OfferedRecipe | None = None
    kept: Path | None = None


def offer_recipes(
    net: Net, shapes: NetShapes, prototxt: Path, chosen: ChosenRecipe | None
) -> RecipeOffers:
    """What may be chosen in place of the recipe in use, that one among them where it is known."""
    picture = picture_input(net, shapes)
    ranked = rank_presets(net, None if picture is None else picture.shape)
    offers = [OfferedRecipe(name, recipe) for name, recipe in ranked.items()]
    family = offers[0] if offers and is_of_family(net, offers[0].name) else None
    try:
        own = choose_recipe_of_net(net, shapes, prototxt, picture.blob if picture else None)
        if all(offer.recipe != own.recipe for offer in offers):
            offers.insert(0, OfferedRecipe(_own_name(own), own.recipe))
    except AppError:
        pass  # the presets are left
    return RecipeOffers(tuple(offers), family, _kept(prototxt, chosen))


def _own_name(own: ChosenRecipe) -> str:
    if own.origin == "the net's transform_param":
        return "As the file's transform_param says"
    return "A guess from the input's shape"


def _kept(prototxt: Path, chosen: ChosenRecipe | None) -> Path | None:
    beside = recipe_path(prototxt)
    try:
        is_kept = chosen is not None and load_recipe(beside) == chosen.recipe
    except AppError:
        return None
    return beside if is_kept else None
