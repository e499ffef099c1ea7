"""`gallery`: what a gallery holds and how it was made; its descriptors and names as a file."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from core.commands.output import counted, print_json, print_notes, print_table
from core.csv_table import GUARD_HELP
from core.jobs.export_gallery import ExportGalleryRequest, export
from core.progress import run_job
from core.retrieval.gallery import Gallery, open_gallery


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    parser.add_argument("gallery", type=Path, metavar="GALLERY")
    parser.add_argument(
        "--export",
        type=Path,
        metavar="FILE",
        help="write descriptors and the names of their images in one order: FILE.npz, FILE.npy "
        f"with FILE.csv, or FILE.csv; {GUARD_HELP}",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> None:
    """Say what is in the gallery, or write it to a file."""
    gallery = open_gallery(options.gallery)
    written: tuple[Path, ...] = ()
    if options.export is not None:
        written = run_job(export(ExportGalleryRequest(gallery, options.export)))
    if options.json:
        print_json({**describe(gallery), "written": [str(path) for path in written]})
        return
    print_notes(gallery.notes)
    if written:
        named = " and ".join(str(path) for path in written)
        print(f"{counted(len(gallery), 'image')} of {gallery.dimension} values -> {named}")
        return
    _print(gallery)


def describe(gallery: Gallery) -> dict[str, object]:
    """What the gallery holds, as plain values for JSON."""
    origin = gallery.origin
    return {
        "gallery": str(gallery.folder),
        "images": len(gallery),
        "images_expected": gallery.progress.n_expected,
        "finished": gallery.progress.is_finished,
        "dimension": gallery.dimension,
        "labels": dict(Counter(label for label in gallery.labels if label is not None)),
        "root": str(gallery.root),
        "net": None if origin is None else str(origin.nets[0]),
        "weights": None if origin is None else str(origin.weights[0]),
        "unreadable": [{"path": p.path, "reason": p.reason} for p in gallery.problems],
        "notes": list(gallery.notes),
        "recipe": gallery.recipe.to_json(),
    }


def _print(gallery: Gallery) -> None:
    labels = Counter(label or "(none)" for label in gallery.labels)
    print_table(("label", "images"), sorted(labels.items()), right="images")
    print(f"\n{gallery.recipe.describe()}")
    print(
        f"{counted(len(gallery), 'image')} of {gallery.dimension} values, "
        f"{counted(len(gallery.problems), 'file')} left out; images in {gallery.root}"
    )
    if gallery.origin is not None:
        print(f"Made with {gallery.origin.nets[0]} and {gallery.origin.weights[0]}")
