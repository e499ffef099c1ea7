"""`rename`: blobs of their own for in-place layers, the way back, and repairs, in a copy."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from core.commands.command_line import UsageError
from core.commands.opening import add_engine_arguments, add_net_arguments, engine_host, model_to_run
from core.commands.output import print_json
from core.commands.preprocessing import add_preprocess_argument
from core.commands.progress_line import ProgressLine
from core.commands.rename_words import (
    describe,
    plan_sentence,
    print_plan,
    verified_sentence,
)
from core.jobs.rename import RenameRequest, Scope, rename, split_targets
from core.net.definition import Net
from core.progress import run_job


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    add_net_arguments(parser)
    parser.add_argument("--out", type=Path, metavar="Q", help="the new prototxt")
    _add_scopes(parser.add_mutually_exclusive_group(required=True))
    parser.add_argument(
        "--name", action="append", default=[], metavar="L=BLOB", help="another name than the usual"
    )
    parser.add_argument(
        "--layer-names",
        action="store_true",
        help="call layers without weights like their new blobs, as tutorials do",
    )
    parser.add_argument(
        "--verify", action="store_true", help="run both nets, compare, keep a report beside Q"
    )
    parser.add_argument(
        "--image", type=Path, metavar="PATH", help="verify on this image, not on seeded values"
    )
    add_preprocess_argument(parser)
    parser.add_argument("--diff", action="store_true", help="print the lines that change")
    parser.add_argument("--dry-run", action="store_true", help="write nothing")
    parser.add_argument(
        "--force", action="store_true", help="replace Q, and write even where outputs differ"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_engine_arguments(parser)


def _add_scopes(which: argparse._MutuallyExclusiveGroup) -> None:
    which.add_argument(
        "--layer", action="append", metavar="L[=BLOB]", help="one in-place layer; may be repeated"
    )
    which.add_argument("--chain", metavar="BLOB", help="every layer that writes this blob in place")
    which.add_argument("--all", action="store_true", help="every in-place layer")
    which.add_argument(
        "--needed", nargs="+", metavar="L", help="only what keeps the values of these layers"
    )
    which.add_argument(
        "--give-back", nargs="+", metavar="L", help="run in place again: layers, or all that can"
    )
    which.add_argument("--fix", action="store_true", help="repair every wrong rewiring")


def run(options: argparse.Namespace) -> None:
    """Plan the edit, prove it where asked, write the copy, and say what was done."""
    _check_usage(options)
    opened = model_to_run(options)
    _refuse_same_file(opened.path, options.out)
    scope, targets, given = _scope(opened.net, options)
    request = RenameRequest(
        opened,
        scope,
        targets,
        {**given, **_split_names(opened.net, options.name)},
        with_layer_names=options.layer_names,
        out=None if options.dry_run else options.out,
        is_verified=options.verify,
        must_be_identical=not options.force,
        images=() if options.image is None else (options.image,),
        recipe=options.preprocess,
    )
    with engine_host(options) as host, ProgressLine() as show:
        renamed = run_job(rename(request, host), show)
    plan, verification, report = renamed.plan, renamed.verification, renamed.report
    if options.json:
        print_json(describe(renamed.out, plan, verification, report))
        return
    print_plan(opened.net, plan, with_difference=options.diff)
    print(plan_sentence(plan, renamed.out))
    if verification is not None:
        print(verified_sentence(verification))
    if report is not None:
        print(f"The report is in {report}.")


def _scope(net: Net, options: argparse.Namespace) -> tuple[Scope, tuple[str, ...], dict[str, str]]:
    """The scope, its targets, and the blobs named with them."""
    if options.all:
        return "all", (), {}
    if options.fix:
        return "fix", (), {}
    if options.chain:
        return "chain", (options.chain,), {}
    if options.needed:
        return "needed", split_targets(options.needed), {}
    if options.give_back == ["all"] and not net.has_layer("all"):
        return "give back all", (), {}
    if options.give_back:
        return "give back", split_targets(options.give_back), {}
    given = _layer_names(net, options.layer)
    return "layers", tuple(given), {layer: blob for layer, blob in given.items() if blob}


def _layer_names(net: Net, words: Sequence[str]) -> dict[str, str]:
    """Layer -> blob or "", from `L` and `L=BLOB`; a layer's own name may have an equals sign."""
    found = {}
    for word in words:
        layer, equals, blob = word.rpartition("=")
        is_pair = equals and not net.has_layer(word)
        found[layer if is_pair else word] = blob if is_pair else ""
    return found


def _split_names(net: Net, words: Sequence[str]) -> dict[str, str]:
    found = _layer_names(net, words)
    for layer, blob in found.items():
        if not blob:
            raise UsageError(f"--name {layer}: write it as --name LAYER=BLOB")
    return found


def _refuse_same_file(net_path: Path, out: Path | None) -> None:
    if out is not None and out.exists() and net_path.exists() and out.samefile(net_path):
        raise UsageError("--out is the prototxt itself; name another file")


def _check_usage(options: argparse.Namespace) -> None:
    out = options.out
    if out is None and not options.dry_run:
        raise UsageError("name the new prototxt with --out, or write nothing with --dry-run")
    _refuse_same_file(options.net, out)
    if out is not None and out.exists() and not options.force and not options.dry_run:
        raise UsageError(f"{out} exists already; --force replaces it")
    if options.fix and options.verify:
        raise UsageError("a repair changes what the net computes, so --fix can't be verified")
    if options.image and not options.verify:
        raise UsageError("--image goes with --verify")
    if options.name and (options.give_back or options.fix):
        raise UsageError("--name goes with new blobs, not with --give-back or --fix")
    if options.layer_names and (options.give_back or options.fix):
        raise UsageError("--layer-names goes with new blobs, not with --give-back or --fix")
