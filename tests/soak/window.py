"""The soak: a user who does what comes to mind in the real window, for minutes or hours.

.venv/bin/python -m tests.soak.window --minutes 60 [--seed 1] [--every 5] [--engine torch]
"""

from __future__ import annotations

import argparse
import faulthandler
import gc
import os
import random
import shutil
import sys
import time
import traceback
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from PyQt5.QtCore import QObject
from PyQt5.QtWidgets import QApplication, QGraphicsView

from core.engine_names import AUTO, GRAPH_ENGINES
from tests.soak.agreement import disagreements
from tests.soak.bench import Soak, make_files, own_home
from tests.soak.processes import (
    count_entries,
    descendants,
    heap_bytes,
    private_bytes,
    resident_bytes,
)
from tests.soak.steps import STEPS
from tests.soak.user import Stall, rest, wait_until

HURRY = 0.3
"""Of all steps, those after which the user does not wait for the window."""
HEADINGS = ("minute", "steps", "RSS MB", "private", "heap", "children MB", "n", "threads", "files",
            "widgets", "QObjects", "items", "Python objects", "temp", "saved", "errors", "failures",
            "stall s", "own s", "in")  # fmt: skip


@dataclass(frozen=True)
class Figures:
    """What the window holds at one moment, at rest on the demo's net."""

    minute: float
    n_steps: int
    resident: int
    private: int
    heap: int
    children: int
    n_children: int
    n_threads: int
    n_files: int
    n_widgets: int
    n_objects: int
    n_items: int
    n_python: int
    n_temporary: int
    n_kept: int
    n_errors: int
    n_failures: int
    stall: Stall

    def row(self) -> str:
        """One row of the table."""
        megabytes = [
            f"{n / 1e6:.0f}" for n in (self.resident, self.private, self.heap, self.children)
        ]
        counts = [self.n_children, self.n_threads, self.n_files, self.n_widgets, self.n_objects,
                  self.n_items, self.n_python, self.n_temporary, self.n_kept, self.n_errors,
                  self.n_failures]  # fmt: skip
        stall = [f"{self.stall.seconds:.2f}", f"{self.stall.own_seconds:.2f}", self.stall.step]
        cells = [f"{self.minute:.0f}", str(self.n_steps), *megabytes, *map(str, counts), *stall]
        return "| " + " | ".join(cells) + " |"


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--every", type=float, default=5.0, help="minutes between two rows")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    engines = ("torch", *GRAPH_ENGINES, AUTO, "fake")
    parser.add_argument("--engine", default="torch", choices=engines)
    parser.add_argument("--material", type=Path, help="a folder of more prototxts")
    parser.add_argument("--only", help="names of steps, with commas, besides opening the demo")
    parser.add_argument("--verbose", action="store_true", help="name each step")
    chosen = parser.parse_args(words)
    faulthandler.enable()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    print(f"seed {chosen.seed}", flush=True)
    scratch = own_home()
    soak = Soak(make_files(scratch, chosen.material), chosen.seed, chosen.engine)
    try:
        run(soak, 60 * chosen.minutes, 60 * chosen.every, chosen.only, is_told=chosen.verbose)
        _tell_end(soak)
    finally:
        soak.close()
        shutil.rmtree(scratch, ignore_errors=True)
    return 1 if soak.failures else 0


def run(
    soak: Soak, seconds: float, every: float, only: str | None, *, is_told: bool
) -> list[Figures]:
    """Take steps until the time is up; a row of figures now and then."""
    names = only.split(",") if only else list(STEPS)
    weights = [STEPS[name][0] for name in names]
    wait_until(lambda: soak.bench.engine.state == "ready", 120)
    start, figures, n_steps = time.monotonic(), [], 0
    print("| " + " | ".join(HEADINGS) + " |\n" + "|---" * len(HEADINGS) + "|", flush=True)
    kinds: list[Counter[str]] = []
    due = start
    while True:
        if time.monotonic() >= due or time.monotonic() - start >= seconds:
            come_to_rest(soak)
            figures.append(measure(soak, time.monotonic() - start, n_steps))
            kinds.append(Counter(type(one).__name__ for one in gc.get_objects()))
            print(figures[-1].row(), flush=True)
            soak.heart.pause()
            due += every
            if time.monotonic() - start >= seconds:
                break
        name = soak.chance.choices(names, weights)[0]
        if is_told:
            print(f"  {time.monotonic() - start:.1f} {name}", flush=True)
        take_step(soak, name)
        n_steps += 1
    _tell_growth(kinds)
    return figures


def take_step(soak: Soak, name: str) -> None:
    """One step, and mostly the patience to wait for what comes of it."""
    soak.heart.step = name
    try:
        STEPS[name][1](soak)
    except Exception as error:
        soak.fail(f"the step itself: {error!r}\n{traceback.format_exc(limit=-3)}")
    if soak.chance.random() < HURRY:
        rest(soak.chance.uniform(0.0, 0.3))
    elif soak.settle():
        for disagreement in disagreements(soak):
            soak.fail(disagreement)


def come_to_rest(soak: Soak) -> None:
    """Bring the window to a state that can be compared: the demo, its first image, one layer."""
    bench = soak.bench
    soak.heart.step = "rest"
    bench.dialogs.close()
    soak.settle()
    bench.engine_choice.use(type(bench.engine_choice.choice())("torch"))
    if bench.engine.spec.name != "torch" or bench.engine.process_id is None:
        bench.engine.restart()
    wait_until(lambda: bench.engine.state == "ready", 120)
    for panel in (bench.window.panels.layer_table.filter, bench.window.panels.graph.bar.field):
        panel.clear()
    bench.document.state = type(bench.document.state)()
    bench.document.saved_text = bench.document.text
    soak.trigger("open_demo")
    soak.settle()
    for notice in bench.notices.current:
        bench.notices.dismiss(notice.key)
    bench.window.resize(1440, 900)
    soak.trigger("reset_layout")
    soak.trigger("theme_light")
    bench.window.show_panel(bench.window.panels.activations)
    bench.document.select("pool1" if bench.document.net.has_layer("pool1") else "")
    soak.settle()
    rest(1.0)
    soak.settle()


def measure(soak: Soak, seconds: float, n_steps: int) -> Figures:
    """Count everything that could grow."""
    stall = soak.heart.restart()
    gc.collect()
    own, children = os.getpid(), descendants(os.getpid())
    windows = QApplication.topLevelWidgets()
    objects = sum(1 + len(one.findChildren(QObject)) for one in [soak.bench, *windows])
    scenes = {id(v.scene()): v.scene() for v in QApplication.allWidgets()
              if isinstance(v, QGraphicsView) and v.scene() is not None}  # fmt: skip
    scratch = soak.scratch
    return Figures(
        seconds / 60, n_steps, resident_bytes(own), private_bytes(own), heap_bytes(),
        sum(map(resident_bytes, children)), len(children), count_entries(own, "task"),
        count_entries(own, "fd"), len(QApplication.allWidgets()), objects,
        sum(len(scene.items()) for scene in scenes.values()), len(gc.get_objects()),
        _n_files(scratch / "TMPDIR"), _n_files(scratch) - _n_files(scratch / "TMPDIR"),
        sum(soak.errors.values()), soak.failures.total(), stall,
    )  # fmt: skip


def _n_files(folder: Path) -> int:
    return sum(len(names) for _, _, names in os.walk(folder))


def _tell_growth(kinds: list[Counter[str]]) -> None:
    """Which Python objects became more after the first measure that is warm."""
    if len(kinds) < 3:
        return
    grown = Counter({k: n - kinds[1][k] for k, n in kinds[-1].items() if n > kinds[1][k]})
    print("more than at the second row: "
          + ", ".join(f"{name} +{n}" for name, n in grown.most_common(15)))  # fmt: skip


def _tell_end(soak: Soak) -> None:
    print("errors shown, as they should be: ")
    for title, count in soak.errors.most_common(40):
        print(f"  {count:4} x {title[:140]}")
    print("where the window stood still over half a second:")
    for place, count in soak.heart.places.most_common(15):
        print(f"  {count:4} x {place}")
    print(f"{soak.failures.total()} failures")
    for failure, count in soak.failures.most_common():
        print(f"  {count:4} x {failure}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
