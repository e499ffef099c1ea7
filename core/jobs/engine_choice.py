"""The engine of a survey where "auto" is asked for: by trial, or as a gallery was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.engine_names import GRAPH_ENGINES, installed_graph_engines
from core.engines.batch_size import AUTO_BATCH, USUAL_BATCH, BatchWish
from core.engines.choosing import choose_engine
from core.engines.host import EngineHost, NetToRun
from core.engines.values import EngineSpec, Value
from core.images.preprocess import Preprocess
from core.measures.measure import Measure
from core.progress import Job, Progress
from core.retrieval.gallery_origin import NotedOrigin
from core.retrieval.gallery_store import GalleryStore
from core.surveys.feed import Feed

_MOST_IMAGES = 8
"""Of a trial: those of a larger batch take as long, each."""
_PICTURE = (1024, 768)
"""Width and height of what is tried under a recipe that takes pictures of any size."""


def settle_engine(
    net: NetToRun,
    host: EngineHost,
    feed: Feed,
    recipe: Preprocess,
    wants: Mapping[Value, Sequence[Measure]],
    batch_size: BatchWish,
) -> Job[NetToRun]:
    """The net with the engine that is quicker for such passes in place of "auto"."""
    if not net.engine.is_by_trial:
        return net
    yield Progress(0, 0, "engines tried")
    size = USUAL_BATCH if batch_size == AUTO_BATCH else min(batch_size, _MOST_IMAGES)
    n_images = 1 if feed.mixing is not None else size
    shape = (n_images, *recipe.output_shape(*_PICTURE))
    # as wide as pictures less their mean: smaller values end in denormals, which are slow
    pictures = 50 * np.random.default_rng(0).standard_normal(shape, np.float32)
    return choose_engine(host, net, feed.inputs(pictures), wants)


def engine_of_gallery_in(folder: Path, net: NetToRun) -> NetToRun:
    """As `engine_of_gallery`, for the gallery that a folder holds, if it does."""
    store = GalleryStore(folder)
    if not net.engine.is_by_trial or not store.exists:
        return net
    return engine_of_gallery(net, store.read().origin)


def engine_of_gallery(net: NetToRun, origin: NotedOrigin | None) -> NetToRun:
    """The net with the engine that a gallery notes in place of "auto", where it runs here.

    "auto" stays for a gallery that notes none.
    """
    noted = "" if origin is None else origin.engine
    if not net.engine.is_by_trial or noted not in ("torch", *GRAPH_ENGINES):
        return net
    can_run = noted == "torch" or (net.device == "cpu" and noted in installed_graph_engines())
    return replace(net, engine=EngineSpec(noted if can_run else "torch"))
