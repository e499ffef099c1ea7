"""`map`: the images of a gallery in two dimensions, and what of their nearness that keeps."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from core.commands.command_line import UsageError
from core.commands.output import counted, print_json, print_notes, print_table
from core.commands.progress_line import ProgressLine
from core.csv_table import GUARD_HELP
from core.jobs.map import LayerMap, MapLayersRequest, MapRequest, map_gallery, map_layers
from core.progress import run_job
from core.representations.titles import pooling_title
from core.retrieval.gallery import Gallery, open_gallery
from core.retrieval.mapping.gallery_map import MOST_LAID_OUT, PCA, GalleryMap, MapSettings
from core.retrieval.mapping.map_export import export_map


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    usual = MapSettings()
    parser.add_argument("gallery", type=Path, metavar="GALLERY")
    parser.add_argument(
        "--method", default=PCA, help="pca (the default, at once) or tsne (needs openTSNE)"
    )
    parser.add_argument(
        "--representation",
        type=int,
        default=0,
        metavar="N",
        help="which of the gallery's, as the table of `sweep` numbers them (default 0, the first)",
    )
    parser.add_argument(
        "--all",
        action="store_true",
        help="map every representation of the gallery, and list what each map keeps",
    )
    parser.add_argument(
        "--perplexity",
        type=float,
        default=usual.perplexity,
        help=f"of t-SNE: how many neighbours it weighs (default {usual.perplexity:g})",
    )
    parser.add_argument(
        "--iterations",
        type=int,
        default=usual.iterations,
        help=f"of t-SNE after 250 of early exaggeration (default {usual.iterations})",
    )
    parser.add_argument("--seed", type=int, default=usual.seed, help=f"(default {usual.seed})")
    parser.add_argument(
        "--most",
        type=int,
        default=MOST_LAID_OUT,
        help="images that t-SNE lays out, drawn by the seed; the others are placed among them "
        f"(default {MOST_LAID_OUT:,})",
    )
    parser.add_argument(
        "-k",
        type=int,
        default=usual.k,
        help=f"of how many nearest neighbours it says how many are kept (default {usual.k})",
    )
    parser.add_argument(
        "--stored", action="store_true", help="only the map that is kept with the gallery"
    )
    parser.add_argument("--again", action="store_true", help="compute it though one is kept")
    parser.add_argument("--csv", type=Path, metavar="FILE", help=f"x, y, file, label; {GUARD_HELP}")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> None:
    """Map the gallery and say what the map keeps."""
    if options.stored and options.again:
        raise UsageError("--stored goes with no --again")
    if options.all and (options.stored or options.again or options.csv or options.representation):
        raise UsageError("--all goes with no --representation, --stored, --again and --csv")
    settings = MapSettings(
        options.method,
        options.perplexity,
        options.seed,
        options.iterations,
        options.most,
        options.k,
    )
    whole = open_gallery(options.gallery)
    if options.all:
        _run_all(whole, settings, as_json=options.json)
        return
    gallery = whole.representation(options.representation)
    with ProgressLine() as show:
        request = MapRequest(gallery, settings, options.stored, options.again)
        found = run_job(map_gallery(request), show)
    if options.csv is not None:
        export_map(options.csv, gallery, found)
    if options.json:
        print_json(describe(gallery, found))
        return
    print_notes(gallery.notes)
    _print(gallery, found)


def _run_all(whole: Gallery, settings: MapSettings, *, as_json: bool) -> None:
    galleries = [whole.representation(n) for n in range(len(whole.others) + 1)]
    with ProgressLine() as show:
        request = MapLayersRequest(whole, galleries, settings)
        found = run_job(map_layers(request), show)
    numbers = {id(gallery): number for number, gallery in enumerate(galleries)}
    if as_json:
        rows = [_row_of(numbers[id(one.gallery)], one) for one in found]
        print_json({"settings": asdict(settings), "images": len(whole), "maps": rows})
        return
    print_notes(whole.notes)
    table = [
        (
            numbers[id(one.gallery)],
            one.gallery.recipe.layer,
            one.gallery.recipe.top,
            pooling_title(one.gallery.recipe.pooling),
            one.gallery.dimension,
            f"{100 * one.map.kept.share:.0f} %",
        )
        for one in found
    ]
    print_table(
        ("number", "layer", "top", "pooling", "dimension", "kept"),
        table,
        right="number,dimension,kept",
    )
    kept = found[0].map.kept
    print(
        f"\n{settings.describe(len(whole))}. Kept: of the {kept.k} nearest neighbours, judged on "
        f"{counted(kept.n_judged, 'image')}."
    )


def _row_of(number: int, one: LayerMap) -> dict[str, object]:
    recipe, kept = one.gallery.recipe, one.map.kept
    return {
        "representation": number,
        "layer": recipe.layer,
        "top": recipe.top,
        "pooling": recipe.pooling,
        "dimension": one.gallery.dimension,
        "kept": {"k": kept.k, "share": kept.share, "judged": kept.n_judged},
        "variance": one.map.variance,
        "seconds": one.map.seconds,
    }


def describe(gallery: Gallery, found: GalleryMap) -> dict[str, object]:
    """The map and all that belongs to it as plain values for JSON."""
    images = gallery.images
    places = zip(found.points.tolist(), images.paths, images.labels, strict=True)
    return {
        "gallery": str(gallery.folder),
        "images": len(found),
        "settings": asdict(found.settings),
        "recipe": gallery.recipe.to_json(),
        "kept": {"k": found.kept.k, "share": found.kept.share, "judged": found.kept.n_judged},
        "variance": found.variance,
        "laid_out": found.n_laid_out,
        "exact_neighbours": found.is_exact,
        "seconds": found.seconds,
        "stored": found.was_stored,
        "notes": [*gallery.notes, *found.notes],
        "points": [
            {"x": x, "y": y, "file": file, "label": label} for (x, y), file, label in places
        ],
    }


def _print(gallery: Gallery, found: GalleryMap) -> None:
    print(f"{found.settings.describe(len(found))}: {counted(len(found), 'image')}")
    for sentence in found.sentences:
        print(sentence)
    took = "as it was kept with the gallery" if found.was_stored else f"in {found.seconds:.1f} s"
    print(f"\n{gallery.recipe.describe()}")
    print(f"Made {took}.")
