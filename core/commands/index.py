"""`index`: describe every image of a folder by one layer, into a gallery that can be resumed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from core.commands.command_line import UsageError
from core.commands.extraction import choose_values
from core.commands.opening import (
    OpenedNet,
    add_engine_arguments,
    add_net_arguments,
    engine_spec,
    net_state,
    open_net,
    running_engine,
)
from core.commands.output import counted, print_json, print_notes
from core.commands.preprocessing import add_preprocess_argument, choose_preprocess
from core.commands.progress_line import ProgressLine
from core.engines.base import Value
from core.images.preprocess import Preprocess
from core.images.recipe_choice import ChosenRecipe
from core.progress import run_job
from core.retrieval.descriptor import DescriptorRecipe, file_sha256, text_sha256
from core.retrieval.gallery import open_gallery
from core.retrieval.gallery_origin import GalleryOrigin
from core.retrieval.indexing import IndexReport, index_folder

_MOST_LISTED = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    add_net_arguments(parser, needs_weights=True)
    parser.add_argument("--images", required=True, type=Path, metavar="DIR")
    parser.add_argument("--layer", required=True, metavar="L", help="a layer, or layer:top")
    parser.add_argument(
        "--pool", required=True, choices=("flatten", "gap", "mac", "gem"), help="then L2"
    )
    parser.add_argument("--p", type=float, default=3.0, help="the power of GeM (default 3)")
    parser.add_argument("--out", required=True, type=Path, metavar="GALLERY", help="a folder")
    parser.add_argument("--batch", type=int, default=8, help="images a pass (default 8)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_preprocess_argument(parser)
    add_engine_arguments(parser)


def run(options: argparse.Namespace) -> None:
    """Index, or bring an index of the same recipe up to date."""
    if options.batch < 1:
        raise UsageError("--batch is 1 or more")
    opened = open_net(options.net, options.weights, net_state(options))
    value = _choose_value(opened, options.layer)
    with running_engine(opened, options) as engine, ProgressLine() as show:
        chosen = choose_preprocess(options.preprocess, opened, engine.inputs)
        recipe = _recipe(opened, chosen.recipe, value, options)
        job = index_folder(
            engine,
            options.images,
            recipe,
            options.out,
            origin=GalleryOrigin(options.net, options.weights, opened.state),
            batch_size=options.batch,
        )
        try:
            report = run_job(job, show)
        except KeyboardInterrupt:
            _say_how_far(options)
            raise
    if options.json:
        print_json(describe(report, recipe, chosen))
    else:
        _print(report, recipe, chosen)


def describe(
    report: IndexReport, recipe: DescriptorRecipe, chosen: ChosenRecipe
) -> dict[str, object]:
    """The report and the recipe as plain values for JSON."""
    return {
        "gallery": str(report.gallery),
        "images": report.n_images,
        "added": report.n_added,
        "kept": report.n_kept,
        "removed": report.n_removed,
        "finished": report.progress.is_finished,
        "images_expected": report.progress.n_expected,
        "dimension": report.dimension,
        "seconds": report.seconds,
        "images_per_second": report.images_per_second,
        "unreadable": [{"path": p.path, "reason": p.reason} for p in report.problems],
        "no_images": [{"path": str(s.path), "reason": s.reason} for s in report.skipped],
        "notes": list(report.notes),
        "recipe": recipe.to_json(),
        "preprocess_origin": chosen.origin,
        "preprocess_note": chosen.note,
    }


def _say_how_far(options: argparse.Namespace) -> None:
    """What a run that was stopped has left."""
    gallery = open_gallery(options.out)
    sentence = f"The gallery is {gallery.progress.describe()}; the same command goes on from there."
    print(f"\n{sentence}", file=sys.stderr)
    if options.json:
        print_json(
            {
                "gallery": str(options.out),
                "images": len(gallery),
                "finished": gallery.progress.is_finished,
                "images_expected": gallery.progress.n_expected,
                "notes": [sentence],
            }
        )


def _choose_value(opened: OpenedNet, layer: str) -> Value:
    values = choose_values(opened.net, layer)
    if len(values) != 1:
        raise UsageError(
            f"layer '{layer}' writes {', '.join(value.top for value in values)}; "
            f"choose one, such as --layer {values[0].layer}:{values[0].top}"
        )
    return values[0]


def _recipe(
    opened: OpenedNet, preprocess: Preprocess, value: Value, options: argparse.Namespace
) -> DescriptorRecipe:
    spec = engine_spec(options)
    return DescriptorRecipe(
        value.layer,
        value.top,
        options.pool,
        options.p,
        preprocess,
        text_sha256(opened.net.text),
        file_sha256(options.weights),
        opened.state,
        spec.precision,
        spec.value_options,
    )


def _print(report: IndexReport, recipe: DescriptorRecipe, chosen: ChosenRecipe) -> None:
    print(f"{recipe.describe()} ({chosen.origin}).")
    if chosen.note:
        print(chosen.note)
    print_notes(report.notes)
    for problem in report.problems[:_MOST_LISTED]:
        print(f"Left out: {problem.path}: {problem.reason}")
    if len(report.problems) > _MOST_LISTED:
        print(f"and {len(report.problems) - _MOST_LISTED} more")
    if report.skipped:
        verb = "is no image:" if len(report.skipped) == 1 else "are no images, such as"
        first = report.skipped[0].path.name
        print(f"{counted(len(report.skipped), 'file')} of the folder {verb} {first}.")
    rate = f", {report.images_per_second:.1f} a second" if report.n_added else ""
    print(
        f"{counted(report.n_images, 'image')} of {report.dimension} values "
        f"({report.n_added:,} added, {report.n_kept:,} kept, {report.n_removed:,} removed) "
        f"in {report.seconds:.1f} s{rate} -> {report.gallery}"
    )
