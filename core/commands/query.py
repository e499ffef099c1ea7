"""`query`: the images of a gallery that are most like one image, in it or from anywhere."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.commands.command_line import UsageError
from core.commands.opening import add_engine_arguments, engine_spec
from core.commands.output import print_json, print_notes, print_table
from core.engines.host import EngineHost
from core.jobs.open import OpenRequest, open_model
from core.jobs.query import QueryRequest, Ranked, query
from core.progress import run_job
from core.retrieval.gallery import Gallery, open_gallery
from core.retrieval.ranking_export import export_ranking


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
    with EngineHost() as host:
        ranked = run_job(query(_request(gallery, options), host))
    if options.csv is not None:
        export_ranking(options.csv, gallery, ranked.ranking, ranked.label)
    if options.json:
        print_json(describe(gallery, ranked, options.image, options.k))
    else:
        _print(gallery, ranked, options)


def _request(gallery: Gallery, options: argparse.Namespace) -> QueryRequest:
    """With the net that is named, or the gallery's own on the engine that is named."""
    if options.precision is None and options.engine == "torch":
        options.precision = gallery.recipe.precision
    state = gallery.recipe.state
    asked = OpenRequest(
        options.net or Path(),
        options.weights,
        state,
        engine_spec(options),
        options.device,
        options.seed,
        options.allow_python_layers,
    )
    net = None if options.net is None else open_model(asked).to_run
    return QueryRequest(gallery, options.image, net, asked)


def describe(gallery: Gallery, ranked: Ranked, image: Path, k: int) -> dict[str, object]:
    """The first k of the ranking as plain values for JSON."""
    ranking, verdicts = ranked.ranking, ranked.verdicts
    best = ranking.head(k)
    return {
        "query": str(image),
        "query_label": ranked.label,
        "recipe": gallery.recipe.to_json(),
        "AP": None if ranked.score is None else ranked.score.average_precision,
        "ties": ranking.n_ties,
        "finished": gallery.progress.is_finished,
        "images_expected": gallery.progress.n_expected,
        "notes": list(ranked.notes),
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


def _print(gallery: Gallery, ranked: Ranked, options: argparse.Namespace) -> None:
    print_notes(ranked.notes)
    verdicts = ranked.verdicts
    best = ranked.ranking.head(options.k)
    rows = []
    for place, (number, score) in enumerate(zip(best.index, best.score, strict=True)):
        image = gallery.images[int(number)]
        mark = "" if verdicts is None else ("yes" if verdicts[place] else "no")
        rows.append((place + 1, f"{score:.4f}", image.path, image.label or "", mark))
    print_table(("rank", "score", "image", "label", "relevant"), rows, right="rank,score")
    print(f"\n{gallery.recipe.describe()}")
    if ranked.score is not None:
        print(f"AP {ranked.score.average_precision:.3f} for the label {ranked.label}.")
