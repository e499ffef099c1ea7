"""`rename`: blobs of their own for in-place layers, the way back, and repairs, in a copy."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.commands.command_line import UsageError
from core.commands.opening import add_engine_arguments, add_net_arguments, net_state, open_net
from core.commands.output import print_json
from core.commands.preprocessing import add_preprocess_argument
from core.commands.rename_steps import choose_plan, verify
from core.commands.rename_words import (
    describe,
    plan_sentence,
    print_plan,
    verified_sentence,
)
from core.engines.verification import Verification
from core.engines.verification_report import report_record, write_report
from core.net.rename_plan import RenamePlan
from core.net.text import write_prototxt


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
    opened = open_net(options.net, options.weights, net_state(options))
    _refuse_same_file(opened.path, options.out)
    plan = choose_plan(opened, options)
    verification = verify(plan, opened, options) if options.verify else None
    report = None
    out = None if options.dry_run else options.out
    if out is not None:
        write_prototxt(out, plan.new_text)
        report = _keep_report(out, plan, verification, options)
    if options.json:
        print_json(describe(out, plan, verification, report))
        return
    print_plan(opened.net, plan, with_difference=options.diff)
    print(plan_sentence(plan, out))
    if verification is not None:
        print(verified_sentence(verification))
    if report is not None:
        print(f"The report is in {report}.")


def _keep_report(
    out: Path, plan: RenamePlan, verification: Verification | None, options: argparse.Namespace
) -> Path | None:
    if verification is None:
        return None
    record = report_record(
        verification,
        renames=plan.renames,
        layer_renames=plan.layer_renames,
        weights_name=options.weights.name if options.weights else None,
        image_name=options.image.name if options.image else None,
    )
    return write_report(out, record)


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
