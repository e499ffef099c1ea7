"""A whole window on the fake engine, and a user who answers its dialogs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PyQt5.QtCore import QEvent, Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from gui.collecting import Collector
from gui.theme import Theme, ThemeKeeper
from tests.gui.lent_engine import Lender
from tests.soak.user import end_window

COLOURS = {"red": (220, 30, 30), "green": (20, 210, 40), "blue": (20, 40, 220)}
N_EACH = 6
PATIENCE_MILLISECONDS = 60_000
"""For what comes at once on an idle machine; the 5 s of pytest-qt are too few on a busy one."""


@pytest.fixture(autouse=True)
def _no_question_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine under load makes an index long enough to be asked about; tests of that set it."""
    for module in ("searching.index", "sweeping.work"):
        monkeypatch.setattr(f"gui.controllers.{module}.ASK_SECONDS", 1e9)


@pytest.fixture(scope="session", autouse=True)
def _one_application(qapp: object) -> None:
    """One for all tests, whichever comes first: what is drawn with lives as long as it."""


@pytest.fixture(autouse=True)
def _application_as_it_begins(qapp: QApplication) -> Iterator[None]:
    """Without former widgets, light, nothing on the clipboard, no button and no key down.

    A new window has all there is dressed anew: five times the work with a former one. And with
    garbage collected in its thread only, as in the program.
    """
    QApplication.sendPostedEvents(None, QEvent.DeferredDelete)
    Theme.light().apply(qapp)
    QApplication.clipboard().clear()
    if QApplication.mouseButtons() & Qt.LeftButton:  # as QTest's double click leaves it
        QTest.mouseRelease(QWidget(), Qt.LeftButton)
    if QApplication.keyboardModifiers():  # as a shortcut of QTest's leaves them
        QTest.keyRelease(QWidget(), Qt.Key_Control)
    collector = Collector()
    collector.start()
    yield
    collector.stop()


@pytest.fixture
def qtbot(qtbot: QtBot) -> QtBot:
    """Waits as long as a machine under load needs, and holds every widget until the test is over.

    pytest-qt keeps weak references and lets Qt paint after the test's function has returned. A
    widget that only the function held was then collected in the middle of its own paint, which
    ended the whole run with a segmentation fault.
    """
    held = []
    add_widget = qtbot.addWidget

    def add_and_hold(widget: QWidget, **named: Any) -> None:
        held.append(widget)
        add_widget(widget, **named)

    for name in ("waitSignal", "waitSignals", "waitUntil"):
        setattr(qtbot, name, partial(getattr(qtbot, name), timeout=PATIENCE_MILLISECONDS))
    qtbot.addWidget = add_and_hold
    qtbot.held = held
    return qtbot


@pytest.fixture
def keeper(qapp: object) -> ThemeKeeper:
    """The light theme, without dressing the application."""
    return ThemeKeeper("light")


@dataclass
class FakeUser:
    """Answers file dialogs and questions; remembers what was asked."""

    files: list[tuple[Path, ...]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def open_files(
        self, title: str, folder: Path, filters: str, on_chosen: Callable[[tuple[Path, ...]], None]
    ) -> None:
        self.asked.append(title)
        on_chosen(self.files.pop(0))

    def open_folder(self, title: str, folder: Path, on_chosen: Callable[[Path], None]) -> None:
        self.asked.append(title)
        on_chosen(self.files.pop(0)[0])

    def save_file(
        self, title: str, path: Path, filters: str, on_chosen: Callable[[Path], None]
    ) -> None:
        self.asked.append(title)
        on_chosen(self.files.pop(0)[0] if self.files else path)

    def ask(
        self,
        title: str,
        body: str,
        choices: Sequence[tuple[str, str]],
        on_answer: Callable[[str], None],
    ) -> None:
        self.asked.append(title)
        answer = self.answers.pop(0)
        assert answer in {key for key, _ in choices}
        on_answer(answer)


@pytest.fixture
def user() -> FakeUser:
    """Add what the user will choose to `files` and `answers`."""
    return FakeUser()


LENDER = Lender()


@pytest.fixture(scope="session", autouse=True)
def _end_lent_engine() -> Iterator[None]:
    LENDER.prepare()
    yield
    LENDER.close()


def pytest_runtest_logstart() -> None:
    """Before each test, and before what it leaves behind is counted."""
    if LENDER.is_in_use:
        LENDER.prepare()


@pytest.fixture
def make_bench(qtbot, tmp_path: Path, user: FakeUser) -> Iterator[Callable[..., object]]:
    """Builds windows on the fake engine; options go to the engine, such as crash_at="fc7"."""
    with windows_in(tmp_path, user) as make:
        yield make


@contextmanager
def windows_in(folder: Path, user: FakeUser) -> Iterator[Callable[..., Any]]:
    """What builds windows that keep their files in a folder, and closes them in the end."""
    from core.engines.base import EngineSpec
    from gui.crash import CrashHook
    from gui.settings import Settings
    from gui.workbench import Workbench
    from tests.bench.looking import wait

    made: list[Workbench] = []

    def make(
        *, is_shown: bool = False, demo_folder: Path | None = None, **options: str
    ) -> Workbench:
        keeper = ThemeKeeper("light")
        keeper.choose("light")
        bench = Workbench(
            keeper,
            Settings(folder / "settings.json"),
            CrashHook(folder / "crashes"),
            EngineSpec("fake", options=tuple(options.items())),
            folder / "galleries",
            demo_folder or folder / "no demo",
            folder / "unsaved",
        )
        bench.set_user(user, user)
        bench.engine_choice.find_caffes = tuple  # the machine that tests run on is nobody's
        made.append(bench)
        bench.window.resize(1280, 800)
        if is_shown:
            bench.start()
            wait(lambda: bench.engine.state == "ready")
        return bench

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gui.controllers.engine_child.start_engine", LENDER.start)
        yield make
    for bench in made:
        assert end_window(bench)


@pytest.fixture
def bench(make_bench: Callable[..., object]) -> object:
    """A window that is shown, with a running fake engine."""
    return make_bench(is_shown=True)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Three folders of six noisy pictures of one colour each."""
    rng = np.random.default_rng(7)
    for name, colour in COLOURS.items():
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(N_EACH):
            noise = rng.integers(-20, 20, (24, 32, 3))
            pixels = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{number}.png")
    return tmp_path / "photos"
