"""`rename`: in-place layers get blobs of their own, in a copy that differs in quoted names only."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.commands.command_line import UsageError
from core.commands.opening import add_engine_arguments, add_net_arguments, engine_spec
from core.commands.output import counted, print_json, print_table
from core.commands.progress_line import ProgressLine
from core.engines.registry import start_engine
from core.engines.verification import Verification, verify_rename
from core.errors import RenameError
from core.net.definition import Net
from core.net.difference import text_difference
from core.net.reader import load_net, read_net
from core.net.rename import RenamePlan, plan_rename, plan_rename_all
from core.net.text import write_prototxt
from core.progress import run_job


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    add_net_arguments(parser)
    parser.add_argument("--out", required=True, type=Path, metavar="Q", help="the new prototxt")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "--layer", action="append", metavar="L[=BLOB]", help="one in-place layer; may be repeated"
    )
    which.add_argument("--all", action="store_true", help="every in-place layer")
    parser.add_argument(
        "--verify", action="store_true", help="run both nets and compare every shared output"
    )
    parser.add_argument("--diff", action="store_true", help="print the lines that change")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_engine_arguments(parser)


def run(options: argparse.Namespace) -> None:
    """Plan the rename, prove it where asked, write the copy, and say what was done."""
    net = load_net(options.net)
    _refuse_same_file(options.net, options.out)
    plan = _plan(net, options)
    verification = _verify(plan, options) if options.verify else None
    write_prototxt(options.out, plan.new_text)
    after = read_net(plan.new_text)
    if options.json:
        print_json(describe(options.out, plan, verification))
        return
    _print_plan(net, after, plan, options)
    if verification is not None:
        print(verified_sentence(verification))


def describe(out: Path, plan: RenamePlan, verification: Verification | None) -> dict[str, Any]:
    """The rename and its proof as plain values for JSON."""
    return {
        "out": str(out),
        "renames": [
            {"layer": r.layer, "top": r.top_index, "old_blob": r.old_blob, "new_blob": r.new_blob}
            for r in plan.renames
        ],
        "quoted_names_replaced": len(plan.edits),
        "touched_layers": list(plan.touched_layers),
        "renamed_outputs": dict(plan.renamed_outputs),
        "kept_in_place": list(plan.kept_in_place),
        "verification": None if verification is None else described_verification(verification),
    }


def described_verification(verification: Verification) -> dict[str, Any]:
    """What was compared and what came out, as plain values for JSON."""
    return {
        "is_identical": verification.is_identical,
        "outputs": list(verification.outputs),
        "values_compared": verification.n_values,
        "values_different": verification.n_different,
        "largest_difference": verification.largest_difference,
        "first_different_layer": verification.first_different_layer,
        "device": verification.device,
        "images": verification.n_images,
        "filler_weights": verification.filler,
        "seconds": verification.seconds,
    }


def verified_sentence(verification: Verification) -> str:
    """The outputs that were compared, the largest difference, and on what both nets ran."""
    weights = "filler weights" if verification.filler else "the given weights"
    verdict = "bit-identical" if verification.is_identical else "NOT identical"
    return (
        f"Verified: {', '.join(verification.outputs)} {verdict}, "
        f"largest difference {verification.largest_difference:g} over "
        f"{counted(verification.n_values, 'value')} "
        f"({counted(verification.n_images, 'image')}, {weights}, {verification.device})."
    )


def _refuse_same_file(net_path: Path, out: Path) -> None:
    if out.exists() and out.samefile(net_path):
        raise UsageError("--out is the prototxt itself; name another file")


def _plan(net: Net, options: argparse.Namespace) -> RenamePlan:
    if options.all:
        return plan_rename_all(net)
    new_names: dict[str, str] = {}
    layers = []
    for word in options.layer:
        layer, equals, blob = word.rpartition("=")
        if equals and not net.has_layer(word):
            new_names[layer] = blob
            layers.append(layer)
        else:
            layers.append(word)
    return plan_rename(net, layers, new_names)


def _verify(plan: RenamePlan, options: argparse.Namespace) -> Verification:
    """The proof; RenameError, before anything is written, where the outputs differ."""
    with start_engine(engine_spec(options)) as process, ProgressLine() as show:
        job = verify_rename(
            process,
            plan.old_text,
            plan.new_text,
            options.weights,
            None,
            device=options.device,
            seed=options.seed,
        )
        verification = run_job(job, show)
    if not verification.is_identical:
        raise RenameError(
            f"The renamed net computes something else: {verified_sentence(verification)} "
            f"The first layer where they part is {verification.first_different_layer}.",
            hint="Nothing was written.",
        )
    return verification


def _print_plan(net: Net, after: Net, plan: RenamePlan, options: argparse.Namespace) -> None:
    rows = [(r.layer, net.layer(r.layer).type, r.old_blob, r.new_blob) for r in plan.renames]
    print_table(("layer", "type", "wrote to", "writes to"), rows)
    print()
    if options.diff:
        _print_difference(net, after)
    for old, new in plan.renamed_outputs:
        print(f"Net output {old} is now called {new}.")
    if plan.kept_in_place:
        print(f"Left in place, since another phase needs it: {', '.join(plan.kept_in_place)}.")
    print(
        f"{counted(len(plan.renames), 'layer')} renamed, "
        f"{counted(len(plan.edits), 'quoted name')} replaced -> {options.out}"
    )


def _print_difference(net: Net, after: Net) -> None:
    for difference in text_difference(net, after):
        print(f"{difference.layer} ({difference.type})")
        for line in difference.lines:
            print(f"{line.number:5} {line.kind} {line.text}")
        print()
