"""kill -9 at random moments, and a table of what came of it.

python -m tests.soak.kills --moments 100 --seed 1 [--only index]

For each kind of job: what was said to be done more than a second before the kill and is not there
(lost), a file that is neither as before nor as wanted (half), `.partial` files left and still there
after the next start, and whether the run that goes on ends in the same bits as an undisturbed one.
A third of the kills of a job that ends come in its last fifth, where it writes the result.
"""

from __future__ import annotations

import argparse
import os
import queue
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.soak.kills.files import make_files
from tests.soak.kills.kinds import KINDS, Kind
from tests.soak.processes import descendants

REPOSITORY = Path(__file__).resolve().parents[3]
LOST_SECONDS = 1.0
MOST_SECONDS = 120.0
KILLED_WITHIN_SECONDS = 3.0
"""Of the first thing that a job has done which does not end by itself."""
LATE_SHARE, LATE_FROM = 1 / 3, 0.8


@dataclass
class Row:
    """What came of the kills of one kind."""

    kind: Kind
    seconds: float = 0.0
    reference: object = None
    n_kills: int = 0
    n_ended: int = 0
    n_died: int = 0
    n_said: list[int] = field(default_factory=list)
    n_lost: int = 0
    n_half: int = 0
    n_left: int = 0
    n_kept: int = 0
    n_unequal: int = 0
    oldest_lost: float = 0.0
    notes: list[str] = field(default_factory=list)


class VictimError(Exception):
    """A program that ended before it was killed, or never began."""


class Victim:
    """A running program and what it has said, with the time of each word."""

    def __init__(self, module: str, words: Sequence[str], place: Path) -> None:
        self.said: list[tuple[float, str, int]] = []
        self._news: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", "-m", module, *words],
            cwd=REPOSITORY,
            env=_own_home(place),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, word: str) -> None:
        """Until it says so. Raises VictimError where it ends or is silent for too long."""
        deadline = time.monotonic() + MOST_SECONDS
        while (heard := self._news.get(timeout=max(0.1, deadline - time.monotonic()))) != word:
            if not heard:
                raise VictimError(f"ended without '{word}': {self._process.wait()}")

    def kill(self) -> float:
        """kill -9, as a user or the system would; the time of it. Its children end as they may."""
        children = descendants(self._process.pid)
        self._process.kill()
        now = time.monotonic()
        self.end()
        _wait_until_gone(children)
        return now

    def end(self) -> None:
        """Until it has ended and all that it said is read."""
        self._process.wait(timeout=MOST_SECONDS)
        self._reader.join(timeout=MOST_SECONDS)

    def _read(self) -> None:
        with self._process.stdout as lines:
            for line in lines:
                words = line.split()
                if len(words) == 3 and line.endswith("\n"):  # else it was killed as it spoke
                    self.said.append((float(words[0]), words[1], int(words[2])))
                    self._news.put(words[1])
        self._news.put("")


def main(words: list[str]) -> int:
    """Kill, look, print; 1 where anything was lost, half written or unequal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="kinds that begin so")
    options = parser.parse_args(words)
    chance = random.Random(options.seed)
    started = time.monotonic()
    rows = [Row(kind) for kind in KINDS if kind.name.startswith(options.only)]
    with tempfile.TemporaryDirectory(prefix="blobscope-kills-") as folder:
        shared = Path(folder) / "shared"
        shared.mkdir()
        make_files(shared)
        for row in rows:
            _run_undisturbed(row, shared, Path(folder) / row.kind.name)
        for moment in range(options.moments):
            row = rows[moment % len(rows)]
            _kill_once(row, shared, Path(folder) / f"{moment}", chance)
    print(_table(rows))
    print(f"{options.moments} kills, seed {options.seed}, {time.monotonic() - started:.0f} s")
    return int(
        any(row.n_lost or row.n_half or row.n_kept or row.n_unequal or row.n_died for row in rows)
    )


def _run_undisturbed(row: Row, shared: Path, place: Path) -> None:
    """How long the whole takes, and what it ends in."""
    kind = row.kind
    if kind.module.endswith("window_victim"):
        return
    place.mkdir()
    _run_earlier(kind, shared, place)
    victim = Victim(kind.module, kind.next_words(shared, place), place)
    victim.end()
    times = {word: seconds for seconds, word, _ in victim.said}
    row.seconds = times["ended"] - times["began"]
    row.reference = kind.result(shared, place)


def _kill_once(row: Row, shared: Path, place: Path, chance: random.Random) -> None:
    kind = row.kind
    place.mkdir()
    _run_earlier(kind, shared, place)
    victim = Victim(kind.module, kind.words(shared, place), place)
    try:
        victim.wait_for("began" if kind.ends else "has")  # so that there is something to lose
    except VictimError as error:
        row.n_died += 1
        row.notes.append(f"{place.name}: died by itself, {error}")
        return
    share = chance.uniform(LATE_FROM, 1) if chance.random() < LATE_SHARE else chance.random()
    time.sleep(share * (row.seconds if kind.ends else KILLED_WITHIN_SECONDS))
    killed_at = victim.kill()
    row.n_kills += 1
    row.n_ended += any(word == "ended" for _, word, _ in victim.said)
    _note_left(row, shared, place, victim, killed_at)
    row.n_left += bool(_leftovers(place))
    _start_again(row, shared, place)


def _note_left(row: Row, shared: Path, place: Path, victim: Victim, killed_at: float) -> None:
    left = row.kind.look(shared, place)
    row.n_said.append(max((number for _, word, number in victim.said if word == "has"), default=0))
    missing = [t for t, word, number in victim.said if word == "has" and number > left.n_has]
    age = killed_at - min(missing) if missing else 0.0
    row.oldest_lost = max(row.oldest_lost, age)
    row.n_lost += age > LOST_SECONDS
    row.n_half += left.is_half
    if left.is_half or age > LOST_SECONDS:
        row.notes.append(f"{place.name}: {left}, lost {age:.2f} s")


def _start_again(row: Row, shared: Path, place: Path) -> None:
    kind = row.kind
    is_window = row.reference is None
    wanted = kind.result(shared, place) if is_window else row.reference
    victim = Victim(kind.module, kind.next_words(shared, place), place)
    victim.end()
    words = {word: number for _, word, number in victim.said}
    row.n_kept += bool(_leftovers(place))
    if is_window:
        is_equal = words.get("offers") == wanted
    else:
        is_equal = "ended" in words and kind.result(shared, place) == wanted
    row.n_unequal += not is_equal
    if not is_equal:
        row.notes.append(f"{place.name}: the next run ended otherwise: {words}")


def _run_earlier(kind: Kind, shared: Path, place: Path) -> None:
    words = kind.earlier_words(shared, place)
    if words:
        Victim(kind.module, words, place).end()


def _leftovers(place: Path) -> list[Path]:
    return list(place.rglob(".blobscope-*.partial"))


def _own_home(place: Path) -> dict[str, str]:
    home = place / "HOME"
    (home / "run").mkdir(parents=True, exist_ok=True, mode=0o700)
    inherited = {name: word for name, word in os.environ.items() if not name.startswith("XDG_")}
    return {
        **inherited,
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(home / "run"),
        "QT_QPA_PLATFORM": "offscreen",
        "QT_LOGGING_RULES": "default.warning=false",
        "OMP_NUM_THREADS": "1",
    }


def _wait_until_gone(pids: Sequence[int]) -> None:
    """An engine ends when its pipe does; until then it may hold files."""
    deadline = time.monotonic() + MOST_SECONDS
    while any(_is_alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)


def _is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def _table(rows: Sequence[Row]) -> str:
    columns: dict[str, Callable[[Row], object]] = {
        "job": lambda row: row.kind.name,
        "kills": lambda row: row.n_kills,
        "after its end": lambda row: row.n_ended,
        "died by itself": lambda row: row.n_died,
        "said done, median": lambda row: f"{median(row.n_said or [0]):.0f}",
        "lost > 1 s": lambda row: row.n_lost,
        "oldest lost, s": lambda row: f"{row.oldest_lost:.2f}",
        "half": lambda row: row.n_half,
        "left .partial": lambda row: row.n_left,
        "still there at the next start": lambda row: row.n_kept,
        "resumed unequal": lambda row: row.n_unequal,
    }
    lines = [" | ".join(columns), "|".join(["---"] * len(columns))]
    lines += [" | ".join(str(cell(row)) for cell in columns.values()) for row in rows]
    notes = [note for row in rows for note in row.notes]
    return "\n".join([*(f"| {line} |" for line in lines), *notes])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
