"""What a rename changes beside the names: found in the text itself, said in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from core.net.definition import Layer, Net
from core.net.rename_plan import PlanWarning, RenamePlan


def text_warnings(net: Net, plan: RenamePlan) -> tuple[PlanWarning, ...]:
    """Layers kept in place, net outputs under new names, loss weights on renamed tops."""
    return tuple(_all(net, plan))


def with_warnings(plan: RenamePlan, *warnings: PlanWarning) -> RenamePlan:
    """The plan with more warnings."""
    return replace(plan, warnings=(*plan.warnings, *warnings))


def _all(net: Net, plan: RenamePlan) -> Iterator[PlanWarning]:
    if plan.kept_in_place:
        yield _kept(net, plan.kept_in_place)
    for old, new in plan.renamed_outputs:
        yield PlanWarning(
            "output",
            f"The net output {old} is called {new} from now on; code that asks for it by name has "
            "to follow.",
            _writers_of(net, old),
        )
    weighted = [
        rename.layer for rename in plan.renames if _has_loss_weight(net.layer(rename.layer))
    ]
    if weighted:
        yield PlanWarning(
            "loss weight",
            f"{', '.join(weighted)} has a loss weight; it goes with the layer, and Caffe's "
            "training log shows the new name.",
            tuple(weighted),
        )


def _kept(net: Net, layers: tuple[str, ...]) -> PlanWarning:
    one = len(layers) == 1
    return PlanWarning(
        "phase",
        f"{', '.join(layers)} {'stays' if one else 'stay'} in place: "
        f"{'it is' if one else 'they are'} not active in every phase, so a layer after "
        f"{'it' if one else 'them'} could not read the same blob in both.",
        layers,
    )


def _writers_of(net: Net, blob: str) -> tuple[str, ...]:
    return tuple(v.layer for v in net.outputs if v.blob == blob)


def _has_loss_weight(layer: Layer) -> bool:
    return any(weight != 0 for weight in layer.message.numbers("loss_weight"))
