"""`check-images`: what is broken, doubled or rare among images that a net is to learn from."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.commands.output import counted, print_json, print_table
from core.commands.progress_line import ProgressLine
from core.files import check_writable
from core.images.alike import DISTANCE_LIMIT, N_HASH_BITS
from core.jobs.check_images import CheckImagesRequest, check
from core.progress import run_job
from core.reports.data_report import write_data_report
from core.training.data_check import DataCheck
from core.words import plural

_MOST_SHOWN = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    add_source_arguments(parser)
    parser.add_argument(
        "--html", type=Path, metavar="F.html", help="write the report with pictures, one file"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def add_source_arguments(parser: argparse.ArgumentParser) -> None:
    """The images, and how alike near-duplicates are."""
    parser.add_argument(
        "source",
        type=Path,
        metavar="IMAGES",
        help="a folder with a sub-folder for each class, a CSV (file,label), or Caffe's list file",
    )
    parser.add_argument(
        "--alike",
        type=int,
        default=DISTANCE_LIMIT,
        metavar="BITS",
        help=f"near-duplicates' hashes differ in at most BITS of {N_HASH_BITS} "
        f"(default {DISTANCE_LIMIT})",
    )


def source_request(options: argparse.Namespace) -> CheckImagesRequest:
    """What those arguments name."""
    return CheckImagesRequest(options.source, options.alike)


def run(options: argparse.Namespace) -> None:
    """Look at every image and say what was found."""
    if options.html is not None:
        check_writable(options.html)
    with ProgressLine() as show:
        found = run_job(check(source_request(options)), show)
    if options.html is not None:
        write_data_report(found, options.html)
    if options.json:
        print_json(described(found))
        return
    print_check(found)
    if options.html is not None:
        print(f"report -> {options.html}")


def described(found: DataCheck) -> dict[str, object]:
    """A check as plain values for JSON."""
    return {
        "root": str(found.root),
        "images": len(found.images),
        "kept": list(found.kept),
        "classes": found.counts(),
        "findings": [
            {
                "kind": one.kind,
                "files": one.n_files,
                "left_out": one.is_left_out,
                "sentence": one.sentence,
                "groups": [list(group) for group in one.groups],
            }
            for one in found.findings
        ],
    }


def print_check(found: DataCheck) -> None:
    """Classes, then each kind of finding with its first files."""
    rows = [(label, str(n)) for label, n in found.counts().items()]
    print_table(("class", "images that stay"), rows, right="images that stay")
    print()
    for one in found.findings:
        print(f"{one.kind}, {counted(one.n_files, 'file')}: {one.sentence}")
        for group in one.groups[:_MOST_SHOWN]:
            more = f" and {len(group) - _MOST_SHOWN:,} more" if len(group) > _MOST_SHOWN else ""
            print(f"    {', '.join(group[:_MOST_SHOWN])}{more}")
        if len(one.groups) > _MOST_SHOWN:
            print(f"    and {plural(len(one.groups) - _MOST_SHOWN, 'more group')}")
    if not found.findings:
        print("Nothing was found that needs a look.")
    print(
        f"\n{len(found.kept):,} of {counted(len(found.images), 'image')} stay. No file was touched."
    )
