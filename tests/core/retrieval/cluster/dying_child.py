"""The cluster's child with a part to die at: it has a machine removed, and ends by SIGKILL.

MACHINES names a pair of pipes to the script of the machines; REMOVE_AT and DIE_AT count parts.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from core.retrieval.cluster import child, pipeline

written = 0
write_part = pipeline.write_part


def write_and_count(*words: Any) -> Any:
    global written
    path = write_part(*words)
    written += 1
    if written == int(os.environ["REMOVE_AT"]):
        asked, answered = (Path(p) for p in os.environ["MACHINES"].split(os.pathsep))
        asked.write_text("remove\n")
        answered.read_text()
    if written == int(os.environ["DIE_AT"]):
        os.kill(os.getpid(), signal.SIGKILL)
    return path


if __name__ == "__main__":
    pipeline.write_part = write_and_count
    child.main()
