"""Renaming: blobs of their own for in-place layers, the way back, and repairs, in a copy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from core.edits.findings.search import plan_fix_all
from core.edits.folder_scan import FolderScan, scan_folder, with_folder_warnings
from core.edits.give_back import find_give_backs, plan_give_back, plan_give_back_all
from core.edits.layer_names import with_layer_names
from core.edits.type_warnings import with_type_warnings
from core.engines.host import EngineHost
from core.engines.verification import Verification
from core.engines.verification_report import report_record, write_report
from core.errors import RenameError, RequestError
from core.images.recipe_choice import RecipeWish
from core.jobs.open import OpenedNet
from core.jobs.verify import VerifyRequest, verify
from core.net.rename import (
    plan_needed,
    plan_rename,
    plan_rename_all,
    plan_rename_chain,
    plan_rename_selection,
)
from core.net.rename_plan import RenamePlan, Top
from core.net.text import write_prototxt
from core.progress import Job
from core.words import plural

Scope = Literal[
    "layers", "selection", "chain", "all", "needed", "give back", "give back selection",
    "give back all", "fix",
]  # fmt: skip
"""A selection is layers of which only those count that can be renamed, or given back."""


@dataclass(frozen=True)
class RenameRequest:
    """What to rename in an opened net.

    targets: layers, or the one blob of "chain". names: other blobs than the usual, by layer or
    top. scan: what the folder says, None reads it. out: the new prototxt, None writes nothing.
    must_be_identical: refuse to write where a verify finds a difference.
    """

    opened: OpenedNet
    scope: Scope
    targets: tuple[str, ...] = ()
    names: Mapping[str, str] | Mapping[Top, str] = field(default_factory=dict)
    with_layer_names: bool = False
    scan: FolderScan | None = None
    out: Path | None = None
    is_verified: bool = False
    must_be_identical: bool = True
    images: tuple[Path, ...] = ()
    recipe: RecipeWish = None


@dataclass(frozen=True)
class Renamed:
    """The edit, its proof where one was asked for, and the report beside the new file."""

    plan: RenamePlan
    out: Path | None
    verification: Verification | None
    report: Path | None


def rename(request: RenameRequest, host: EngineHost) -> Job[Renamed]:
    """Plan the edit, prove it where asked, and write the copy. Raises RenameError."""
    plan = plan_edit(request)
    verification = None
    if request.is_verified:
        to_run = replace(request.opened.to_run, text=plan.new_text)
        verification = yield from verify(
            VerifyRequest(plan.old_text, to_run, request.images, request.recipe), host
        )
        if not verification.is_identical and request.must_be_identical:
            raise _not_identical(verification)
    if request.out is None:
        return Renamed(plan, None, verification, None)
    write_prototxt(request.out, plan.new_text)
    return Renamed(plan, request.out, verification, _write_report(request, plan, verification))


def plan_edit(request: RenameRequest) -> RenamePlan:
    """The edit of the text, with everything to know about it."""
    net, path = request.opened.net, request.opened.path
    plan = _scope(request)
    named = {name for name in request.names if isinstance(name, str)}
    unused = named - {rename.layer for rename in plan.renames}
    if unused:
        raise RequestError(f"This edit renames no such layer: {', '.join(sorted(unused))}.")
    if request.with_layer_names and not plan.given_back:
        plan = with_layer_names(plan, net, request.opened.weights)
    return with_folder_warnings(with_type_warnings(plan, net), request.scan or scan_folder(path))


def _scope(request: RenameRequest) -> RenamePlan:
    net, shapes = request.opened.net, request.opened.shapes
    targets, names = list(request.targets), request.names
    match request.scope:
        case "all":
            return plan_rename_all(net, names)
        case "chain":
            return plan_rename_chain(net, targets[0], names)
        case "needed":
            return plan_needed(net, targets, names)
        case "selection":
            return plan_rename_selection(net, targets, names)
        case "give back selection":
            able = {found.layer for found in find_give_backs(net, shapes)}
            return plan_give_back(net, [name for name in targets if name in able], shapes)
        case "give back":
            return plan_give_back(net, targets, shapes)
        case "give back all":
            return plan_give_back_all(net, shapes)
        case "fix":
            return plan_fix_all(net)
    return plan_rename(net, targets, names)


def _not_identical(verification: Verification) -> RenameError:
    n_different = f"{verification.n_different:,} of {plural(verification.n_values, 'value')} differ"
    return RenameError(
        f"The renamed net computes something else: {n_different}, by up to "
        f"{verification.largest_difference:.3g}. The first layer where they part is "
        f"{verification.first_different_layer}.",
        hint="Nothing was written.",
    )


def _write_report(
    request: RenameRequest, plan: RenamePlan, verification: Verification | None
) -> Path | None:
    if verification is None or request.out is None:
        return None
    weights, images = request.opened.weights_path, request.images
    record = report_record(
        verification,
        renames=plan.renames,
        layer_renames=plan.layer_renames,
        weights_name=weights.name if weights else None,
        image_name=images[0].name if images else None,
    )
    return write_report(request.out, record)


def split_targets(words: Sequence[str]) -> tuple[str, ...]:
    """Names that stand apart or behind commas."""
    return tuple(name for word in words for name in word.split(",") if name)
