"""A gallery of a million images: opening, queries, an evaluation, with NumPy and faiss beside.

.venv/bin/python -m tests.bench.million [--images 1000000] [--dimension 512] [--queries 1000]

The gallery is made in a folder that goes afterwards, through the store that `index` writes with,
its descriptors in no order of the images. Seconds are of the clock and of all cores: on a busy
machine only the second ones tell. Memory is the peak of a process of its own less the descriptors
it maps. faiss takes part where it is installed (`pip install faiss-cpu`).
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core.images.preprocess import Preprocess
from core.progress import run_job
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.evaluation import OutsideQueries, evaluate_outside
from core.retrieval.gallery import Gallery, open_gallery
from core.retrieval.gallery_contents import FileStamp, StoredImage
from core.retrieval.gallery_store import GalleryStore
from core.retrieval.search import rank_image
from tests.bench.machine import describe_machine

REPOSITORY = Path(__file__).resolve().parents[2]
N_LABELS, ADDED_AT_ONCE, N_BEST = 1000, 50_000, 100


def main(words: list[str]) -> int:
    """Make the gallery, measure in processes of their own, print."""
    parser = argparse.ArgumentParser(prog="tests.bench.million", description=__doc__)
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--dimension", type=int, default=512)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--measure", choices=list(PARTS), help=argparse.SUPPRESS)
    parser.add_argument("--gallery", type=Path, help="one that an earlier run made, or to be kept")
    options = parser.parse_args(words)
    if options.measure:
        print(json.dumps(PARTS[options.measure](options)))
        return 0
    print(describe_machine())
    with tempfile.TemporaryDirectory() as folder:
        options.gallery = options.gallery or Path(folder, "gallery")
        if not options.gallery.exists():
            make_gallery(options.gallery, options.images, options.dimension)
        opened = [_in_a_process("open", options) for _ in range(options.rounds)]
        for name in opened[0]:
            _print(name, [one[name] for one in opened])
        evaluated = _in_a_process("evaluate", options)
        for name, value in evaluated.items():
            _print(name, [value])
        _print_peers(_in_a_process("peers", options))
    return 0


def make_gallery(folder: Path, n_images: int, dimension: int) -> None:
    """A gallery of labelled groups, as an index writes it, of images that are nowhere."""
    recipe = DescriptorRecipe("fire9", "fire9", "gap", 3.0, Preprocess(), "0" * 64, "0" * 64)
    store, rng = GalleryStore(folder), np.random.default_rng(0)
    store.create(recipe, folder.parent / "images")
    store.begin(n_images)
    centres = rng.standard_normal((N_LABELS, dimension)).astype(np.float32)
    order = rng.permutation(n_images)
    for start in range(0, n_images, ADDED_AT_ONCE):
        numbers = order[start : start + ADDED_AT_ONCE]
        rows = rng.standard_normal((len(numbers), dimension), dtype=np.float32)
        rows += 0.6 * centres[numbers % N_LABELS]
        store.add([_image(int(number)) for number in numbers], np.maximum(rows, 0))
    store.finish()


def measure_open(options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Open, read the notes, ask."""
    before = _peak_memory()
    opened: list[Gallery] = []
    said = {"open": _timed(lambda: opened.append(open_gallery(options.gallery)))}
    gallery = opened[0]
    said["notes"] = _timed(lambda: gallery.notes)
    said["first query"] = _timed(lambda: rank_image(gallery, 0))
    for number in range(1, 4):
        said["next query"] = _timed(lambda number=number: rank_image(gallery, number))
    said["memory beside the descriptors, MB"] = {"all": _peak_beside(gallery) - before}
    return said


def measure_evaluation(options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Rank all images for some of them, and average."""
    before = _peak_memory()
    gallery = open_gallery(options.gallery)
    own = np.linspace(0, len(gallery) - 1, options.queries).astype(int).tolist()
    labels = gallery.labels
    queries = OutsideQueries(gallery.rows[np.array(own)], [labels[i] for i in own], own)
    took = _timed(lambda: run_job(evaluate_outside(gallery.cosines, labels, queries)))
    return {
        f"evaluation of {options.queries:,} queries": took,
        "memory of it, MB": {"all": _peak_beside(gallery) - before},
    }


def measure_peers(options: argparse.Namespace) -> dict[str, list[dict[str, float]]]:
    """The same question in turns: the best hundred, by us and by others, and our whole ranking."""
    gallery = open_gallery(options.gallery)
    vectors = np.array(gallery.rows[:])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    asked: dict[str, Callable[[int], object]] = {
        "Blobscope": lambda number: rank_image(gallery, number, k=N_BEST),
        "Blobscope, all ranked": lambda number: rank_image(gallery, number),
        "NumPy": lambda number: _best_by_numpy(vectors, vectors[number]),
    }
    try:
        import faiss

        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(vectors)
        asked["faiss Flat"] = lambda number: index.search(vectors[number][None], N_BEST)
    except ImportError:
        pass
    took: dict[str, list[dict[str, float]]] = {name: [] for name in asked}
    for number in range(options.rounds + 1):
        for name, ask in asked.items():
            seconds = _timed(lambda ask=ask, number=number: ask(number))
            took[name] += [seconds] if number else []  # the first time brings the rows near
    return took


PARTS: dict[str, Callable[[argparse.Namespace], Any]] = {
    "open": measure_open,
    "evaluate": measure_evaluation,
    "peers": measure_peers,
}


def _best_by_numpy(vectors: np.ndarray, query: np.ndarray) -> np.ndarray:
    scores = vectors @ query
    best = np.argpartition(scores, -N_BEST)[-N_BEST:]
    result: np.ndarray = best[np.argsort(-scores[best])]
    return result


def _image(number: int) -> StoredImage:
    label = f"class_{number % N_LABELS:04}"
    path = f"{label}/IMG_{number:07}.jpg"
    stamp = FileStamp(100_000 + number, 1_700_000_000_000_000_000 + number)
    return StoredImage(path, label, 640, 480, stamp)


def _timed(do: Callable[[], object]) -> dict[str, float]:
    wall, cores = time.perf_counter(), time.process_time()
    do()
    return {"wall": time.perf_counter() - wall, "cores": time.process_time() - cores}


def _peak_memory() -> float:
    """The most memory this process has had, in MB, mapped files among it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def _peak_beside(gallery: Gallery) -> float:
    return _peak_memory() - gallery.rows.stored.nbytes / 2**20


def _in_a_process(part: str, options: argparse.Namespace) -> dict[str, Any]:
    words = [sys.executable, "-m", "tests.bench.million", "--measure", part]
    words += ["--gallery", str(options.gallery), "--queries", str(options.queries)]
    words += ["--rounds", str(options.rounds)]
    done = subprocess.run(words, cwd=REPOSITORY, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _print(name: str, rounds: list[dict[str, float]]) -> None:
    words = []
    for kind in rounds[0]:
        values = [one[kind] for one in rounds]
        words.append(f"{kind} {min(values):.2f} (median {statistics.median(values):.2f})")
    print(f"{name:36} {', '.join(words)}", flush=True)


def _print_peers(took: dict[str, list[dict[str, float]]]) -> None:
    print("\nOne query again, in turns:")
    least = {name: min(one["cores"] for one in rounds) for name, rounds in took.items()}
    for name, rounds in took.items():
        _print(name, rounds)
        print(f"{'':36} Blobscope takes {least['Blobscope'] / least[name]:.2f} of its time")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
