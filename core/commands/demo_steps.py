"""The demo's jobs on the bundled net and gallery, each over the same functions as its command."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.activations.class_names import ScoredClass
from core.activations.npz_file import write_npz
from core.commands.evaluate import evaluate_random
from core.commands.extract_inputs import image_batches
from core.commands.extraction import choose_values, extract, npz_members
from core.commands.opening import OpenedNet
from core.engines.base import Engine, EngineProcess, Value
from core.engines.value_keys import value_keys
from core.engines.verification import Verification, verify_rename
from core.errors import AppError
from core.images.finding import find_images
from core.images.preprocess import Preprocess
from core.images.presets import load_recipe, recipe_path
from core.net.rename import RenamePlan, plan_rename_all
from core.net.text import write_prototxt
from core.progress import Job
from core.retrieval.describing import search_image
from core.retrieval.descriptor import DescriptorRecipe, file_sha256, text_sha256
from core.retrieval.evaluation import Evaluation, evaluate_gallery
from core.retrieval.gallery import Gallery, open_gallery
from core.retrieval.gallery_origin import GalleryOrigin
from core.retrieval.indexing import index_folder
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


@dataclass(frozen=True)
class Renamed:
    """The renamed prototxt, and the proof that it computes the same."""

    out: Path
    plan: RenamePlan
    verification: Verification


def rename_all(
    process: EngineProcess, opened: OpenedNet, images: Sequence[Path], out: Path
) -> Job[Renamed]:
    """Every in-place layer gets its blob; both nets run on `images` before the file is written."""
    plan = plan_rename_all(opened.net)
    recipe = _recipe(opened)
    batch = np.stack([recipe.read(path) for path in images[:N_VERIFIED_IMAGES]])
    inputs = {opened.net.inputs[0]: batch}
    verification = yield from verify_rename(
        process, plan.old_text, plan.new_text, opened.weights_path, inputs
    )
    write_prototxt(out, plan.new_text)
    return Renamed(out, plan, verification)


@dataclass(frozen=True)
class Extracted:
    """Every activation of the queries, from how many passes, and what three of them show."""

    out: Path
    n_images: int
    n_passes: int
    n_arrays: int
    least: dict[str, float]
    is_dropout_a_copy: bool
    classes: dict[str, list[ScoredClass]]


def extract_all(
    engine: Engine, opened: OpenedNet, images: Sequence[Path], out: Path
) -> Job[Extracted]:
    """All layers of `images` into one .npz."""
    values = choose_values(opened.net, "all")
    batches, _ = image_batches(images, None, opened, engine.inputs, len(images))
    found = yield from extract(opened, engine, batches, values)
    chain = {name: found.arrays[_only(values, name)][0] for name in ("fc7", "relu7", "drop7")}
    classes = {Path(n).stem: best for n, best in zip(found.images, found.classes, strict=False)}
    n_arrays = write_npz(out, npz_members(found, value_keys(opened.net, values)))
    return Extracted(
        out,
        len(found.images),
        found.n_passes,
        n_arrays - 1,
        {name: float(array.min()) for name, array in chain.items()},
        bool(np.array_equal(chain["relu7"], chain["drop7"])),
        classes,
    )


@dataclass(frozen=True)
class Searched:
    """One layer's gallery, measured against its folders and against chance."""

    gallery: Gallery
    evaluation: Evaluation
    chance: Evaluation
    seconds: float

    @property
    def name(self) -> str:
        """ "relu7, gem"."""
        return f"{self.gallery.recipe.layer}, {self.gallery.recipe.pooling}"


def index_and_evaluate(
    engine: Engine, opened: OpenedNet, files: DemoFiles, layer: str, pooling: str, out: Path
) -> Job[Searched]:
    """Index the demo's pictures by one layer and measure how well it finds the same kind."""
    if out.exists():
        shutil.rmtree(out)  # of an earlier demo, perhaps with other weights
    value = _only(choose_values(opened.net, layer), layer)
    recipe = DescriptorRecipe(
        value.layer,
        value.top,
        pooling,
        3.0,
        _recipe(opened),
        text_sha256(opened.net.text),
        file_sha256(files.weights),
    )
    started = time.perf_counter()
    origin = GalleryOrigin(files.net, files.weights)
    yield from index_folder(engine, files.gallery, recipe, out, origin=origin)
    seconds = time.perf_counter() - started
    gallery = open_gallery(out)
    evaluation = yield from evaluate_gallery(gallery)
    chance = yield from evaluate_random(gallery, gallery.labels)
    return Searched(gallery, evaluation, chance, seconds)


def query(engine: Engine, searched: Searched, image: Path, out: Path) -> Ranking:
    """Rank a gallery for a picture that is not in it, and write the ranking as CSV."""
    gallery = searched.gallery
    ranking = search_image(engine, gallery, gallery.recipe, image)
    export_ranking(out, gallery, ranking, image.stem)
    return ranking


def _recipe(opened: OpenedNet) -> Preprocess:
    return load_recipe(recipe_path(opened.path))


def _only(values: Sequence[Value], layer: str) -> Value:
    return next(value for value in values if value.layer == layer)
