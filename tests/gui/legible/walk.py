"""Goes through the pages of a real window at several sizes, and tells what is illegible.

QT_SCALE_FACTOR=2 .venv/bin/python -m tests.gui.legible.walk [NET ...] [--sizes 1280x720 ...]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from PyQt5.QtCore import QSize
from PyQt5.QtWidgets import QApplication, QWidget

from core.engines.base import EngineSpec
from gui.app import make_application
from gui.crash import CrashHook
from gui.panels.retrieval.controls import QUERIES_VIEW, RANKING_VIEW, TWO_VIEW
from gui.panels.retrieval.view import RecipeChoice
from gui.settings import Settings
from gui.theme import ThemeKeeper
from gui.workbench import Workbench
from tests.gui.legible.faults import Fault, find_faults
from tests.gui.legible.sources import Elisions
from tests.soak.user import Answers, end_window, wait_until

REPOSITORY = Path(__file__).resolve().parents[3]
SIZES = (QSize(1280, 720), QSize(1440, 900), QSize(1920, 1080))
SHIPPED = {
    "demo": "resources/demo/demo_deploy.prototxt",
    "lenet": "prototxt/lenet_deploy.prototxt",
    "alexnet": "prototxt/alexnet_deploy.prototxt",
    "squeezenet": "prototxt/squeezenet_v1.0_deploy.prototxt",
    "vgg16": "prototxt/vgg16_deploy.prototxt",
    "vgg16 renamed": "prototxt/vgg16_deploy_renamed.prototxt",
}
OF_MATERIAL = {
    "googlenet train_val": "prototxts/BVLC__caffe__models__bvlc_googlenet__train_val.prototxt",
    "resnet-152": "prototxts/KaimingHe__deep-residual-networks__prototxt__"
    "ResNet-152-deploy.prototxt",
    "mobilenet-ssd": "prototxts/chuanqi305__MobileNet-SSD__deploy.prototxt",
    "densenet-161": "prototxts/shicai__DenseNet-Caffe__DenseNet_161.prototxt",
    "openpose": "prototxts/CMU-Perceptual-Computing-Lab__openpose__models__pose__coco__"
    "pose_deploy_linevec.prototxt",
    "mnist siamese": "prototxts/BVLC__caffe__examples__siamese__mnist_siamese.prototxt",
}
"""In the optional test material."""
PATIENCE_SECONDS = 60.0
DIALOGS = (
    "plan_rename show_text show_difference recipe extract fidelity choose_engine keys show_log"
    " about first_steps"
).split()


class Walk:
    """A window on the fake engine, what was elided in it, and how to bring it into its states."""

    def __init__(self, scratch: Path) -> None:
        self.app = make_application()
        self.elisions = Elisions()
        self.answers = Answers()
        self.answers.answer = "discard"
        keeper = ThemeKeeper("light")
        keeper.choose("light")
        self.bench = Workbench(
            keeper, Settings(scratch / "settings.json"), CrashHook(scratch / "crashes"),
            EngineSpec("fake"), scratch / "galleries", REPOSITORY / "resources" / "demo",
            scratch / "unsaved",
        )  # fmt: skip
        self.bench.set_user(self.answers, self.answers)
        self.bench.engine_choice.find_caffes = tuple  # those of this machine are nobody's
        self.window = self.bench.window
        self.photos = _make_photos(scratch / "a folder of photographs")
        self.window.resize(SIZES[0])
        self.bench.start()
        self.settle()

    def open(self, path: Path) -> None:
        """Open a net, look at the layer with the longest name, run it on a photo, search by it."""
        bench = self.bench
        self.elisions.clear()
        bench.opening.open_paths([path])
        wait_until(lambda: bench.document.path == path.absolute(), PATIENCE_SECONDS)
        self.settle()
        assert bench.document.path == path.absolute(), [n.title for n in bench.notices.current]
        in_place = [layer.name for layer in bench.document.net.in_place_layers]
        names = in_place or [layer.name for layer in bench.document.net.layers]
        bench.document.select(max(names, key=len))
        bench.document.set_image(next(self.photos.rglob("*.png")))
        self._do("forward")

    def search(self) -> None:
        """Index the photos by the selected layer, and look at a result."""
        self.window.show_page("retrieval")
        self.answers.folder = self.photos
        self._do("index_folder")
        wait_until(lambda: bool(self.window.panels.retrieval.tiles), PATIENCE_SECONDS)
        self.settle()

    def rankings(self) -> Iterator[str]:
        """The other views of the search, once a second representation is read."""
        panel = self.window.panels.retrieval
        choices = (*panel.recipe_bar._choices.values(),)
        panel.recipe_requested.emit(RecipeChoice(choices[0].layer, choices[0].top, "flatten"))
        self.settle()
        panel.offer_line.button.click()
        self.settle()
        for view in (TWO_VIEW, QUERIES_VIEW):
            panel.recipe_bar.views.choose(view)
            self.settle()
            assert panel.recipe_bar.views.current == view
            yield f"view {view}"
        assert panel.two.sentence.text()
        panel.recipe_bar.views.choose(RANKING_VIEW)

    def pages(self) -> Iterator[str]:
        """Every page, with each of its tabs in front."""
        for page in self.window.pages:
            self.window.show_page(page)
            if page == "net":
                for panel in (self.window.panels.changes, self.window.panels.inspector):
                    self.window.show_panel(panel)
                    self.settle()
                    yield type(panel).__name__
            else:
                self.settle()
                yield page
        self.window.show_page("net")

    def renamed(self) -> Iterator[str]:
        """After every in-place layer got a blob of its own, and what changed was verified."""
        if self._do("rename_all"):
            self._do("verify")
            for panel in (self.window.panels.changes, self.window.panels.inspector):
                self.window.show_panel(panel)
                self.settle()
                yield f"renamed, {type(panel).__name__}"

    def dialogs(self) -> Iterator[str]:
        """Each dialog in turn."""
        for action in DIALOGS:
            before = self._windows()
            if not self._do(action):
                continue
            wait_until(lambda before=before: self._windows() != before, 2.0)
            yield action
            for window in self._windows() - before:
                window.close()
            self.settle()

    def faults_at(self, sizes: tuple[QSize, ...], state: str) -> list[str]:
        """What is illegible at each of these sizes of the window, with sizes and state named."""
        found: dict[Fault, list[str]] = {}
        for size in sizes:
            self.window.resize(size)
            self.settle()
            for window in self._windows():
                for fault in find_faults(window, self.elisions):
                    found.setdefault(fault, []).append(f"{size.width()}x{size.height()}")
        return [f"{fault} [{state}, {', '.join(at)}]" for fault, at in found.items()]

    def close(self) -> bool:
        """As a user ends it; True if every thread ended."""
        return end_window(self.bench)

    def _do(self, action: str) -> bool:
        entry = self.window.actions_[action]
        if entry.isEnabled():
            entry.trigger()
            self.settle()
            return True
        return False

    def settle(self) -> None:
        """Wait until nothing runs."""
        wait_until(
            lambda: self.bench.lanes.is_idle and self.bench.engine.state == "ready",
            PATIENCE_SECONDS,
        )
        QApplication.processEvents()

    @staticmethod
    def _windows() -> set[QWidget]:
        return {window for window in QApplication.topLevelWidgets() if window.isVisible()}


def net_path(name: str, material: Path) -> Path:
    """Where a net of the walk is."""
    return REPOSITORY / SHIPPED[name] if name in SHIPPED else material / OF_MATERIAL[name]


def walk_net(walk: Walk, path: Path, sizes: tuple[QSize, ...]) -> list[str]:
    """Every fault of one net in the states that depend on the net."""
    walk.open(path)
    found = [fault for state in walk.pages() for fault in walk.faults_at(sizes, state)]
    return found + [fault for state in walk.renamed() for fault in walk.faults_at(sizes, state)]


def _make_photos(folder: Path) -> Path:
    rng = np.random.default_rng(7)
    for group in ("a class of things", "another class"):
        (folder / group).mkdir(parents=True)
        for number in range(8):
            pixels = rng.integers(0, 255, (60, 80, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(folder / group / f"photograph_{number:08}.png")
    return folder


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("nets", nargs="*", default=[*SHIPPED, *OF_MATERIAL])
    parser.add_argument("--sizes", nargs="*", default=[f"{s.width()}x{s.height()}" for s in SIZES])
    parser.add_argument("--material", type=Path, default=REPOSITORY.parent / "shared" / "data")
    chosen = parser.parse_args(words)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sizes = tuple(QSize(*map(int, size.split("x"))) for size in chosen.sizes)
    n_faults = 0
    with tempfile.TemporaryDirectory() as scratch:
        walk = Walk(Path(scratch))
        with walk.elisions.listening():
            for name in chosen.nets:
                path = net_path(name, chosen.material)
                if not path.exists():
                    print(f"{name}: not there")
                    continue
                for fault in walk_net(walk, path, sizes):
                    print(f"{name}: {fault}", flush=True)
                    n_faults += 1
        walk.close()
    print(f"{n_faults} faults")
    return 1 if n_faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
