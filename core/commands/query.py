"""`query`: the images of a gallery that are most like one image, in it or from anywhere."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.commands.command_line import UsageError
from core.commands.opening import add_engine_arguments, engine_spec, open_net, running_engine
from core.commands.output import print_json, print_notes, print_table
from core.errors import ImageError
from core.retrieval.describing import search_image
from core.retrieval.gallery import Gallery, open_gallery
from core.retrieval.gallery_origin import GalleryOrigin, check_origin, recipe_of
from core.retrieval.ranking_export import export_ranking
from core.retrieval.scores import average_precision, judge
from core.retrieval.search import Ranking, equal_scores, rank_image


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    parser.add_argument("gallery", type=Path, metavar="GALLERY")
    parser.add_argument("image", type=Path, metavar="IMAGE", help="in the gallery, or any file")
    parser.add_argument("-k", type=int, default=10, help="how many to list (default 10)")
    parser.add_argument("--net", type=Path, metavar="P", help="where the prototxt is now")
    parser.add_argument("--weights", type=Path, metavar="W", help="where the weights are now")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the whole ranking too")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_engine_arguments(parser)


def run(options: argparse.Namespace) -> None:
    """Rank the gallery and print the best."""
    if options.k < 1:
        raise UsageError("-k is 1 or more")
    if (options.net is None) != (options.weights is None):
        raise UsageError("--net and --weights go together")
    gallery = open_gallery(options.gallery)
    index = gallery.find(options.image.resolve())
    if index is None and not options.image.exists():
        index = gallery.find(options.image)  # named as the gallery lists it
    label = None if index is None else gallery.labels[index]
    ranking = _search(gallery, options) if index is None else rank_image(gallery, index)
    if options.csv is not None:
        export_ranking(options.csv, gallery, ranking, label)
    if options.json:
        print_json(describe(gallery, ranking, options.image, label, options.k))
    else:
        _print(gallery, ranking, label, options)


def describe(
    gallery: Gallery, ranking: Ranking, image: Path, label: str | None, k: int
) -> dict[str, object]:
    """The first k of the ranking as plain values for JSON."""
    verdicts = judge(ranking, gallery.labels, label)
    best = ranking.head(k)
    return {
        "query": str(image),
        "query_label": label,
        "recipe": gallery.recipe.to_json(),
        "AP": average_precision(verdicts) if verdicts is not None and verdicts.any() else None,
        "ties": ranking.n_ties,
        "finished": gallery.progress.is_finished,
        "images_expected": gallery.progress.n_expected,
        "notes": [*gallery.notes, *equal_scores(ranking)],
        "results": [
            {
                "rank": place + 1,
                "score": float(score),
                "path": str(gallery.path(int(number))),
                "label": gallery.labels[int(number)],
                "relevant": None if verdicts is None else bool(verdicts[place]),
            }
            for place, (number, score) in enumerate(zip(best.index, best.score, strict=True))
        ],
    }


def _search(gallery: Gallery, options: argparse.Namespace) -> Ranking:
    """Run the gallery's net on an image that is not in it."""
    if not options.image.is_file():
        raise ImageError(
            f"There is no image {options.image}, and none of that name in the gallery."
        )
    if options.net is not None:
        origin = GalleryOrigin(options.net, options.weights, gallery.recipe.state)
    else:
        origin = check_origin(gallery.origin)
    if options.precision is None and options.engine == "torch":
        options.precision = gallery.recipe.precision
    recipe = recipe_of(origin, engine_spec(options), gallery.recipe)
    gallery.check_recipe(recipe)
    opened = open_net(origin.net, origin.weights, origin.state)
    with running_engine(opened, options) as engine:
        return search_image(engine, gallery, recipe, options.image)


def _print(
    gallery: Gallery, ranking: Ranking, label: str | None, options: argparse.Namespace
) -> None:
    print_notes((*gallery.notes, *equal_scores(ranking)))
    verdicts = judge(ranking, gallery.labels, label)
    best = ranking.head(options.k)
    rows = []
    for place, (number, score) in enumerate(zip(best.index, best.score, strict=True)):
        image = gallery.images[int(number)]
        mark = "" if verdicts is None else ("yes" if verdicts[place] else "no")
        rows.append((place + 1, f"{score:.4f}", image.path, image.label or "", mark))
    print_table(("rank", "score", "image", "label", "relevant"), rows, right="rank,score")
    print(f"\n{gallery.recipe.describe()}")
    if verdicts is not None and verdicts.any():
        print(f"AP {average_precision(verdicts):.3f} for the label {label}.")
