"""Plants one fault after the other in a copy of the tree and counts those that tests notice.

`python -m tests.mutants.run [WORD ...]`: only faults whose file or words contain a WORD.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.mutants.catalogue import MUTATIONS
from tests.mutants.mutation import Mutation

REPOSITORY = Path(__file__).resolve().parents[2]
LEAST_KILLED = 0.95
SECONDS_A_FAULT = 300.0
"""A test that hangs on a fault has noticed it."""


def main(words: Sequence[str]) -> int:
    """0 when enough faults were noticed, 1 when not, 2 when the tests fail without any."""
    chosen = [m for m in MUTATIONS if not words or any(w in f"{m.file} {m.fault}" for w in words)]
    with tempfile.TemporaryDirectory(prefix="blobscope-mutants-") as folder:
        tree = Path(folder) / "tree"
        copy_tree(tree)
        tests = sorted({test for mutation in chosen for test in mutation.tests})
        output = failure_of(tree, tests)
        if output is not None:
            print(output)
            print("The tests fail without any fault; mend them first.")
            return 2
        survivors = [mutation for mutation in chosen if not is_noticed(tree, mutation)]
    return report(len(chosen), survivors)


def copy_tree(tree: Path) -> None:
    """What git tracks and what it does not ignore, as it stands now."""
    listed = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    names = subprocess.run(listed, cwd=REPOSITORY, capture_output=True, check=True).stdout
    for name in filter(None, os.fsdecode(names).split("\0")):
        source, target = REPOSITORY / name, tree / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)


def is_noticed(tree: Path, mutation: Mutation) -> bool:
    """Whether a test fails, or hangs, with the fault in the tree; the file is put back."""
    file = tree / mutation.file
    before = file.read_text(encoding="utf-8")
    start = time.monotonic()
    file.write_text(mutation.planted(tree), encoding="utf-8")
    try:
        is_killed = failure_of(tree, mutation.tests) is not None
    finally:
        file.write_text(before, encoding="utf-8")
    verdict = "killed  " if is_killed else "SURVIVED"
    print(f"{verdict} {time.monotonic() - start:5.1f} s  {mutation.file}: {mutation.fault}")
    sys.stdout.flush()
    return is_killed


def failure_of(tree: Path, tests: Sequence[str]) -> str | None:
    """What pytest says at the first failure; None where all pass."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    # The copy stands in another folder, from where ../shared/data leads nowhere.
    material = REPOSITORY.parent / "shared" / "data"
    environment.setdefault("BLOBSCOPE_TEST_MATERIAL", str(material))
    try:
        answer = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests],
            cwd=tree,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS_A_FAULT * max(1.0, len(tests) / 4),
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "They hang."
    return None if answer.returncode == 0 else answer.stdout.decode("utf-8", "replace")[-3000:]


def report(n_planted: int, survivors: Sequence[Mutation]) -> int:
    """Print the score and what nobody noticed."""
    n_killed = n_planted - len(survivors)
    print(f"\n{n_killed} of {n_planted} faults noticed ({n_killed / max(1, n_planted):.1%}).")
    for mutation in survivors:
        print(f"  nobody notices: {mutation.fault} ({mutation.file})")
    return 0 if n_killed >= LEAST_KILLED * n_planted else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
