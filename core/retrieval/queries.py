"""Images as queries: a gallery's own as they were indexed, or any files, described now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import ImageError
from core.evaluation.scores import QueryScore, score_ranking
from core.files import is_plain_file, is_there
from core.images.box import BOX_CONVENTION, Box
from core.images.formats import describe_no_file
from core.progress import Job, Progress
from core.retrieval.describing import Describer
from core.retrieval.duplicates import Duplicates
from core.retrieval.expansion import NOTHING, SearchSteps
from core.retrieval.gallery import Gallery, ImageProblem
from core.retrieval.gallery_contents import GONE, stamp_of
from core.retrieval.ground_truth import folder_label
from core.retrieval.search import Ranking, check_query, equal_scores, judge
from core.retrieval.searching import Searching, prepare_search


@dataclass(frozen=True)
class QueryImage:
    """A file to search with, which was named `given`.

    index: of the gallery's image that it is, None for one that is not in it. label: of that image,
    or of the folder below the gallery's that it lies in.
    has_changed: since it was indexed, so that its stored descriptor is of another picture. box: the
    part of it to search with, None for all of it.
    """

    given: Path
    path: Path
    index: int | None = None
    label: str | None = None
    has_changed: bool = False
    note: str | None = None
    box: Box | None = None

    @property
    def needs_net(self) -> bool:
        """Whether it has to be described, for the gallery has no descriptor of what it shows."""
        return self.index is None or self.has_changed or self.box is not None


@dataclass(frozen=True, eq=False)
class Answer:
    """The ranking of a query, which is not in it itself.

    verdicts: (n,) bool, which ranked images have its label, None without one; score: the measures,
    None where none has it.
    """

    query: QueryImage
    ranking: Ranking
    verdicts: np.ndarray | None
    score: QueryScore | None

    @property
    def notes(self) -> tuple[str, ...]:
        """What its reader has to know."""
        query = self.query
        own = () if query.note is None else (query.note,)
        boxed = () if query.box is None else (f"Query {query.box.describe()}: {BOX_CONVENTION}.",)
        return (*boxed, *own, *equal_scores(self.ranking))


@dataclass(frozen=True, eq=False)
class Answers:
    """The answers to several queries, and the files that can't be read.

    duplicates: what was left out of all rankings, None where nothing was. searching: what ranked.
    """

    answers: tuple[Answer, ...]
    problems: tuple[ImageProblem, ...]
    duplicates: Duplicates | None = None
    searching: Searching | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What their reader has to know."""
        left_out = () if self.duplicates is None else (self.duplicates.note(),)
        how = () if self.searching is None else self.searching.notes
        return (*left_out, *how)


def find_query(gallery: Gallery, path: Path, box: Box | None = None) -> QueryImage:
    """What `path` is to a gallery: relative to the working folder, or else as the gallery lists it.

    box: the part of it to search with. Raises ImageError if there is neither such a file nor such
    an image.
    """
    index = gallery.find(path.absolute())
    if index is None and not is_there(path):
        index = gallery.find(path)
    if index is not None:
        return own_query(gallery, index, path, box)
    if not is_plain_file(path):
        hint = "" if is_there(path) else "And the gallery has no image of that name."
        raise ImageError(describe_no_file(path), hint=hint)
    below = gallery.relative(path) if gallery.truth == "folders" else None
    label = None if below is None else folder_label(below)
    return QueryImage(path, path, label=label, box=box)


def answer_queries(
    gallery: Gallery,
    queries: Sequence[QueryImage],
    describer: Describer | None = None,
    search: SearchSteps = NOTHING,
    duplicates: Duplicates | None = None,
) -> Job[Answers]:
    """Rank a gallery for each query.

    describer: of the gallery's recipe; needed if any query says that it needs the net. search: what
    is done beside exact search. duplicates: what to leave out as neither right nor wrong.
    """
    answers, problems = [], []
    searching = yield from prepare_search(gallery, search, duplicates)
    for number, query in enumerate(queries):
        yield Progress(number, len(queries), "queries ranked")
        try:
            answers.append(_answer(gallery, query, describer, searching))
        except ImageError as error:
            problems.append(ImageProblem(str(query.given), error.sentence))
    yield Progress(len(queries), len(queries), "queries ranked")
    return Answers(tuple(answers), tuple(problems), duplicates, searching)


def own_query(
    gallery: Gallery, index: int, given: Path | None = None, box: Box | None = None
) -> QueryImage:
    """An image of the gallery as a query, with a note where its file is another now, or gone."""
    image, path = gallery.images[index], gallery.path(index)
    if given is not None and is_plain_file(given):
        path = given  # where it is now, if its folder went elsewhere
    given = given or path
    stamp = stamp_of(path)
    if stamp == image.stamp or box is not None:  # a part of it is described from the file anyhow
        return QueryImage(given, path, index, image.label, box=box)
    if stamp == GONE:
        note = f"{image.path} is gone since it was indexed; its descriptor of then is used."
        return QueryImage(given, path, index, image.label, note=note)
    note = f"{image.path} has changed since it was indexed, so it is described anew."
    return QueryImage(given, path, index, image.label, has_changed=True, note=note)


def _answer(
    gallery: Gallery, query: QueryImage, describer: Describer | None, searching: Searching
) -> Answer:
    ranking = searching.rank(_vector(gallery, query, describer), query.index)
    verdicts = judge(ranking, gallery.labels, query.label)
    is_scored = verdicts is not None and bool(verdicts.any()) and searching.ranks_all
    score = score_ranking(verdicts) if is_scored and verdicts is not None else None
    return Answer(query, ranking, verdicts, score)


def _vector(gallery: Gallery, query: QueryImage, describer: Describer | None) -> np.ndarray:
    """The descriptor to search with, (dimension,) float32."""
    if query.index is not None and not query.needs_net:
        return gallery.rows[query.index]
    if describer is None:
        raise ImageError(f"{query.path} can't be searched with, for no net is running.")
    gallery.check_recipe(describer.recipe)
    return check_query(gallery, describer.describe_file(query.path, query.box))
