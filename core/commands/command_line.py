"""Running one command: its words parsed, its errors said in a sentence, its exit code chosen."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn, Protocol, cast

from core.commands.output import print_json
from core.commands.terminal import guarded_output
from core.errors import AppError, RequestError
from core.log import start_logging

LOG_HELP = "write the log to FILE, not into your folder for such files"
_LOG = logging.getLogger(__name__)

DONE, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130

SUMMARIES: Mapping[str, str] = {
    "info": "list a net's layers, blob versions, shapes and how its weights fit",
    "rename": "give in-place layers blobs of their own, or give them back, in a new prototxt",
    "verify": "run two prototxts on one input and compare every output they share bit by bit",
    "measure": "run a prototxt and its repair on one input and say by how much outputs change",
    "compare": "say what differs between two prototxts, layer by layer",
    "extract": "write the activations of any layers to .npz, HDF5 or .npy files",
    "stats": "say how the values of layers spread over an image or a folder, with histograms",
    "weights": "say what layers have learned, filter by filter: norms, twins, dead ones, changes",
    "top-images": "say which images fire each channel of layers most, or least, and where",
    "channels": "say which class each channel of a layer prefers, from a matrix of all images",
    "gradients": "go forward and back: gradients of every value and learned array, into .npz",
    "receptive-field": "say which pixels can move a value of a layer, and which of them do",
    "saliency": "draw which places of a picture explain a score: Grad-CAM, gradients, occlusion",
    "intervene": "switch channels off, scale or replace them, and say what that changes",
    "check-images": "say what is broken, doubled or rare among images that a net is to learn from",
    "split": "divide images into train, val and test, near-duplicates together",
    "prepare": "make train_val, solver and deploy for a fine-tuning, from a net and a split",
    "finetune": "train a net by a solver file, by Caffe's rules, with snapshots that Caffe loads",
    "report": "say what a fine-tuning did to retrieval, from a sweep before and one after",
    "tiles": "draw every channel of layers for one image into a PNG",
    "graph": "draw the net into SVG, PDF or PNG, coloured by a number for each layer",
    "fidelity": "say how far bfloat16 or real Caffe is from float32 PyTorch, layer by layer",
    "index": "describe a folder of images by one layer, into a gallery",
    "query": "find the images of a gallery that look like one image",
    "why": "say which places of a query and of a result carry their similarity, and draw them",
    "evaluate": "measure AP and mAP of a gallery, with its own images or others as queries",
    "sweep": "measure which layer, pooling and post-processing retrieves best on labelled images",
    "compare-results": "say which of two results is better, and whether that may be chance",
    "map": "place the images of a gallery in two dimensions, and say what that keeps",
    "gallery": "say what a gallery holds, export its descriptors, check and repair it",
    "demo": "do everything above on the bundled net and photos, without a window",
    "doctor": "say what can run here: engines, devices, versions, and why not",
}
"""Every command and what it does; the module of that name, - as _, does it."""


class UsageError(Exception):
    """Words that parse one by one but make no sense together; exit code 2."""


class Command(Protocol):
    """What a command's module offers."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Name the command's options."""

    @staticmethod
    def run(options: argparse.Namespace) -> None:
        """Do it; raise AppError or UsageError for what can't be done."""


def run_command(
    name: str, words: Sequence[str], extras: Mapping[str, Callable[..., object]] | None = None
) -> int:
    """Run the command `name` with `words` and return the exit code.

    extras: callables that the entry point lends, set on the options under their names.
    """
    with guarded_output():
        return _run_and_explain(name, words, extras or {})


def _run_and_explain(
    name: str, words: Sequence[str], extras: Mapping[str, Callable[..., object]]
) -> int:
    """Run it; what ends a command at any point is said in a sentence."""
    try:
        return _run(name, words, extras)
    except KeyboardInterrupt:
        print("\nStopped by you. Files that were finished are kept.", file=sys.stderr)
        return INTERRUPTED
    except MemoryError:
        print(
            "There is not enough memory for this. Fewer layers or --batch 1 take less.",
            file=sys.stderr,
        )
        return FAILED
    except BrokenPipeError:
        _silence_stdout()
        return DONE
    except OSError as error:  # of what is printed: files that are read or written have their own
        _silence_stdout()
        print(f"The system refuses: {error.strerror or error}.", file=sys.stderr)
        return FAILED


def _run(name: str, words: Sequence[str], extras: Mapping[str, Callable[..., object]]) -> int:
    command = cast(Command, importlib.import_module(f"core.commands.{name.replace('-', '_')}"))
    parser = _Parser(prog=f"main.py {name}", description=_sentence(SUMMARIES[name]))
    command.add_arguments(parser)
    parser.add_argument("--log", type=Path, metavar="FILE", help=LOG_HELP)
    as_json = "--json" in words
    try:
        options = parser.parse_args(words, argparse.Namespace(**extras))
        if options.log is not None:
            start_logging(options.log)
        command.run(options)
    except SystemExit as stop:  # --help
        return int(stop.code or 0)
    except UsageError as error:
        parser.print_usage(sys.stderr)
        _print_error(AppError(f"{parser.prog}: {error}"), "UsageError", as_json=as_json)
        return WRONG_USAGE
    except AppError as error:
        _print_error(error, type(error).__name__, as_json=as_json)
        return WRONG_USAGE if isinstance(error, RequestError) else FAILED
    return DONE


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with the words in the same way as the commands do."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def _print_error(error: AppError, type_name: str, *, as_json: bool) -> None:
    _LOG.warning("%s: %s", type_name, error)
    if error.details:
        _LOG.debug("Details: %s", error.details)
    print(str(error), file=sys.stderr)
    if not as_json:
        return
    described = {
        "type": type_name,
        "sentence": error.sentence,
        "hint": error.hint,
        "details": error.details,
    }
    print_json({"error": described})


def leave(code: int) -> int:
    """The exit code again, after what was printed has gone out, or whoever read it has left."""
    try:
        if sys.stdout is not None:  # closed by whoever started us
            sys.stdout.flush()
    except BrokenPipeError:
        _silence_stdout()
    except OSError as error:
        _silence_stdout()
        print(f"The output can't be written: {error.strerror or error}.", file=sys.stderr)
        return FAILED
    return code


def _silence_stdout() -> None:
    """Whoever read our output is gone: let Python's own flush at exit go nowhere."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _sentence(summary: str) -> str:
    return f"{summary[0].upper()}{summary[1:]}."
