"""`extract`: activations of any layers, each as it stands right after its layer, into one file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.commands.batch_argument import add_batch_argument
from core.commands.opening import add_engine_arguments, add_net_arguments, engine_host, model_to_run
from core.commands.output import (
    byte_text,
    counted,
    limit_words,
    print_json,
    print_limit,
    print_notes,
    print_skipped,
    print_table,
    shape_text,
)
from core.commands.preprocessing import add_preprocess_argument
from core.commands.progress_line import ProgressLine
from core.jobs.extract import Extracted, ExtractRequest, extract
from core.jobs.open import OpenedNet
from core.measures.measure import KEEP, POOLING_HELP, Measure, parse_pooling
from core.progress import run_job

_MOST_IMAGES_NAMED = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    add_net_arguments(parser)
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--images",
        nargs="+",
        type=Path,
        metavar="PATH",
        help="files, folders, or lists of files (.txt)",
    )
    source.add_argument(
        "--array",
        nargs="+",
        action="extend",
        metavar="[BLOB=]X.npy",
        help="raw input blobs, not preprocessed; one for each input that the layers need",
    )
    parser.add_argument(
        "--layers", required=True, metavar="L1,L2|all", help="layer names, or layer:top, or all"
    )
    parser.add_argument(
        "--out", required=True, type=Path, metavar="F", help="F.npz, F.h5, or a folder of .npy"
    )
    parser.add_argument(
        "--pool", default="none", metavar="POOLING", help=f"none (the default), {POOLING_HELP}"
    )
    parser.add_argument("--p", type=float, default=3.0, help="the power of GeM (default 3)")
    add_batch_argument(parser, default=None)
    parser.add_argument("--strict", action="store_true", help="stop at the first bad image")
    parser.add_argument("--classes", type=Path, metavar="FILE", help="class names, one a line")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_preprocess_argument(parser)
    add_engine_arguments(parser)


def run(options: argparse.Namespace) -> None:
    """Run the net over the inputs and write what was asked for."""
    opened = model_to_run(options)
    request = ExtractRequest(
        net=opened.to_run,
        layers=options.layers,
        out=options.out,
        images=tuple(options.images or ()),
        arrays=tuple(split_array_word(word) for word in options.array or ()),
        measure=_measure(options),
        recipe=options.preprocess,
        batch_size=options.batch,
        class_names=options.classes,
        is_strict=options.strict,
    )
    with engine_host(options) as host, ProgressLine() as show:
        extracted = run_job(extract(request, host), show)
    if options.json:
        print_json(_described(extracted, options))
    else:
        _print(opened, extracted, options)


def split_array_word(word: str) -> tuple[str, Path]:
    """ "BLOB=FILE" as blob and file; a file whose own name has an equals sign wins."""
    blob, equals, path = word.partition("=")
    return (blob, Path(path)) if equals and not Path(word).exists() else ("", Path(word))


def _measure(options: argparse.Namespace) -> Measure:
    if options.pool == "none":
        return KEEP
    return parse_pooling(options.pool, options.p)


def _print(opened: OpenedNet, extracted: Extracted, options: argparse.Namespace) -> None:
    print_table(
        ("layer", "shape"), [(key, shape_text(shape)) for key, shape in extracted.arrays.items()]
    )
    print()
    if extracted.recipe is not None:
        print(f"Preprocessing: {extracted.recipe.describe()}.")
        print_notes([extracted.recipe.note] if extracted.recipe.note else [])
    for note in (*extracted.warnings, *extracted.notes):
        print(f"Note: {note}")
    if extracted.apart and len(extracted.images) > 1:
        print(f"Each image had a pass of its own: {extracted.apart}")
    if opened.weights is None and extracted.filler_layers:
        print(f"No weights were given: the layers run on filler values of seed {options.seed}.")
    print_skipped(extracted.skipped)
    if extracted.resumed:
        print(f"{counted(extracted.resumed, 'image')} had been done by an earlier run.")
    print(
        f"{counted(len(extracted.images), 'image')}, "
        f"{counted(extracted.n_passes, 'forward pass', 'forward passes')}, "
        f"{counted(len(extracted.arrays), 'activation')} -> {options.out} "
        f"({byte_text(_n_bytes(options.out))})"
    )
    _print_classes(extracted)
    print_limit(extracted.limit)


def _n_bytes(out: Path) -> int:
    files = out.iterdir() if out.is_dir() else (out,)
    return sum(path.stat().st_size for path in files)


def _print_classes(extracted: Extracted) -> None:
    if extracted.classes is None:
        return
    named = zip(extracted.images, extracted.classes.images, strict=False)
    for image, classes in list(named)[:_MOST_IMAGES_NAMED]:
        print(f"\n{image} ({extracted.classes.layer}):")
        for scored in classes:
            print(f"  {scored.score:.4f}  {scored.name}")


def _described(extracted: Extracted, options: argparse.Namespace) -> dict[str, Any]:
    recipe = extracted.recipe
    classes = extracted.classes.images if extracted.classes is not None else ()
    return {
        "out": str(extracted.out),
        "manifest": str(extracted.manifest),
        "images": list(extracted.images),
        "skipped": [{"path": path, "reason": reason} for path, reason in extracted.skipped],
        "resumed": extracted.resumed,
        "forward_passes": extracted.n_passes,
        "one_image_a_pass": extracted.apart or None,
        "arrays": {key: list(shape) for key, shape in extracted.arrays.items()},
        "pool": options.pool,
        "preprocess": None if recipe is None else recipe.describe(),
        "preprocess_origin": None if recipe is None else recipe.origin,
        "preprocess_note": None if recipe is None else recipe.note,
        "filler_layers": list(extracted.filler_layers),
        "seed": options.seed,
        "warnings": [*extracted.warnings, *extracted.notes],
        "images_per_second": extracted.images_per_second,
        "limit": limit_words(extracted.limit),
        "classes": {
            image: [{"class": c.number, "name": c.name, "score": c.score} for c in best]
            for image, best in zip(extracted.images, classes, strict=False)
        },
    }
