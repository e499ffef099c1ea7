"""All kinds of bad pictures, alone, through the command and through the window: a table.

.venv/bin/python -m tests.soak.bad_images.run [--part alone,command,window] [--quick] [--only WORD]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from tests.soak.bad_images.alone import Verdict, judge
from tests.soak.bad_images.kinds import bad_images, good_images, make_all, quick_kinds, remove_all
from tests.soak.bench import REPOSITORY, own_home
from tests.soak.processes import Sampler

N_GOOD, N_WORST = 12, 12
INDEX_SECONDS, FILE_SECONDS = 600.0, 60.0
HARD = (
    "sparse.jpg 5000_scans.jpg kernel_messages.jpg 64_megapixels_float.tif 64_megapixels.dds"
    " 64_megapixels_16_bits.png comment_without_end.ppm pipe.jpg zeros_for_ever.jpg postscript.jpg"
    " text_bomb.png no_utf8 escape dash"
).split()
"""Those that extract and query meet one by one; they stood out among all when each was alone."""
Made = list[tuple[str, Path]]


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", default="alone,command,window")
    parser.add_argument("--quick", action="store_true", help="only the kinds of the quick test")
    parser.add_argument("--only", default="", help="kinds whose name has this word")
    parser.add_argument("--without", default="", help="kinds to leave out, with commas")
    chosen = parser.parse_args(words)
    kinds = quick_kinds() if chosen.quick else bad_images()
    left_out = chosen.without.split(",")
    kinds = {n: make for n, make in kinds.items() if chosen.only in n and n not in left_out}
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    scratch = own_home()
    made = make_all(scratch / "pictures", kinds)
    good = list(good_images(scratch / "pictures", N_GOOD))
    print(f"{len(made)} kinds and {len(good)} good pictures in {scratch / 'bad'}", flush=True)
    if "alone" in chosen.part:
        judge_alone(made)
    if "command" in chosen.part:
        through_command(scratch, [one for one in made if one[0] in HARD])
    if "window" in chosen.part:
        from tests.soak.bad_images.through_window import through_window

        through_window(scratch, made)
    remove_all(made)
    return 0


def judge_alone(made: Made) -> None:
    """Every file in a process of its own; prints faults and the worst."""
    verdicts = [judge(kind, path) for kind, path in made]
    n_refused = sum(bool(v.sentence) for v in verdicts)
    print(f"\nalone: {len(verdicts)} files, {n_refused} refused or told of")
    _table([v for v in verdicts if v.is_fault], "must not happen")
    _table(sorted(verdicts, key=lambda v: -v.seconds)[:N_WORST], "the slowest")
    _table(sorted(verdicts, key=lambda v: -v.grown_bytes)[:N_WORST], "the largest")


def through_command(scratch: Path, hard: Made) -> None:
    """Index the folder of all, then extract and query the hard ones alone."""
    demo = REPOSITORY / "resources" / "demo"
    net = ["--net", str(demo / "demo_deploy.prototxt"), "--weights", str(demo / "demo.caffemodel")]
    gallery = scratch / "gallery"
    described = ["--layer", "pool1", "--pool", "mac", "--out", str(gallery)]
    print("\n| command | seconds | peak MB, its process | children | all | exit | says |")
    print("|---|---|---|---|---|---|---|")
    _run("index of all", scratch, "index", *net, "--images", str(scratch / "pictures"), *described)
    for kind, path in hard:
        words = ["--images", str(path), "--layers", "pool1", "--out", str(scratch / f"{kind}.npz")]
        _run(f"extract {kind}", scratch, "extract", *net, *words)
        _run(f"query {kind}", scratch, "query", str(gallery), str(path))


def _run(title: str, scratch: Path, *words: str) -> None:
    command = [sys.executable, str(REPOSITORY / "main.py"), *words]
    start = time.monotonic()
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        cwd=scratch, env=dict(os.environ), start_new_session=True,
    )  # fmt: skip
    with Sampler(child.pid) as sampler:
        try:
            limit = INDEX_SECONDS if words[0] == "index" else FILE_SECONDS
            output = child.communicate(timeout=limit)[0].decode("utf-8", "replace")
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, 9)
            output = "HANGS\n" + child.communicate()[0].decode("utf-8", "replace")
    peak = sampler.peak
    lines = [line for line in output.splitlines() if line.strip()]
    has_trace = any(line.startswith("Traceback") for line in lines)
    has_control = any(ord(c) < 32 and c not in "\n\r\t" for c in output)
    told = ("TRACEBACK " if has_trace else "") + ("CONTROL BYTES " if has_control else "")
    told += " / ".join(line.strip()[:90] for line in lines[-3:])
    print(
        f"| {title} | {time.monotonic() - start:.1f} | {peak.own / 1e6:.0f} |"
        f" {peak.children / 1e6:.0f} | {peak.total / 1e6:.0f} | {child.returncode} |"
        f" {ascii(told)[1:-1][:240]} |",
        flush=True,
    )


def _table(verdicts: list[Verdict], title: str) -> None:
    print(f"\n| {title} | seconds | MB | said |\n|---|---|---|---|")
    for v in verdicts:
        said = ascii(v.sentence)[1:-1][:150]
        print(f"| {v.kind} | {v.seconds:.2f} | {v.grown_bytes / 1e6:.0f} | {said} |", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
