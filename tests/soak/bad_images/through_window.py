"""Bad pictures through the window: each opened, all of them indexed and shown, some dropped."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from PyQt5.QtWidgets import QApplication

from tests.soak.bench import Soak, make_files
from tests.soak.processes import Sampler
from tests.soak.steps import drop
from tests.soak.user import rest, wait_until

PATIENCE = 60.0
N_WORST = 12


@dataclass(frozen=True)
class Opened:
    """One picture opened in the window, until all lanes were idle."""

    kind: str
    seconds: float
    peak_bytes: int
    stall: float
    said: str


def through_window(scratch: Path, made: list[tuple[str, Path]]) -> None:
    """Prints the worst of each way in, and whatever must not happen."""
    soak = Soak(make_files(scratch), 1, "torch")
    wait_until(lambda: soak.bench.engine.state == "ready", 120)
    soak.trigger("open_demo")
    soak.settle()
    with Sampler(os.getpid()) as sampler:
        base = sampler.restart()
        rest(0.5)
        base = sampler.restart()
        opened = [_open(soak, sampler, kind, path) for kind, path in made]
        _tell(soak, "opened as image", opened, base.total)
        found = [_index(soak, sampler, scratch / "pictures")]
        found += [_drop(soak, sampler, *one) for one in made[:: max(1, len(made) // 60)]]
        _tell(soak, "indexed and scrolled, then dropped as query", found, base.total)
    soak.close()


def _open(soak: Soak, sampler: Sampler, kind: str, path: Path) -> Opened:
    soak.heart.step = f"open {kind}"
    soak.heart.restart()
    sampler.restart()
    start = time.monotonic()
    soak.answers.files = (path,)
    soak.trigger("open_image")
    return _ended(soak, sampler, kind, start)


def _drop(soak: Soak, sampler: Sampler, kind: str, path: Path) -> Opened:
    soak.heart.step = f"drop {kind}"
    soak.heart.restart()
    sampler.restart()
    start = time.monotonic()
    panel = soak.bench.window.panels.retrieval
    soak.bench.window.show_panel(panel)
    drop(soak.bench.window, path)
    return _ended(soak, sampler, f"drop {kind}", start)


def _index(soak: Soak, sampler: Sampler, folder: Path) -> Opened:
    soak.heart.step = "index"
    soak.heart.restart()
    sampler.restart()
    start = time.monotonic()
    soak.answers.folder = folder
    soak.trigger("index_folder")
    soak.settle(1800)
    bar = soak.bench.window.panels.retrieval.grid.verticalScrollBar()
    for place in range(0, bar.maximum() + 1, 300):
        bar.setValue(place)
        QApplication.processEvents()
        soak.settle(PATIENCE)
    gallery = soak.bench.searching.gallery
    result = _ended(soak, sampler, "index of all", start)
    print(f"the gallery holds {0 if gallery is None else len(gallery)} pictures")
    return result


def _ended(soak: Soak, sampler: Sampler, kind: str, start: float) -> Opened:
    soak.settle(PATIENCE)
    seconds = time.monotonic() - start
    rest(0.03)
    notices = soak.bench.notices.current
    said = next((n.title for n in notices if n.kind in ("error", "warning")), "")
    for notice in notices:
        soak.bench.notices.dismiss(notice.key)
    stall = soak.heart.restart().seconds
    return Opened(kind, seconds, sampler.restart().total, stall, said)


def _tell(soak: Soak, title: str, opened: list[Opened], base: int) -> None:
    slowest = sorted(opened, key=lambda one: -one.seconds)[:N_WORST]
    largest = sorted(opened, key=lambda one: -one.peak_bytes)[:N_WORST]
    stalled = max(opened, key=lambda one: one.stall)
    print(f"\nwindow, {title}: {len(opened)}; {base / 1e6:.0f} MB with engine before")
    print("\n| kind | seconds | peak MB of all | stall s | says |\n|---|---|---|---|---|")
    for one in dict.fromkeys([*slowest, *largest, stalled]):
        print(
            f"| {ascii(one.kind)[1:-1]} | {one.seconds:.1f} | {one.peak_bytes / 1e6:.0f} |"
            f" {one.stall:.2f} | {ascii(one.said)[1:-1][:110]} |"
        )
    print(f"{soak.failures.total()} failures", *soak.failures, sep="\n  ", flush=True)
