"""A ranked query as the page shows it, and the queries of before to go back to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from core.files import is_there
from core.retrieval.gallery import Gallery, ImageProblem
from core.retrieval.queries import Answer
from core.retrieval.searching import Searching
from gui.controllers.searching.states import Asked
from gui.controllers.searching.values import query_view, ranked_tiles
from gui.panels.retrieval.view import QueryView, Tiles

MOST_FORMER = 100


@dataclass(frozen=True, eq=False)
class Found:
    """A ranked query, with what it was ranked in.

    searching: what ranked it. problems: images that were to count with it and can't be read.
    """

    query: QueryView
    tiles: Tiles
    gallery: Gallery
    answer: Answer
    searching: Searching | None = None
    problems: tuple[ImageProblem, ...] = ()

    @property
    def search_notes(self) -> tuple[str, ...]:
        """What was done beside a plain exact search."""
        return () if self.searching is None else self.searching.notes


class History:
    """Queries in the order in which they were asked, and which of them is shown."""

    def __init__(self) -> None:
        self._asked: list[Asked] = []
        self._at = -1

    def note(self, asked: Asked) -> None:
        """A query was ranked; what lay ahead of the one before is forgotten."""
        if 0 <= self._at < len(self._asked) and self._asked[self._at] == asked:
            return
        self._asked = [*self._asked[: self._at + 1], asked][-MOST_FORMER:]
        self._at = len(self._asked) - 1

    def peek(self, step: int) -> Asked | None:
        """The query `step` places on, -1 for the one before; None where there is none."""
        place = self._at + step
        return self._asked[place] if 0 <= place < len(self._asked) else None

    def walk(self, step: int) -> Asked | None:
        """Go there; the query that is to be asked again."""
        asked = self.peek(step)
        if asked is not None:
            self._at += step
        return asked

    def clear(self) -> None:
        """Another folder or net: its queries are no queries here."""
        self._asked, self._at = [], -1


def found_view(gallery: Gallery, answer: Answer, size: tuple[int, int] = (0, 0)) -> Found:
    """The ranking of one of the gallery's images, or of one from elsewhere.

    size: of the upright picture in pixels, for a query that is a part of it.
    """
    query = answer.query
    if query.index is None:
        name, note = _named(gallery, query.path)
    else:
        image = gallery.images[query.index]
        name = image.path
        note = f"{image.width:,} \N{MULTIPLICATION SIGN} {image.height:,} px"
    if query.note is not None:
        note = "changed since it was indexed" if query.has_changed else "gone since it was indexed"
    if query.box is not None and min(size) > 0:
        left, top, right, bottom = query.box.inside(*size)
        note = f"crop {_pixels(right - left, bottom - top)} of {_pixels(*size)} px"
    view = replace(query_view(query.path, name, note, answer), box=query.box, size=size)
    return Found(view, ranked_tiles(gallery, answer), gallery, answer)


def _pixels(width: int, height: int) -> str:
    return f"{width:,} \N{MULTIPLICATION SIGN} {height:,}"


def _named(gallery: Gallery, path: Path) -> tuple[str, str]:
    """The name and the note of an image that the gallery does not hold."""
    if is_there(gallery.root):
        below = gallery.relative(path)
        if below is not None:
            problem = next((one for one in gallery.problems if one.path == below), None)
            return below, "in the folder, not read yet" if problem is None else problem.reason
    return path.name, "not in the folder, no label"
