"""Large galleries in the window's hands: opening one, and scrolling through a ranking of it.

.venv/bin/python -m tests.bench.large_gallery [--images 100000,1000000] [--dimension 32]

The galleries are made in a folder that goes afterwards; their images are nowhere, so that tiles
are drawn without pictures. Each is opened and scrolled through in a process of its own; seconds
are of the clock and of its cores, of which only the latter tell on a busy machine.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.retrieval.gallery import Gallery, open_gallery
from tests.bench.machine import describe_machine
from tests.bench.million import REPOSITORY, make_gallery

N_STEPS, N_JUMPS, WHEEL_PIXELS = 200, 20, 120
BARS = {100_000: 1.0, 1_000_000: 3.0}
"""Seconds within which a gallery of so many images is to be open."""


def main(words: list[str]) -> int:
    """Make galleries, look at each in a process of its own, print."""
    parser = argparse.ArgumentParser(prog="tests.bench.large_gallery", description=__doc__)
    parser.add_argument("--images", default="100000,1000000")
    parser.add_argument("--dimension", type=int, default=32)
    parser.add_argument("--look", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(words)
    if options.look:
        look(options.look)
        return 0
    print(f"{describe_machine()}, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        for n_images in map(int, options.images.split(",")):
            gallery = Path(folder, str(n_images))
            make_gallery(gallery, n_images, options.dimension)
            asked = [sys.executable, "-m", "tests.bench.large_gallery", "--look", str(gallery)]
            environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
            subprocess.run(asked, cwd=REPOSITORY, env=environment, check=True)
    return 0


def look(folder: Path) -> None:
    """Open a gallery three times, then scroll through all of its images."""
    opened: list[Gallery] = []
    rounds = [_timed(lambda: opened.append(open_gallery(folder))) for _ in range(3)]
    gallery = opened.pop()
    opened.clear()
    clock, cores = (min(one[place] for one in rounds) for place in (0, 1))
    bar = BARS.get(len(gallery))
    print(
        f"\n{len(gallery):,} images: open in {clock:.2f} s by the clock, {cores:.2f} s of the cores"
        f"{f' (bar {bar:.0f} s)' if bar else ''}; {_peak_megabytes():.0f} MB of memory at most"
    )
    found = scroll(gallery)
    print(
        f"  grid: first screen {1000 * found.first:.0f} ms of the cores (bar 300); a jump "
        f"{1000 * statistics.median(found.far):.1f} ms, a step of the wheel "
        f"{1000 * statistics.median(found.warm):.1f} ms (bar 10), least "
        f"{1000 * min(found.warm):.1f}; {found.n_made:,} tiles made; {_peak_megabytes():.0f} MB "
        "at most",
        flush=True,
    )


@dataclass(frozen=True)
class Scrolled:
    """Seconds of the cores: to show the grid, of each jump to a place of chance, of each step."""

    first: float
    far: list[float]
    warm: list[float]
    n_made: int


def scroll(gallery: Gallery) -> Scrolled:
    """Jump to places of chance in a ranking of all images, and turn the wheel at each."""
    from PyQt5.QtWidgets import QApplication

    from gui.panels.retrieval.grid import RankingGrid
    from gui.panels.retrieval.view import RELEVANT, ResultTile, Tiles
    from gui.theme import ThemeKeeper
    from gui.thumbnails import ThumbnailStore

    application = QApplication.instance() or QApplication([])
    made = 0

    def tile(place: int) -> ResultTile:
        nonlocal made
        made += 1
        image = gallery.images[place]
        return ResultTile(place + 1, place, gallery.path(place), image.path, 0.5, RELEVANT)

    grid = RankingGrid(ThemeKeeper(), ThumbnailStore())
    grid.resize(1200, 800)

    def show() -> None:
        grid.show_tiles(Tiles(tile, np.arange(len(gallery))))
        grid.show()
        application.processEvents()
        grid.grab()

    _, first = _timed(show)
    bar = grid.verticalScrollBar()

    def go_to(value: int) -> None:
        bar.setValue(value)
        grid.viewport().repaint()

    starts = np.random.default_rng(1).integers(0, bar.maximum(), N_JUMPS)
    far, warm = [], []
    for start in starts.tolist():
        far.append(_cores_of(lambda start=start: go_to(start)))  # type: ignore[misc]
        for step in range(1, N_STEPS // N_JUMPS):
            value = start + WHEEL_PIXELS * step
            warm.append(_cores_of(lambda value=value: go_to(value)))  # type: ignore[misc]
    grid.close()
    return Scrolled(first, far, warm, made)


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    clock, cores = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - cores


def _cores_of(work: Callable[[], object]) -> float:
    return _timed(work)[1]


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
