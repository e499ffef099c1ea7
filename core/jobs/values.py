"""Which values of a net a user's words mean."""

from __future__ import annotations

from collections.abc import Sequence

from core.engines.values import Value
from core.errors import RequestError
from core.net.definition import AUTOMATIC_TOP, Net


def every_value(net: Net) -> tuple[Value, ...]:
    """Each layer's tops in the net's order, each as it stands right after its layer."""
    return tuple(
        Value(layer.name, top)
        for layer in net.layers
        for top in dict.fromkeys(layer.tops)
        if top != AUTOMATIC_TOP
    )


def choose_values(net: Net, named: str | Sequence[Value]) -> tuple[Value, ...]:
    """The values that "L1,L2", "layer:top" or "all" mean, or values themselves, in net order.

    Raises NetError for a layer that is not in the net, RequestError for one that writes nothing.
    """
    every = every_value(net)
    if not isinstance(named, str):
        missing = [value for value in named if value not in every]
        if missing:
            raise RequestError(f"The net has no '{missing[0].top}' of layer '{missing[0].layer}'.")
        return tuple(value for value in every if value in set(named))
    if named == "all" and not net.has_layer("all"):
        return every
    chosen: set[Value] = set()
    for word in [named] if net.has_layer(named) else filter(None, map(str.strip, named.split(","))):
        layer, top = _split_word(net, word)
        fitting = [v for v in every if v.layer == layer and top in ("", v.top)]
        if not fitting:
            what = f"no blob '{top}'" if top else "no blob"
            raise RequestError(f"Layer '{layer}' writes {what}.")
        chosen.update(fitting)
    if not chosen:
        raise RequestError("The words name no layer.", hint='Name layers as "fc6,relu6", or "all".')
    return tuple(value for value in every if value in chosen)


def choose_value(net: Net, named: str | Value) -> Value:
    """The one value that a word means; RequestError where the layer writes several."""
    values = choose_values(net, named if isinstance(named, str) else (named,))
    if len(values) != 1:
        raise RequestError(
            f"Layer '{named}' writes {', '.join(value.top for value in values)}.",
            hint=f"Choose one, such as {values[0].layer}:{values[0].top}.",
        )
    return values[0]


def _split_word(net: Net, word: str) -> tuple[str, str]:
    """ "slice:a" as layer and top; a name that holds a colon itself wins."""
    layer, colon, top = word.rpartition(":")
    if colon and not net.has_layer(word) and net.has_layer(layer):
        return layer, top
    return net.layer(word).name, ""
