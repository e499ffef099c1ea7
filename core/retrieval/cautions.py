"""What to know of a value under a pooling before any figure: reasons, not refusals."""

from __future__ import annotations

from core.layers.traits import ValueTraits
from core.measures.measure import Pool

_CUTS_OFF = ("gem", "crow")
_OF_MAXIMA = ("mac", "rmac", "mac+rmac", "regions")


def cautions(traits: ValueTraits, pool: Pool) -> tuple[str, ...]:
    """Half sentences on one value: values below 0, class posteriors, a border of bare bias.

    pool: as it is run, "flatten" for a value with one place per channel.
    """
    found = []
    if traits.may_be_negative and not pool.relu:
        if pool.method in _CUTS_OFF:
            found.append(
                f"{pool.method} cuts off what is below 0: as after a ReLU is relu-{pool.method}"
            )
        elif pool.method in _OF_MAXIMA:
            found.append(
                f"{pool.method} is made for values from 0 on: as after a ReLU is relu-{pool.method}"
            )
    if traits.has_bare_border and pool.method != "flatten":
        found.append("its padding is bare bias, which dilutes every pooling")
    if traits.is_posterior:
        found.append("class posterior")
    return tuple(found)
