"""A whole index of many images: memory of every process over time, a kill in the middle.

.venv/bin/python -m tests.bench.indexing --weights FILE [--images 20000 | --folder DIR]
    [--net squeezenet] [--layer fire9/concat] [--size 64] [--kill]

Memory is resident memory (RSS, which counts shared pages for each process that has them) of the
command, its engine and its decoders, looked at every two seconds and told when a quarter, a half,
three quarters and all of the images are in the gallery. With --kill a second index is ended by
kill -9 of all of its processes at half of the images, made again, and its gallery compared with the
first one's: every row by the bytes of its descriptor.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from core.errors import AppError
from core.retrieval.gallery_store import GalleryStore
from tests.bench.extraction import make_images, tree_of
from tests.bench.machine import describe_machine
from tests.bench.nets import REPOSITORY, find_net

LOOKED_SECONDS = 2.0
PARTS = (0.25, 0.5, 0.75, 1.0)
Memory = dict[str, int]
"""Bytes by kind of process."""


def main(words: list[str]) -> int:
    """Index what was asked for and print it."""
    options = _parse(words)
    print(f"{describe_machine()}, load {os.getloadavg()[0]:.1f}", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        folder = options.folder or work / "images"
        if options.folder is None:
            make_images(folder, options.images)
        n_images = sum(1 for path in folder.rglob("*") if path.suffix == ".jpg")
        measure_memory(options, folder, n_images, work / "whole")
        if options.kill:
            measure_kill(options, folder, n_images, work)
    return 0


def measure_memory(options: argparse.Namespace, folder: Path, n_images: int, out: Path) -> None:
    """One index from the beginning to the end."""
    started = time.monotonic()
    seen: list[tuple[int, Memory]] = []
    with _index(options, folder, out) as process:
        for done in _watched(process, out):
            seen.append((done, memory_of(process.pid)))
    seconds = time.monotonic() - started
    done, most = count_done(out), max(sum(memory.values()) for _, memory in seen)
    print(
        f"index: {done:,} of {n_images:,} images, {seconds:.0f} s, {done / seconds:.0f} a second, "
        f"code {process.returncode}, load {os.getloadavg()[0]:.1f}; "
        f"most {most / 2**20:.0f} MiB in {len(seen)} looks"
    )
    for part in PARTS:
        some = [one for so_far, one in seen if "engine" in one and so_far <= part * n_images]
        if some:
            words = ", ".join(f"{kind} {n / 2**20:.0f}" for kind, n in sorted(some[-1].items()))
            print(
                f"  {part:4.0%} of the images: {sum(some[-1].values()) / 2**20:.0f} MiB ({words})"
            )


def measure_kill(options: argparse.Namespace, folder: Path, n_images: int, work: Path) -> None:
    """End one at its half, make it again, and compare it with the whole one."""
    out = work / "cut"
    with _index(options, folder, out) as process:
        for done in _watched(process, out):
            if done >= n_images // 2:
                os.killpg(process.pid, signal.SIGKILL)
    left = count_done(out)
    with _index(options, folder, out) as process:
        process.wait()
    same = _rows(work / "whole") == _rows(out)
    print(
        f"kill -9 after {left:,} images, then again: exit code {process.returncode}, "
        f"{count_done(out):,} images, every descriptor and size equal to the undisturbed: {same}"
    )


def memory_of(pid: int) -> Memory:
    """Resident bytes of a command and its children, by what they are."""
    found: Memory = {}
    for one in tree_of(pid):
        try:
            words = Path(f"/proc/{one}/cmdline").read_bytes().decode(errors="replace")
            pages = int(Path(f"/proc/{one}/statm").read_text().split()[1])
        except (OSError, IndexError):
            continue
        kind = "decoders" if "decoders" in words else "engine" if "engines" in words else "command"
        found[kind] = found.get(kind, 0) + pages * os.sysconf("SC_PAGE_SIZE")
    return found


def count_done(out: Path) -> int:
    """How many images a gallery has."""
    with suppress(AppError):
        return len(GalleryStore(out).read().images)
    return 0


def _index(options: argparse.Namespace, folder: Path, out: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, "main.py", "index", "--net", str(find_net(options.net))]
    words += ["--weights", str(options.weights), "--images", str(folder), "--out", str(out)]
    words += ["--layer", options.layer, "--pool", "gap", "--size", str(options.size), "--json"]
    return subprocess.Popen(
        words, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip


def _watched(process: subprocess.Popen[bytes], out: Path) -> Iterator[int]:
    """How many images are in its gallery, every few seconds until it ends."""
    while process.poll() is None:
        yield count_done(out)
        with suppress(subprocess.TimeoutExpired):
            process.wait(LOOKED_SECONDS)


def _rows(out: Path) -> dict[str, tuple[int, int, bytes]]:
    contents = GalleryStore(out).read()
    return {
        image.path: (image.width, image.height, contents.stored[image.row].tobytes())
        for image in contents.images
    }


def _parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--net", default="squeezenet")
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--layer", default="fire9/concat")
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--folder", type=Path, help="JPEGs of your own in place of made ones")
    parser.add_argument("--size", default="64", help="of the pictures that the net is fed with")
    parser.add_argument("--kill", action="store_true")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
