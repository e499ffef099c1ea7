"""`demo`: opens, renames, verifies, extracts, indexes, evaluates and searches, without a window."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from core.commands.demo_steps import (
    DemoFiles,
    ExtractedChain,
    Searched,
    extract_all,
    find_demo,
    index_and_evaluate,
    query_outside,
    rename_all,
)
from core.commands.evaluate import summary
from core.commands.info import describe as describe_net
from core.commands.info import in_place_sentence
from core.commands.output import byte_text, counted, print_json, scaled, write_json
from core.commands.progress_line import ProgressLine
from core.commands.rename_words import describe as describe_rename
from core.commands.rename_words import verified_sentence
from core.csv_table import write_csv
from core.engines.host import EngineHost
from core.errors import AppError
from core.jobs.open import OpenedNet, OpenRequest, open_model
from core.jobs.rename import Renamed
from core.measures.measure import PoolingName
from core.progress import Job, run_job
from core.retrieval.search import Ranking
from core.words import plural

DEMO = Path(__file__).resolve().parents[2] / "resources" / "demo"
SEARCHED: tuple[tuple[str, PoolingName], ...] = (
    ("conv3_2", "gem"),
    ("pool4", "gem"),
    ("fc7", "flatten"),
    ("relu7", "flatten"),
)
"""Layer and pooling of each gallery; the last one answers the queries."""
N_LISTED = 5

Say = Callable[[str], None]
T = TypeVar("T")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("blobscope-demo"),
        metavar="DIR",
        help="where the results go (default blobscope-demo)",
    )
    parser.add_argument(
        "--no-pictures", action="store_true", help="leave out the pictures of the window"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> None:
    """Do every job once, say what came out, and leave the results in a folder."""
    started = time.perf_counter()
    files = find_demo(DEMO)
    out: Path = options.out
    _make_folder(out)
    say: Say = (lambda line: None) if options.json else print
    with EngineHost() as host:
        found = _do_all(host, files, out, say)
    found["pictures"] = _draw(options, out, say)
    found["seconds"] = round(time.perf_counter() - started, 1)
    write_json(out / "results.json", found)
    if options.json:
        print_json(found)
    say(f"\nAll results are in {out.resolve()} ({found['seconds']} s).")


def _do_all(host: EngineHost, files: DemoFiles, out: Path, say: Say) -> dict[str, Any]:
    opened = open_model(OpenRequest(files.net, files.weights))
    _say_opened(opened, say)
    renamed = _watched(rename_all(opened, host, files, out / "demo_renamed.prototxt"))
    _say_renamed(renamed, say)
    with host.opened(opened.to_run):  # so that the steps find it open
        extracted = _watched(extract_all(opened, host, files, out / "activations.npz"))
        _say_extracted(extracted, say)
        searched = _search(opened, host, files, out, say)
        rankings = _query(searched[-1], host, files, out, say)
    return {
        "net": describe_net(opened),
        "rename": describe_rename(renamed.out, renamed.plan, renamed.verification),
        "extract": _described_extraction(extracted),
        "evaluate": {one.name: one.evaluation.to_json(one.files) for one in searched},
        "query": rankings,
    }


def _watched(job: Job[T]) -> T:
    """Run one job with its own progress line, gone before the next sentence."""
    with ProgressLine() as show:
        return run_job(job, show)


def _search(
    opened: OpenedNet, host: EngineHost, files: DemoFiles, out: Path, say: Say
) -> list[Searched]:
    say("\nSearch: every picture of the gallery is a query against all the others.")
    searched = []
    for layer, pooling in SEARCHED:
        folder = out / "galleries" / f"{layer}_{pooling}"
        folder.parent.mkdir(exist_ok=True)
        one = _watched(index_and_evaluate(opened, host, files, layer, pooling, folder))
        rate = len(one.gallery) / one.seconds
        say(f"  {one.name:16} {summary(one.evaluation)} ({rate:.0f} images/s)")
        searched.append(one)
    _write_table(searched, out / "layers.csv")
    return searched


def _query(
    searched: Searched, host: EngineHost, files: DemoFiles, out: Path, say: Say
) -> dict[str, list[dict[str, Any]]]:
    say(f"\nQueries from outside the gallery, by {searched.name}:")
    answers = {}
    for image in files.queries:
        ranking_file = out / f"ranking_{image.stem}.csv"
        ranking = _watched(query_outside(searched, host, image, ranking_file))
        best = _described_ranking(searched, ranking)
        named = ", ".join(f"{row['label']} {row['score']:.3f}" for row in best)
        say(f"  {image.stem:12} {named}")
        answers[image.stem] = best
    return answers


def _draw(options: argparse.Namespace, out: Path, say: Say) -> list[str]:
    """Pictures of the window, by the callable that main.py lends; none where Qt can't start."""
    draw_window: Callable[[Path], list[Path]] | None = getattr(options, "draw_window", None)
    if options.no_pictures or draw_window is None:
        return []
    try:
        pictures = draw_window(out)
    except (AppError, ImportError) as error:
        say(f"\nNo pictures of the window: {error}")
        return []
    say(f"\nPictures of the window: {', '.join(path.name for path in pictures)}")
    return [str(path) for path in pictures]


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        hint = "Choose another with --out."
        raise AppError(f"Can't write to {out}: {error.strerror or error}.", hint=hint) from error


def _say_opened(opened: OpenedNet, say: Say) -> None:
    net, weights, binding = opened.net, opened.weights, opened.binding
    say(
        f"Opened {opened.path.name}: {counted(len(net.layers), 'layer')}, "
        f"{scaled(opened.shapes.total_parameters)} parameters."
    )
    if weights is not None and binding is not None:
        say(
            f"Weights {weights.path.name} ({byte_text(weights.file_bytes)}): "
            f"{binding.n_arrays_bound} of {plural(binding.n_arrays_expected, 'array')} bound."
        )
    say(in_place_sentence(net))


def _say_renamed(renamed: Renamed, say: Say) -> None:
    plan = renamed.plan
    say(
        f"\nRenamed {counted(len(plan.renames), 'in-place layer')}, "
        f"{counted(len(plan.edits), 'quoted name')} replaced -> "
        f"{renamed.out.name if renamed.out else ''}"
    )
    if renamed.verification is not None:
        say(verified_sentence(renamed.verification))


def _say_extracted(extracted: ExtractedChain, say: Say) -> None:
    say(
        f"\nExtracted {counted(extracted.n_arrays, 'activation')} of "
        f"{counted(extracted.n_images, 'picture')} in "
        f"{counted(extracted.n_passes, 'forward pass', 'forward passes')} -> {extracted.out.name}"
    )
    least = ", ".join(f"{name} {value:.2f}" for name, value in extracted.least.items())
    same = "equals" if extracted.is_dropout_a_copy else "DIFFERS FROM"
    say(f"  Smallest values: {least}; drop7 {same} relu7, value for value.")
    for image, classes in extracted.classes.items():
        say(f"  {image:12} {', '.join(f'{c.name} {c.score:.3f}' for c in classes[:3])}")


def _described_extraction(extracted: ExtractedChain) -> dict[str, Any]:
    return {
        "out": str(extracted.out),
        "images": extracted.n_images,
        "forward_passes": extracted.n_passes,
        "arrays": extracted.n_arrays,
        "smallest_values": extracted.least,
        "drop7_equals_relu7": extracted.is_dropout_a_copy,
        "classes": {
            image: [{"name": c.name, "score": c.score} for c in classes]
            for image, classes in extracted.classes.items()
        },
    }


def _described_ranking(searched: Searched, ranking: Ranking) -> list[dict[str, Any]]:
    best = ranking.head(N_LISTED)
    return [
        {
            "rank": place + 1,
            "score": float(score),
            "path": searched.gallery.images[int(number)].path,
            "label": searched.gallery.labels[int(number)],
        }
        for place, (number, score) in enumerate(zip(best.index, best.score, strict=True))
    ]


def _write_table(searched: list[Searched], path: Path) -> None:
    rows: list[tuple[object, ...]] = [
        ("layer", "pooling", "dimension", "mAP", "low", "high", "P@1", "random mAP")
    ]
    for one in searched:
        recipe, measured = one.gallery.recipe, one.evaluation
        figures = [measured.mean_ap, measured.mean_ap_low, measured.mean_ap_high]
        figures += [measured.p_at_1, measured.mean_ap_of_chance]
        row = (recipe.layer, recipe.pooling, one.gallery.dimension)
        rows.append((*row, *(f"{figure:.4f}" for figure in figures)))
    write_csv(path, rows)
