"""kill -9 while a folder is indexed or swept: whoever goes on ends where an undisturbed run does.

At random moments, and more of them: python -m tests.soak.kills --moments 40 --only index
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.soak.kills.files import N_IMAGES, make_files
from tests.soak.kills.kinds import Index, Sweep

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no kill -9")
@pytest.mark.parametrize(
    ("kind", "moments"),
    [(Index(), [("has", 0), ("has", 40)]), (Sweep(), [("has", 24), ("row", 3)])],
    ids=["index", "sweep"],
)
def test_a_gallery_whose_making_was_killed_ends_in_the_bits_of_an_undisturbed_one(
    kind: Index, moments: list[tuple[str, int]], tmp_path: Path
) -> None:
    shared, cut, whole = (tmp_path / name for name in ("shared", "cut", "whole"))
    for folder in (shared, cut, whole):
        folder.mkdir()
    make_files(shared)
    for word, number in moments:
        kill_when(kind.words(shared, cut), word, number)
    left = kind.look(shared, cut)
    assert not left.is_half
    assert left.n_has <= N_IMAGES
    for place in (cut, whole):
        subprocess.run(victim(kind.words(shared, place)), cwd=REPOSITORY, check=True, timeout=120)
    assert kind.result(shared, cut) == kind.result(shared, whole)
    assert kind.look(shared, cut).n_has == N_IMAGES


def kill_when(words: list[str], word: str, number: int) -> None:
    """Start a job, and kill it as soon as it says that it has come so far."""
    with subprocess.Popen(
        victim(words), cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            _, said, n_done = line.split()
            if said == word and int(n_done) >= number:
                process.kill()
                break
        else:
            pytest.fail(f"the job ended before it had said '{word} {number}'")


def victim(words: list[str]) -> list[str]:
    """The program that does one job and says how far it is."""
    return [sys.executable, "-m", "tests.soak.kills.victim", *words]
