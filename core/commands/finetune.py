"""`finetune`: train a solver's net by Caffe's rules, from batches given as arrays."""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from msgspec import to_builtins

from core.commands.command_line import UsageError
from core.commands.finetune_demo import run_demo
from core.commands.opening import add_engine_arguments, engine_spec
from core.commands.output import counted, print_json, print_notes, print_table
from core.commands.progress_line import ProgressLine
from core.commands.report import described_proof, print_proof
from core.errors import AppError
from core.files import check_writable
from core.jobs.finetune import Finetuned, FinetuneRequest, finetune, resumed, write_results
from core.progress import run_job
from core.training.augmentation import read_words
from core.training.run.control import RunControl
from core.training.run.history import History
from core.training.run.keeping import snapshot_files

_MOST_LISTED = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    parser.add_argument(
        "--solver", type=Path, metavar="S", help="solver.prototxt, which names a net"
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
        "--test-batches",
        type=Path,
        nargs="+",
        default=[],
        metavar="T.npz",
        help="as --batches, a file for each test net of the solver that can't read its own",
    )
    parser.add_argument(
        "--augment",
        metavar="HOW",
        help="change the images it learns from by chance, as `prepare` says, or none "
        "(default: what `prepare` wrote beside the net)",
    )
    parser.add_argument(
        "--at", default="", metavar="1,2,20", help="after which iterations arrays are kept"
    )
    parser.add_argument(
        "--until", type=int, metavar="N", help="default: the last --at, or max_iter"
    )
    _add_run_arguments(parser)
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
    parser.add_argument(
        "--demo",
        action="store_true",
        help="teach the bundled net four classes that it does not know, and report what retrieval "
        "gains; --run names the folder (default blobscope-finetune)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """The folder of a run, and going on with it."""
    parser.add_argument(
        "--run",
        type=Path,
        metavar="DIR",
        help="the folder for snapshots and the log; Ctrl+C then stops with a snapshot",
    )
    parser.add_argument(
        "--resume",
        nargs="?",
        const="",
        metavar="N",
        help="go on with the run of --run, which knows the rest, from its last whole snapshot or "
        "from that of iteration N; or from a file F.solverstate",
    )


def run(options: argparse.Namespace) -> None:
    """Train, and write what was asked for."""
    if options.demo:
        _run_demo(options)
        return
    if options.results is not None:
        check_writable(options.results)
    request, control = _request(options), RunControl()
    with ProgressLine() as show, _stopped_by_ctrl_c(control, request.run):
        found = run_job(finetune(request, control), show)
    if options.results is not None:
        write_results(found, options.results)
    if options.json:
        print_json(_described(found, request))
    else:
        _print(found, request, options)
    ended = found.history.ended
    if ended is not None and ended.why == "diverged":
        raise AppError(ended.sentence, hint=ended.hint)


def _run_demo(options: argparse.Namespace) -> None:
    made = run_demo(options.run or Path("blobscope-finetune"), _say if not options.json else _keep)
    if options.json:
        print_json({**described_proof(made.report), "seconds": made.seconds})
        return
    print_proof(made.report, made.html)
    print(f"From the images to the report in {made.seconds:.0f} s.")


def _say(line: str) -> None:
    print(line, flush=True)


def _keep(line: str) -> None:
    """Nothing but the object of JSON is wanted."""


def _request(options: argparse.Namespace) -> FinetuneRequest:
    given = {
        "solver": options.solver,
        "batches": options.batches,
        "weights": options.weights,
        "at": _numbers(options.at),
        "until": options.until,
        "kept": options.keep,
        "is_whole": options.whole,
        "test_batches": tuple(options.test_batches),
        "augmentation": None if options.augment is None else read_words(options.augment),
    }
    engine, device = engine_spec(options), options.device
    if options.resume is not None and (not options.resume or options.resume.isdecimal()):
        if options.run is None:
            raise UsageError("--resume takes a .solverstate, or goes on with the run of --run")
        kept = resumed(options.run, engine, device, int(options.resume or 0) or None)
        return replace(kept, **{name: value for name, value in given.items() if value})
    if options.solver is None:
        raise UsageError("--solver is needed, unless --run DIR --resume goes on with a run")
    return FinetuneRequest(
        **given,
        resume=None if options.resume is None else Path(options.resume),
        run=options.run,
        device=device,
        seed=options.seed,
        engine=engine,
    )


@contextmanager
def _stopped_by_ctrl_c(control: RunControl, folder: Path | None) -> Iterator[None]:
    """In the block, the first Ctrl+C ends a run with a snapshot, the second one at once."""
    if folder is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: object) -> None:
        if control.should_stop:
            raise KeyboardInterrupt
        control.stop()

    former = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former)


def _numbers(words: str) -> tuple[int, ...]:
    try:
        found = tuple(int(word) for word in words.split(",") if word.strip())
    except ValueError:
        raise UsageError(f"--at takes numbers as 1,2,20, not '{words}'") from None
    if any(number < 1 for number in found):
        raise UsageError("--at counts iterations from 1")
    return found


def _described(found: Finetuned, request: FinetuneRequest) -> dict[str, object]:
    trained, history = found.trained, found.history
    began = history.began
    return {
        "first": trained.first,
        "loss": list(trained.losses),
        "lr": [one.rate for one in trained.iterations],
        "frozen_layers": 0 if began is None else began.n_frozen,
        "tests": [to_builtins(one) for one in history.tests],
        "channels": [to_builtins(one) for one in history.channels],
        "warnings": [one.sentence for one in history.warnings],
        "notes": [] if began is None else list(began.notes),
        "snapshots": [str(state) for state in _states(found, request)],
        "ended": "" if history.ended is None else history.ended.why,
    }


def _states(found: Finetuned, request: FinetuneRequest) -> list[Path]:
    folder = request.run
    kept = found.history.snapshots
    return [] if folder is None else [snapshot_files(folder, one).state for one in kept]


def _print(found: Finetuned, request: FinetuneRequest, options: argparse.Namespace) -> None:
    rows = [
        (str(one.iteration), f"{one.loss:.6g}", f"{one.rate:.6g}")
        for one in found.trained.iterations
    ]
    step = max(1, len(rows) // 20)
    shown = rows[::step]
    shown += rows[-1:] if rows[-1:] != shown[-1:] else []
    print_table(("iteration", "loss", "learning rate"), shown, right="iteration,loss,learning rate")
    history, began = found.history, found.history.began
    if history.tests:
        print_table(("tested at", "net", "loss", "scores", ""), _test_rows(history))
    if began is not None:
        print_notes(began.notes)
    for warned in history.warnings:
        print_notes([f"iteration {warned.iteration}: {warned.sentence} {warned.hint}"])
    if began is not None and began.n_frozen:
        print(f"{counted(began.n_frozen, 'layer')} that do not learn ran once for each image.")
    states = _states(found, request)
    if len(states) > _MOST_LISTED:
        print(f"{counted(len(states) - _MOST_LISTED, 'snapshot')} before these:")
    for state in states[-_MOST_LISTED:]:
        print(f"snapshot -> {state}")
    if options.results is not None:
        print(f"results -> {options.results}")


def _test_rows(history: History) -> list[tuple[str, ...]]:
    """Every test, the best of each net marked."""
    best = {net: history.best_test(net=net) for net in {one.net for one in history.tests}}
    return [
        (
            str(one.iteration),
            str(one.net),
            f"{one.loss:.4g}",
            ", ".join(f"{blob} {value:.4g}" for blob, value in one.scores.items()),
            "best" if one is best[one.net] else "",
        )
        for one in history.tests
    ]
