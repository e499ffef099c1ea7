"""Where the search of a folder stands: a table of stages and what happens to them, without Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from pathlib import Path
from typing import NamedTuple

from core.images.box import Box
from core.retrieval.duplicates import Duplicates
from core.retrieval.gallery import Gallery
from core.retrieval.search_steps import NOTHING, SearchSteps
from gui.controllers.searching.index import Searched
from gui.panels.retrieval.view import EvaluationRow, RecipeChoice

MOST_VAIN_CRASHES = 1


class Asked(NamedTuple):
    """What is searched with: an image, or the part of it in a box."""

    path: Path
    box: Box | None = None


class Stage(Enum):
    """Where the search of a folder stands."""

    NO_FOLDER = auto()
    CHOSEN = auto()
    """A folder is chosen; nothing of it is shown yet."""
    INDEXING = auto()
    SEARCHABLE = auto()
    """Every image of the folder that can be used is in the gallery."""
    STOPPED = auto()
    """The user ended the index; nothing of it is shown (yet)."""
    PART = auto()
    """What an ended index has left can be searched, in this session or an earlier one."""
    INTERRUPTED = auto()
    """The engine is gone; the index goes on with the next one."""
    FAILED = auto()
    """The folder can't be indexed as things are."""


class Event(Enum):
    """What happens to a search."""

    FOLDER_CHOSEN = auto()
    ASKED = auto()
    INDEXED = auto()
    CANCELLED = auto()
    PART_FOUND = auto()
    WHOLE_FOUND = auto()
    ENGINE_GONE = auto()
    FAILED = auto()
    NET_OPENED = auto()


_S, _E = Stage, Event
_AT_REST = (_S.CHOSEN, _S.SEARCHABLE, _S.STOPPED, _S.PART, _S.FAILED)
TRANSITIONS: Mapping[tuple[Stage, Event], Stage] = {
    **{(stage, _E.NET_OPENED): _S.NO_FOLDER for stage in Stage},
    **{(stage, _E.FOLDER_CHOSEN): _S.CHOSEN for stage in Stage},
    **{(stage, _E.ASKED): _S.INDEXING for stage in Stage},
    **{(stage, _E.PART_FOUND): _S.PART for stage in _AT_REST},
    **{(stage, _E.WHOLE_FOUND): _S.SEARCHABLE for stage in _AT_REST},
    (_S.INDEXING, _E.INDEXED): _S.SEARCHABLE,
    (_S.INDEXING, _E.CANCELLED): _S.STOPPED,
    (_S.INDEXING, _E.ENGINE_GONE): _S.INTERRUPTED,
    (_S.INDEXING, _E.FAILED): _S.FAILED,
    (_S.INTERRUPTED, _E.CANCELLED): _S.STOPPED,
}
"""The stage that follows; what is not here changes nothing, as a result that comes too late."""


@dataclass
class Search:
    """One folder searched with one representation.

    searched: the gallery shown now; while another layer is indexed, that of the layer before.
    listed: the folder's images before they are indexed. rows: what was evaluated, by choice and by
    what is done beside exact search, with the net and preprocessing of `rows_of`. benchmark: the
    published ground truth that queries are judged by, "" for labels. left_out: copies that are not
    ranked, by the numbers of the gallery that is searched; None for none. steps: what is done
    beside exact search. cluster: the address of the one that reads folders, "" for this machine.
    """

    stage: Stage = Stage.NO_FOLDER
    folder: Path | None = None
    choice: RecipeChoice | None = None
    searched: Searched | None = None
    query: Asked | None = None
    listed: tuple[Path, ...] = ()
    rows: dict[tuple[RecipeChoice, str], EvaluationRow] = field(default_factory=dict)
    rows_of: object = None
    benchmark: str = ""
    left_out: Duplicates | None = None
    steps: SearchSteps = NOTHING
    cluster: str = ""
    n_done: int = 0
    _n_vain_crashes: int = 0

    def key_of(self, choice: RecipeChoice) -> tuple[RecipeChoice, str]:
        """What an evaluation of it is kept by."""
        return choice, self.steps.variant

    def forget_rows(self, choice: RecipeChoice) -> None:
        """What was evaluated of a choice holds no more."""
        for key in [key for key in self.rows if key[0] == choice]:
            del self.rows[key]

    def copies_for(self, gallery: Gallery) -> int | Duplicates | None:
        """The copies to leave out of a gallery's rankings; a benchmark says itself what is ranked.

        Of a gallery of other images they are to be found anew.
        """
        found, searched = self.left_out, self.searched
        if found is None or self.benchmark or searched is None:
            return None
        is_same = searched.gallery.images.paths == gallery.images.paths
        return found if is_same else found.limit

    def happens(self, event: Event) -> bool:
        """Go where the table says; False where it says nothing."""
        following = TRANSITIONS.get((self.stage, event))
        if following is None:
            return False
        self.stage = following
        return True

    @property
    def is_indexing(self) -> bool:
        """Whether an index job is queued or running."""
        return self.stage is Stage.INDEXING

    @property
    def goes_on_with_next_engine(self) -> bool:
        """Whether a new engine takes up what the last one left."""
        return self.stage is Stage.INTERRUPTED

    @property
    def may_work_now(self) -> bool:
        """Whether another engine or device is worth a try."""
        return self.searched is None and self.stage in (
            Stage.INDEXING,
            Stage.INTERRUPTED,
            Stage.FAILED,
        )

    def choose_folder(self, folder: Path) -> None:
        """Turn to a folder; another one has other images, bars and queries."""
        self._n_vain_crashes = 0
        if folder == self.folder:
            return
        self.happens(Event.FOLDER_CHOSEN)
        self.folder, self.searched, self.query, self.benchmark = folder, None, None, ""
        self.left_out = None
        self.listed = ()
        self.rows.clear()

    def ask(self) -> None:
        """An index begins, or goes on."""
        self.happens(Event.ASKED)
        self.n_done = 0

    def finish(self, searched: Searched) -> bool:
        """An index came to its end; False where nobody waits for it, or for another one by now."""
        choice = searched.reading.choice
        # a rename while it ran gave the chosen top another name
        is_chosen = self.choice is None or replace(choice, top=self.choice.top) == self.choice
        if not self.happens(Event.INDEXED) or not is_chosen:
            return False
        self.searched, self.choice = searched, choice
        self._n_vain_crashes = 0
        return True

    def take_part(self, searched: Searched) -> bool:
        """What an ended index left; False where the search has moved on."""
        if not self.happens(Event.PART_FOUND):
            return False
        self.searched = searched
        return True

    def show(self, searched: Searched, *, is_whole: bool) -> bool:
        """Turn to a gallery that is there; an index goes on beside it. False without a folder."""
        if self.stage is Stage.NO_FOLDER:
            return False
        self.happens(Event.WHOLE_FOUND if is_whole else Event.PART_FOUND)
        self.searched = searched
        self.choice = searched.reading.choice
        return True

    def fail(self) -> None:
        """This layer can't be indexed so; what is searched by goes on being shown as chosen."""
        if self.happens(Event.FAILED) and self.searched is not None:
            self.choice = self.searched.reading.choice

    def crash(self) -> bool:
        """The engine died while indexing; False where this net has ended one in vain before."""
        self._n_vain_crashes = 0 if self.n_done else self._n_vain_crashes + 1
        if self._n_vain_crashes > MOST_VAIN_CRASHES:
            self.happens(Event.FAILED)
            return False
        return self.happens(Event.ENGINE_GONE)

    def close(self) -> None:
        """Another net: nothing of this search holds."""
        self.happens(Event.NET_OPENED)
        self.folder = self.choice = self.searched = self.query = None
        self.listed, self.benchmark, self.left_out = (), "", None
        self.rows.clear()
        self.n_done = self._n_vain_crashes = 0
