"""What `rename` prints: the plan, its warnings and the proof, in sentences or as JSON values."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.commands.output import byte_text, counted, print_table
from core.comparison.edit_lines import text_difference
from core.engines.verification import Verification
from core.net.definition import Net
from core.net.reader import read_net
from core.net.rename_plan import PlanWarning, RenamePlan

_MOST_PLACES = 3


def describe(
    out: Path | None,
    plan: RenamePlan,
    verification: Verification | None,
    report: Path | None = None,
) -> dict[str, Any]:
    """The edit and its proof as plain values for JSON."""
    return {
        "out": None if out is None else str(out),
        "renames": [
            {"layer": r.layer, "top": r.top_index, "old_blob": r.old_blob, "new_blob": r.new_blob}
            for r in plan.renames
        ],
        "layer_renames": [asdict(rename) for rename in plan.layer_renames],
        "given_back": list(plan.given_back),
        "saved_bytes": plan.saved_bytes,
        "found_in": [{"layer": layer, "blob": blob} for layer, blob in plan.found_in],
        "quoted_names_replaced": len(plan.edits),
        "touched_layers": list(plan.touched_layers),
        "renamed_outputs": dict(plan.renamed_outputs),
        "kept_in_place": list(plan.kept_in_place),
        "warnings": [_described_warning(warning) for warning in plan.warnings],
        "report": None if report is None else str(report),
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
        "engine": verification.provenance.engine,
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
        f"({counted(verification.n_images, 'image')}, {weights}, "
        f"{verification.provenance.engine} on {verification.device})."
    )


def print_plan(net: Net, plan: RenamePlan, *, with_difference: bool) -> None:
    """The new names in a table, the lines that change where asked, and what to know."""
    rows = [(r.layer, net.layer(r.layer).type, r.old_blob, r.new_blob) for r in plan.renames]
    if rows:
        print_table(("layer", "type", "wrote to", "writes to"), rows)
        print()
    if with_difference:
        print_difference(net, plan)
    for layer in plan.layer_renames:
        print(f"Layer {layer.old_name} is now called {layer.new_name}.")
    for name, blob in plan.found_in:
        print(f"After a forward pass blob {blob} holds what {name} computes.")
    if plan.given_back:
        print(
            f"{counted(len(plan.given_back), 'layer')} in place again, "
            f"{byte_text(plan.saved_bytes)} of activations saved."
        )
    for warning in plan.warnings:
        _print_warning(warning)


def print_difference(net: Net, plan: RenamePlan) -> None:
    """The lines that change, layer by layer."""
    for difference in text_difference(net, read_net(plan.new_text, state=net.state)):
        print(f"{difference.layer} ({difference.type})")
        for line in difference.lines:
            print(f"{line.number:5} {line.kind} {line.text}")
        print()


def plan_sentence(plan: RenamePlan, out: Path | None) -> str:
    """How much changes and where it goes."""
    blobs = {rename.layer for rename in plan.renames}
    layers = len(blobs | {rename.old_name for rename in plan.layer_renames})
    where = f"-> {out}" if out is not None else "(nothing was written)"
    names = counted(len(plan.edits), "quoted name")
    return f"{counted(layers, 'layer')} renamed, {names} replaced {where}"


def _described_warning(warning: PlanWarning) -> dict[str, Any]:
    places = [{"file": str(p.path), "line": p.line, "text": p.text} for p in warning.places]
    return {
        "kind": warning.kind,
        "sentence": warning.sentence,
        "layers": list(warning.layers),
        "places": places,
    }


def _print_warning(warning: PlanWarning) -> None:
    print(f"Note: {warning.sentence}")
    for place in warning.places[:_MOST_PLACES]:
        print(f"    {place.path.name}:{place.line}: {place.text}")
    if len(warning.places) > _MOST_PLACES:
        print(f"    and {counted(len(warning.places) - _MOST_PLACES, 'more line', 'more lines')}")
