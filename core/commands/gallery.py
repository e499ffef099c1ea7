"""`gallery`: what a gallery holds and how it was made; its export, checks, repair, duplicates."""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from core.commands.command_line import FAILED, UsageError
from core.commands.duplicate_words import (
    add_alike_argument,
    alike_limit,
    described_duplicates,
    print_duplicates,
)
from core.commands.opening import engine_host
from core.commands.output import counted, print_json, print_notes, print_table
from core.commands.progress_line import ProgressLine
from core.commands.query import (
    SERVER_HELP,
    add_by_argument,
    add_gallery_net_arguments,
    gallery_net,
)
from core.csv_table import GUARD_HELP
from core.jobs.alignment import AlignmentRequest, alignment
from core.jobs.check_gallery import CheckGalleryRequest, RepairGalleryRequest, check, repair
from core.jobs.duplicates import DuplicatesRequest, duplicates
from core.jobs.export_gallery import ExportGalleryRequest, export
from core.jobs.import_parts import ImportPartsRequest, take_parts
from core.jobs.upload_gallery import UploadGalleryRequest, upload_gallery
from core.progress import run_job
from core.representations.fit_files import FitNote
from core.retrieval.backends.contract import choose_backend
from core.retrieval.finished import by_row
from core.retrieval.gallery import Gallery, open_gallery
from core.retrieval.gallery_check import GalleryCheck

_MOST_FITS = 40
_REMEDIES = {"repair": " Use --repair.", "index": " Index again.", "": ""}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    parser.add_argument("gallery", type=Path, nargs="?", metavar="GALLERY")
    parser.add_argument(
        "--from-parquet",
        type=Path,
        metavar="DIR",
        help="take the parts that `index --cluster --parts DIR` wrote into the gallery --out",
    )
    parser.add_argument("--out", type=Path, metavar="GALLERY", help="with --from-parquet: a folder")
    parser.add_argument(
        "--export",
        type=Path,
        metavar="FILE",
        help="write descriptors and the names of their images in one order: FILE.npz or FILE.h5 "
        f"with FILE_manifest.csv, FILE.npy with FILE.csv, or FILE.csv; {GUARD_HELP}",
    )
    add_by_argument(parser)
    parser.add_argument(
        "--check",
        action="store_true",
        help="hold the database, every descriptor and the files of the images against what they "
        "should be; what needs to be done makes the exit code 1",
    )
    parser.add_argument(
        "--repair",
        action="store_true",
        help="keep what can be read and forget what can't be trusted, for the next index to "
        "describe again; images are not touched, and a damaged database is kept beside",
    )
    parser.add_argument(
        "--duplicates",
        action="store_true",
        help="list equal files and near-duplicates, with the cosine of their descriptors",
    )
    add_alike_argument(parser)
    parser.add_argument(
        "--sanity",
        action="store_true",
        help="describe three of its images anew: each has to find itself at rank 1, else features "
        "and names are misaligned and the exit code is 1",
    )
    parser.add_argument(
        "--to",
        nargs="+",
        default=[],
        metavar=("qdrant", "URL"),
        help="bring the descriptors to a Qdrant server of yours, for `query --backend qdrant`; "
        "what it has already stays, so that an upload that was cut off goes on. Where the server "
        f"is: {SERVER_HELP}",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_gallery_net_arguments(parser)


def run(options: argparse.Namespace) -> None:
    """Say what is in the gallery, write it to a file, check or repair it, or make one of parts."""
    _settle_place(options)
    limit = alike_limit(options, options.duplicates, "--duplicates")
    others = options.check or options.repair or options.export is not None
    if options.duplicates and (others or options.sanity):
        raise UsageError(
            "--duplicates goes with neither --export nor --check nor --repair nor --sanity"
        )
    if options.sanity and others:
        raise UsageError("--sanity goes with neither --export nor --check nor --repair")
    if options.to:
        if others or options.sanity or options.duplicates:
            raise UsageError("--to goes with no other work on the gallery")
        _upload(options)
        return
    if options.sanity:
        _find_themselves(options)
        return
    if options.from_parquet is not None:
        _take_parts(options)
    if options.check or options.repair:
        if options.export is not None:
            raise UsageError("--export goes with neither --check nor --repair")
        _check(options)
        return
    if options.duplicates:
        _list_duplicates(open_gallery(options.gallery), limit, as_json=options.json)
        return
    gallery = by_row(open_gallery(options.gallery), options.by)
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


def _upload(options: argparse.Namespace) -> None:
    """Bring the gallery to a server, and say how much a search there finds."""
    where, *address = options.to
    if where != "qdrant" or len(address) > 1:
        raise UsageError("--to qdrant URL: there is no other server than qdrant")
    server = choose_backend("qdrant", *address).server
    gallery = by_row(open_gallery(options.gallery), options.by)
    with ProgressLine() as show:
        done = run_job(upload_gallery(UploadGalleryRequest(gallery, server)), show)
    if options.json:
        print_json({"gallery": str(gallery.folder), **asdict(done)})
        return
    print(
        f"{counted(done.n_written, 'descriptor')} uploaded, {done.n_kept:,} there before, "
        f"{done.n_dropped:,} dropped: collection {done.collection} on {done.server}"
    )
    print(done.found)


def _settle_place(options: argparse.Namespace) -> None:
    """A gallery is named in its place, or by --out where parts are taken into it."""
    if (options.from_parquet is None) != (options.out is None):
        raise UsageError("--from-parquet goes with --out, and --out with it")
    if (options.gallery is None) == (options.out is None):
        raise UsageError("name one gallery: GALLERY, or --from-parquet DIR --out GALLERY")
    options.gallery = options.gallery or options.out


def _take_parts(options: argparse.Namespace) -> None:
    with ProgressLine() as show:
        taken = run_job(take_parts(ImportPartsRequest(options.from_parquet, options.out)), show)
    if not options.json:
        print(f"{counted(taken.n_added, 'image')} taken from {options.from_parquet}.")


def _find_themselves(options: argparse.Namespace) -> None:
    """The sanity gate; exit code 1 where an image finds another."""
    gallery = open_gallery(options.gallery)
    net, runs_on = gallery_net(gallery, options)
    with engine_host(options) as host, ProgressLine() as show:
        found = run_job(alignment(AlignmentRequest(gallery, net, runs_on), host), show)
    if options.json:
        print_json(
            {
                "gallery": str(gallery.folder),
                "checked": found.n_checked,
                "misaligned": [{"file": image, "found": other} for image, other in found.lost],
                "sentence": found.sentence,
            }
        )
    else:
        print(found.sentence)
    if found.lost:
        raise SystemExit(FAILED)


def _list_duplicates(gallery: Gallery, limit: int, *, as_json: bool) -> None:
    with ProgressLine() as show:
        found = run_job(duplicates(DuplicatesRequest(gallery, limit)), show)
    if as_json:
        print_json({"gallery": str(gallery.folder), **described_duplicates(gallery, found)})
    else:
        print_duplicates(gallery, found)


def _check(options: argparse.Namespace) -> None:
    """Check, after a repair where that is asked for; exit code 1 where something is to be done."""
    done: tuple[str, ...] = ()
    with ProgressLine() as show:
        if options.repair:
            repaired = run_job(repair(RepairGalleryRequest(options.gallery)), show)
            done, found = repaired.done, repaired.after
        else:
            found = run_job(check(CheckGalleryRequest(options.gallery)), show)
    if options.json:
        print_json({**described_check(found), "done": list(done)})
    else:
        for sentence in done:
            print(sentence)
        for finding in found.findings:
            print(f"{finding.sentence}{_REMEDIES[finding.remedy]}")
        if found.is_sound:
            print(f"The gallery is sound: {counted(found.n_images, 'image')}.")
    if not found.is_sound:
        raise SystemExit(FAILED)


def described_check(found: GalleryCheck) -> dict[str, object]:
    """What a check found, as plain values for JSON."""
    return {
        "gallery": str(found.folder),
        "images": found.n_images,
        "sound": found.is_sound,
        "findings": [{"what": f.sentence, "remedy": f.remedy or None} for f in found.findings],
    }


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
        "fits": [_described_fit(name, note) for name, note in gallery.fits.items()],
    }


def _described_fit(name: str, note: FitNote) -> dict[str, object]:
    """What a fit was made of and how its variance lies, as plain values for JSON."""
    return {
        "name": name,
        "after": note.after or None,
        "fit_on": note.image_set,
        "n": note.n_images,
        "of": note.what,
        "dimensions": note.dimensions,
        "of_dimensions": note.of_dimensions,
        "sensible_dimensions": note.sensible,
        "eigenvalue_cut": note.eigenvalue_cut,
        "explained_variance": list(note.explained_variance),
    }


def _print_fits(gallery: Gallery) -> None:
    fits = gallery.fits
    if not fits:
        return
    columns = ("fit", "fitted on", "n", "dimensions", "of", "variance", "an eighth of n")
    rows = [
        (
            name,
            note.image_set,
            f"{note.n_images:,} {note.what}",
            note.dimensions,
            note.of_dimensions,
            f"{note.share(note.dimensions):.1%}",
            note.sensible,
        )
        for name, note in list(fits.items())[:_MOST_FITS]
    ]
    print()
    print_table(columns, rows, right="n,dimensions,of,variance,an eighth of n")
    if len(fits) > len(rows):
        print(f"and {len(fits) - len(rows):,} more fits")


def _print(gallery: Gallery) -> None:
    labels = Counter(label or "(none)" for label in gallery.labels)
    print_table(("label", "images"), sorted(labels.items()), right="images")
    _print_fits(gallery)
    print(f"\n{gallery.recipe.describe()}")
    print(
        f"{counted(len(gallery), 'image')} of {gallery.dimension} values, "
        f"{counted(len(gallery.problems), 'file')} left out; images in {gallery.root}"
    )
    if gallery.origin is not None:
        print(f"Made with {gallery.origin.nets[0]} and {gallery.origin.weights[0]}")
