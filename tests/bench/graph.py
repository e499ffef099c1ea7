"""The graph of large nets: parse, layout, build, frames, and the layout beside Graphviz dot."""

from __future__ import annotations

import os
import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from core.net.layout.layered import lay_out
from core.net.layout.routes import flatten_route
from core.net.reader import read_net
from tests.bench.layout_quality import (
    WIDTH,
    boxes_and_edges,
    corners_of,
    count_crossings,
    count_lines_through_boxes,
    count_overlaps,
    dot_lines,
)

NETS = {
    "VGG16": "SnailTyan__caffe-model-zoo__VGG16__deploy",
    "ResNet-152": "KaimingHe__deep-residual-networks__prototxt__ResNet-152-deploy",
    "DenseNet-201": "soeaver__caffe-model__det__faster_rcnn__models__pascal_voc__densenet201__"
    "rpn_rcnn_deploys__rcnn_deploy_faster_voc_densenet201-merge",
    "Inception-v4": "SnailTyan__caffe-model-zoo__Inception-v4__deploy",
    "Inception-ResNet-v2": "soeaver__caffe-model__det__faster_rcnn__models__pascal_voc__"
    "inception-resnet-v2__rpn_rcnn_deploys__rcnn_deploy_faster_voc_inception-resnet-v2-merge-aligned",
}
N_SYNTHETIC_BLOCKS = 214
BARS_700 = {"build_all": 250.0, "repaint": 16.0, "pan": 5.0, "zoom": 16.0}
BARS_3000 = {"pan": 5.0, "repaint": 10.0, "fit_all": 60.0}
"""Milliseconds, from the design: up to 700 boxes, and 3,000."""
_N_FRAMES = 30
_STEP = 40


def measure_graph(folder: Path) -> dict[str, Any]:
    """Each net unfolded, in milliseconds; nets that are not in `folder` are told as missing."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from gui.app import make_application

    app = make_application()  # one for all nets: what is drawn with lives as long as it
    said: dict[str, Any] = {}
    for name, stem in NETS.items():
        path = folder / f"{stem}.prototxt"
        if path.is_file():
            said[name] = _measure_net(app, path.read_text(), with_dot=True)
        else:
            said[name] = {"missing": str(path)}
    said["3,000 layers"] = _measure_net(app, residual_net(N_SYNTHETIC_BLOCKS), with_dot=False)
    return said


def residual_net(n_blocks: int) -> str:
    """A prototxt of `n_blocks` residual blocks of 14 layers each."""
    lines = ['input: "data" input_shape { dim: 1 dim: 8 dim: 16 dim: 16 }']
    before = "data"
    for i in range(n_blocks):
        blob = before
        for part in "abc":
            name = f"unit{i}_{part}"
            lines.append(
                f'layer {{ name: "{name}" type: "Convolution" bottom: "{blob}" top: "{name}" '
                "convolution_param { num_output: 8 kernel_size: 3 pad: 1 } }"
            )
            for kind in ("BatchNorm", "Scale", "ReLU"):
                lines.append(
                    f'layer {{ name: "{name}_{kind}" type: "{kind}" '
                    f'bottom: "{name}" top: "{name}" }}'
                )
            blob = name
        lines.append(
            f'layer {{ name: "unit{i}_sum" type: "Eltwise" bottom: "{before}" bottom: "{blob}" '
            f'top: "unit{i}_sum" }}'
        )
        lines.append(
            f'layer {{ name: "unit{i}_out" type: "ReLU" bottom: "unit{i}_sum" top: "unit{i}_sum" }}'
        )
        before = f"unit{i}_sum"
    return "\n".join(lines)


def _measure_net(app: Any, text: str, *, with_dot: bool) -> dict[str, Any]:
    from core.layers.shapes import infer_shapes
    from gui.graph.drawing import Drawing, DrawingRequest, draw
    from gui.graph.panel import GraphPanel
    from gui.theme import ThemeKeeper

    panel = GraphPanel(ThemeKeeper("light"))
    panel.resize(1000, 800)
    panel.show()
    app.processEvents()
    net, parse = _timed(lambda: read_net(text))
    shapes, infer = _timed(lambda: infer_shapes(net))
    request = DrawingRequest(net=net, shapes=shapes, style=panel.scene.graph_style)
    drawing, layout = _timed(lambda: draw(request))
    assert isinstance(drawing, Drawing)
    panel.show_page(has_net=True)
    app.processEvents()
    _, build = _timed(lambda: panel.mirror(drawing), n_times=1)
    said: dict[str, Any] = {
        "n_layers": len(net.layers),
        "parse": parse,
        "shapes": infer,
        "layout": layout,
        "build": build,
        "build_all": parse + layout + build,
        **_frames(panel),
    }
    panel.close()
    panel.deleteLater()
    app.processEvents()
    said["steps"] = measure_steps(app, text)
    said["drawing"] = _quality(text, with_dot=with_dot)
    return said


def measure_steps(app: Any, text: str) -> dict[str, float]:
    """What a user waits for, milliseconds of the processor to the painted frame, least of three.

    open: a net that is read already, folded as it opens. select: a layer inside a fold. unfold:
    all of it. fit: the whole unfolded net, which is seen from far. hover: a box beside.
    """
    runs = [_run_steps(app, text) for _ in range(3)]
    return {step: min(run[step] for run in runs) for step in runs[0]}


def _run_steps(app: Any, text: str) -> dict[str, float]:
    from core.layers.shapes import infer_shapes
    from gui.graph.panel import GraphPanel
    from gui.theme import ThemeKeeper

    net = read_net(text)
    shapes = infer_shapes(net)
    panel = GraphPanel(ThemeKeeper("light"))
    panel.resize(1000, 800)
    panel.show()
    app.processEvents()
    middle = net.layers[len(net.layers) // 2].name

    def timed(step: Callable[[], object]) -> float:
        start = time.thread_time()  # what other programs take does not count
        step()
        panel.repaint()
        return 1000 * (time.thread_time() - start)

    said = {
        "open": timed(lambda: panel.show_net(net, shapes)),
        "select": timed(lambda: panel.show_selection(middle)),
        "hover": timed(lambda: panel.highlight(net.layers[0].name)),
        "unfold": timed(lambda: panel.set_folded(False)),
        "fit": timed(panel.fit),
    }
    panel.close()
    panel.deleteLater()
    app.processEvents()
    return said


def _frames(panel: Any) -> dict[str, float]:
    """Milliseconds of the median frame; the repaint is of the whole viewport at 100 %."""
    canvas = panel.canvas
    canvas.set_scale(1.0)
    canvas.centerOn(canvas.scene().sceneRect().center())
    canvas.viewport().repaint()

    def frame(move: Callable[[], object]) -> float:
        return statistics.median(_each(move, canvas.viewport()))

    found = {"repaint": frame(canvas.viewport().update), "pan": frame(lambda: canvas.pan(0, _STEP))}
    factors: Iterator[float] = iter([0.95] * (_N_FRAMES // 2) + [1 / 0.95] * (_N_FRAMES // 2))
    found["zoom"] = frame(lambda: canvas.set_scale(canvas.scale_now * next(factors)))
    canvas.set_scale(0.35)
    found["repaint_at_035"] = frame(canvas.viewport().update)
    panel.fit()
    canvas.viewport().repaint()
    found["fit_all"] = frame(canvas.viewport().update)
    return found


def _each(move: Callable[[], object], viewport: Any) -> list[float]:
    """Milliseconds from a move to the painted frame."""
    from PyQt5.QtWidgets import QApplication

    times = []
    for _ in range(_N_FRAMES):
        start = time.perf_counter()
        move()
        QApplication.processEvents()
        times.append(1000 * (time.perf_counter() - start))
    viewport.repaint()
    return times


def _quality(text: str, *, with_dot: bool) -> dict[str, Any]:
    """Of the plain layout of equal boxes, which dot can draw, too."""
    boxes, edges = boxes_and_edges(read_net(text), is_folded=False)
    layout = lay_out(boxes, edges)
    corners = corners_of(boxes, layout)
    lines = {key: flatten_route(route) for key, route in layout.routes.items()}
    said: dict[str, Any] = {
        "overlaps": count_overlaps(corners),
        "through_boxes": count_lines_through_boxes(corners, layout),
        "crossings": count_crossings(lines),
        "width": layout.width,
    }
    if with_dot and shutil.which("dot"):
        theirs = dot_lines(boxes, edges)
        xs = [x for line in theirs.values() for x, _ in line]
        said["dot_crossings"] = count_crossings(theirs)
        said["dot_width"] = max(xs) - min(xs) + WIDTH
    return said


def _timed(work: Callable[[], Any], n_times: int = 3) -> tuple[Any, float]:
    """What it returns, and the least of `n_times` runs in milliseconds."""
    times = []
    for _ in range(n_times):
        start = time.perf_counter()
        result = work()
        times.append(1000 * (time.perf_counter() - start))
    return result, min(times)


def print_graph(said: dict[str, Any]) -> None:
    """A line a net, bars that are missed marked with an exclamation mark, then the layouts."""
    keys = ("parse", "layout", "build", "build_all", "repaint", "pan", "zoom", "repaint_at_035")
    keys = (*keys, "fit_all")
    print("\nThe graph unfolded, milliseconds (! misses its bar)")
    print(f"  {'':22}{'layers':>7}" + "".join(f"{key:>15}" for key in keys))
    for name, row in said.items():
        if "missing" in row:
            print(f"  {name:22}skipped: no {row['missing']}")
            continue
        bars = BARS_3000 if row["n_layers"] > 1000 else BARS_700
        cells = (f"{row[key]:14.1f}{'!' if row[key] > bars.get(key, 1e9) else ' '}" for key in keys)
        print(f"  {name:22}{row['n_layers']:7}" + "".join(cells))
    print("What a user does, milliseconds of the processor to the painted frame")
    for name, row in said.items():
        if "steps" in row:
            steps = "".join(f"{step:>10} {time:7.1f}" for step, time in row["steps"].items())
            print(f"  {name:22}{steps}")
    print("Layouts: overlaps, lines through boxes, crossings and width, with those of dot")
    for name, row in said.items():
        if "drawing" in row:
            d = row["drawing"]
            dot = (
                f"{d['dot_crossings']:6} {d['dot_width']:8.0f}" if "dot_width" in d else "  no dot"
            )
            print(f"  {name:22}{d['overlaps']:4}{d['through_boxes']:4}{d['crossings']:6}"
                  f"{d['width']:8.0f}   dot{dot}")  # fmt: skip
