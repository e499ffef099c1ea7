"""The sweep that the window asks for: its place in the cache, its price, its rows as they come."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from core.engines.host import EngineHost
from core.jobs.index import IndexRequest, descriptor_recipe
from core.jobs.sweep import SweepRequest, SweepStep, Swept, sweep
from core.measures.measure import parse_poolings
from core.progress import Job, Progress
from core.representations.after import parse_after
from core.retrieval.gallery import Gallery, open_gallery
from core.retrieval.gallery_store import SWEEP_NAMES, GalleryStore
from core.retrieval.sweep_cost import SweepCost
from core.retrieval.sweep_file import OpenedSweep, open_sweep
from core.retrieval.sweep_plan import SweepPlan
from core.retrieval.sweep_rows import SweepRow
from gui.controllers.searching.index import ASK_SECONDS, SWEEPS
from gui.controllers.searching.values import fit_folder
from gui.panels.retrieval.sweep_table import SweepOptions

_FITTED = ("pca", "white")


@dataclass(frozen=True)
class Priced:
    """What a sweep costs, where nothing is read yet; n_kept: images that an earlier run read."""

    request: SweepRequest
    cost: SweepCost
    n_kept: int

    @property
    def seconds(self) -> float:
        """Of the passes that are still to come, without decoding and measuring."""
        n_to_read = max(0, self.cost.n_images - self.n_kept)
        return n_to_read / self.cost.batch_size * self.cost.measured_seconds


@dataclass(frozen=True)
class SweepSeen(Progress):
    """How far a sweep came, with all that is known by then: steps may be passed over."""

    priced: Priced | None = None
    plan: SweepPlan | None = None
    rows: tuple[SweepRow, ...] = ()


@dataclass(frozen=True, eq=False)
class StoredSweepFound:
    """A sweep of earlier, and the gallery that it left."""

    sweep: OpenedSweep
    gallery: Gallery


def run_sweep(
    cache: Path,
    index: IndexRequest,
    options: SweepOptions,
    truth: str,
    host: EngineHost,
    *,
    is_agreed: bool,
) -> Job[Swept | Priced]:
    """Sweep, or go on where an earlier run stood; steps are `SweepSeen`s.

    index: the net, the folder and the preprocessing. is_agreed: however long it takes; else the
    price comes back where that may take long.
    """
    request = _request(cache, index, options, truth)
    request.out.parent.mkdir(parents=True, exist_ok=True)
    seen = SweepSeen(0, 0, "time found")
    job = sweep(request, host)
    try:
        while True:
            try:
                step = next(job)
            except StopIteration as stop:
                swept: Swept = stop.value
                return swept
            if isinstance(step, SweepStep) and step.cost is not None:
                priced = Priced(request, step.cost, _n_kept(request.out))
                if priced.seconds > ASK_SECONDS and not is_agreed:
                    return priced
                seen = replace(seen, priced=priced, plan=step.plan)
            if isinstance(step, SweepStep) and step.row is not None:
                seen = replace(seen, rows=(*seen.rows, step.row))
            seen = replace(seen, done=step.done, total=step.total, what=step.what)
            yield seen
    finally:
        job.close()


def find_stored(cache: Path, index: IndexRequest) -> StoredSweepFound | None:
    """The latest finished sweep of this folder with this net, fed so; None without one.

    Raises GalleryError for a damaged one.
    """
    found = [
        (table.stat().st_mtime_ns, table.parent)
        for table in (cache / SWEEPS).glob(f"{_key(index)}-*/{SWEEP_NAMES[0]}")
    ]
    if not found:
        return None
    folder = max(found)[1]
    return StoredSweepFound(open_sweep(folder), open_gallery(folder))


def _request(cache: Path, index: IndexRequest, options: SweepOptions, truth: str) -> SweepRequest:
    """Other layers, poolings and images to fit on have a gallery of their own."""
    kind: tuple[object, ...] = (options.layers, options.poolings)
    fitted_on = fit_folder(options.fit_on, index.folder)
    is_fitted = any(one in word for word in options.afters for one in _FITTED)
    if fitted_on not in (None, index.folder) and is_fitted:
        kind = (*kind, str(fitted_on.resolve()))
    read = hashlib.sha256(repr(kind).encode()).hexdigest()[:8]
    return SweepRequest(
        index.net,
        index.folder,
        cache / SWEEPS / f"{_key(index)}-{read}",
        options.layers,
        parse_poolings(",".join(options.poolings)),
        parse_after(",".join(options.afters)),
        index.recipe,
        truth,
        fitted_on,
        index.batch_size,
        known=(cache, cache / SWEEPS),
    )


def _key(index: IndexRequest) -> str:
    """Of all that decides on the descriptors but the value and its pooling, and the folder.

    The net is known by what it computes: a rename changes the names in the table and no number.
    """
    recipe = descriptor_recipe(index)
    of_all = replace(
        recipe, layer="", top="", pooling="gap", p=3.0, levels=3, relu=False, is_batched=True,
        place=(0, 0),
    )  # fmt: skip
    text = f"{of_all.digest} {index.folder.resolve()}"
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:20]


def _n_kept(out: Path) -> int:
    return len(open_gallery(out)) if GalleryStore(out).exists else 0
