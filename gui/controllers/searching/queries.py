"""Ranks a gallery for one query, its own image or one from outside, as the panel shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.engines.base import Engine
from core.engines.host import NetToRun
from core.jobs.index import describer_for
from core.retrieval.gallery import Gallery
from core.retrieval.queries import own_query
from core.retrieval.search import rank_image
from gui.controllers.searching.index import GalleryPlaces, IndexRequest
from gui.controllers.searching.values import query_score, query_view, ranked_tiles
from gui.panels.retrieval.view import QueryView, ResultTile


@dataclass(frozen=True)
class Found:
    """A ranked query."""

    query: QueryView
    tiles: tuple[ResultTile, ...]


def rank_own(gallery: Gallery, index: int) -> Found:
    """Rank a gallery for one of its images, scored by the folder it lies in."""
    ranking = rank_image(gallery, index)
    image = gallery.images[index]
    score = query_score(gallery, ranking, image.label)
    note = f"{image.width:,} \N{MULTIPLICATION SIGN} {image.height:,} px"
    if own_query(gallery, index).has_changed:
        note = "changed since it was indexed: index again"
    query = query_view(gallery.path(index), image.path, note, ranking, score)
    return Found(query, ranked_tiles(gallery, ranking, image.label))


def rank_outside(
    open_net: Callable[[NetToRun], Engine],
    places: GalleryPlaces,
    request: IndexRequest,
    gallery: Gallery,
    path: Path,
) -> Found:
    """Rank a gallery for an image from outside; it has no label, so nothing is scored.

    request: what made the gallery, on the engine of now. Raises GalleryError if that would describe
    the image in another way than the gallery's, ImageError if the image can't be read.
    """
    recipe = places.recipe(request)
    gallery.check_recipe(recipe)
    describer = describer_for(request.net, recipe, open_net(request.net))
    ranking = describer.search(gallery, path)
    query = query_view(path, path.name, "not in the folder, no label", ranking, None)
    return Found(query, ranked_tiles(gallery, ranking, None))
