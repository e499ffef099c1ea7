"""`split`: divide images into train, val and test, so that no picture is on two sides."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.commands.check_images import add_source_arguments, source_request
from core.commands.command_line import UsageError
from core.commands.output import print_json, print_table
from core.commands.progress_line import ProgressLine
from core.jobs.check_images import SplitRequest, split
from core.progress import run_job
from core.training.data_check import DECIDED, Kind
from core.training.split import PARTS, straddling
from core.words import plural


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    add_source_arguments(parser)
    parser.add_argument(
        "--out",
        required=True,
        type=Path,
        metavar="DIR",
        help="for split.json, and train.txt, val.txt, test.txt as Caffe's ImageData layers read",
    )
    parser.add_argument(
        "--shares", default="70,15,15", metavar="T,V,T", help="per cent of train, val and test"
    )
    kinds = ", ".join(kind.replace(" ", "-") for kind in DECIDED)
    parser.add_argument(
        "--keep", default="", metavar="KINDS", help=f"findings whose files stay, of: {kinds}"
    )
    parser.add_argument(
        "--leave-out", default="", metavar="KINDS", help="findings whose files do not, of the same"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="default 1")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> None:
    """Check the images, draw the parts and write them down."""
    request = SplitRequest(
        source_request(options), options.out, _shares(options.shares), options.seed,
        _kinds(options.keep), _kinds(options.leave_out),
    )  # fmt: skip
    with ProgressLine() as show:
        made = run_job(split(request), show)
    counts = {label: made.split.counts(label) for label in made.split.classes}
    if options.json:
        print_json(
            {
                "classes": {label: dict(zip(PARTS, n, strict=True)) for label, n in counts.items()},
                "left_out": len(made.check.images) - len(made.check.kept),
                "straddling": straddling(made.split, made.check.alike),
                "written": [str(path) for path in made.written],
            }
        )
        return
    rows = [(label, *map(str, n)) for label, n in counts.items()]
    rows.append(("all", *(str(len(made.split.parts[part])) for part in PARTS)))
    print_table(("class", *PARTS), rows, right=",".join(PARTS))
    n_groups = len(made.check.alike)
    n_torn = straddling(made.split, made.check.alike)
    print(f"\n{n_torn} of {plural(n_groups, 'group')} of near-duplicates lie on two sides.")
    for path in made.written:
        print(f"-> {path}")


def _shares(words: str) -> tuple[float, float, float]:
    try:
        train, val, test = (float(word) / 100 for word in words.split(","))
    except ValueError:
        raise UsageError(f"--shares takes three numbers as 70,15,15, not '{words}'") from None
    return train, val, test


def _kinds(words: str) -> tuple[Kind, ...]:
    known = {kind.replace(" ", "-"): kind for kind in DECIDED}
    given = [word.strip() for word in words.split(",") if word.strip()]
    wrong = [word for word in given if word not in known]
    if wrong:
        raise UsageError(f"'{wrong[0]}' is none of {', '.join(known)}")
    return tuple(known[word] for word in given)
