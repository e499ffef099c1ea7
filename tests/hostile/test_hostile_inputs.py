"""Every hostile input through the commands and through the window: a sentence, nothing more."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PyQt5.QtCore import QTimer

from tests.hostile.inputs import FILES, MADE, copied
from tests.hostile.uses import Use, use_of

SECONDS = 60
"""For all commands on one input; each takes a second on an idle machine."""
MOST_BUSY = 8.0
"""Seconds of computing between two turns of the window's event loop: a hang, on a slow and busy
machine too, where a plain turn takes up to 2.5."""
MAIN = Path(__file__).resolve().parents[2]


@pytest.fixture(params=[*FILES, *(f"made: {kind}" for kind in MADE)])
def use(request: pytest.FixtureRequest, material: Callable[[str], Path], tmp_path: Path) -> Use:
    """One input in a folder of its own."""
    folder = tmp_path / "work"
    folder.mkdir()
    kind = request.param.removeprefix("made: ")
    if kind in MADE:
        return use_of(MADE[kind](folder))
    return use_of(copied(material(f"hostile/{kind}"), folder))


def run_commands(use: Use, home: Path) -> Iterator[tuple[int, str]]:
    """Exit code and output of each command, all in one child without its user's folders."""
    home.mkdir()
    environment = {
        **os.environ, "HOME": str(home), "XDG_STATE_HOME": str(home), "TMPDIR": str(home),
        "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(MAIN),
    }  # fmt: skip
    child = Path(__file__).with_name("commands_child.py")
    words = json.dumps([[str(word) for word in command] for command in use.commands])
    ended = subprocess.run(
        [sys.executable, str(child)], input=words, capture_output=True, text=True,
        cwd=home, env=environment, timeout=SECONDS, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    yield from ((code, said) for code, said in json.loads(ended.stdout))


def test_commands_end_with_a_sentence(use: Use, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    before = set(folder.rglob("*"))
    for command, (code, said) in zip(
        use.commands, run_commands(use, tmp_path / "home"), strict=True
    ):
        assert code in (0, 1, 2), (command, said)
        assert said.strip() or command[0] == "replace"
        assert "Traceback" not in said
    written = {path.relative_to(folder) for path in set(folder.rglob("*")) - before}
    assert not [path for path in written if not path.parts[0].startswith(use.outputs or (" ",))]
    left = [path for path in (tmp_path / "home").rglob("*") if "blobscope" not in path.name]
    assert not left
    assert not list(Path.cwd().glob("made-by-a-picture"))


def test_the_window_stays_awake(use: Use, bench, qtbot) -> None:
    """Files are opened one after the other; the window answers all the while and says something."""
    turns, longest = [time.thread_time()], [0.0]

    def turn() -> None:
        now = time.thread_time()
        longest[0] = max(longest[0], now - turns[-1])
        turns.append(now)

    gc.collect()
    gc.freeze()  # what other tests left is not walked through in the window's time
    heart = QTimer(interval=20)
    heart.timeout.connect(turn)
    heart.start()
    for path in use.opened:
        n_turns = len(turns)
        bench.opening.open_paths([path])
        qtbot.waitUntil(lambda n=n_turns: bench.lanes.is_idle and len(turns) > n + 2, timeout=60000)
    heart.stop()
    gc.unfreeze()
    assert longest[0] < MOST_BUSY
    assert bench.document.net is not None or bench.notices.current
    assert bench.engine.state == "ready"
