"""Memory of the window that is let go of goes back to the system."""

from __future__ import annotations

import subprocess
import sys

import pytest

CHILD = """
import sys
import numpy as np
from gui.app import make_application
from tests.soak.processes import private_bytes
import os

if sys.argv[1] == "app":
    make_application()
kept = []
np.ones(4 << 20)[0]
before = private_bytes(os.getpid())
for _ in range(3):
    arrays = []
    for _ in range(12):
        arrays.append(np.ones(1 << 20))
        kept.append(bytearray(200_000))
    del arrays
print(private_bytes(os.getpid()) - before)
"""


def grown(how: str) -> int:
    child = subprocess.run(
        [sys.executable, "-c", CHILD, how], capture_output=True, text=True, timeout=60, check=True
    )
    return int(child.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_arrays_that_small_things_lie_between_leave_nothing_behind() -> None:
    assert grown("app") < 16 << 20
