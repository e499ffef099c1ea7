"""Another input size for a recipe: what layers without full connections can be read at."""

from __future__ import annotations

import re
from dataclasses import replace

from core.errors import RequestError
from core.images.preprocess import Preprocess
from core.images.recipe_choice import ChosenRecipe

SIZE_HELP = (
    "N for the recipe's own way at that size, WxH to warp, longest:N to keep the aspect with the "
    "longer side at most N, original for no resize"
)
_WORD = re.compile(
    r"(?P<width>\d{1,5})x(?P<height>\d{1,5})|(?P<longest>longest:)?(?P<side>\d{1,5})"
)


def sized_recipe(recipe: Preprocess, words: str) -> Preprocess:
    """The recipe with pictures of another size, colours and mean as they were.

    words: as SIZE_HELP says. At N a warp gives N x N, a centre crop N x N of a side that grows as
    much. Raises RequestError for other words, ImageError for a size that can't be.
    """
    word = words.strip().lower()
    if word == "original":
        return replace(recipe, size_policy="original")
    match = _WORD.fullmatch(word)
    if match is None:
        raise RequestError(f"'{words}' is no size.", hint=f"Known: {SIZE_HELP}.")
    if match["width"]:
        return replace(
            recipe, size_policy="warp", width=int(match["width"]), height=int(match["height"])
        )
    side = int(match["side"])
    if match["longest"]:
        return replace(recipe, size_policy="longest side", side=side)
    if recipe.is_free_size:
        return replace(recipe, size_policy="longest side", side=side)
    factor = side / recipe.width
    height = round(recipe.height * factor)
    return replace(
        recipe,
        width=side,
        height=height,
        # set where they count: a crop must fit into them, and a warp has none
        side=max(side, height, round(recipe.side * factor)),
        side_height=None if recipe.side_height is None else round(recipe.side_height * factor),
    )


def with_size(chosen: ChosenRecipe, words: str) -> ChosenRecipe:
    """A chosen recipe at another size, which its note says; the same without words."""
    if not words:
        return chosen
    recipe = sized_recipe(chosen.recipe, words)
    note = f"Pictures are of another size than the recipe's: {words}."
    return replace(chosen, recipe=recipe, note=f"{chosen.note} {note}".lstrip())
