"""`evaluate`: how well a gallery's descriptors find images of the same label."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from core.commands.command_line import UsageError
from core.commands.duplicate_words import (
    add_without_copies_arguments,
    described_duplicates,
    without_copies,
)
from core.commands.opening import engine_host
from core.commands.output import counted, print_json, print_notes, print_table
from core.commands.progress_line import ProgressLine
from core.commands.query import (
    add_by_argument,
    add_gallery_net_arguments,
    add_search_arguments,
    gallery_net,
    search_steps,
)
from core.images.box import BOX_CONVENTION
from core.jobs.evaluate import (
    Evaluated,
    EvaluateProtocolRequest,
    EvaluateQueriesRequest,
    EvaluateRequest,
    evaluate,
    evaluate_by_protocol,
    evaluate_queries,
)
from core.progress import run_job
from core.retrieval.benchmarks import HELP as PROTOCOL_HELP
from core.retrieval.benchmarks import each_benchmark, is_protocol
from core.retrieval.evaluation import Evaluation
from core.retrieval.evaluation_words import evaluation_words
from core.retrieval.finished import by_row
from core.retrieval.gallery import Gallery, open_gallery
from core.retrieval.protocols import ProtocolScores
from core.words import percent_number

_MOST_LISTED = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    parser.add_argument("gallery", type=Path, metavar="GALLERY")
    parser.add_argument(
        "--truth",
        required=True,
        metavar="folders|prefix|pattern:P|FILE.csv|PROTOCOL",
        help="labels by folder, by what stands before '__' in the file name, by the first group of "
        "a regular expression as pattern:(.+)_, or from a table "
        "with the columns file and label, or a list file of Caffe; or a benchmark by its own rule: "
        f"{PROTOCOL_HELP}, revisited:FILE.json (its three levels)",
    )
    parser.add_argument(
        "--queries",
        nargs="+",
        type=Path,
        metavar="DIR",
        help="rank the gallery for these images, folders or lists instead of for its own images",
    )
    parser.add_argument(
        "--whole-images",
        action="store_true",
        help="search with whole images where the truth gives boxes; else with the boxes: "
        f"{BOX_CONVENTION}",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_by_argument(parser)
    add_search_arguments(parser)
    add_without_copies_arguments(parser)
    add_gallery_net_arguments(parser)


def run(options: argparse.Namespace) -> None:
    """Use every labelled image, or every query apart, and print the means."""
    limit, search = without_copies(options), search_steps(options)
    if limit is not None and is_protocol(options.truth):
        raise UsageError("--without-copies goes with labels; a benchmark says what is ranked")
    gallery = by_row(open_gallery(options.gallery), options.by)
    net, runs_on = gallery_net(gallery, options)
    with engine_host(options) as host, ProgressLine() as show:
        if options.queries:
            queries = tuple(options.queries)
            request = EvaluateQueriesRequest(
                gallery, queries, options.truth, net, runs_on, search, limit
            )
            evaluated = run_job(evaluate_queries(request, host), show)
        elif is_protocol(options.truth):
            whole = options.whole_images
            requests = [
                EvaluateProtocolRequest(gallery, named, whole, net, runs_on, search)
                for named in each_benchmark(options.truth)
            ]
            _tell(
                gallery, [run_job(evaluate_by_protocol(r, host), show) for r in requests], options
            )
            return
        else:
            labelled = EvaluateRequest(
                gallery, options.truth, search, limit, options.whole_images, net, runs_on
            )
            evaluated = run_job(evaluate(labelled, host), show)
    if options.json:
        about = {
            **_about(gallery),
            "truth": evaluated.truth.to_json(),
            "notes": list(evaluated.notes),
            "unreadable": [{"path": p.path, "reason": p.reason} for p in evaluated.problems],
        }
        if evaluated.searching is not None:
            about["search"] = evaluated.searching.to_json()
        if evaluated.duplicates is not None:
            about["left_out"] = described_duplicates(gallery, evaluated.duplicates)
        print_json({**evaluated.evaluation.to_json(evaluated.query_files), **about})
        return
    _print(gallery, evaluated, options)


def _tell(gallery: Gallery, found: Sequence[ProtocolScores], options: argparse.Namespace) -> None:
    """What the rule of a benchmark gives, or of each of its levels."""
    if options.json:
        levels = [one.to_json() for one in found]
        print_json({**(levels[0] if len(levels) == 1 else {"levels": levels}), **_about(gallery)})
        return
    for scores in found:
        _tell_one(gallery, scores)


def _tell_one(gallery: Gallery, scores: ProtocolScores) -> None:
    """The worst queries and the means of one."""
    print_notes(scores.notes)
    in_percent = scores.measure == "mAP"
    number, unit = (percent_number, " %") if in_percent else ("{:.2f}".format, "")
    worst = sorted(scores.queries, key=lambda query: query.score)[:_MOST_LISTED]
    rows = [(query.name, query.file, number(query.score)) for query in worst]
    print_table(("query", "image", scores.measure), rows, right=scores.measure)
    print(f"\n{gallery.recipe.describe()}")
    queries = counted(len(scores.queries), "query", "queries")
    print(
        f"{scores.protocol}: {scores.measure} {number(scores.mean)}{unit} (95 %: "
        f"{number(scores.low)} to {number(scores.high)}), {queries}, the worst above."
    )
    if scores.precision_at:
        print(", ".join(f"mP@{k} {mean:.4f}" for k, mean in scores.precision_at.items()) + ".")
    if scores.variant:
        print(f"AP: {scores.variant}, junk left out.")


def summary(evaluation: Evaluation) -> str:
    """ "mAP 61.2 % (95 %: 59.0 to 63.4), ...; random descriptors reach 10.0 %; 200 queries"."""
    queries = counted(evaluation.n_queries, "query", "queries")
    return f"{evaluation_words(evaluation)}; {queries}"


def _about(gallery: Gallery) -> dict[str, object]:
    """Which gallery was measured, and whether all of it."""
    return {
        "gallery": str(gallery.folder),
        "finished": gallery.progress.is_finished,
        "images_expected": gallery.progress.n_expected,
    }


def _print(gallery: Gallery, evaluated: Evaluated, options: argparse.Namespace) -> None:
    evaluation = evaluated.evaluation
    print_notes(evaluated.notes)
    rows = [
        (c.label, c.n_queries, percent_number(c.mean_ap), f"{c.p_at_1:.2f}")
        for c in evaluation.classes
    ]
    print_table(("label", "queries", "mAP %", "P@1"), rows, right="queries,mAP %,P@1")
    print(f"\n{gallery.recipe.describe()}")
    print(f"{summary(evaluation)}.")
    _print_left_out(evaluated, options)
    if evaluation.n_queries_with_ties:
        tied = counted(evaluation.n_queries_with_ties, "query", "queries")
        print(f"{tied} ranked images with one descriptor, which keep the gallery's order.")
    print(f"AP: {evaluation.ap_variant}.")


def _print_left_out(evaluated: Evaluated, options: argparse.Namespace) -> None:
    """Images that are no queries, and queries that can't be read."""
    for problem in evaluated.problems:
        print(f"Left out: {problem.path}: {problem.reason}")
    left_out = evaluated.evaluation.n_alone + evaluated.evaluation.n_unlabelled
    if not left_out:
        return
    if options.queries:
        n_queries = counted(left_out, "query", "queries")
        print(f"{n_queries} without an image of the same label in the gallery: not counted.")
    else:
        print(
            f"{counted(left_out, 'image')} without another of the same label: "
            "no queries, but wrong answers."
        )
