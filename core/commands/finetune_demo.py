"""`finetune --demo`: the bundled net learns other classes, from images to the report."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from core.commands.demo import DEMO
from core.commands.demo_steps import DemoFiles, find_demo
from core.commands.progress_line import ProgressLine
from core.engines.host import EngineHost
from core.errors import RequestError
from core.images.finding import find_images
from core.jobs.check_images import CheckImagesRequest, SplitMade, SplitRequest, split
from core.jobs.finetune import Finetuned, FinetuneRequest, finetune
from core.jobs.open import OpenRequest, open_model
from core.jobs.prepare import PreparedFiles, PrepareRequest, prepare_training
from core.jobs.report import Report, ReportRequest, report
from core.jobs.sweep import SweepRequest, sweep
from core.measures.measure import Pool
from core.progress import Job, Progress, run_job
from core.training.run.log import RunProgress
from core.training.run.records import Tested
from core.training.training_plan import TrainingPlan
from core.words import plural

FAMILIES = {
    "blocks": ("die", "house", "rocket", "star"),
    "nature": ("crystal", "flower", "mushroom", "spruce"),
    "rings": ("donut", "gear", "hex_nut", "links"),
    "turned": ("goblet", "lighthouse", "pawn", "vase"),
}
"""Sixteen kinds, which the net knows, in four classes, which it does not."""
SHARES = (0.5, 0.17, 0.33)
PLAN = TrainingPlan(
    0, 0, 0, suffix="family", freeze="pool4", head=(5.0, 10.0), base_lr=0.002, epochs=27.0,
    batch=32, test_batch=32,
)  # fmt: skip
_BEFORE = ("pool4", "relu6", "fc7", "relu7", "fc8", "prob")
_RENAMED = {"fc8": "fc8_family"}

Say = Callable[[str], None]
T = TypeVar("T")


@dataclass(frozen=True)
class DemoTraining:
    """What the demo gave, step by step."""

    split: SplitMade
    prepared: PreparedFiles
    trained: Finetuned
    report: Report
    html: Path
    seconds: float


def run_demo(out: Path, say: Say) -> DemoTraining:
    """Copy the images, divide them, make the net's files, train, and report. Raises AppError."""
    began = time.perf_counter()
    if out.exists():
        raise RequestError(f"{out} is there already.", hint="Name another folder: --run.")
    files = find_demo(DEMO)
    _copy_families(files, out / "images")
    asked = SplitRequest(CheckImagesRequest(out / "images"), out / "data", SHARES)
    divided = _shown(split(asked))
    counts = {part: len(names) for part, names in divided.split.parts.items()}
    say(
        f"{plural(sum(counts.values()), 'image')} of sixteen kinds in four classes the net does "
        f"not know ({', '.join(FAMILIES)}): {counts['train']} to learn from, {counts['val']} to "
        f"test it by, {counts['test']} for the report."
    )
    prepared = _shown(
        prepare_training(PrepareRequest(files.net, out / "data", out / "net", PLAN, files.weights))
    )
    _copy_lists(out)
    say(f"{prepared.made.renamed[0][0]} becomes {prepared.made.renamed[0][1]}; layers up to "
        f"{prepared.made.frozen[-1]} stay as they are.")  # fmt: skip
    asked_run = FinetuneRequest(out / "net/solver.prototxt", None, files.weights, run=out / "run")
    trained = _watched(finetune(asked_run), say)
    _copy_held_out(divided, out)
    found = _prove(files, divided, trained, out)
    html = out / "report.html"
    return DemoTraining(divided, prepared, trained, found, html, time.perf_counter() - began)


def _copy_families(files: DemoFiles, images: Path) -> None:
    for family, kinds in FAMILIES.items():
        (images / family).mkdir(parents=True)
        for kind in kinds:
            for image in find_images(files.gallery / kind):
                shutil.copy(image, images / family)


def _copy_lists(out: Path) -> None:
    """Beside the net, which names them, with the recipe that the net has always had."""
    for name in ("train.txt", "val.txt"):
        shutil.copy(out / "data" / name, out / "net")
    shutil.copy(DEMO / "demo_deploy.preprocess.json", out / "net" / "deploy.preprocess.json")


def _copy_held_out(divided: SplitMade, out: Path) -> None:
    for name in divided.split.parts["test"]:
        (out / "held_out" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(out / "images" / name, out / "held_out" / name)


def _watched(job: Job[Finetuned], say: Say) -> Finetuned:
    """Say each test as it comes."""
    said: list[Tested] = []

    def tell(step: Progress) -> None:
        show(step)
        if isinstance(step, RunProgress):
            history = step.history
            for test in history.tests[len(said) :]:
                said.append(test)
                last = [f"training loss {one.smoothed:.3f}" for one in history.iterations[-1:]]
                scores = ", ".join(f"{name} {value:.3f}" for name, value in test.scores.items())
                say(f"  iteration {test.iteration:3}: {', '.join([*last, f'on val {scores}'])}")

    with ProgressLine() as show:
        return run_job(job, tell)


def _prove(files: DemoFiles, divided: SplitMade, trained: Finetuned, out: Path) -> Report:
    """Both nets over images that neither has learned from."""
    weights = out / "run" / trained.history.snapshots[-1].weights
    nets = {"before": (files.net, files.weights), "after": (out / "net/deploy.prototxt", weights)}
    with EngineHost() as host:
        for name, (net, file) in nets.items():
            layers = [_RENAMED.get(x, x) if name == "after" else x for x in _BEFORE]
            opened = open_model(OpenRequest(net, file))
            asked = SweepRequest(opened.to_run, out / "held_out", out / name, ",".join(layers),
                                 (Pool("flatten"),))  # fmt: skip
            _shown(sweep(asked, host))
    return _shown(
        report(
            ReportRequest(
                out / "before",
                out / "after",
                (files.weights, weights),
                _RENAMED,
                out / "data",
                out / "report.html",
            )
        )
    )


def _shown(job: Job[T]) -> T:
    with ProgressLine() as show:
        return run_job(job, show)
