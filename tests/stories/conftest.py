"""A window on the real engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gui.conftest import _application_as_it_begins, qtbot
from tests.soak.user import end_window

__all__ = ["_application_as_it_begins", "qtbot"]


@pytest.fixture
def bench(qtbot, tmp_path: Path) -> Iterator[object]:
    """A window on the real engine, with its own settings and cache."""
    from gui.crash import CrashHook
    from gui.settings import Settings
    from gui.theme import ThemeKeeper
    from gui.workbench import Workbench

    keeper = ThemeKeeper("light")
    keeper.choose("light")
    bench = Workbench(
        keeper,
        Settings(tmp_path / "settings.json"),
        CrashHook(tmp_path / "crashes"),
        cache=tmp_path / "galleries",
    )
    bench.window.resize(1440, 900)
    bench.start()
    qtbot.waitUntil(lambda: bench.engine.state == "ready", timeout=60000)
    yield bench
    assert end_window(bench)
