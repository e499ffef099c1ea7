"""The Layer page at work: a slide show against the bare forward, and a click until tiles are drawn.

.venv/bin/python -m tests.bench.looking [--frames 40] [--without-vgg]
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image
from PyQt5.QtCore import QEventLoop, QTimer

from core.jobs.look import inputs_of
from gui.app import make_application
from gui.crash import CrashHook
from gui.frame_sources import FolderSource
from gui.settings import Settings
from gui.theme import ThemeKeeper
from gui.workbench import Workbench
from tests.bench.machine import describe_machine

REPOSITORY = Path(__file__).resolve().parents[2]
MATERIAL = Path(os.environ.get("BLOBSCOPE_TEST_MATERIAL", REPOSITORY.parent / "shared" / "data"))
SQUEEZENET = MATERIAL / "models" / "squeezenet_v1.0.prototxt"
VGG16 = REPOSITORY / "prototxt" / "vgg16_deploy.prototxt"
LAYER = "fire5/concat"
LONGEST_SECONDS = 300.0


def wait(holds: Callable[[], bool]) -> None:
    """Run the window until a condition holds."""
    loop, poll, until = QEventLoop(), QTimer(), time.monotonic() + LONGEST_SECONDS
    held = []  # it may hold no more when the loop has ended

    def look() -> None:
        if holds():
            held.append(True)
        if held or time.monotonic() > until:
            loop.quit()

    poll.timeout.connect(look)
    poll.start(1)
    loop.exec_()
    if not held:
        raise RuntimeError("the window did not come to an end")


@contextmanager
def window(home: Path, net: Path, image: Path, layer: str) -> Iterator[Workbench]:
    """The Layer page of a net on an image, drawn once."""
    keeper = ThemeKeeper("light")
    bench = Workbench(keeper, Settings(home / "s.json"), CrashHook(home), cache=home / "g")
    bench.window.resize(1440, 900)
    bench.start()
    weights = net.with_suffix(".caffemodel")
    bench.opening.open_paths([net, *([weights] if weights.exists() else [])])
    wait(lambda: bench.document.net is not None and bench.engine.state == "ready")
    bench.opening.open_image(image)
    bench.document.select(layer)
    bench.window.show_page("layer")
    wait(lambda: is_drawn(bench, layer))
    try:
        yield bench
    finally:
        bench.close()
        bench.window.close()


def is_drawn(bench: Workbench, layer: str) -> bool:
    """Whether the tiles are of this layer and nothing runs."""
    shown = [card.value.layer for card in bench.window.panels.activations.cards]
    return shown == [layer] and bench.lanes.is_idle


def bare_forward(bench: Workbench, n_times: int) -> float:
    """Passes a second of the same engine on a prepared image, with every value kept."""
    key = bench.inspecting.run_key()
    if key is None:
        raise RuntimeError("nothing can run")
    inputs = inputs_of(key)
    with bench.inspecting.looker.passed(key) as engine:
        engine.run(inputs)
        start = time.perf_counter()
        for _ in range(n_times):
            engine.run(inputs)
        return n_times / (time.perf_counter() - start)


def slide_show(bench: Workbench, images: list[Path], n_frames: int) -> float:
    """Pictures a second from folder to drawn tiles, as fast as it goes."""
    rate = bench.window.slide_bar.rate
    rate.setCurrentIndex(rate.count() - 1)
    slides = bench.layer.interventions.slides
    slides.play(FolderSource(Path("bench"), images))
    wait(lambda: slides.n_shown >= 3)
    start, first = time.perf_counter(), slides.n_shown
    wait(lambda: slides.n_shown >= first + n_frames)
    seconds = time.perf_counter() - start
    shown = slides.n_shown - first
    slides.end()
    wait(lambda: bench.lanes.is_idle)
    return shown / seconds


def clicks(bench: Workbench, layer: str, other: str, n_times: int) -> tuple[float, float]:
    """Seconds from a click on a layer to its tiles: with values that are kept, and a fresh pass."""
    cached, fresh = [], []
    for _ in range(n_times):
        bench.document.select(other)
        wait(lambda: is_drawn(bench, other))
        start = time.perf_counter()
        bench.document.select(layer)
        wait(lambda: is_drawn(bench, layer))
        cached.append(time.perf_counter() - start)
        start = time.perf_counter()
        bench.inspecting.forward()
        wait(lambda: is_drawn(bench, layer))
        fresh.append(time.perf_counter() - start)
    return statistics.median(cached), statistics.median(fresh)


def main(words: list[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=40)
    parser.add_argument("--without-vgg", action="store_true")
    options = parser.parse_args(words)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = make_application()
    print(describe_machine())
    with tempfile.TemporaryDirectory() as folder:
        home, images = Path(folder), []
        for number in range(8):
            pixels = np.random.default_rng(number).integers(0, 255, (240, 320, 3), np.uint8)
            images.append(home / f"{number}.png")
            Image.fromarray(pixels).save(images[-1])
        with window(home, SQUEEZENET, images[0], LAYER) as bench:
            bare = bare_forward(bench, options.frames)
            shown = slide_show(bench, images, options.frames)
            print(f"SqueezeNet, {LAYER}: slide show {shown:.1f} pictures/s, bare forward "
                  f"{bare:.1f}/s, ratio {shown / bare:.2f}")  # fmt: skip
        if not options.without_vgg:
            with window(home, VGG16, images[0], "pool5") as bench:
                for layer in ("conv1_1", "fc7"):
                    cached, fresh = clicks(bench, layer, "pool5", 3)
                    print(f"VGG16, click on {layer} to tiles drawn: {1000 * cached:.0f} ms of kept "
                          f"values, {1000 * fresh:.0f} ms with a fresh pass")  # fmt: skip
    app.sendPostedEvents()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
