"""`saliency`: which places of a picture explain a score, as a picture or as an array."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from core.attribution.explanation import Explained
from core.attribution.methods import FILLS, METHOD_NAMES, Method
from core.attribution.words import completeness_words, sentence
from core.commands.command_line import UsageError
from core.commands.extract import split_array_word
from core.commands.looking import add_pass_arguments
from core.commands.opening import engine_host, model_to_run
from core.commands.output import print_json, print_notes, print_table
from core.commands.progress_line import ProgressLine
from core.csv_table import GUARD_HELP, write_csv
from core.engines.values import Value
from core.files import check_writable
from core.jobs.look import LookRequest
from core.jobs.saliency import SaliencyRequest, saliency
from core.jobs.saliency_files import draw_explanation, facts, write_places
from core.jobs.score_target import read_target
from core.jobs.values import choose_value
from core.net.definition import Net
from core.progress import run_job

_MOST_CHANNELS = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    add_pass_arguments(parser)
    parser.add_argument(
        "--target",
        default="top",
        metavar="WORD",
        help="top, class:497, class:497-663 (the difference), channel:LAYER:17 (its sum; "
        "channel:LAYER:17:max, or channel:LAYER:17:ROW,COLUMN), or match:OTHER.jpg@LAYER: the "
        "cosine of the layer's means (default top, the best class)",
    )
    parser.add_argument(
        "--of", choices=("before", "after"), default="before",
        help="a class's score before the net's last Softmax, or after it (default before)",
    )  # fmt: skip
    parser.add_argument(
        "--method", choices=METHOD_NAMES, default="gradcam", help="how (default gradcam)"
    )
    parser.add_argument(
        "--at", metavar="LAYER", help="whose channels Grad-CAM weighs (default: the last with "
        "height and width before the score)",
    )  # fmt: skip
    parser.add_argument(
        "--by", metavar="LAYER", help="with respect to which value saliency, gradxinput and guided "
        "take gradients (default: the picture)",
    )  # fmt: skip
    parser.add_argument("--steps", type=int, default=32, help="of integrated (default 32)")
    parser.add_argument("--baseline", choices=FILLS, default="mean", help="of integrated: where "
                        "the steps begin (default mean, 0 at the input)")  # fmt: skip
    parser.add_argument("--patch", type=int, default=0, metavar="PIXELS", help="of occlusion, at "
                        "the input (default: twice the stride)")  # fmt: skip
    parser.add_argument("--stride", type=int, default=0, metavar="PIXELS", help="of occlusion "
                        "(default: a 14th of the shorter side)")  # fmt: skip
    parser.add_argument("--fill", choices=FILLS, default="mean", help="of occlusion: what covers "
                        "(default mean, 0 at the input)")  # fmt: skip
    parser.add_argument("--opacity", type=float, default=0.8, help="of a PNG (default 0.8)")
    parser.add_argument(
        "--out", required=True, type=Path, metavar="F.png|F.npy",
        help="the picture with its places, or the places as float32, with a manifest F.json",
    )  # fmt: skip
    parser.add_argument("--csv", type=Path, metavar="FILE",
                        help=f"the gradient's L2 norm by layer; {GUARD_HELP}")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> None:
    """Explain the score, write the file and print what was found."""
    suffix = options.out.suffix.lower()
    if suffix not in (".png", ".npy"):
        raise UsageError("--out names a .png or a .npy")
    if not 0 <= options.opacity <= 1:
        raise UsageError("--opacity is from 0 to 1")
    for path in filter(None, (options.out, options.csv)):
        check_writable(path)
    opened = model_to_run(options)
    arrays = tuple(split_array_word(word) for word in options.array or ())
    look = LookRequest(opened.to_run, options.image, options.preprocess, arrays)
    method = Method(
        options.method, options.steps, options.baseline, options.patch, options.stride, options.fill
    )
    request = SaliencyRequest(
        look,
        read_target(opened.net, options.target, options.of),
        (method,),
        _value(opened.net, options.at),
        _value(opened.net, options.by),
    )
    with engine_host(options) as host, ProgressLine() as line:
        explained = run_job(saliency(request, host), line)
    found = explained.maps[0]
    written = [options.out]
    if suffix == ".png":
        draw_explanation(found, options.image, options.out, opacity=options.opacity)
    else:
        written.append(write_places(found, look, options.out))
    if options.csv is not None:
        write_csv(options.csv, [("layer", "top", "l2_norm"), *_rows(explained)])
        written.append(options.csv)
    if options.json:
        print_json({**describe(explained), "written": [str(path) for path in written]})
        return
    _print(explained, written)


def describe(explained: Explained) -> dict[str, Any]:
    """What was found as plain values for JSON."""
    found = explained.maps[0]
    complete = found.completeness
    return {
        **facts(found),
        "rows": found.places.shape[0],
        "columns": found.places.shape[1],
        "largest": float(np.abs(found.places).max(initial=0)),
        "sum": float(found.places.sum(dtype=np.float64)),
        "sentence": sentence(found),
        "completeness": None
        if complete is None
        else {"total": complete.total, "grown": complete.grown, "error": complete.error},
        "norms": [
            {"layer": value.layer, "top": value.top, "norm": norm}
            for value, norm in explained.norms
        ],
        "channels_of": list(explained.at),
        "channels": [{"channel": c, "share": share} for c, share in _strongest(explained)],
        "seconds": found.seconds,
        "notes": [*found.notes, *explained.notes],
    }


def _print(explained: Explained, written: list[Path]) -> None:
    found = explained.maps[0]
    print_notes((*found.notes, *explained.notes))
    rows, columns = found.places.shape
    print(f"{found.method.title} of {found.words}, {found.score:.6g} at {found.of.layer}: {rows} x "
          f"{columns} places of {found.at.layer}.")  # fmt: skip
    print(sentence(found))
    if found.completeness is not None:
        print(completeness_words(found))
    if explained.norms:
        print_table(("layer", "top", "L2 norm of its gradient"), _rows(explained),
                    right="L2 norm of its gradient")  # fmt: skip
    listed = ", ".join(f"{c}: {share:+.4g}" for c, share in _strongest(explained))
    if listed:
        print(f"Channels of {explained.at.layer} by gradient x value: {listed}.")
    print(f"-> {', '.join(map(str, written))}")


def _rows(explained: Explained) -> list[tuple[str, str, str]]:
    return [(value.layer, value.top, f"{norm:.6g}") for value, norm in explained.norms]


def _strongest(explained: Explained) -> list[tuple[int, float]]:
    order = np.argsort(-np.abs(explained.channels), kind="stable")[:_MOST_CHANNELS]
    return [(int(c), float(explained.channels[c])) for c in order if explained.channels[c]]


def _value(net: Net, word: str | None) -> Value | None:
    return None if word is None else choose_value(net, word)
