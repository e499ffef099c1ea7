"""A survey by itself, without a gallery, for benches that look at its passes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.engines.host import NetToRun
from core.engines.values import Value
from core.errors import EngineError
from core.images.preprocess import Preprocess
from core.images.recipe_choice import choose_recipe
from core.layers.shapes import infer_shapes
from core.measures.measure import Measure, Pool
from core.net.reader import read_net
from core.progress import run_job
from core.retrieval.sweep_plan import trunk_values
from core.surveys.feed import Feed, plan_feed
from core.surveys.passes import Measurer, Results
from core.surveys.survey import SurveyReport, survey

POOL = Pool("gap")


class Rows:
    """Keeps the descriptors."""

    def __init__(self, value: Value) -> None:
        self.wants: Mapping[Value, Sequence[Measure]] = {value: (POOL,)}
        self.rows: list[np.ndarray] = []

    def take(self, images: Sequence[Any], results: Results) -> None:
        (rows,) = results.values()
        self.rows += list(rows)

    def skip(self, image: Any) -> None:
        raise EngineError(image.problem)


def surveyed(
    engine: Measurer, feed: Feed, images: Sequence[Path], recipe: Preprocess, value: Value,
    batch_size: int,
) -> tuple[list[np.ndarray], SurveyReport]:  # fmt: skip
    """The descriptors in the order of the files, and what the survey says of itself."""
    rows = Rows(value)
    report = run_job(survey(engine, feed, images, recipe, [rows], batch_size=batch_size))
    return rows.rows, report


def planned(to_run: NetToRun) -> tuple[Feed, Value, Preprocess]:
    """What feeds a net's last value of the trunk, that value, and the recipe of pictures."""
    net = read_net(to_run.text)
    shapes = infer_shapes(net)
    value = trunk_values(net)[-1]
    feed = plan_feed(net, shapes, [value])
    return feed, value, choose_recipe(net, shapes, to_run.path, None, blob=feed.picture).recipe
