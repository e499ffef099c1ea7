"""Extraction of many images: peak memory of all processes, rate beside the bare pass, kills.

.venv/bin/python -m tests.bench.extraction [--net squeezenet] [--layer fire9/concat] [--images 3000]
    [--rate-layer pool10] [--rate-images 1000] [--kills 10]

Memory is the sum of proportional set sizes (PSS) of the command and its children, read from
/proc every tenth of a second. The rate is that of the command over its own images, from the first
to the last, against forward passes of the same batch alone in one child, before and after it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
from PIL import Image

from core.engines.host import EngineHost
from core.engines.values import Value
from core.jobs.open import OpenRequest, open_model
from core.jobs.values import choose_value
from core.surveys.part_files import parts_folder
from tests.bench.machine import describe_machine
from tests.bench.nets import REPOSITORY, find_net

BATCH = 8


def main(words: list[str]) -> int:
    """Measure what was asked for and print it."""
    options = _parse(words)
    print(describe_machine())
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        images = make_images(work / "images", max(options.images, options.rate_images))
        if options.images:
            measure_memory(options, images[: options.images], work)
        if options.kills:
            measure_kills(options, images[: options.images or 1000], work)
        if options.rate_images:
            measure_rate(options, images[: options.rate_images], work)
    return 0


def _parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--net", default="squeezenet")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--layer", default="fire9/concat")
    parser.add_argument("--images", type=int, default=3000)
    parser.add_argument("--rate-layer", default="pool10")
    parser.add_argument("--rate-images", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=10)
    return parser.parse_args(words)


def make_images(folder: Path, n_images: int) -> list[Path]:
    """JPEGs of about 400 x 300 pixels: the demo's pictures enlarged, each with noise of its own."""
    folder.mkdir()
    sources = sorted((REPOSITORY / "resources" / "demo" / "gallery").rglob("*.jpg"))
    rng = np.random.default_rng(1)
    paths = []
    for number in range(n_images):
        with Image.open(sources[number % len(sources)]) as source:
            grey = rng.integers(0, 30, (300, 400, 1), np.int16)
            values = np.asarray(source.convert("RGB").resize((400, 300)), np.int16) + grey
        paths.append(folder / f"{number:05}.jpg")
        Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)).save(paths[-1], quality=90)
    return paths


def command(options: argparse.Namespace, layer: str, images: list[Path], out: Path) -> list[str]:
    """The words of one extraction."""
    words = [sys.executable, "main.py", "extract", "--net", str(find_net(options.net))]
    words += ["--images", *map(str, images), "--layers", layer, "--out", str(out), "--json"]
    return words + (["--weights", str(options.weights)] if options.weights else [])


def measure_memory(options: argparse.Namespace, images: list[Path], work: Path) -> None:
    """One extraction with the memory of its processes watched."""
    out = work / "memory.npz"
    started = time.monotonic()
    with subprocess.Popen(
        command(options, options.layer, images, out), cwd=REPOSITORY, stdout=subprocess.DEVNULL
    ) as process:
        peak = 0
        while process.poll() is None:
            peak = max(peak, sum(_pss(pid) for pid in tree_of(process.pid)))
            time.sleep(0.1)
    size = out.stat().st_size
    print(
        f"memory: {len(images):,} images x {options.layer}, {size / 1e9:.2f} GB of values in "
        f"{time.monotonic() - started:.0f} s; peak of all processes {peak / 2**30:.2f} GiB "
        f"(exit code {process.returncode})"
    )


def measure_kills(options: argparse.Namespace, images: list[Path], work: Path) -> None:
    """Kill -9 at random moments, each time asking again, and compare with an undisturbed run."""
    images = images[:1000]
    whole, cut = work / "whole.npz", work / "cut.npz"
    started = time.monotonic()
    subprocess.run(
        command(options, options.layer, images, whole), cwd=REPOSITORY, check=True,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    seconds = time.monotonic() - started
    rng, n_killed, done = random.Random(7), 0, list[int]()
    words = command(options, options.layer, images, cut)
    while n_killed < options.kills:
        with subprocess.Popen(
            words, cwd=REPOSITORY, stdout=subprocess.DEVNULL, start_new_session=True
        ) as process:
            time.sleep(rng.uniform(0.5, 3.0 + seconds / 6))
            if process.poll() is not None:
                print(f"  the run was over after {n_killed} kills; it is made anew")
                cut.unlink()
                continue
            os.killpg(process.pid, signal.SIGKILL)
            n_killed += 1
            done.append(n_done(cut))
    answer = subprocess.run(words, cwd=REPOSITORY, check=True, capture_output=True, text=True)
    with np.load(whole) as one, np.load(cut) as other:
        same = one.files == other.files and all(
            np.array_equal(one[key], other[key]) for key in one.files
        )
    resumed = json.loads(answer.stdout)["resumed"]
    print(
        f"kill -9: {n_killed} times in an extraction of {len(images)} images ({seconds:.0f} s "
        f"undisturbed), after {', '.join(map(str, done))} images; the last run found {resumed} "
        f"done; equal to the undisturbed file: {same}"
    )


def n_done(out: Path) -> int:
    """How many images the journal of a killed run names."""
    journal = parts_folder(out) / "journal.jsonl"
    lines = journal.read_bytes().splitlines() if journal.exists() else []
    return sum(line.count(b".jpg") for line in lines)


def measure_rate(options: argparse.Namespace, images: list[Path], work: Path) -> None:
    """The command's own rate against bare passes in one child before and after it."""
    before = bare_rate(options)
    answer = subprocess.run(
        command(options, options.rate_layer, images, work / "rate.npz"),
        cwd=REPOSITORY, check=True, capture_output=True, text=True,
    )  # fmt: skip
    after = bare_rate(options)
    found = json.loads(answer.stdout)
    rate, bare = found["images_per_second"], max(before, after)
    print(
        f"rate: {len(images):,} images x {options.rate_layer}: {rate:.1f} images/s end to end, "
        f"{found['limit']['sentence']}; bare passes of {BATCH}: {before:.1f} before, "
        f"{after:.1f} after; {rate / bare:.0%} of the faster"
    )


def bare_rate(options: argparse.Namespace, seconds: float = 8.0) -> float:
    """Images a second of forward passes alone, as a caller sees them."""
    path = find_net(options.net)
    if path is None:
        raise SystemExit(f"no net {options.net}")
    opened = open_model(OpenRequest(path, options.weights))
    with EngineHost() as host, host.opened(opened.to_run) as engine:
        value: Value = choose_value(opened.net, options.rate_layer)
        (name, shape), *_ = engine.inputs.items()
        # as wide as pictures less their mean: smaller values end in denormals, which are slow
        batch = 50 * np.random.default_rng(1).standard_normal((BATCH, *(shape or ())[1:]))
        for _ in range(4):  # layers that come again are compiled
            engine.forward({name: batch}, [value])
        n_passes, started = 0, time.monotonic()
        while time.monotonic() - started < seconds:
            engine.forward({name: batch}, [value])
            n_passes += 1
        return n_passes * BATCH / (time.monotonic() - started)


def tree_of(pid: int) -> list[int]:
    """A process and all that it has started, by any of its threads, and these, and so on."""
    found = [pid]
    for parent in found:
        for listed in Path(f"/proc/{parent}/task").glob("*/children"):
            with suppress(OSError):  # it has just ended
                found += [int(child) for child in listed.read_text().split()]
    return found


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
