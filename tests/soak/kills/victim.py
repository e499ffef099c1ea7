"""A program to be killed: does one job without a window and says what it has done.

`python -m tests.soak.kills.victim KIND FOLDER OUT [N]`; each line it prints is the time of the
system's monotonic clock, a word and a number.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

from core.engines.host import EngineHost, NetToRun
from core.engines.values import EngineSpec
from core.jobs.extract import ExtractRequest, extract
from core.jobs.index import IndexRequest, index
from core.jobs.open import OpenRequest, open_model
from core.jobs.rename import RenameRequest, rename
from core.jobs.sweep import SweepRequest, sweep
from core.measures.measure import Pool, parse_poolings
from core.progress import Job, run_job
from core.representations.after import parse_after
from tests.soak.kills.files import VALUES

SLOW = EngineSpec("fake", options=(("seconds_per_layer", "0.01"),))
BATCH = 4


def say(word: str, number: int) -> None:
    """Tell the one who kills; what is said is true from now on."""
    print(time.monotonic(), word, number, flush=True)


def watched(job: Job[object]) -> None:
    """Run a job and say how many images are done."""
    say("began", 0)
    while True:
        try:
            step = next(job)
        except StopIteration:
            return
        if step.what == "images" or step.what.startswith("images indexed"):
            say("has", step.done)
        if step.what == "rows measured":
            say("row", step.done)


def run_index(folder: Path, out: Path, _n_times: int) -> None:
    """Describe all pictures into a gallery."""
    with EngineHost() as host:
        request = IndexRequest(
            net_of(folder), folder / "images", "relu1", Pool("gem"), out, batch_size=BATCH
        )
        watched(index(request, host))


def run_sweep(folder: Path, out: Path, _n_times: int) -> None:
    """Describe all pictures by several values and poolings, and measure each, whitened too."""
    with EngineHost() as host:
        request = SweepRequest(
            net_of(folder),
            folder / "images",
            out,
            VALUES,
            parse_poolings("gap,mac"),
            parse_after("l2,white:2"),
            truth=folder / "labels.csv",
            batch_size=BATCH,
        )
        watched(sweep(request, host))


def run_extract(folder: Path, out: Path, _n_times: int) -> None:
    """Extract some values of all pictures into a file or a folder."""
    extract_images(folder, out, folder / "images")


def run_earlier(folder: Path, out: Path, _n_times: int) -> None:
    """The same of a few pictures, which the next one replaces."""
    extract_images(folder, out, folder / "earlier.txt")


def extract_images(folder: Path, out: Path, images: Path) -> None:
    """Extract some values of some pictures."""
    with EngineHost() as host:
        request = ExtractRequest(net_of(folder), VALUES, out, images=(images,), batch_size=BATCH)
        watched(extract(request, host))


def run_save(folder: Path, out: Path, n_times: int) -> None:
    """Write one renamed net after another to the same file."""
    save_versions(folder, out, n_times, is_verified=False)


def run_verify(folder: Path, out: Path, n_times: int) -> None:
    """The same, with the proof beside it."""
    save_versions(folder, out, n_times, is_verified=True)


def save_versions(folder: Path, out: Path, n_times: int, *, is_verified: bool) -> None:
    """Say each version once it is written; n_times: 0 for no end."""
    opened = open_model(OpenRequest(folder / "net.prototxt", engine=EngineSpec("fake")))
    request = RenameRequest(opened, "layers", ("relu0",), out=out, is_verified=is_verified)
    with EngineHost() as host:
        say("began", 0)
        for number in range(n_times) if n_times else count():
            run_job(rename(replace(request, names={"relu0": f"version{number}"}), host))
            say("has", number + 1)


def net_of(folder: Path) -> NetToRun:
    """The net in an engine that takes its time."""
    path = folder / "net.prototxt"
    return NetToRun(path.read_text(), path, engine=SLOW)


JOBS: dict[str, Callable[[Path, Path, int], None]] = {
    "index": run_index,
    "sweep": run_sweep,
    "extract": run_extract,
    "earlier": run_earlier,
    "save": run_save,
    "verify": run_verify,
}

if __name__ == "__main__":
    kind, shared, wanted, *rest = sys.argv[1:]
    JOBS[kind](Path(shared), Path(wanted), int(rest[0]) if rest else 0)
    say("ended", 0)
