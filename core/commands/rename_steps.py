"""The steps of `rename`: which plan the options mean, and the proof that it changes no number."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from core.commands.command_line import UsageError
from core.commands.extract_inputs import image_batches
from core.commands.opening import OpenedNet, engine_spec
from core.commands.progress_line import ProgressLine
from core.commands.rename_words import verified_sentence
from core.edits.findings.search import plan_fix_all
from core.edits.folder_scan import scan_folder, with_folder_warnings
from core.edits.give_back import plan_give_back, plan_give_back_all
from core.edits.layer_names import with_layer_names
from core.edits.type_warnings import with_type_warnings
from core.engines.registry import start_engine
from core.engines.verification import Verification, verify_rename
from core.errors import RenameError
from core.net.definition import Net
from core.net.rename import (
    plan_needed,
    plan_rename,
    plan_rename_all,
    plan_rename_chain,
)
from core.net.rename_plan import RenamePlan
from core.progress import run_job


def choose_plan(opened: OpenedNet, options: argparse.Namespace) -> RenamePlan:
    """The plan that the options name, with everything to know about it."""
    net = opened.net
    names = _split_names(net, options.name)
    plan = _scope(net, opened, options, names)
    unused = set(names) - {rename.layer for rename in plan.renames}
    if unused:
        raise UsageError(f"--name {', '.join(sorted(unused))}: this edit renames no such layer")
    if options.layer_names:
        plan = with_layer_names(plan, net, opened.weights)
    plan = with_type_warnings(plan, net)
    return with_folder_warnings(plan, scan_folder(opened.path))


def verify(plan: RenamePlan, opened: OpenedNet, options: argparse.Namespace) -> Verification:
    """The proof; RenameError where the outputs differ and the options don't insist."""
    inputs = _picture(opened, options)
    with start_engine(engine_spec(options)) as process, ProgressLine() as show:
        job = verify_rename(
            process,
            plan.old_text,
            plan.new_text,
            options.weights,
            inputs,
            device=options.device,
            seed=options.seed,
            state=opened.net.state,
            allow_python_layers=options.allow_python_layers,
        )
        verification = run_job(job, show)
    if not verification.is_identical and not options.force:
        raise RenameError(
            f"The renamed net computes something else: {verified_sentence(verification)} "
            f"The first layer where they part is {verification.first_different_layer}.",
            hint="Nothing was written.",
        )
    return verification


def _scope(
    net: Net, opened: OpenedNet, options: argparse.Namespace, names: Mapping[str, str]
) -> RenamePlan:
    scopes: tuple[tuple[object, Callable[[], RenamePlan]], ...] = (
        (options.all, lambda: plan_rename_all(net, names)),
        (options.chain, lambda: plan_rename_chain(net, options.chain, names)),
        (options.needed, lambda: plan_needed(net, _words(options.needed), names)),
        (options.give_back, lambda: _give_back(opened, options.give_back)),
        (options.fix, lambda: plan_fix_all(net)),
    )
    for is_chosen, plan in scopes:
        if is_chosen:
            return plan()
    given = _layer_names(net, options.layer)
    return plan_rename(net, list(given), {**{k: v for k, v in given.items() if v}, **names})


def _give_back(opened: OpenedNet, words: Sequence[str]) -> RenamePlan:
    if list(words) == ["all"] and not opened.net.has_layer("all"):
        return plan_give_back_all(opened.net, opened.shapes)
    return plan_give_back(opened.net, _words(words), opened.shapes)


def _words(words: Sequence[str]) -> list[str]:
    return [name for word in words for name in word.split(",") if name]


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


def _picture(opened: OpenedNet, options: argparse.Namespace) -> dict[str, np.ndarray] | None:
    """One image through its recipe; None for seeded values."""
    if options.image is None:
        return None
    shapes = {blob: opened.shapes.top(layer.name, i)
              for layer in opened.net.layers if not layer.bottoms
              for i, blob in enumerate(layer.tops)}  # fmt: skip
    batches, _ = image_batches([options.image], options.preprocess, opened, shapes, 1)
    return next(iter(batches)).inputs
