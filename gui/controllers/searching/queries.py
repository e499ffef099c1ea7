"""A ranked query as the page shows it, and the queries of before to go back to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.files import is_there
from core.retrieval.gallery import Gallery
from core.retrieval.queries import Answer
from gui.controllers.searching.values import query_view, ranked_tiles
from gui.panels.retrieval.view import QueryView, Tiles

MOST_FORMER = 100


@dataclass(frozen=True, eq=False)
class Found:
    """A ranked query, with what it was ranked in."""

    query: QueryView
    tiles: Tiles
    gallery: Gallery
    answer: Answer


class History:
    """Queries in the order in which they were asked, and which of them is shown."""

    def __init__(self) -> None:
        self._paths: list[Path] = []
        self._at = -1

    def note(self, path: Path) -> None:
        """A query was ranked; what lay ahead of the one before is forgotten."""
        if 0 <= self._at < len(self._paths) and self._paths[self._at] == path:
            return
        self._paths = [*self._paths[: self._at + 1], path][-MOST_FORMER:]
        self._at = len(self._paths) - 1

    def peek(self, step: int) -> Path | None:
        """The query `step` places on, -1 for the one before; None where there is none."""
        place = self._at + step
        return self._paths[place] if 0 <= place < len(self._paths) else None

    def walk(self, step: int) -> Path | None:
        """Go there; the query that is to be asked again."""
        path = self.peek(step)
        if path is not None:
            self._at += step
        return path

    def clear(self) -> None:
        """Another folder or net: its queries are no queries here."""
        self._paths, self._at = [], -1


def found_view(gallery: Gallery, answer: Answer) -> Found:
    """The ranking of one of the gallery's images, or of one from elsewhere."""
    query = answer.query
    if query.index is None:
        name, note = _named(gallery, query.path)
    else:
        image = gallery.images[query.index]
        name = image.path
        note = f"{image.width:,} \N{MULTIPLICATION SIGN} {image.height:,} px"
    if query.note is not None:
        note = "changed since it was indexed" if query.has_changed else "gone since it was indexed"
    view = query_view(query.path, name, note, answer)
    return Found(view, ranked_tiles(gallery, answer), gallery, answer)


def _named(gallery: Gallery, path: Path) -> tuple[str, str]:
    """The name and the note of an image that the gallery does not hold."""
    if is_there(gallery.root):
        below = gallery.relative(path)
        if below is not None:
            problem = next((one for one in gallery.problems if one.path == below), None)
            return below, "in the folder, not read yet" if problem is None else problem.reason
    return path.name, "not in the folder, no label"
