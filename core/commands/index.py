"""`index`: describe every image of a folder by one layer, into a gallery that can be resumed."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from pathlib import Path

from core.commands.batch_argument import add_batch_argument
from core.commands.command_line import FAILED, UsageError
from core.commands.opening import add_engine_arguments, add_net_arguments, engine_host, model_to_run
from core.commands.output import (
    counted,
    limit_words,
    print_json,
    print_limit,
    print_notes,
)
from core.commands.preprocessing import (
    add_preprocess_argument,
    add_scales_argument,
    add_size_argument,
)
from core.commands.progress_line import ProgressLine
from core.errors import AppError, EngineError
from core.jobs.fit_choice import FitWish
from core.jobs.index import Indexed, IndexRequest, index
from core.progress import run_job
from core.representations.after import HELP as AFTER_HELP
from core.representations.after import parse_after
from core.retrieval.absence import RULE
from core.retrieval.cluster.indexing import ClusterWish
from core.retrieval.finish import POOLED_HELP, parse_pooled, parse_scales
from core.retrieval.gallery import open_gallery

_MOST_LISTED = 20
_PRUNE_HINT = "If they are gone for good, index with --prune."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    add_net_arguments(parser, needs_weights=True)
    parser.add_argument(
        "--images", required=True, type=Path, metavar="DIR", help="a folder, or a list of images"
    )
    parser.add_argument(
        "--layer",
        required=True,
        metavar="L",
        help="a layer, or layer:top; L1+L2 joins the descriptors of several",
    )
    parser.add_argument("--pool", required=True, metavar="POOLING", help=POOLED_HELP)
    parser.add_argument("--p", type=float, default=3.0, help="the power of GeM (default 3)")
    parser.add_argument(
        "--after",
        default="l2",
        metavar="A",
        help=f"what follows pooling: {AFTER_HELP} (default l2)",
    )
    parser.add_argument(
        "--fit-on",
        type=Path,
        metavar="DIR",
        help="the images that PCA, whitening and encodings are fitted on. Without it: the largest "
        "other set that a gallery beside GALLERY holds by the same recipe, else those of --images, "
        "and it says so",
    )
    parser.add_argument(
        "--fit",
        type=Path,
        metavar="FIT",
        help="a saved fit of PCA or whitening to take instead, such as GALLERY/fits/NAME.json",
    )
    parser.add_argument(
        "--encoder", type=Path, metavar="FIT", help="a saved fit of an encoding to take instead"
    )
    parser.add_argument(
        "--fit-name", default="", metavar="NAME", help="what a new fit is called in GALLERY/fits"
    )
    parser.add_argument("--out", required=True, type=Path, metavar="GALLERY", help="a folder")
    add_batch_argument(parser)
    parser.add_argument(
        "--prune",
        action="store_true",
        help=f"drop every image that is not to be seen now. Without it: {RULE}",
    )
    _add_cluster_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_preprocess_argument(parser)
    add_size_argument(parser)
    add_scales_argument(parser)
    add_engine_arguments(parser)


def _add_cluster_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--cluster",
        default="",
        metavar="ADDRESS",
        help="have the machines of a Ray cluster describe the images: auto for the one that runs "
        "here, HOST:6379, or local to start Ray on this machine",
    )
    parser.add_argument(
        "--parts",
        type=Path,
        metavar="DIR",
        help="with --cluster: keep the parquet files of paths and vectors there (default: beside "
        "GALLERY until they are in it)",
    )
    parser.add_argument(
        "--actors",
        type=int,
        default=0,
        metavar="N",
        help="with --cluster: engines at once (default: one a GPU, else one for two CPUs)",
    )
    parser.add_argument(
        "--no-gpus", action="store_true", help="with --cluster: engines run on CPUs alone"
    )


def _cluster(options: argparse.Namespace) -> ClusterWish | None:
    if not options.cluster:
        if options.parts is not None or options.actors or options.no_gpus:
            raise UsageError("--parts, --actors and --no-gpus go with --cluster")
        return None
    if options.actors < 0:
        raise UsageError("--actors is 1 or more")
    if options.device != "cpu":
        raise UsageError("--device goes without --cluster, which takes the GPUs that it has")
    return ClusterWish(options.cluster, options.parts, options.actors, not options.no_gpus)


def run(options: argparse.Namespace) -> None:
    """Index, or bring an index of the same recipe up to date; absent files make the exit code 1."""
    opened = model_to_run(options)
    pool, encoding = parse_pooled(options.pool, options.p)
    after = parse_after(options.after)
    if len(after) != 1:
        raise UsageError("--after takes one way for an index")
    request = IndexRequest(
        opened.to_run,
        options.images,
        options.layer,
        pool,
        options.out,
        options.preprocess,
        options.batch,
        options.prune,
        options.size,
        parse_scales(options.scales),
        encoding,
        after[0],
        FitWish(options.fit_on, options.fit, options.encoder, options.fit_name),
        known=(options.out.absolute().parent,),
        cluster=_cluster(options),
    )
    with engine_host(options) as host, ProgressLine() as show:
        try:
            indexed = run_job(index(request, host), show)
        except KeyboardInterrupt:
            left = _say_how_far(options.out)
            if options.json:
                print_json(left)
            raise
        except EngineError:
            _say_how_far(options.out)
            raise
    if options.json:
        print_json(describe(indexed))
    else:
        _print(indexed, options.images)
    if indexed.report.absent:
        raise SystemExit(FAILED)


def describe(indexed: Indexed) -> dict[str, object]:
    """The report and the recipe as plain values for JSON."""
    report = indexed.report
    return {
        "gallery": str(report.gallery),
        "images": report.n_images,
        "added": report.n_added,
        "kept": report.n_kept,
        "removed": report.n_removed,
        "absent": [
            {"folder": one.folder, "files": one.n_files, "reason": one.reason}
            for one in report.absent
        ],
        "batch": indexed.batch.n_images,
        "finished": report.progress.is_finished,
        "images_expected": report.progress.n_expected,
        "dimension": report.dimension,
        "seconds": report.seconds,
        "images_per_second": report.images_per_second,
        "unreadable": [{"path": p.path, "reason": p.reason} for p in report.problems],
        "no_images": [{"path": str(s.path), "reason": s.reason} for s in report.skipped],
        "notes": list(report.notes),
        "one_image_a_pass": report.apart or None,
        "limit": limit_words(report.limit),
        "preprocess": indexed.recipe.describe(),
        "preprocess_origin": indexed.recipe.origin,
        "preprocess_note": indexed.recipe.note,
        "recipe": indexed.gallery.recipe.to_json(),
    }


def _say_how_far(out: Path) -> dict[str, object]:
    """Say what a run that was stopped has left, and return it as plain values for JSON."""
    with suppress(AppError):  # what stopped the run is told, not this
        gallery = open_gallery(out)
        if gallery.progress.is_finished is False:
            words = gallery.progress.describe()
            sentence = f"The gallery is {words}; the same command goes on from there."
            print(f"\n{sentence}", file=sys.stderr)
            return {
                "gallery": str(out),
                "images": len(gallery),
                "finished": False,
                "images_expected": gallery.progress.n_expected,
                "notes": [sentence],
            }
    return {"gallery": str(out), "finished": None}


def _print(indexed: Indexed, folder: Path) -> None:
    report = indexed.report
    print(f"{indexed.gallery.recipe.describe()} ({indexed.recipe.origin}).")
    print_notes([indexed.recipe.note] if indexed.recipe.note else [])
    if report.apart:
        print(f"Each image had a pass of its own: {report.apart}")
    print_notes(report.notes)
    if report.absent:
        print(f"{report.absent_note} {_PRUNE_HINT}")
    for problem in report.problems[:_MOST_LISTED]:
        print(f"Left out: {problem.path}: {problem.reason}")
    if len(report.problems) > _MOST_LISTED:
        print(f"and {len(report.problems) - _MOST_LISTED} more")
    losses = [one for one in report.skipped if one.is_loss]
    for loss in losses[:_MOST_LISTED]:
        print(f"Left out: {loss.describe(folder)}")
    others = [one for one in report.skipped if not one.is_loss]
    if others:
        verb = "is no image:" if len(others) == 1 else "are no images, such as"
        print(f"{counted(len(others), 'file')} of the folder {verb} {others[0].path.name}.")
    rate = f", {report.images_per_second:.1f} a second" if report.n_added else ""
    print(
        f"{counted(report.n_images, 'image')} of {report.dimension} values "
        f"({report.n_added:,} added, {report.n_kept:,} kept, {report.n_removed:,} removed) "
        f"in {report.seconds:.1f} s{rate} -> {report.gallery}"
    )
    print_limit(report.limit)
