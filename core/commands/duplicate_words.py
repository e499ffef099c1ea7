"""What commands say and take of copies and near-duplicates in a gallery."""

from __future__ import annotations

import argparse

from core.commands.command_line import UsageError
from core.commands.output import counted, print_table
from core.images.alike import DISTANCE_LIMIT, N_HASH_BITS
from core.retrieval.duplicates import Duplicates
from core.retrieval.gallery import Gallery


def add_alike_argument(parser: argparse.ArgumentParser) -> None:
    """`--alike`, which `alike_limit` reads."""
    parser.add_argument(
        "--alike",
        type=int,
        metavar="BITS",
        help=f"near-duplicates' hashes differ in at most BITS of {N_HASH_BITS} "
        f"(default {DISTANCE_LIMIT})",
    )


def add_without_copies_arguments(parser: argparse.ArgumentParser) -> None:
    """`--without-copies`, which `without_copies` reads."""
    parser.add_argument(
        "--without-copies",
        action="store_true",
        help="leave out all but one of each group of equal files and near-duplicates, as neither "
        "right nor wrong; shots of one scene may be among them: fewer --alike bits keep those",
    )
    add_alike_argument(parser)


def alike_limit(options: argparse.Namespace, is_asked: bool, asking: str) -> int:
    """In how many bits near-duplicates differ. Raises UsageError where nobody asks for them."""
    if options.alike is None:
        return DISTANCE_LIMIT
    if not is_asked:
        raise UsageError(f"--alike goes with {asking}")
    if not 0 <= options.alike <= N_HASH_BITS:
        raise UsageError(f"--alike is from 0 to {N_HASH_BITS}")
    return int(options.alike)


def without_copies(options: argparse.Namespace) -> int | None:
    """In how many bits what is left out differs, None where nothing is."""
    limit = alike_limit(options, options.without_copies, "--without-copies")
    return limit if options.without_copies else None


def described_duplicates(gallery: Gallery, found: Duplicates) -> dict[str, object]:
    """Groups with the image that stays first, as plain values for JSON."""
    paths = gallery.images.paths
    return {
        "alike_bits": found.limit,
        "copies": found.n_copies,
        "near_duplicates": found.n_near,
        "of_one_label": found.n_of_one_label,
        "groups": [
            {
                "first": paths[group.first],
                "others": [
                    {
                        "file": paths[other.image],
                        "copy": other.is_copy,
                        "distance": other.distance,
                        "cosine": other.cosine,
                    }
                    for other in group.others
                ],
            }
            for group in found.groups
        ],
        "not_compared": [{"path": p.path, "reason": p.reason} for p in found.problems],
    }


def print_duplicates(gallery: Gallery, found: Duplicates) -> None:
    """Each group: the image that stays, and under it the others."""
    rows: list[tuple[str, str, str]] = []
    for group in found.groups:
        rows.append((gallery.images.paths[group.first], "", ""))
        for other in group.others:
            far = "equal file" if other.is_copy else str(other.distance)
            rows.append((f"  {gallery.images.paths[other.image]}", far, f"{other.cosine:.4f}"))
    if rows:
        print_table(("image", "bits apart", "cosine"), rows, right="bits apart,cosine")
        print()
    for problem in found.problems:
        print(f"Not compared: {problem.path}: {problem.reason}")
    said = found.describe()
    print(
        f"{said[0].upper()}{said[1:]} among {counted(len(gallery), 'image')}. No file was touched."
    )
