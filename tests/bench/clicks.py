"""From a click to what it draws, in this tree and beside it in a former one.

.venv/bin/python -m tests.bench.clicks [NET] [--against COMMIT] [--rounds 5]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.machine import describe_machine

REPOSITORY = Path(__file__).resolve().parents[2]
CHILD = Path(__file__).with_name("clicks_child.py")
OTHER = REPOSITORY / "prototxt" / "lenet_deploy.prototxt"
DEFAULT = "prototxts/KaimingHe__deep-residual-networks__prototxt__ResNet-152-deploy.prototxt"
MATERIAL = Path(os.environ.get("BLOBSCOPE_TEST_MATERIAL", REPOSITORY.parent / "shared" / "data"))
BEFORE_PAGES = "b5fac7d"
"""The last commit with docks around the graph."""
MOST_PAGE_SECONDS = 0.05

Seconds = dict[str, list[float]]


def time_clicks(tree: Path, net: Path, n_rounds: int) -> Seconds:
    """Seconds of each click of each round, in a window of the program in `tree`."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "PYTHONPATH": str(tree), "XDG_CONFIG_HOME": home}
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
        done = subprocess.run(
            [sys.executable, str(CHILD), str(net), str(OTHER), str(n_rounds)],
            cwd=tree,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        raise RuntimeError(f"the window of {tree} failed:\n{done.stderr[-3000:]}")
    seconds: Seconds = json.loads(done.stdout.splitlines()[-1])
    return seconds


@contextmanager
def former_tree(commit: str) -> Iterator[Path]:
    """The files of a commit, for as long as they are needed."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        git = ["git", "-C", str(REPOSITORY), "worktree"]
        subprocess.run(
            [*git, "add", "--detach", str(tree), commit], check=True, capture_output=True
        )
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True, capture_output=True)


def main(words: list[str]) -> int:
    """Measure in turns, so that a busy moment hits both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("net", type=Path, nargs="?", default=MATERIAL / DEFAULT)
    parser.add_argument("--against", default=BEFORE_PAGES, metavar="COMMIT")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(words)
    print(describe_machine())
    now: list[Seconds] = []
    then: list[Seconds] = []
    with former_tree(options.against) as tree:
        for _ in range(options.rounds):
            now.append(time_clicks(REPOSITORY, options.net, 2))
            then.append(time_clicks(tree, options.net, 2))
    print(f"{options.net.name}, against {options.against}")
    for what in now[0]:
        ours, theirs = _median(now, what), _median(then, what)
        print(
            f"  {what:16}{1000 * ours:8.0f} ms   was {1000 * theirs:6.0f} ms  x {ours / theirs:.1f}"
        )
    return 0 if _median(now, "page") <= MOST_PAGE_SECONDS else 1


def _median(rounds: list[Seconds], what: str) -> float:
    return statistics.median(second for one in rounds for second in one[what])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
