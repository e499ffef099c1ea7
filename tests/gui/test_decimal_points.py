"""Numbers are written with a point on every system, and a comma is understood."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("locale", ["de_DE.UTF-8", "fr_FR.UTF-8", "pt_BR.UTF-8", "C.UTF-8"])
def test_what_is_typed_is_what_counts(locale: str, repository: Path, tmp_path: Path) -> None:
    """reports/decimal_comma: in the GeM field 1.7 became 17, in the recipe 0.017 became 17."""
    child = Path(__file__).with_name("decimal_fields_child.py")
    done = subprocess.run(
        [sys.executable, str(child), str(tmp_path)],
        cwd=repository,
        env={
            **os.environ,
            "LC_ALL": locale,
            "QT_QPA_PLATFORM": "offscreen",
            "PYTHONPATH": str(repository),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["p"] == [[1.7, "p 1.7"], [2.5, "p 2.5"], [17.0, "p 17.0"]]
    assert said["pasted"] == [1.3, 4.2]
    assert said["scale"] == [0.017, 0.017, [0.5, 0.25, 1.0], [0.5, 1.0, 2.0]]
    assert said["strangers"] == []
