"""Images a pass of a survey where "auto" is asked for: from free memory, or as a gallery has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.engines.batch_size import AUTO_BATCH, BatchSize, BatchWish, Probed, choose_batch
from core.engines.host import EngineHost, NetToRun
from core.engines.operations import Memory
from core.engines.several import spec_of_child
from core.engines.values import Value
from core.errors import EngineOutOfMemory
from core.images.preprocess import Preprocess
from core.measures.measure import Measure
from core.progress import Job, Progress
from core.retrieval.gallery_store import GalleryStore
from core.surveys.feed import Feed
from core.surveys.part_files import PartFiles

_PICTURE = (1024, 768)
"""Width and height of what is planned for under a recipe that takes pictures of any size."""
_N_TRIED = 4
"""Images of the pass whose memory is counted."""


def settle_batch(
    wish: BatchWish,
    net: NetToRun,
    host: EngineHost,
    feed: Feed,
    recipe: Preprocess,
    wants: Mapping[Value, Sequence[Measure]],
    *,
    gallery: Path | None = None,
    scale: float = 1.0,
) -> Job[BatchSize]:
    """How many images share a pass; on several devices as many as the fullest one takes.

    gallery: a folder whose gallery, if it holds one, says how many: so images that are added have
    the bits that they would have had with the others. scale: the largest factor by which pictures
    of the recipe are scaled.
    """
    if wish != AUTO_BATCH:
        return BatchSize(wish)
    if feed.mixing is not None:
        return BatchSize(1)
    noted = 0 if gallery is None else _noted_in(gallery)
    if noted:
        return BatchSize(noted, "as the gallery was made")
    yield Progress(0, 0, "free memory found")
    channels, height, width = recipe.output_shape(*_PICTURE)
    shape = (channels, round(height * scale), round(width * scale))
    found = []
    for number, device in enumerate(net.device.split(",")):
        alone = replace(net, device=device, engine=spec_of_child(net.engine, number))
        found.append(choose_batch(_probed(alone, host, feed, shape, wants), device))
    return min(found, key=lambda one: one.n_images)


def as_begun(batch: BatchSize, parts: PartFiles) -> BatchSize:
    """A chosen size gives way to the one of an earlier run: the last bits depend on it."""
    if not batch.reason:
        return batch
    if parts.batch:
        return BatchSize(parts.batch, "as the extraction was begun")
    parts.begin(batch.n_images)
    return batch


def _noted_in(folder: Path) -> int:
    """What the gallery of a folder notes; 0 where there is none, or it notes nothing."""
    store = GalleryStore(folder)
    origin = store.read().origin if store.exists else None
    return 0 if origin is None else max(0, origin.batch)


def _probed(
    net: NetToRun,
    host: EngineHost,
    feed: Feed,
    shape: tuple[int, ...],
    wants: Mapping[Value, Sequence[Measure]],
) -> Probed:
    """What the engine says after passes, which load the weights."""
    with host.opened(net) as engine:

        def ask(n_images: int) -> Memory:
            shapes = {name: array.shape for name, array in _inputs(feed, n_images, shape).items()}
            return engine.room(shapes, wants)

        n_run = 1
        with suppress(EngineOutOfMemory):
            engine.measure(_inputs(feed, 1, shape), wants)
            if ask(1).taken_bytes is not None:  # one image alone may take another way
                engine.measure(_inputs(feed, _N_TRIED, shape), wants)
                n_run = _N_TRIED
        return Probed(ask(1), ask(2), n_run)


def _inputs(feed: Feed, n_images: int, shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    # as wide as pictures less their mean: zeros take paths of their own
    rng = np.random.default_rng(0)
    return feed.inputs(50 * rng.standard_normal((n_images, *shape), np.float32))
