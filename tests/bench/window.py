"""Start-up to a shown window, opening a net with its weights, and drawing its graph."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]


def _open_window(paths: tuple[Path, ...]) -> tuple[float, dict[str, Any]]:
    """Start the window in a process of its own; returns when it was started, and what it said."""
    with tempfile.TemporaryDirectory() as settings:
        environment = {**os.environ, "XDG_CONFIG_HOME": settings}
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
        started = time.monotonic()
        answer = subprocess.run(
            [sys.executable, "-m", "tests.bench.window_child", *map(str, paths)],
            cwd=REPOSITORY,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    if answer.returncode != 0:
        raise RuntimeError(f"the window did not open:\n{answer.stderr[-3000:]}")
    return started, json.loads(answer.stdout.splitlines()[-1])


def measure_start_up(n_rounds: int) -> dict[str, Any]:
    """From the start of the process to an exposed window."""
    seconds, imported = [], set()
    for _ in range(n_rounds):
        started, said = _open_window(())
        seconds.append(said["moments"]["window_shown"] - started)
        imported.update(said["imported"])
    return {"seconds": _summary(seconds), "imported": sorted(imported)}


def measure_opening(net_path: Path, weights_path: Path, n_rounds: int) -> dict[str, Any]:
    """From asking for both files to graph shown and weights bound, and the longest freeze."""
    graph, bound, freeze = [], [], []
    for _ in range(n_rounds):
        _, said = _open_window((net_path, weights_path))
        moments = said["moments"]
        graph.append(moments["net_shown"] - moments["opening_asked"])
        bound.append(moments["weights_bound"] - moments["opening_asked"])
        freeze.append(said["longest_wait"])
    return {
        "weights_bytes": weights_path.stat().st_size,
        "graph_shown": _summary(graph),
        "weights_bound": _summary(bound),
        "longest_freeze": _summary(freeze),
    }


def measure_drawing(net_path: Path, n_rounds: int) -> dict[str, Any]:
    """Parse, shapes, layout with scene, and a full repaint of the graph at 1000 x 800."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PyQt5.QtGui import QImage

    from core.layers.shapes import infer_shapes
    from core.net.reader import load_net
    from gui.app import make_application
    from gui.graph.panel import GraphPanel
    from gui.theme import ThemeKeeper

    app = make_application()
    seconds: dict[str, list[float]] = {"parse": [], "shapes": [], "layout_and_scene": []}
    seconds["repaint"] = []

    def lap(name: str, since: float) -> float:
        now = time.perf_counter()
        seconds[name].append(now - since)
        return now

    for _ in range(n_rounds):
        panel = GraphPanel(ThemeKeeper("light"))
        panel.resize(1000, 800)
        panel.show()
        app.processEvents()
        moment = time.perf_counter()
        net = load_net(net_path)
        moment = lap("parse", moment)
        shapes = infer_shapes(net)
        moment = lap("shapes", moment)
        panel.show_net(net, shapes)
        lap("layout_and_scene", moment)
        panel.fit()
        app.processEvents()
        picture = QImage(panel.size(), QImage.Format_ARGB32_Premultiplied)
        moment = time.perf_counter()
        panel.render(picture)
        lap("repaint", moment)
        panel.close()
        panel.deleteLater()
        app.processEvents()
    return {"n_layers": len(net.layers), **{name: _summary(s) for name, s in seconds.items()}}


def _summary(seconds: list[float]) -> dict[str, float]:
    return {"least": min(seconds), "median": statistics.median(seconds), "most": max(seconds)}


def print_times(title: str, said: dict[str, Any]) -> None:
    """Each measured thing in milliseconds: median, and from the least to the most."""
    print(f"\n{title}")
    for name, value in said.items():
        if isinstance(value, dict):
            print(
                f"  {name.replace('_', ' '):18}{1000 * value['median']:9.1f} ms   "
                f"({1000 * value['least']:.1f} to {1000 * value['most']:.1f})"
            )
