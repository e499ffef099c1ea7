"""The import rules of the design hold: the same contracts that `make check` runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_import_contracts_are_kept(repository: Path) -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    answer = subprocess.run(
        [linter, "--no-cache"],
        cwd=repository,
        env={**os.environ, "PYTHONPATH": str(repository)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
