"""Every hostile input through the commands and through the window: a sentence, nothing more."""

from __future__ import annotations

import gc
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PyQt5.QtCore import QTimer

from tests.hostile.inputs import FILES, MADE, copied
from tests.hostile.uses import Use, use_of

SECONDS = 300
"""For all commands on one input, which take one second on an idle machine: a command that waits."""
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


@pytest.fixture(scope="module")
def child() -> Iterator[subprocess.Popen[str]]:
    """Has loaded the commands; each input is given to a copy of it."""
    words = [sys.executable, str(Path(__file__).with_name("commands_child.py"))]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(MAIN)}
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=MAIN, env=environment
    ) as started:
        yield started
        assert started.stdin is not None
        started.stdin.close()
        started.wait(SECONDS)


def run_commands(
    child: subprocess.Popen[str], use: Use, home: Path
) -> Iterator[tuple[tuple[object, ...], tuple[int, str]]]:
    """Each command with its exit code and output, all in one process without its user's folders."""
    home.mkdir()
    words = [[str(word) for word in command] for command in use.commands]
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(json.dumps([str(home), words]) + "\n")
    child.stdin.flush()
    if not select.select([child.stdout], [], [], SECONDS)[0]:
        child.kill()
        pytest.fail(f"no answer in {SECONDS} s")
    said = json.loads(child.stdout.readline())
    assert isinstance(said, list), said
    yield from zip(use.commands, said, strict=True)


def test_commands_end_with_a_sentence(
    use: Use, tmp_path: Path, child: subprocess.Popen[str]
) -> None:
    folder = tmp_path / "work"
    before = set(folder.rglob("*"))
    for command, (code, said) in run_commands(child, use, tmp_path / "home"):
        assert code in (0, 1, 2), (command, said)
        assert said.strip() or command[0] == "replace"
        assert "Traceback" not in said
    written = {path.relative_to(folder) for path in set(folder.rglob("*")) - before}
    assert not [path for path in written if not path.parts[0].startswith(use.outputs or (" ",))]
    left = [path for path in (tmp_path / "home").rglob("*") if "blobscope" not in path.name]
    assert not left
    assert not list(Path.cwd().glob("made-by-a-picture"))


def test_the_window_stays_awake(use: Use, lasting_bench, qtbot) -> None:
    """Files are opened in what the input before has left; the window answers all the while.

    A net of this input is shown in the end, or a notice says why not.
    """
    bench = lasting_bench
    bench.notices.dismiss_all(*(notice.key for notice in bench.notices.current))
    before = bench.document.net
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
    assert bench.document.net is not before or bench.notices.current
    assert bench.engine.state == "ready"
