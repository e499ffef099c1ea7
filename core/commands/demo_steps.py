"""The demo's jobs on the bundled net and gallery, each the same job as its command's."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.activations.class_names import ScoredClass
from core.engines.host import EngineHost
from core.errors import AppError
from core.images.finding import find_images
from core.jobs.evaluate import EvaluateRequest, evaluate
from core.jobs.extract import ExtractRequest, extract
from core.jobs.index import IndexRequest, index
from core.jobs.open import OpenedNet
from core.jobs.query import QueryRequest, query
from core.jobs.rename import Renamed, RenameRequest, rename
from core.measures.measure import Pool, PoolingName
from core.progress import Job
from core.representations.titles import pooling_title
from core.retrieval.evaluation import Evaluation
from core.retrieval.gallery import Gallery
from core.retrieval.ranking_export import export_ranking
from core.retrieval.search import Ranking

N_VERIFIED_IMAGES = 8


@dataclass(frozen=True)
class DemoFiles:
    """What the demo works on."""

    net: Path
    weights: Path
    gallery: Path
    queries: tuple[Path, ...]


def find_demo(folder: Path) -> DemoFiles:
    """The demo's files in `folder`. Raises AppError where any is missing."""
    files = DemoFiles(
        folder / "demo_deploy.prototxt",
        folder / "demo.caffemodel",
        folder / "gallery",
        find_images(folder / "queries") if (folder / "queries").is_dir() else (),
    )
    missing = [path.name for path in (files.net, files.weights, files.gallery) if not path.exists()]
    if missing or not files.queries:
        named = ", ".join(missing or ["queries"])
        raise AppError(
            f"The demo's files are not all here: {named} is missing from {folder}.",
            hint="Check the project out again.",
        )
    return files


def rename_all(opened: OpenedNet, host: EngineHost, files: DemoFiles, out: Path) -> Job[Renamed]:
    """Every in-place layer gets its blob; both nets run on pictures before the file is written."""
    images = find_images(files.gallery)[:N_VERIFIED_IMAGES]
    return (
        yield from rename(
            RenameRequest(opened, "all", out=out, is_verified=True, images=images), host
        )
    )


@dataclass(frozen=True)
class ExtractedChain:
    """Every activation of the queries, from how many passes, and what three of them show."""

    out: Path
    n_images: int
    n_passes: int
    n_arrays: int
    least: dict[str, float]
    is_dropout_a_copy: bool
    classes: dict[str, tuple[ScoredClass, ...]]


def extract_all(
    opened: OpenedNet, host: EngineHost, files: DemoFiles, out: Path
) -> Job[ExtractedChain]:
    """All layers of the queries into one .npz, which is then read again."""
    request = ExtractRequest(opened.to_run, "all", out, images=files.queries)
    found = yield from extract(request, host)
    with np.load(out, allow_pickle=False) as arrays:
        chain = {name: arrays[name] for name in ("fc7", "relu7", "drop7")}
    best = found.classes.images if found.classes is not None else ()
    return ExtractedChain(
        out,
        len(found.images),
        found.n_passes,
        len(found.arrays),
        {name: float(array.min()) for name, array in chain.items()},
        bool(np.array_equal(chain["relu7"], chain["drop7"])),
        {Path(name).stem: one for name, one in zip(found.images, best, strict=False)},
    )


@dataclass(frozen=True)
class Searched:
    """One layer's gallery, measured against its folders."""

    gallery: Gallery
    evaluation: Evaluation
    seconds: float

    @property
    def files(self) -> tuple[str, ...]:
        """The images by their index."""
        return self.gallery.images.paths

    @property
    def name(self) -> str:
        """ "relu7, GeM"."""
        return f"{self.gallery.recipe.layer}, {pooling_title(self.gallery.recipe.pooling)}"


def index_and_evaluate(
    opened: OpenedNet,
    host: EngineHost,
    files: DemoFiles,
    layer: str,
    method: PoolingName,
    out: Path,
) -> Job[Searched]:
    """Index the demo's pictures by one layer and measure how well it finds the same kind."""
    if out.exists():
        shutil.rmtree(out)  # of an earlier demo, perhaps with other weights
    started = time.perf_counter()
    request = IndexRequest(opened.to_run, files.gallery, layer, Pool(method), out)
    indexed = yield from index(request, host)
    seconds = time.perf_counter() - started
    found = yield from evaluate(EvaluateRequest(indexed.gallery))
    return Searched(indexed.gallery, found.evaluation, seconds)


def query_outside(searched: Searched, host: EngineHost, image: Path, out: Path) -> Job[Ranking]:
    """Rank a gallery for a picture that is not in it, and write the ranking as CSV."""
    found = yield from query(QueryRequest(searched.gallery, (image,)), host)
    ranking = found.answers[0].ranking
    export_ranking(out, searched.gallery, ranking, image.stem)
    return ranking
