"""Rate of prepared pictures: decoded by children, beside threads of one process.

.venv/bin/python -m tests.bench.decoding [--net squeezenet] [--layer pool10] [--rounds 5]
    [--small 400] [--large 24] [--decoders 2] [--only reduced]

Both ways do the same work on the same JPEGs, turn by turn in one run: each round is one pass over
the folder by threads and one by children, and the ratio is that of its two rates. With a net it is
an extraction of one layer in a torch child, as an index has it, from the first image to the last.
Reduced: the same children with JPEGs decoded whole and at reduced size, and how far that is.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from core.engines.host import EngineHost
from core.images.decoders.messages import Request, preparing
from core.images.decoders.pool import DecoderPool, Task
from core.images.decoders.work import do
from core.images.preprocess import Preprocess
from core.jobs.extract import ExtractRequest, extract
from core.jobs.open import OpenRequest, open_model
from core.progress import run_job
from core.surveys import survey
from core.surveys.pictures import prepare_images
from tests.bench.machine import describe_machine
from tests.bench.nets import find_net

RECIPE = Preprocess("warp", 227, 227, mean=(104.0, 117.0, 123.0))


class Threads(DecoderPool):
    """Threads of this process in place of children, as it was before."""

    def __init__(self, n_decoders: int) -> None:
        super().__init__(n_decoders)
        self._executor = ThreadPoolExecutor(n_decoders)

    def submit(self, path: Path, request: Request, *, is_ahead: bool = False) -> Task:
        task = Task(path, request)
        self._executor.submit(lambda: task.begin() and task.end(do(request)))
        return task


def main(words: list[str]) -> int:
    """Measure and print."""
    options = _parse(words)
    print(describe_machine())
    ways: dict[str, DecoderPool] = {
        "threads": Threads(options.decoders),
        "children": DecoderPool(options.decoders),
    }
    with tempfile.TemporaryDirectory() as folder, EngineHost() as host:
        for name, size, n_images in (
            ("500 x 375", (500, 375), options.small),
            ("4000 x 3000", (4000, 3000), options.large),
        ):
            images = make_images(Path(folder) / name, size, n_images)
            compare_reduced(name, ways["children"], options.rounds, images)
            if options.only == "reduced":
                continue
            compare(f"{name} alone", ways, options.rounds, len(images),
                    lambda pool, images=images: prepare(images, pool))  # fmt: skip
            compare(f"{name} with {options.net}", ways, options.rounds, len(images),
                    lambda pool, images=images: run_net(options, images, host, pool))  # fmt: skip
    ways["children"].close()
    return 0


def compare(
    what: str,
    ways: dict[str, DecoderPool],
    n_rounds: int,
    n_images: int,
    run: Callable[[DecoderPool], None],
) -> None:
    """Rates of both ways, turn by turn after one pass each that does not count."""
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(n_rounds + 1):
        for name, pool in ways.items():
            started = time.monotonic()
            run(pool)
            if number:
                rates[name].append(n_images / (time.monotonic() - started))
    ratios = [b / a for a, b in zip(rates["threads"], rates["children"], strict=True)]
    medians = ", ".join(f"{name} {statistics.median(found):.1f}" for name, found in rates.items())
    print(
        f"{what}: {n_images} JPEGs, images/s {medians}; children / threads "
        f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
        flush=True,
    )


def compare_reduced(name: str, pool: DecoderPool, n_rounds: int, images: Sequence[Path]) -> None:
    """Rates of whole and reduced decoding, turn by turn, and the distance of what they give."""
    recipes = {"whole": RECIPE, "reduced": replace(RECIPE, reduced_decode=True)}
    rates: dict[str, list[float]] = {way: [] for way in recipes}
    for _ in range(n_rounds):
        for way, recipe in recipes.items():
            started = time.monotonic()
            prepare(images, pool, recipe)
            rates[way].append(len(images) / (time.monotonic() - started))
    one, other = (
        [recipe.pixels(do(preparing("read", path, recipe))[1][0]).values() for path in images[:4]]
        for recipe in recipes.values()
    )
    away = [float(np.abs(a - b).mean()) for a, b in zip(one, other, strict=True)]
    ratios = [b / a for a, b in zip(rates["whole"], rates["reduced"], strict=True)]
    medians = ", ".join(f"{way} {statistics.median(found):.1f}" for way, found in rates.items())
    print(
        f"{name} reduced: {len(images)} JPEGs, images/s {medians}; reduced / whole "
        f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}); mean distance "
        f"{statistics.mean(away):.2f} of 255 levels",
        flush=True,
    )


def prepare(images: Sequence[Path], pool: DecoderPool, recipe: Preprocess = RECIPE) -> None:
    """Every image, decoded ahead as a survey does."""
    for image in prepare_images(images, recipe, pool=pool, n_ahead=pool.n_decoders + 8):
        assert image is None or image.problem is None


def run_net(
    options: argparse.Namespace, images: Sequence[Path], host: EngineHost, pool: DecoderPool
) -> None:
    """One extraction, its engine warm from the second on."""
    path = find_net(options.net)
    if path is None:
        raise SystemExit(f"no net {options.net}")
    net = open_model(OpenRequest(path)).to_run
    survey.shared_pool = lambda: pool  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory() as folder:
        request = ExtractRequest(net, options.layer, Path(folder) / "o.npz", tuple(images))
        run_job(extract(request, host))


def make_images(folder: Path, size: tuple[int, int], n_images: int) -> list[Path]:
    """JPEGs with structure of every scale, each with noise of its own."""
    folder.mkdir()
    rng = np.random.default_rng(1)
    paths = []
    for number in range(n_images):
        coarse = rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)
        picture = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
        grain = rng.integers(-12, 13, (size[1] // 4, size[0] // 4, 1), dtype=np.int16)
        grain = np.kron(grain, np.ones((4, 4, 1), np.int16))
        values = np.array(picture, np.int16)
        values[: grain.shape[0], : grain.shape[1]] += grain
        paths.append(folder / f"{number:05}.jpg")
        Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)).save(paths[-1], quality=90)
    return paths


def _parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--net", default="squeezenet")
    parser.add_argument("--layer", default="pool10")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--small", type=int, default=400)
    parser.add_argument("--large", type=int, default=24)
    parser.add_argument("--decoders", type=int, default=2)
    parser.add_argument("--only", default="", choices=["", "reduced"])
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
