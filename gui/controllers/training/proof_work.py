"""Measuring a net before and after a training: two sweeps of the same images, and the proof."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path

from core.engines.host import EngineHost, NetToRun
from core.engines.values import EngineSpec, Value
from core.images.recipe_choice import RecipeWish
from core.jobs.report import Report, ReportRequest, report
from core.jobs.sweep import SweepRequest, SweepStep, Swept, sweep
from core.net.definition import NetState
from core.net.solver import open_prototxt
from core.progress import Job, Progress
from core.retrieval.gallery_store import GalleryStore
from core.training.made_from import MadeFrom, read_made_from
from core.training.proof import Queries
from core.training.split import LABELS_NAME, Split, read_split, write_labels
from gui.controllers.searching.index import ASK_SECONDS

N_TOPS = 16
FOLDER = "proof"


@dataclass(frozen=True)
class ProofAsked:
    """A folder with split and files, the weights after, and what runs the nets."""

    folder: Path
    weights: Path
    device: str
    engine: EngineSpec
    recipe: RecipeWish = None
    of: Queries = "held back"


@dataclass(frozen=True)
class ProofPriced:
    """What both sweeps take, where that is long and nobody has agreed to it."""

    asked: ProofAsked
    seconds: float
    n_images: int


@dataclass(frozen=True, eq=False)
class Proved:
    """The report, what it rests on, and the request that makes it anew as an HTML file."""

    asked: ProofAsked
    request: ReportRequest
    report: Report
    n_images: int


class _TakesLong(Exception):
    """A sweep that the user is to be asked about first."""

    def __init__(self, seconds: float, n_images: int) -> None:
        super().__init__(seconds)
        self.seconds, self.n_images = seconds, n_images


def prove_training(
    asked: ProofAsked, host: EngineHost, *, is_agreed: bool
) -> Job[Proved | ProofPriced]:
    """Sweep before and after, or go on where that was stopped, and set them against each other."""
    made = read_made_from(asked.folder)
    split = read_split(asked.folder)
    if not split.labels_are_folders:
        write_labels(split, asked.folder)
    first = _request(asked, made, split, is_after=False)
    second = _request(asked, made, split, is_after=True)
    try:
        before = yield from _swept(first, host, 0, is_agreed=is_agreed)
    except _TakesLong as found:
        return ProofPriced(asked, 2 * found.seconds, found.n_images)
    second = replace(second, recipe=before.recipe)
    yield from _swept(second, host, 1, is_agreed=True)
    request = _report_request(asked, made, first.out, second.out)
    made_report = yield from report(request)
    return Proved(asked, request, made_report, len(before.gallery))


def again(found: Proved, of: Queries) -> Job[Proved]:
    """The same sweeps with other queries."""
    request = replace(found.request, of=of)
    made = yield from report(request)
    return Proved(replace(found.asked, of=of), request, made, found.n_images)


def _swept(
    request: SweepRequest, host: EngineHost, number: int, *, is_agreed: bool
) -> Generator[Progress, None, Swept]:
    """One of the two sweeps. Raises _TakesLong where that has to be asked about first."""
    request.out.parent.mkdir(parents=True, exist_ok=True)
    job = sweep(request, host)
    what = ("before", "after")[number]
    try:
        while True:
            try:
                step = next(job)
            except StopIteration as stop:
                swept: Swept = stop.value
                return swept
            if isinstance(step, SweepStep) and step.cost is not None and not is_agreed:
                n_passes = step.cost.n_images / step.cost.batch_size
                seconds = n_passes * step.cost.measured_seconds
                if 2 * seconds > ASK_SECONDS and not GalleryStore(request.out).exists:
                    raise _TakesLong(seconds, step.cost.n_images)
            if step.total:
                done = step.done + number * step.total
                yield Progress(done, 2 * step.total, f"{step.what}, {what}")
            else:
                yield step
    finally:
        job.close()


def _request(asked: ProofAsked, made: MadeFrom, split: Split, *, is_after: bool) -> SweepRequest:
    path = asked.folder / "deploy.prototxt" if is_after else Path(made.net)
    opened = open_prototxt(path, NetState("TEST"))
    weights = asked.weights if is_after else (Path(made.weights) if made.weights else None)
    net = NetToRun(opened.text, opened.path, weights, NetState("TEST"), asked.device,
                   engine=asked.engine)  # fmt: skip
    old = {} if is_after else {new: old for old, new in made.renamed.items()}
    values = tuple(Value(old.get(layer, layer), top) for layer, top in made.values)
    key = f"{opened.text} {weights} {values} {_stamp(weights)}"
    name = "after" if is_after else "before"
    out = asked.folder / FOLDER / f"{name}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"
    return SweepRequest(
        net, Path(split.root), out, values, recipe=asked.recipe, truth=_truth(asked, split)
    )


def _report_request(asked: ProofAsked, made: MadeFrom, before: Path, after: Path) -> ReportRequest:
    weights = (Path(made.weights), asked.weights) if made.weights else ()
    return ReportRequest(
        before, after, weights, made.renamed, asked.folder, of=asked.of, n_tops=N_TOPS
    )


def _truth(asked: ProofAsked, split: Split) -> str:
    """The folders, where they are the classes; else the table that lies beside the split."""
    return "folders" if split.labels_are_folders else str(asked.folder / LABELS_NAME)


def _stamp(weights: Path | None) -> str:
    if weights is None:
        return ""
    stat = weights.stat()
    return f"{stat.st_size} {stat.st_mtime_ns}"
