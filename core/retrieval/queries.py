"""Images as queries: a gallery's own as they were indexed, or any files, described now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.errors import ImageError
from core.evaluation.scores import AP_VARIANT, QueryScore, score_ranking
from core.files import is_plain_file, is_there
from core.images.box import BOX_CONVENTION, Box
from core.images.formats import describe_no_file
from core.progress import Job, Progress
from core.retrieval.benchmarks import WORDS, Benchmark, judge_by_benchmark
from core.retrieval.describing import Describer
from core.retrieval.duplicates import Duplicates
from core.retrieval.fusion import FUSION_WORDS, UNLIKE_WEIGHT, Fusion, QueryVectors
from core.retrieval.gallery import Gallery, ImageProblem
from core.retrieval.gallery_contents import GONE, stamp_of
from core.retrieval.ground_truth import folder_label
from core.retrieval.search import Ranking, check_query, equal_scores, judge
from core.retrieval.search_steps import NOTHING, SearchSteps
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


@dataclass(frozen=True)
class Asked:
    """How queries are put: fusion makes all of them one, None ranks for each by itself.

    unlike: images that answers are not to be like, weighed by unlike_weight.
    """

    fusion: Fusion | None = None
    unlike: tuple[QueryImage, ...] = ()
    unlike_weight: float = UNLIKE_WEIGHT


PLAINLY = Asked()


@dataclass(frozen=True, eq=False)
class Answer:
    """The ranking of a query, which is not in it itself.

    verdicts: (n,) bool, which ranked images have its label, None without one; score: the measures,
    None where none has it. others: the further images that are one query with the first. asked: how
    they are, and what they are not to be like. junk: (n,) bool, which take no rank by the rule of a
    benchmark, None for a query that is judged by its label. judged_by: that rule. ap_variant: of
    the score.
    """

    query: QueryImage
    ranking: Ranking
    verdicts: np.ndarray | None
    score: QueryScore | None
    others: tuple[QueryImage, ...] = ()
    asked: Asked = PLAINLY
    junk: np.ndarray | None = None
    judged_by: str = ""
    ap_variant: str = AP_VARIANT

    @property
    def label(self) -> str | None:
        """What the query's images show, None where they do not say so with one voice."""
        return _label_of((self.query, *self.others))

    @property
    def notes(self) -> tuple[str, ...]:
        """What its reader has to know."""
        query = self.query
        own = tuple(
            one.note for one in (query, *self.others, *self.asked.unlike) if one.note is not None
        )
        boxed = () if query.box is None else (f"Query {query.box.describe()}: {BOX_CONVENTION}.",)
        return (*boxed, *self._how_asked(), *own, *equal_scores(self.ranking))

    def _how_asked(self) -> Iterator[str]:
        if self.others and self.asked.fusion is not None:
            how = FUSION_WORDS[self.asked.fusion]
            named = ", ".join(one.path.name for one in (self.query, *self.others))
            yield f"One query of {1 + len(self.others)} images, {how}: {named}."
        if self.asked.unlike:
            named = ", ".join(one.path.name for one in self.asked.unlike)
            yield f"Not like (Rocchio, weight {self.asked.unlike_weight:g}): {named}."
        if self.judged_by:
            yield f"Right, wrong and junk as {self.judged_by} has it."


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
    asked: Asked = PLAINLY,
    benchmark: Benchmark | None = None,
    prepared: Searching | None = None,
) -> Job[Answers]:
    """Rank a gallery for each query, or for all of them as one.

    describer: of the gallery's recipe; needed if any query says that it needs the net. search: what
    is done beside exact search. duplicates: what to leave out as neither right nor wrong.
    benchmark: whose queries are judged by its rule, and not by their labels. prepared: of an
    earlier answer, so that nothing is augmented again. Raises ImageError where there is nothing
    left that answers are not to be like.
    """
    answers: list[Answer] = []
    problems: list[ImageProblem] = []
    if prepared is None or not prepared.is_of(gallery, search, duplicates):
        prepared = yield from prepare_search(gallery, search, duplicates)
    against, unlike = yield from _described(gallery, asked.unlike, describer, problems)
    if asked.unlike and not against:
        raise ImageError(problems[0].reason)
    asked = replace(asked, unlike=against)
    step = len(queries) if asked.fusion is not None else 1
    for start in range(0, len(queries), max(1, step)):
        yield Progress(start, len(queries), "queries ranked")
        some, vectors = yield from _described(
            gallery, queries[start : start + step], describer, problems
        )
        if some:
            answers.append(_answer(gallery, some, vectors, prepared, asked, unlike, benchmark))
    yield Progress(len(queries), len(queries), "queries ranked")
    return Answers(tuple(answers), tuple(problems), duplicates, prepared)


def with_box(benchmark: Benchmark, query: QueryImage) -> QueryImage:
    """The query with the box that a benchmark searches with, where it has none of its own."""
    asked = benchmark.of_image(query.index)
    if asked is None or asked.box is None or query.box is not None:
        return query
    return replace(query, box=asked.box, has_changed=False, note=None)


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


def _described(
    gallery: Gallery,
    queries: Sequence[QueryImage],
    describer: Describer | None,
    problems: list[ImageProblem],
) -> Job[tuple[tuple[QueryImage, ...], list[np.ndarray]]]:
    """Those that can be read and their descriptors; the others are added to the problems."""
    some, vectors = [], []
    for number, query in enumerate(queries):
        if len(queries) > 1:
            yield Progress(number, len(queries), "query images described")
        try:
            vectors.append(_vector(gallery, query, describer))
            some.append(query)
        except ImageError as error:
            problems.append(ImageProblem(str(query.given), error.sentence))
    return tuple(some), vectors


def _answer(
    gallery: Gallery,
    queries: Sequence[QueryImage],
    vectors: Sequence[np.ndarray],
    searching: Searching,
    asked: Asked,
    unlike: Sequence[np.ndarray],
    benchmark: Benchmark | None = None,
) -> Answer:
    of_rule = None
    if benchmark is not None and len(queries) == 1:
        of_rule = benchmark.of_image(queries[0].index)
    is_ranked = of_rule is not None and of_rule.keeps_itself
    own = tuple(one.index for one in queries if one.index is not None and not is_ranked)
    ranking = searching.rank_for(
        QueryVectors(
            np.stack(vectors),
            own,
            asked.fusion or "mean",
            np.stack(unlike) if unlike else None,
            asked.unlike_weight,
        )
    )
    is_whole = searching.lists_all(ranking, own)
    if benchmark is not None and of_rule is not None:
        judged = judge_by_benchmark(benchmark, of_rule, ranking)
        return Answer(
            queries[0],
            ranking,
            judged.is_relevant,
            judged.score if is_whole else None,
            asked=asked,
            junk=judged.is_junk,
            judged_by=WORDS[benchmark.protocol],
            ap_variant=benchmark.variant,
        )
    verdicts = judge(ranking, gallery.labels, _label_of(queries))
    is_scored = verdicts is not None and bool(verdicts.any()) and is_whole
    score = score_ranking(verdicts) if is_scored and verdicts is not None else None
    return Answer(queries[0], ranking, verdicts, score, tuple(queries[1:]), asked)


def _label_of(queries: Sequence[QueryImage]) -> str | None:
    labels = {one.label for one in queries}
    return labels.pop() if len(labels) == 1 else None


def _vector(gallery: Gallery, query: QueryImage, describer: Describer | None) -> np.ndarray:
    """The descriptor to search with, (dimension,) float32."""
    if query.index is not None and not query.needs_net:
        return gallery.rows[query.index]
    if describer is None:
        raise ImageError(f"{query.path} can't be searched with, for no net is running.")
    gallery.check_recipe(describer.recipe)
    return check_query(gallery, describer.describe_file(query.path, query.box))
