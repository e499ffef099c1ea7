"""Pictures of the real window on the bundled demo, for the README and where there is no screen."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PyQt5.QtCore import QEventLoop, QTimer

from core.errors import AppError
from core.files import is_plain_file, write_file
from gui.app import make_application
from gui.collecting import Collector
from gui.controllers.demo import DEMO, LAYER
from gui.crash import CrashHook
from gui.settings import Settings
from gui.theme import ThemeKeeper
from gui.widgets.png import png_of
from gui.workbench import Workbench

WIDTH, HEIGHT = 1440, 900
LAYER_OF_MAPS, CHANNEL = "relu3_1", 15
"""What the picture of the Layer page shows: maps say more than single values."""
_NETS = DEMO.parents[1] / "prototxt"
COMPARED = (_NETS / "vgg16_deploy.prototxt", _NETS / "vgg16_deploy_renamed.prototxt")
POLL_MILLISECONDS = 20
LONGEST_SECONDS = 180


def save_demo_screenshots(out_dir: Path, *, demo_folder: Path = DEMO) -> list[Path]:
    """Open the demo offscreen, do what a user would, and save the window in both themes.

    Returns the pictures written: the demo, a layer, its renamed chain, the ranking, and two nets
    compared where those that are bundled with the source are there.
    Raises AppError when the demo is not there or does not come to an end.
    """
    if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app, collector = make_application(), Collector()
    out_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        keeper = ThemeKeeper("light")
        keeper.choose("light")
        bench = Workbench(
            keeper,
            Settings(Path(scratch) / "settings.json"),
            CrashHook(Path(scratch)),
            cache=Path(scratch) / "galleries",
            demo_folder=demo_folder,
        )
        collector.start()
        try:
            return _take_pictures(bench, out_dir)
        finally:
            bench.document.saved_text = bench.document.text
            bench.close()
            bench.window.close()
            app.sendPostedEvents()
            collector.stop()


def _take_pictures(bench: Workbench, out_dir: Path) -> list[Path]:
    if not bench.demo.is_there:
        raise AppError(
            "The demo's files are missing.", hint="Run resources/demo/train_demo_net.py."
        )
    window, panels = bench.window, bench.window.panels
    window.resize(WIDTH, HEIGHT)
    bench.start(demo=True)
    window.set_default_layout()
    _wait(lambda: bench.document.image_path is not None, "the demo's net")
    _wait(lambda: bench.searching.gallery is not None, "the demo's gallery")
    _wait(lambda: bench.lanes.is_idle and bool(panels.retrieval.tiles), "the ranking")
    pictures = [_grab(bench, out_dir / "window_light.png")]
    bench.document.select(LAYER_OF_MAPS)
    window.show_page("layer")
    shown = panels.activations
    _wait(lambda: [card.value.layer for card in shown.cards] == [LAYER_OF_MAPS], "the activations")
    shown.choose(CHANNEL)
    pictures.append(_grab(bench, out_dir / "layer_light.png"))
    window.show_page("net")
    bench.document.select(LAYER)
    window.actions_["rename_chain"].trigger()
    _wait(lambda: bench.document.verification is not None, "the verification")
    bench.keeper.choose("dark")
    pictures.append(_grab(bench, out_dir / "window_dark.png"))
    bench.keeper.choose("light")
    window.show_page("retrieval")
    _wait(lambda: bench.lanes.is_idle, "the thumbnails")
    pictures.append(_grab(bench, out_dir / "retrieval_light.png"))
    if all(is_plain_file(path) for path in COMPARED):
        bench.comparing.compare(*COMPARED)
        _wait(lambda: bench.comparing.comparison is not None, "the comparison")
        pictures.append(_grab(bench, out_dir / "compare_light.png"))
    return pictures


def _grab(bench: Workbench, path: Path) -> Path:
    """Let what is still laid out or gliding come to rest, then save the window."""
    _rest(400)
    _wait(lambda: bench.lanes.is_idle, "the lanes")
    _rest(100)
    write_file(path, png_of(bench.window.grab().toImage()))
    return path


def _wait(holds: Callable[[], bool], what: str) -> None:
    """Run the event loop until a condition has held once."""
    loop, poll, limit = QEventLoop(), QTimer(), QTimer()
    poll.timeout.connect(lambda: loop.exit(1) if holds() else None)
    limit.setSingleShot(True)
    limit.timeout.connect(loop.quit)
    poll.start(POLL_MILLISECONDS)
    limit.start(LONGEST_SECONDS * 1000)
    has_held = loop.exec_() == 1
    if not has_held:
        raise AppError(f"The window did not finish {what} within {LONGEST_SECONDS} s.")


def _rest(milliseconds: int) -> None:
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec_()


def main() -> int:
    """`python -m gui.screenshot OUT` writes the pictures into the folder OUT."""
    if len(sys.argv) != 2:
        sys.stderr.write("usage: python -m gui.screenshot OUT\n")
        return 2
    try:
        for path in save_demo_screenshots(Path(sys.argv[1])):
            sys.stdout.write(f"{path}\n")
    except AppError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
