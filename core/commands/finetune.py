"""`finetune`: train a solver's net by Caffe's rules, from batches given as arrays."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.commands.command_line import UsageError
from core.commands.opening import add_engine_arguments, engine_spec
from core.commands.output import counted, print_json, print_table
from core.commands.progress_line import ProgressLine
from core.files import check_writable
from core.jobs.finetune import Finetuned, FinetuneRequest, finetune, write_results
from core.progress import run_job


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    parser.add_argument(
        "--solver", required=True, type=Path, metavar="S", help="solver.prototxt, which names a net"
    )
    parser.add_argument(
        "--weights", type=Path, metavar="W", help="what it begins with, copied by layer name"
    )
    parser.add_argument(
        "--batches",
        type=Path,
        metavar="B.npz",
        help="BLOB as (batches, shape of the blob); pass p takes batch p, and then again the first "
        "(default: what the ImageData and HDF5Data layers of the net read)",
    )
    parser.add_argument(
        "--at", default="", metavar="1,2,20", help="after which iterations arrays are kept"
    )
    parser.add_argument(
        "--until", type=int, metavar="N", help="default: the last --at, or max_iter"
    )
    parser.add_argument(
        "--resume",
        type=Path,
        metavar="F.solverstate",
        help="go on from this snapshot",
    )
    parser.add_argument(
        "--snapshots", type=Path, metavar="DIR", help="write those that the solver asks for here"
    )
    parser.add_argument(
        "--results",
        type=Path,
        metavar="R.npz",
        help="loss, lr, out/BLOB, w{k}/LAYER/i and h{k}/j for each k of --at, g1 and u1",
    )
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="DIR",
        help="keep what layers with lr_mult 0 give for each image here, for later runs "
        "(default: in memory)",
    )
    parser.add_argument(
        "--whole", action="store_true", help="run every layer in every pass, learning or not"
    )
    add_engine_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> None:
    """Train, and write what was asked for."""
    if options.results is not None:
        check_writable(options.results)
    request = FinetuneRequest(
        options.solver,
        options.batches,
        options.weights,
        _numbers(options.at),
        options.resume,
        options.until,
        options.snapshots,
        options.device,
        options.seed,
        engine_spec(options),
        options.keep,
        options.whole,
    )
    with ProgressLine() as show:
        found = run_job(finetune(request), show)
    if options.results is not None:
        write_results(found, options.results)
    if options.json:
        print_json(_described(found))
    else:
        _print(found, options)


def _numbers(words: str) -> tuple[int, ...]:
    try:
        found = tuple(int(word) for word in words.split(",") if word.strip())
    except ValueError:
        raise UsageError(f"--at takes numbers as 1,2,20, not '{words}'") from None
    if any(number < 1 for number in found):
        raise UsageError("--at counts iterations from 1")
    return found


def _described(found: Finetuned) -> dict[str, object]:
    trained = found.trained
    return {
        "first": trained.first,
        "loss": list(trained.losses),
        "lr": [one.rate for one in trained.iterations],
        "frozen_layers": found.n_frozen,
        "snapshots": [str(one.state) for one in found.snapshots],
    }


def _print(found: Finetuned, options: argparse.Namespace) -> None:
    rows = [
        (str(one.iteration), f"{one.loss:.6g}", f"{one.rate:.6g}")
        for one in found.trained.iterations
    ]
    step = max(1, len(rows) // 20)
    shown = rows[::step] if rows[-1] in rows[::step] else [*rows[::step], rows[-1]]
    print_table(("iteration", "loss", "learning rate"), shown, right="iteration,loss,learning rate")
    if found.n_frozen:
        print(f"{counted(found.n_frozen, 'layer')} that do not learn ran once for each image.")
    for snapshot in found.snapshots:
        print(f"snapshot -> {snapshot.state}")
    if options.results is not None:
        print(f"results -> {options.results}")
