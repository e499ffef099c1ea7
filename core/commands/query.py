"""`query`: the images of a gallery that are most like an image, in it or from anywhere."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import astuple, replace
from pathlib import Path

from core.commands.command_line import UsageError
from core.commands.duplicate_words import (
    add_without_copies_arguments,
    described_duplicates,
    without_copies,
)
from core.commands.opening import add_engine_arguments, engine_host, engine_spec
from core.commands.output import print_json, print_notes, print_table
from core.commands.progress_line import ProgressLine
from core.csv_table import GUARD_HELP
from core.engines.host import NetToRun
from core.images.box import BOX_CONVENTION, BOX_HELP, parse_box
from core.jobs.open import OpenRequest, open_model
from core.jobs.query import QueryRequest, query
from core.progress import run_job
from core.reports.ranking_report import write_ranking_report
from core.retrieval.backends.contract import (
    BACKENDS,
    KEY_VARIABLE,
    SERVER_VARIABLE,
    choose_backend,
)
from core.retrieval.benchmarks import HELP as PROTOCOL_HELP
from core.retrieval.finished import by_row
from core.retrieval.fusion import FUSIONS, UNLIKE_WEIGHT
from core.retrieval.gallery import Gallery, open_gallery
from core.retrieval.queries import Answer, Answers
from core.retrieval.ranking_caption import ranking_caption
from core.retrieval.ranking_export import JUNK, export_rankings, ranks_of
from core.retrieval.search_steps import HELP as SEARCH_HELP
from core.retrieval.search_steps import SearchSteps, parse_search
from core.words import percent_number

SERVER_HELP = (
    f"where the Qdrant server is (default ${SERVER_VARIABLE}, else http://localhost:6333); an API "
    f"key is read from ${KEY_VARIABLE}"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    parser.add_argument("gallery", type=Path, metavar="GALLERY")
    parser.add_argument(
        "images",
        type=Path,
        metavar="IMAGE",
        nargs="+",
        help="in the gallery, or any file, a folder or a list of them",
    )
    parser.add_argument(
        "--box",
        metavar="X1,Y1,X2,Y2",
        help=f"search with a part of the one image; {BOX_HELP}; {BOX_CONVENTION}",
    )
    parser.add_argument(
        "--together",
        choices=FUSIONS,
        help="all images are one query: mean of their descriptors, or each answer scored by the "
        "nearest of them (max)",
    )
    parser.add_argument(
        "--unlike",
        type=Path,
        nargs="+",
        default=[],
        metavar="IMAGE",
        help="images that answers are not to be like (Rocchio's rule)",
    )
    parser.add_argument(
        "--unlike-weight",
        type=float,
        default=UNLIKE_WEIGHT,
        metavar="W",
        help=f"how much they weigh, from 0 to 10 (default {UNLIKE_WEIGHT:g})",
    )
    parser.add_argument(
        "--truth",
        default="",
        metavar="PROTOCOL",
        help="judge queries of a benchmark, and search with their boxes, by its own rule, junk "
        f"apart: {PROTOCOL_HELP}",
    )
    add_by_argument(parser)
    parser.add_argument("-k", type=int, default=10, help="how many to list (default 10)")
    parser.add_argument(
        "--csv", type=Path, metavar="FILE", help=f"write the whole ranking too; {GUARD_HELP}"
    )
    parser.add_argument(
        "--html", type=Path, metavar="FILE", help="write the first results with pictures, one file"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_search_arguments(parser)
    add_without_copies_arguments(parser)
    add_gallery_net_arguments(parser)


def add_by_argument(parser: argparse.ArgumentParser) -> None:
    """`--by`, which `by_row` reads."""
    parser.add_argument(
        "--by",
        default="",
        metavar="LAYER,POOLING,AFTER",
        help="of a sweep's gallery: the row to search by, with its own fit; the best that fits",
    )


def add_search_arguments(parser: argparse.ArgumentParser) -> None:
    """`--search`, `--backend` and `--server`, which `search_steps` reads."""
    parser.add_argument(
        "--search", default="", metavar="STEPS", help=f"beside plain exact search: {SEARCH_HELP}"
    )
    parser.add_argument(
        "--backend",
        choices=BACKENDS,
        default="numpy",
        help="what looks for the nearest: numpy compares every descriptor; faiss looks through the "
        "nearest of many lists, which are made the first time; qdrant asks a server that `gallery "
        "--to qdrant` filled. How much the latter two find is measured and said (default numpy)",
    )
    parser.add_argument("--server", default="", metavar="URL", help=SERVER_HELP)


def search_steps(options: argparse.Namespace) -> SearchSteps:
    """What the options of a search say. Raises UsageError for a server without its backend."""
    if options.server and options.backend != "qdrant":
        raise UsageError("--server goes with --backend qdrant")
    backend = choose_backend(options.backend, options.server)
    return replace(parse_search(options.search), backend=backend)


def add_gallery_net_arguments(parser: argparse.ArgumentParser) -> None:
    """Where a gallery's net lies now and what runs it; `gallery_net` reads them."""
    parser.add_argument("--net", type=Path, metavar="P", help="where the prototxt is now")
    parser.add_argument("--weights", type=Path, metavar="W", help="where the weights are now")
    add_engine_arguments(parser)


def gallery_net(
    gallery: Gallery, options: argparse.Namespace
) -> tuple[NetToRun | None, OpenRequest]:
    """The net that is named, if one is, and what runs the gallery's own."""
    if (options.net is None) != (options.weights is None):
        raise UsageError("--net and --weights go together")
    if options.precision is None and options.engine == "torch":
        options.precision = gallery.recipe.precision
    asked = OpenRequest(
        options.net or Path(),
        options.weights,
        gallery.recipe.state,
        engine_spec(options),
        options.device,
        options.seed,
    )
    return None if options.net is None else open_model(asked).to_run, asked


def run(options: argparse.Namespace) -> None:
    """Rank the gallery for each image and print the best."""
    if options.k < 1:
        raise UsageError("-k is 1 or more")
    if not 0 <= options.unlike_weight <= 10:
        raise UsageError("--unlike-weight is from 0 to 10")
    limit = without_copies(options)
    gallery = by_row(open_gallery(options.gallery), options.by)
    net, runs_on = gallery_net(gallery, options)
    with engine_host(options) as host, ProgressLine() as show:
        search = search_steps(options)
        box = None if options.box is None else parse_box(options.box)
        images = tuple(options.images)
        request = QueryRequest(
            gallery, images, net, runs_on, search, limit, box,
            options.together, tuple(options.unlike), options.unlike_weight, options.truth,
        )  # fmt: skip
        found = run_job(query(request, host), show)
    if options.csv is not None:
        export_rankings(options.csv, gallery, found)
    if options.html is not None:
        captions = [(answer, _caption(gallery, found, answer)) for answer in found.answers]
        write_ranking_report(options.html, gallery, captions)
    if options.json:
        described = [describe(gallery, answer, options.k) for answer in found.answers]
        about: dict[str, object] = {"search_notes": list(found.notes)}
        if found.searching is not None:
            about["search"] = found.searching.to_json()
        if found.duplicates is not None:
            about["left_out"] = described_duplicates(gallery, found.duplicates)
            about["left_out_note"] = found.duplicates.note()
        unreadable = [{"path": p.path, "reason": p.reason} for p in found.problems]
        several = {"queries": described, "unreadable": unreadable}
        is_one = options.together is not None or _is_one_image(options.images, found)
        one = described[0] if is_one else several
        if is_one and found.problems:
            about["unreadable"] = unreadable
        print_json({**one, **about})
        return
    print_notes(gallery.notes)
    print_notes(found.notes)
    for problem in found.problems:
        print(f"Left out: {problem.path}: {problem.reason}")
    for answer in found.answers:
        if options.together is None and not _is_one_image(options.images, found):
            print(f"\n{answer.query.given}")
        _print(gallery, answer, options.k)
    print(f"\n{gallery.recipe.describe()}")


def _caption(gallery: Gallery, found: Answers, answer: Answer) -> tuple[str, ...]:
    """What a ranking is of: its net and weights by the names that they had."""
    origin, value = gallery.origin, gallery.recipe.layer
    net = Path("unknown") if origin is None else Path(origin.nets[0])
    weights = None if origin is None else Path(origin.weights[0])
    return (*ranking_caption(gallery, answer, value, net, weights), *found.notes)


def _is_one_image(given: Sequence[Path], found: Answers) -> bool:
    """Whether one image was named, and not a folder or list that happens to hold one."""
    return len(given) == 1 and [answer.query.given for answer in found.answers] == list(given)


def describe(gallery: Gallery, answer: Answer, k: int) -> dict[str, object]:
    """The first k of a ranking as plain values for JSON."""
    query, ranking, verdicts = answer.query, answer.ranking, answer.verdicts
    best, ranks = ranking.head(k), ranks_of(answer)
    return {
        "query": str(query.given),
        "query_box": None if query.box is None else list(astuple(query.box)),
        "query_label": answer.label,
        "together_with": [str(one.given) for one in answer.others],
        "fusion": answer.asked.fusion if answer.others else None,
        "unlike": [str(one.given) for one in answer.asked.unlike],
        "unlike_weight": answer.asked.unlike_weight if answer.asked.unlike else None,
        "query_changed": query.has_changed,
        "recipe": gallery.recipe.to_json(),
        "AP": None if answer.score is None else answer.score.average_precision,
        "AP_variant": None if answer.score is None else answer.ap_variant,
        "ties": ranking.n_ties,
        "finished": gallery.progress.is_finished,
        "images_expected": gallery.progress.n_expected,
        "notes": [*gallery.notes, *_notes(gallery, answer, k)],
        "results": [
            {
                "rank": int(ranks[place]) or None,
                "score": float(score),
                "path": str(gallery.path(int(number))),
                "is_there": gallery.path(int(number)).exists(),
                "label": gallery.labels[int(number)],
                "relevant": (
                    None if verdicts is None or not ranks[place] else bool(verdicts[place])
                ),
            }
            for place, (number, score) in enumerate(zip(best.index, best.score, strict=True))
        ],
    }


def _notes(gallery: Gallery, answer: Answer, k: int) -> tuple[str, ...]:
    """What to know of an answer: its own notes, and listed files that changed since the index."""
    stale = gallery.stale_note([int(index) for index in answer.ranking.head(k).index])
    return answer.notes if stale is None else (*answer.notes, stale)


def _print(gallery: Gallery, answer: Answer, k: int) -> None:
    print_notes(_notes(gallery, answer, k))
    verdicts, best, ranks = answer.verdicts, answer.ranking.head(k), ranks_of(answer)
    rows = []
    for place, (number, score) in enumerate(zip(best.index, best.score, strict=True)):
        image = gallery.images[int(number)]
        mark = "" if verdicts is None else ("yes" if verdicts[place] else "no")
        if not ranks[place]:
            mark = JUNK
        rows.append((int(ranks[place]) or "", f"{score:.4f}", image.path, image.label or "", mark))
    print_table(("rank", "score", "image", "label", "relevant"), rows, right="rank,score")
    if answer.score is not None:
        what = f"by {answer.judged_by}" if answer.judged_by else f"for the label {answer.label}"
        print(
            f"AP {percent_number(answer.score.average_precision)} % {what} ({answer.ap_variant})."
        )
