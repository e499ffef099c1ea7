"""A query ranked before and after interventions, the gallery as it was read or changed likewise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.engine_names import GRAPH_ENGINES
from core.engines.changes import Writing
from core.engines.engine import Engine
from core.engines.host import EngineHost
from core.engines.values import Value
from core.errors import ImageError, RequestError
from core.evaluation.scores import score_ranking
from core.interventions.intervention import Intervention
from core.jobs.gallery_net import opened_gallery_net
from core.jobs.intervene import MOST_ALONE, change_of
from core.jobs.query import QueryRequest, query
from core.jobs.way_back import changeable
from core.measures.measure import KEEP, Measure
from core.progress import Job, Progress
from core.retrieval.describing import Describer
from core.retrieval.gallery import Gallery
from core.retrieval.queries import Answer
from core.retrieval.search import judge, rank_vectors
from core.retrieval.two_rankings import RankedIn, TwoRankings, set_against
from core.words import percent_number


@dataclass(frozen=True)
class RankChangedRequest:
    """One query, and what is written over in the net that describes it.

    changes_gallery: describe every image of the gallery with the changed net too; else it stays as
    it was read.
    """

    query: QueryRequest
    interventions: tuple[Intervention, ...]
    changes_gallery: bool = False


@dataclass(frozen=True, eq=False)
class ChangedRanking:
    """Both rankings; n_kept: images that could not be read anew and count as they were read.

    alone: by intervention the AP with it alone, 0 to 1; () for one, for many, without labels, and
    where the gallery is changed too, which would be read once for each. moved: for each of those
    whether the query's descriptor differs with it alone. is_moved: whether it differs with all.
    """

    rankings: TwoRankings
    changes_gallery: bool
    n_kept: int = 0
    alone: tuple[float, ...] = ()
    moved: tuple[bool, ...] = ()
    is_moved: bool = True

    @property
    def precisions(self) -> tuple[float, float] | None:
        """AP before and after, 0 to 1; None for a query without a label."""
        before, after = self.rankings.first, self.rankings.second
        if before.average_precision is None or after.average_precision is None:
            return None
        return before.average_precision, after.average_precision

    @property
    def layer(self) -> str:
        """The layer, or layers, that the ranking is of."""
        return self.rankings.first.gallery.recipe.layer

    @property
    def clause(self) -> str:
        """ "the query's AP falls from 90.1 to 82.0 %"; "" without a label."""
        both = self.precisions
        if both is None:
            return ""
        before, after = map(percent_number, both)
        if not self.is_moved:
            return f"nothing reaches {self.layer}, so the query's AP stays at {before} %"
        if before == after:
            return f"the query's AP stays at {before} %"
        verb = "falls" if both[1] < both[0] else "rises"
        return f"the query's AP {verb} from {before} to {after} %"


@dataclass(frozen=True, eq=False)
class ChangedEngine:
    """Stands for an engine whose values are written over in every pass, for who describes images.

    arrays: of other images, by the number of the intervention.
    """

    engine: Engine
    interventions: tuple[Intervention, ...]
    arrays: Mapping[int, np.ndarray]

    def measure(
        self, inputs: Mapping[str, np.ndarray], wants: Mapping[Value, Sequence[Measure]]
    ) -> dict[tuple[Value, Measure], np.ndarray]:
        """As an engine does; what stands for a layer is that layer's value of the same inputs."""
        writings = []
        for number, one in enumerate(self.interventions):
            array = self.arrays.get(number)
            if one.kind == "layer" and one.source is not None:
                array = self.engine.forward(inputs, [one.source])[one.source]
            writings.append(Writing(change_of(one), array))
        _, found = self.engine.intervene(writings, wants, inputs=inputs)
        return found


def rank_changed(request: RankChangedRequest, host: EngineHost) -> Job[ChangedRanking]:
    """Rank twice. Raises ImageError if the query can't be read, AppError for what does not fit."""
    asked, gallery = _changeable(request.query), request.query.gallery
    if len(asked.images) != 1 or asked.fusion is not None:
        raise RequestError("Interventions are shown on a query of one image.")
    before = (yield from query(asked, host)).answers[0]
    image = before.query
    alone, moved = [], []
    with opened_gallery_net(gallery, host, asked.net, asked.runs_on) as describer:
        changed = _changed(describer, request.interventions)
        vector = changed.describe_file(image.path, image.box)
        untouched = _changed(describer, ()).describe_file(image.path, image.box)
        rows, n_kept = np.asarray(gallery.rows[:], np.float32), 0
        if request.changes_gallery:
            rows, n_kept = yield from _described(changed, request)
        after = _answer(gallery, before, rows, vector)
        each = request.interventions if _tells_alone(request, after) else ()
        for number, one in enumerate(each):
            yield Progress(number, len(each), "interventions by themselves")
            of_one = _changed(describer, (one,)).describe_file(image.path, image.box)
            score = _answer(gallery, before, rows, of_one).score
            alone.append(0.0 if score is None else score.average_precision)
            moved.append(not np.array_equal(of_one, untouched))
    both = set_against(RankedIn(gallery, before), RankedIn(gallery, after))
    is_moved = not np.array_equal(vector, untouched)
    return ChangedRanking(
        both, request.changes_gallery, n_kept, tuple(alone), tuple(moved), is_moved
    )


def _changeable(asked: QueryRequest) -> QueryRequest:
    """The same question to an engine that changes values, before and after."""
    net = asked.net if asked.net is None else changeable(asked.net)
    runs_on = asked.runs_on
    if runs_on is not None and runs_on.engine.name in GRAPH_ENGINES:
        runs_on = replace(runs_on, engine=runs_on.engine.exact)
    return replace(asked, net=net, runs_on=runs_on)


def _tells_alone(request: RankChangedRequest, after: Answer) -> bool:
    is_some = 1 < len(request.interventions) <= MOST_ALONE
    return is_some and after.score is not None and not request.changes_gallery


def _answer(gallery: Gallery, before: Answer, rows: np.ndarray, vector: np.ndarray) -> Answer:
    """The query of `before` by another vector; rows: (n_images, dimension)."""
    ranking = rank_vectors(rows, vector, exclude=before.query.index)
    verdicts = judge(ranking, gallery.labels, before.label)
    is_scored = verdicts is not None and bool(verdicts.any())
    score = score_ranking(verdicts) if is_scored and verdicts is not None else None
    return Answer(before.query, ranking, verdicts, score)


def _changed(describer: Describer, interventions: tuple[Intervention, ...]) -> Describer:
    engine = describer.engine
    if not isinstance(engine, Engine):
        raise RequestError("This gallery's net can't be changed.")
    arrays = {}
    for number, one in enumerate(interventions):
        if one.kind == "image":
            prepared = describer.prepare(Path(one.image)).values[None]
            found = engine.measure(describer.feed.inputs(prepared), {one.value: (KEEP,)})
            arrays[number] = found[one.value, KEEP]
    return replace(describer, engine=ChangedEngine(engine, interventions, arrays))


def _described(changed: Describer, request: RankChangedRequest) -> Job[tuple[np.ndarray, int]]:
    """Every image with the changed net, (n_images, dimension) float32; not readable: as it was."""
    gallery = request.query.gallery
    rows = np.array(gallery.rows[:], dtype=np.float32)
    n_kept = 0
    for number in range(len(rows)):
        yield Progress(number, len(rows), "images read with the changed net")
        try:
            rows[number] = changed.describe_file(gallery.path(number))
        except ImageError:
            n_kept += 1
    return rows, n_kept
