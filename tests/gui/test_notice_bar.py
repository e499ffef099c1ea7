"""The notice bar: a notice is to be seen where the bar is, as soon as it comes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt5.QtWidgets import QVBoxLayout, QWidget

from core.screen import missing_x_packages
from gui.widgets.notice_bar import LARGEST_HEIGHT, NoticeBar
from gui.widgets.notice_card import Notice

ONE = Notice("error", "It failed", "This is why.", key="one")
OTHER = Notice("ok", "It went well", "This is what came of it.", key="other")
LONG = Notice("info", "Much to say", " ".join(["word"] * 600), key="long")


@pytest.fixture
def bar(keeper, qtbot) -> Iterator[NoticeBar]:
    """A bar above something that takes the rest, shown before any notice came."""
    holder = QWidget()
    qtbot.addWidget(holder)
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    bar = NoticeBar(keeper)
    column.addWidget(bar)
    column.addWidget(QWidget(), 1)
    holder.resize(600, 500)
    with qtbot.waitExposed(holder):
        holder.show()
    yield bar
    holder.close()


def is_in_view(bar: NoticeBar) -> bool:
    """Whether every card lies within what the bar shows, at the height that its words need."""
    area = bar.viewport().rect()
    return bool(bar.cards) and all(
        area.contains(card.geometry().translated(card.parentWidget().pos()))
        and card.height() >= card.heightForWidth(card.width())
        for card in bar.cards
    )


@pytest.mark.parametrize("notices", [(ONE,), (OTHER,), (ONE, OTHER)])
def test_the_first_notices_are_in_view_at_once(bar, notices) -> None:
    bar.show_notices(notices)
    assert is_in_view(bar)


def test_a_notice_is_in_view_after_the_bar_was_hidden(bar, qtbot) -> None:
    for notices in ((ONE,), (), (OTHER,), (), (OTHER, ONE)):
        bar.show_notices(notices)
        qtbot.waitUntil(lambda n=notices: is_in_view(bar) if n else bar.isHidden())


def test_a_narrower_bar_is_taller(bar, qtbot) -> None:
    many = Notice("warning", "Words", " ".join(["word"] * 60), key="words")
    bar.show_notices((many,))
    wide = bar.height()
    bar.window().resize(300, 500)
    qtbot.waitUntil(lambda: bar.height() > wide + 10 and is_in_view(bar))


def test_notices_beyond_the_limit_scroll(bar, qtbot) -> None:
    bar.show_notices((LONG,))
    qtbot.waitUntil(lambda: bar.height() == LARGEST_HEIGHT)
    qtbot.waitUntil(lambda: bar.verticalScrollBar().maximum() > 0)


@pytest.fixture(scope="module")
def x_display() -> Iterator[str]:
    """A screen of X that nobody looks at."""
    server = shutil.which("Xvfb")
    if server is None:
        pytest.skip("no Xvfb on this machine")
    if missing := missing_x_packages():
        pytest.skip(f"Qt shows no window here without {', '.join(missing)}")
    reader, writer = os.pipe()
    command = [server, "-displayfd", str(writer), "-screen", "0", "1280x900x24"]
    process = subprocess.Popen(command, pass_fds=[writer], stderr=subprocess.DEVNULL)
    os.close(writer)
    with os.fdopen(reader) as stream:
        number = stream.readline().strip()
    try:
        yield f":{number}"
    finally:
        process.terminate()
        process.wait(10)


def test_a_notice_is_seen_on_a_real_screen(x_display: str, repository: Path) -> None:
    """In the window, after start and again after the bar was hidden: pixels of X, not of Qt."""
    child = Path(__file__).with_name("notice_on_screen_child.py")
    done = subprocess.run(
        [sys.executable, str(child)],
        cwd=repository,
        env={
            **os.environ,
            "DISPLAY": x_display,
            "QT_QPA_PLATFORM": "xcb",
            "PYTHONPATH": str(repository),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    shares = [float(line) for line in done.stdout.split()]
    assert len(shares) == 3
    assert min(shares) > 0.5, shares
