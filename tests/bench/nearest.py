"""The nearest of a million descriptors, one query and a hundred, beside faiss and NumPy alone.

.venv/bin/python -m tests.bench.nearest [--images 1000000] [--dimension 512] [--gallery FOLDER]

Exact search beside IndexFlatIP, approximate search beside the same lists asked of faiss without us,
in turns in one process; then the memory of each in a process of its own, and what opening takes and
adding 1,000 images, which stay in a gallery that is kept. Seconds are of the clock
and of all cores: on a busy machine only the second ones tell, and the least of them. One thread
each, but for --threads: the threads of faiss wait in a loop for one another, and on a busy machine
that is what would be measured.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from core.progress import Progress, run_job
from core.retrieval.backends.approximate import ApproximateSearch
from core.retrieval.backends.faiss_lists import make_lists, open_lists
from core.retrieval.backends.inverted_lists import MappedLists, load_faiss
from core.retrieval.gallery import Gallery, open_gallery
from core.retrieval.gallery_contents import FileStamp, StoredImage
from core.retrieval.gallery_store import GalleryStore
from core.retrieval.search import best_of_many
from tests.bench.machine import describe_machine
from tests.bench.million import make_gallery

REPOSITORY = Path(__file__).resolve().parents[2]
N_BEST, N_MANY, N_ADDED = 10, 100, 1000
Times = list[dict[str, float]]
WAYS = ("exact", "approximate", "faiss")
ALIKE = ("approximate", "faiss, same lists")
"""Ways that answer in less than a millisecond: all queries are asked, one by one."""
N_SCANS = 3
"""Queries that a way is asked which scans all."""


def main(words: list[str]) -> int:
    """Make the gallery and its lists, measure, print."""
    parser = argparse.ArgumentParser(prog="tests.bench.nearest", description=__doc__)
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--dimension", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--gallery", type=Path, help="one that an earlier run made, or to be kept")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--memory", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--times", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--add", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(words)
    if options.times:
        _print_times(measure(options.gallery, options.rounds))
        return 0
    if options.add:
        measure_opening_and_adding(options.gallery)
        return 0
    if options.memory:
        _print_memory(options.memory, measure_memory(options.gallery, options.memory))
        return 0
    print(describe_machine(), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        options.gallery = options.gallery or Path(folder, "gallery")
        if not options.gallery.exists():
            make_gallery(options.gallery, options.images, options.dimension)
        asked = ["--gallery", str(options.gallery), "--rounds", str(options.rounds)]
        _run([*asked, "--times"], options.threads)
        for way in WAYS:
            _run([*asked, "--memory", way], options.threads)
        _run([*asked, "--add"], options.threads)
    return 0


def measure(folder: Path, n_rounds: int) -> dict[str, Times]:
    """Seconds of each way, round by round, the first one not counted."""
    faiss, gallery = load_faiss(), open_gallery(folder)
    steps: dict[str, float] = {}
    started = time.perf_counter(), time.process_time()
    search = run_job(open_lists(gallery), lambda step: _note_step(steps, step))
    if not isinstance(search.index, MappedLists):  # an earlier run added images
        search = run_job(make_lists(gallery), lambda step: _note_step(steps, step))
    took = [now - then for now, then in zip(_now(), started, strict=True)]
    print(f"lists opened or made in {took[0]:.1f} s, of cores {took[1]:.1f}: {search.describe()}")
    for what, seconds in steps.items():
        print(f"    {what}: until {seconds - started[0]:.1f} s")
    cosines = gallery.cosines
    numbers = np.random.default_rng(1).choice(len(gallery), N_MANY, replace=False)
    queries = np.array(gallery.rows[numbers])
    unit = queries / np.linalg.norm(queries, axis=1, keepdims=True)
    none = [None] * N_MANY
    flat = faiss.IndexFlatIP(gallery.dimension)
    for start in range(0, len(gallery), 50_000):
        some_rows = np.array(gallery.rows.stored[start : start + 50_000])
        flat.add(some_rows / np.linalg.norm(some_rows, axis=1, keepdims=True))
    factors = cosines.inverse_lengths  # once a gallery, not once a query
    rows = cosines.stored
    lists = search.index
    ways: dict[str, Callable[[slice], object]] = {
        "exact": lambda some: best_of_many(cosines, queries[some], N_BEST, none[some]),
        "faiss Flat": lambda some: flat.search(unit[some], N_BEST),
        "NumPy": lambda some: _best_by_numpy(rows, factors, unit[some]),
        "approximate": lambda some: search.search(queries[some], N_BEST, none[some]),
        "faiss, same lists": lambda some: lists.search_alone(unit[some], N_BEST, search.effort),
    }
    parts = {1: [slice(i, i + 1) for i in range(N_MANY)], N_MANY: [slice(0, N_MANY)]}
    found: dict[str, Times] = {f"{name}, {n}": [] for n in parts for name in ways}
    for number in range(n_rounds + 1):
        for n, some in parts.items():
            turns = list(ways.items())
            # Who comes after another that asked the same finds its lists in the cache.
            for name, ask in turns if number % 2 else reversed(turns):
                asked = some if name in ALIKE else some[:N_SCANS]
                ask(asked[0])
                then = _now()
                for part in asked:
                    ask(part)
                took = [
                    (now - before) / len(asked) for now, before in zip(_now(), then, strict=True)
                ]
                if number:
                    found[f"{name}, {n}"].append(dict(zip(("wall", "cores"), took, strict=True)))
    print(f"load {os.getloadavg()[0]:.1f}")
    return found


def measure_opening_and_adding(folder: Path) -> None:
    """Print what it takes to open gallery and lists, to add some images, and to search after it."""
    galleries: list[Gallery] = []

    def reopen() -> None:
        galleries.append(open_gallery(folder))

    _print_step("opening the gallery", reopen)
    _print_step("lengths of its descriptors", lambda: galleries[-1].cosines.inverse_lengths)
    _print_step("opening the lists", lambda: run_job(open_lists(galleries[-1])))
    n, dimension = len(galleries[-1]), galleries[-1].dimension
    rows = np.random.default_rng(3).standard_normal((N_ADDED, dimension), dtype=np.float32)
    _print_step(f"adding {N_ADDED:,} images", lambda: _add(folder, n, np.maximum(rows, 0)))
    _print_step("opening the gallery again", reopen)
    query = galleries[-1].rows[0][None]
    _print_step(
        "first exact query", lambda: best_of_many(galleries[-1].cosines, query, N_BEST, [None])
    )
    searches: list[ApproximateSearch] = []
    _print_step(
        "opening the lists again", lambda: searches.append(run_job(open_lists(galleries[-1])))
    )
    _print_step("first approximate query", lambda: searches[0].search(query, N_BEST, [None]))


def _add(folder: Path, n: int, rows: np.ndarray) -> None:
    store, started = GalleryStore(folder), time.time_ns()  # names of an earlier run differ
    images = [
        StoredImage(f"added/{started}_{i:04}.jpg", None, 640, 480, FileStamp(1, i))
        for i in range(len(rows))
    ]
    store.begin(n + len(rows))
    store.add(images, rows)
    store.finish()


def _print_step(what: str, do: Callable[[], object]) -> None:
    then = _now()
    do()
    wall, cores = (now - before for now, before in zip(_now(), then, strict=True))
    print(f"{what:28} wall {wall:8.3f} s, cores {cores:8.3f} s", flush=True)


def measure_memory(folder: Path, way: str) -> dict[str, float]:
    """What a process holds at most that answers a hundred queries, in MB; mapped files apart."""
    gallery = open_gallery(folder)
    queries = np.array(gallery.rows[np.arange(N_MANY)])
    if way == "exact":
        gallery.cosines.inverse_lengths  # noqa: B018
        before = _held()
        best_of_many(gallery.cosines, queries, N_BEST, [None] * N_MANY)
    elif way == "approximate":
        search = run_job(open_lists(gallery))
        before = _held()
        search.search(queries, N_BEST, [None] * N_MANY)
    else:
        flat = load_faiss().IndexFlatIP(gallery.dimension)
        before = _held()
        for start in range(0, len(gallery), 50_000):
            flat.add(np.array(gallery.rows.stored[start : start + 50_000]))
        flat.search(queries, N_BEST)
    return {"before": before["own"], **_held()}


def _held() -> dict[str, float]:
    """Memory of this process in MB: its own, and of mapped files."""
    lines = Path("/proc/self/status").read_text().splitlines()
    values = {line.partition(":")[0]: line.split()[1] for line in lines if line.endswith("kB")}
    return {"own": int(values["RssAnon"]) / 1024, "mapped": int(values["RssFile"]) / 1024}


def _best_by_numpy(rows: np.ndarray, factors: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """A matrix product and a partition, as one would write it."""
    scores = queries @ rows.T
    scores *= factors
    best = np.argpartition(scores, -N_BEST, axis=1)[:, -N_BEST:]
    order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1)
    result: np.ndarray = np.take_along_axis(best, order, axis=1)
    return result


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _note_step(steps: dict[str, float], step: Progress) -> None:
    steps[step.what] = time.perf_counter()


def _print_times(found: dict[str, Times]) -> None:
    least = {name: min(one["cores"] for one in times) for name, times in found.items()}
    for name, times in found.items():
        words = [
            f"{kind} {1000 * min(t[kind] for t in times):8.1f} "
            f"({1000 * statistics.median(t[kind] for t in times):8.1f})"
            for kind in ("wall", "cores")
        ]
        print(f"{name:24} ms, least (median): {', '.join(words)}")
    pairs = (("exact", "faiss Flat"), ("exact", "NumPy"), ("approximate", "faiss, same lists"))
    for ours, theirs in pairs:
        for n in (1, N_MANY):
            ratio = least[f"{ours}, {n}"] / least[f"{theirs}, {n}"]
            print(f"{ours}, {n}: {ratio:.2f} of the time of {theirs}, by cores")


def _print_memory(way: str, held: dict[str, float]) -> None:
    print(
        f"{way}: {held['own']:.0f} MB of its own, {held['own'] - held['before']:.0f} of them for "
        f"{N_MANY} queries; {held['mapped']:.0f} MB of files mapped"
    )


def _run(words: list[str], n_threads: int) -> None:
    """In a process of its own, which has so many threads from its beginning."""
    threads = {name: str(n_threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    subprocess.run(
        [sys.executable, "-m", "tests.bench.nearest", *words],
        cwd=REPOSITORY, check=True, env={**os.environ, **threads},
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
