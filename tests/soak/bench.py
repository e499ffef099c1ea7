"""The window under soak: its files in a folder of its own, all that goes wrong written down."""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile
import threading
import traceback
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from PyQt5.QtCore import QtMsgType, qInstallMessageHandler

from core.engines.base import EngineSpec
from gui.app import make_application
from gui.collecting import Collector
from gui.crash import CrashHook
from gui.settings import Settings
from gui.theme import ThemeKeeper
from gui.workbench import Workbench
from tests.soak.bad_images.kinds import bad_images, make_all, quick_kinds
from tests.soak.user import Answers, Heartbeat, end_window, rest, wait_until

REPOSITORY = Path(__file__).resolve().parents[2]
SMALL_NETS = ("lenet_deploy", "squeezenet_v1.0_deploy", "caffenet_deploy")
HEAVY = (
    "64_megapixels.png 64_megapixels.gif 64_megapixels_16.tif text_bomb.png memory.jpg"
    " kernel_messages.jpg sparse.jpg"
).split()
FEW = 8
"""One bad picture of so many is in the folder that is indexed; each may take many seconds."""
N_GROUPS, N_EACH = 6, 10


def own_home() -> Path:
    """Let this process and its children have a home and a temporary folder of their own."""
    scratch = Path(tempfile.mkdtemp(prefix="blobscope-soak-"))
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME",
                 "XDG_RUNTIME_DIR", "TMPDIR"):  # fmt: skip
        (scratch / name).mkdir(mode=0o700)
        os.environ[name] = str(scratch / name)
    tempfile.tempdir = None
    return scratch


@dataclass
class Files:
    """What the window can be given."""

    scratch: Path
    nets: list[Path]
    weights: list[Path]
    images: list[Path]
    bad_images: list[Path]
    folders: list[Path]


class Soak:
    """A running window, what it can be given, and what has gone wrong in it."""

    def __init__(self, files: Files, seed: int, engine: str, home: Path | None = None) -> None:
        """home: for settings and what is kept from session to session, if not in the user's."""
        self.files, self.scratch = files, files.scratch
        self.chance = random.Random(seed)
        self.failures: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.answers = Answers()
        self.hook = CrashHook(files.scratch / "crashes")
        self.app = make_application()
        self.collector = Collector()
        self.collector.start()
        self.heart = Heartbeat()
        self._watch_failures()
        keeper = ThemeKeeper("light")
        keeper.choose("light")
        self.bench = Workbench(
            keeper, Settings(home / "settings.json" if home else None), self.hook,
            EngineSpec(engine), home / "galleries" if home else None, files.scratch / "demo",
            home / "unsaved" if home else None,
        )  # fmt: skip
        self.bench.set_user(self.answers, self.answers)
        self.bench.notices.changed.connect(self._count_errors)
        self._counted: frozenset[str] = frozenset()
        self.bench.window.resize(1440, 900)
        self.bench.start()
        self.n_saved = 0
        self.pace = 1.0
        """How much of the time that a user takes between two clicks the steps take."""

    def rest(self, seconds: float) -> None:
        """Let the window go on for as long as a user would look at it."""
        rest(self.pace * seconds)

    def fail(self, what: str) -> None:
        """Write down a thing that must not happen; the same one again is only counted."""
        short = what.strip().splitlines()[-1]
        self.failures[short] += 1
        if self.failures[short] == 1:
            print(f"FAILED in {self.heart.step}: {what}", flush=True)

    def settle(self, seconds: float = 240.0) -> bool:
        """Wait for all lanes; a job that does not come to its end is a failure."""
        lanes = self.bench.lanes
        for _ in range(3):  # what follows at once from what was done
            self.app.processEvents()
        if lanes.is_idle or wait_until(lambda: lanes.is_idle, seconds):
            return True
        left = [f"{run.lane}/{run.key}" for run in lanes._unended]
        self.fail(f"still busy after {seconds:.0f} s: {', '.join(left)}")
        lanes.cancel_all()
        self.bench.engine.restart()
        return False

    def trigger(self, action: str) -> bool:
        """Do what a menu entry does, where it is enabled."""
        entry = self.bench.window.actions_[action]
        if entry.isEnabled():
            entry.trigger()
            return True
        return False

    def new_path(self, suffix: str) -> Path:
        """A name that no file has yet, among few, so that old files make room."""
        self.n_saved += 1
        path = self.scratch / "saved" / f"{self.n_saved % 40}{suffix}"
        if path.is_file():
            path.unlink()
        return path

    def close(self) -> None:
        """As a user ends it."""
        if not end_window(self.bench):
            self.fail("a thread did not end with the window")
        self.heart.stop()
        self.collector.stop()
        self.hook.remove()
        sys.unraisablehook, threading.excepthook = self._hooks_before
        qInstallMessageHandler(self._heard_before)

    def _watch_failures(self) -> None:
        self.hook.install()
        write_report = self.hook.report

        def report(error: BaseException) -> None:
            self.fail("".join(traceback.format_exception(error)[-6:]))
            write_report(error)

        self.hook.report = report
        self._hooks_before = sys.unraisablehook, threading.excepthook
        sys.unraisablehook = lambda found: self.fail(f"unraisable: {found.exc_value!r}")
        threading.excepthook = lambda found: self.fail(f"thread: {found.exc_value!r}")

        def hear(kind: QtMsgType, _context: object, message: str) -> None:
            if "This plugin does not support" not in message:
                self.fail(f"Qt says: {message}")

        self._heard_before = qInstallMessageHandler(hear)

    def _count_errors(self) -> None:
        shown = frozenset(n.title for n in self.bench.notices.current if n.kind == "error")
        self.errors.update(shown - self._counted)
        self._counted = shown


def make_files(scratch: Path, material: Path | None = None) -> Files:
    """Nets, weights, pictures and folders, sound and broken; the demo beside them."""
    (scratch / "saved").mkdir()
    shutil.copytree(REPOSITORY / "resources" / "demo", scratch / "demo")
    shutil.copytree(REPOSITORY / "prototxt", scratch / "prototxt")
    shutil.copytree(REPOSITORY / "tests" / "data" / "weights", scratch / "weights")
    shutil.copytree(REPOSITORY / "tests" / "data" / "forks", scratch / "forks")
    weights = sorted((scratch / "weights").glob("*.caffemodel*"))
    nets = [scratch / "prototxt" / f"{name}.prototxt" for name in SMALL_NETS]
    nets += sorted((scratch / "forks").glob("*.prototxt"))[::5]
    nets += [scratch / "weights" / "fmt_v1.prototxt", *broken_nets(scratch / "broken")]
    if material is not None:
        shutil.copytree(material, scratch / "material")
        nets += sorted((scratch / "material").rglob("*.prototxt"))
    photos = make_photos(scratch / "photos")
    kinds = quick_kinds() | {name: bad_images()[name] for name in HEAVY}
    bad = [path for _, path in make_all(scratch / "bad", kinds)]
    make_all(scratch / "few_bad", dict(list(kinds.items())[::FEW]))
    folders = [photos, scratch / "demo" / "gallery", scratch / "few_bad"]
    return Files(scratch, nets, weights, sorted(photos.rglob("*.png")), bad, folders)


def broken_nets(folder: Path) -> list[Path]:
    """LeNet with one thing wrong each."""
    text = (REPOSITORY / "prototxt" / "lenet_deploy.prototxt").read_text()
    folder.mkdir()
    changed = {"cut": text[: len(text) // 2], "empty": "", "noise": "\0\1 }{" * 50,
               "cycle": 'layer { name: "a" type: "ReLU" bottom: "a" top: "a" }',
               "markup": text.replace("conv1", "<img src=x><b>conv1")}  # fmt: skip
    paths = []
    for name, content in changed.items():
        paths.append(folder / f"{name}.prototxt")
        paths[-1].write_text(content)
    return paths


def make_photos(folder: Path, n_groups: int = N_GROUPS, n_each: int = N_EACH) -> Path:
    """Folders of noisy pictures, each of one colour."""
    rng = np.random.default_rng(7)
    for group in range(n_groups):
        (folder / f"group_{group}").mkdir(parents=True)
        colour = rng.integers(30, 220, 3)
        for number in range(n_each):
            pixels = np.clip(colour + rng.integers(-25, 25, (60, 80, 3)), 0, 255)
            image = Image.fromarray(pixels.astype(np.uint8))
            image.save(folder / f"group_{group}" / f"{number}.png")
    return folder
