"""What one ranking of the window is of: the query, its companions, and how it is searched."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.engines.host import NetToRun
from core.images.box import Box
from core.jobs.query import QueryRequest
from core.retrieval.backends.inverted_lists import why_no_faiss
from core.retrieval.backends.qdrant_server import why_no_qdrant
from core.retrieval.duplicates import Duplicates
from core.retrieval.fusion import Fusion
from core.retrieval.gallery import Gallery
from core.retrieval.queries import find_query
from core.retrieval.search_steps import NOTHING, SearchSteps
from core.retrieval.searching import Searching
from core.words import plural
from gui.jobs import Lane, Lanes
from gui.panels.retrieval.search_choices import AUGMENTED, NEAREST, OPTIONS, SearchView

MOST_AUGMENTED = 50_000
"""Images of which each is compared with each: beyond, the window would work for many minutes."""


@dataclass(frozen=True, eq=False)
class QueryChoices:
    """The steps of a search, and the images that count with the query, or against it.

    prepared: the gallery as it was last searched, so that nothing is augmented or opened again.
    """

    steps: SearchSteps = NOTHING
    together: tuple[Path, ...] = ()
    fusion: Fusion = "mean"
    unlike: tuple[Path, ...] = ()
    prepared: Searching | None = None

    def alone(self) -> QueryChoices:
        """For another query: nothing counts with it or against it."""
        return replace(self, together=(), unlike=())

    def with_member(self, path: Path, *, is_for: bool) -> QueryChoices:
        """One more image that counts, for or against."""
        kept = self.without(path)
        if is_for:
            return replace(kept, together=(*kept.together, path))
        return replace(kept, unlike=(*kept.unlike, path))

    def without(self, path: Path) -> QueryChoices:
        """That image counts no more."""
        return replace(
            self,
            together=tuple(one for one in self.together if one != path),
            unlike=tuple(one for one in self.unlike if one != path),
        )

    def request(self, gallery: Gallery, path: Path, net: NetToRun) -> QueryRequest:
        """The job of ranking a gallery for an image."""
        return QueryRequest(
            gallery,
            (path, *self.together),
            net,
            search=self.steps,
            fusion=self.fusion if self.together else None,
            unlike=self.unlike,
            prepared=self.prepared,
        )

    def needs_net(self, gallery: Gallery, path: Path, box: Box | None = None) -> bool:
        """Whether an image has to be described. Raises ImageError where one is not there.

        box: of the query itself.
        """
        others = (find_query(gallery, one) for one in (*self.together, *self.unlike))
        return find_query(gallery, path, box).needs_net or any(one.needs_net for one in others)

    def lane(self, lanes: Lanes) -> Lane:
        """Where a ranking that needs no net is made: a server may let others wait."""
        return lanes.server if self.steps.backend.server else lanes.compute

    def title(self, gallery: Gallery, left_out: Duplicates | None) -> str:
        """What the status line says while the gallery is made ready; "" where that is quick.

        left_out: copies that are not ranked.
        """
        if self.prepared is not None and self.prepared.is_of(gallery, self.steps, left_out):
            return ""
        if self.steps.backend.name == "faiss":
            return "Lists for approximate search"
        if self.steps.backend.server:
            return f"Asking {self.steps.backend.server}"
        return "Augmenting descriptors" if self.steps.augmentation else ""

    def view(self, gallery: Gallery | None) -> SearchView:
        """As the query column shows it."""
        told = "" if self.prepared is None else self.prepared.backend.describe()
        return SearchView(
            self.steps, self.together, self.fusion, self.unlike, told, self._why_not(gallery)
        )

    def _why_not(self, gallery: Gallery | None) -> tuple[tuple[str, Any, str], ...]:
        found: list[tuple[str, Any, str]] = []
        no_lists, no_server = why_no_faiss(), why_no_qdrant()
        if self.steps.augmentation:
            no_lists = "Lists are of the descriptors as they are, not of augmented ones"
            no_server = "A server holds the descriptors as they are, not augmented ones"
        found += [(NEAREST, "faiss", no_lists)] if no_lists else []
        found += [(NEAREST, "qdrant", no_server)] if no_server else []
        n = 0 if gallery is None else len(gallery)
        why = ""
        if not self.steps.backend.is_exact:
            why = "Approximate search looks through the descriptors as they are"
        elif n > MOST_AUGMENTED:
            each = f"Each of {plural(n, 'image')} would be compared with each"
            why = f"{each}: main.py query --search dba:10"
        found += [(AUGMENTED, k, why) for _, k, _ in OPTIONS[AUGMENTED][1] if k and why]
        return tuple(found)
