"""A ranked query as the panel shows it."""

from __future__ import annotations

from dataclasses import dataclass

from core.retrieval.gallery import Gallery
from core.retrieval.queries import Answer
from gui.controllers.searching.values import query_view, ranked_tiles
from gui.panels.retrieval.view import QueryView, Tiles


@dataclass(frozen=True)
class Found:
    """A ranked query."""

    query: QueryView
    tiles: Tiles


def found_view(gallery: Gallery, answer: Answer) -> Found:
    """The ranking of one of the gallery's images, or of one from outside, which has no label."""
    query = answer.query
    if query.index is None:
        name, note = query.path.name, "not in the folder, no label"
    else:
        image = gallery.images[query.index]
        name = image.path
        note = f"{image.width:,} \N{MULTIPLICATION SIGN} {image.height:,} px"
    if query.note is not None:
        note = "changed since it was indexed" if query.has_changed else "gone since it was indexed"
    view = query_view(query.path, name, note, answer)
    return Found(view, ranked_tiles(gallery, answer))
