"""Layers that compute something else in place than in a blob of their own, as real Caffe has it.

In place, Eltwise (SUM, MAX) leaves out its first bottom and LRN across channels squares its
factor, because Caffe overwrites what it still reads. A rename ends that, so values change.
"""

from __future__ import annotations

from core.layers.registry import layer_type
from core.net.definition import Net
from core.net.rename_plan import PlanWarning, RenamePlan
from core.net.rename_warnings import with_warnings


def with_type_warnings(plan: RenamePlan, net: Net) -> RenamePlan:
    """The plan, with a warning of kind "values" where a renamed layer will compute other values.

    net: the one the plan was made for.
    """
    names = tuple(
        dict.fromkeys(
            rename.layer
            for rename in plan.renames
            if rename.top_index in net.layer(rename.layer).in_place_tops()
            and _differs_in_place(net.layer(rename.layer).type)
        )
    )
    if not names:
        return plan
    types = ", ".join(dict.fromkeys(net.layer(name).type for name in names))
    some = f"{', '.join(names[:3])}{' and more' if len(names) > 3 else ''}"
    sentence = (
        f"{some} ({types}) overwrites in place what it still reads, so with a blob of its own it "
        "computes other values: what the type promises, but not what this net gave so far."
    )
    return with_warnings(plan, PlanWarning("values", sentence, names))


def _differs_in_place(type_name: str) -> bool:
    """Not Reshape and its like, which hand their bottom's values on whatever blob they are in."""
    known = layer_type(type_name)
    return known.is_known and not known.may_run_in_place and not known.shares_storage
