"""Names for blobs: the default `<blob>_<layer>`, and what is wrong with one while it is typed."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from functools import lru_cache

from core.net.definition import AUTOMATIC_TOP, Layer, Net
from core.net.states import Asked, every_state

_SPLIT_NAME = re.compile(r"_split_\d+$")
"""How the copies that Caffe's own Split layers write are called."""


def default_blob_name(net: Net, layer_name: str, top_index: int = 0) -> str:
    """`<blob>_<layer>`, the blob being the one the chain starts from, made unique in the file.

    Raises NetError for a layer that is not in the net, RenameError as `every_state`.
    """
    return unused_name(default_base(net, layer_name, top_index), taken_names(net))


def own_ending(layer: Layer) -> str:
    """What tells a layer's own blob from the one it reads: "_relu7"; its type without a name."""
    return f"_{layer.written_name or layer.type.lower()}"


def default_base(net: Net, layer_name: str, top_index: int = 0) -> str:
    """`<blob>_<layer>` before it is made unique; what a new name can't have becomes "_"."""
    layer = net.layer(layer_name)
    base = f"{layer.tops[top_index]}{own_ending(layer)}"
    spelled = "".join("_" if _is_unfit(character) else character for character in base)
    return f"{spelled}_" if _SPLIT_NAME.search(spelled) else spelled


def _is_unfit(character: str) -> bool:
    return character.isspace() or character in "\"'\\" or not character.isprintable()


def unused_name(base: str, taken: Container[str], tried: dict[str, int] | None = None) -> str:
    """`base`, or `base` with the first free number.

    tried: the next number for each base, for many names of one base among names that only grow.
    """
    tried = {} if tried is None else tried
    name, number = base, tried.get(base, 2)
    while name in taken:
        name, number = f"{base}_{number}", number + 1
    tried[base] = number
    return name


def what_is_wrong_with(
    net: Net, layer_name: str, name: str, also_taken: Container[str] = ()
) -> str | None:
    """One sentence about why `layer_name` can't write to a blob called `name`; None when it can.

    Cheap after the first call for a text. A layer's blob may carry the layer's own name.
    also_taken: names given to other layers in the same edit.
    """
    problem = _wrong_spelling(name)
    if problem:
        return problem
    if name in also_taken:
        return f"The name '{name}' is given to another layer in this edit."
    owner = taken_names(net).get(name)
    if owner is None or owner == layer_of(layer_name):
        return None
    return f"The name '{name}' is taken: {owner}."


def similar_name(net: Net, name: str) -> str | None:
    """A name of the file that differs from `name` in capitals only, a usual slip."""
    lowered = {known.lower(): known for known in taken_names(net)}
    known = lowered.get(name.lower())
    return known if known is not None and known != name else None


def layer_of(name: str) -> str:
    """How `taken_names` says that a name is a layer's."""
    return f"it is the name of layer {name}"


def taken_names(net: Net) -> Mapping[str, str]:
    """Every name of the file in any phase, with the words that say whose it is."""
    return _taken(Asked.of(net))


@lru_cache(maxsize=8)
def _taken(asked: Asked) -> Mapping[str, str]:
    return _names_of(every_state(asked.net))


def _names_of(states: Iterable[Net]) -> Mapping[str, str]:
    taken: dict[str, str] = {}
    for number, net in enumerate(states):
        where = f" in the {net.state.phase} phase" if number else ""
        for layer in net.layers:
            is_input = not layer.bottoms and layer.type == "Input"
            writes = "it is an input blob" if is_input else f"layer {layer.name} writes that blob"
            for top in layer.tops:
                if top != AUTOMATIC_TOP:
                    taken.setdefault(top, f"{writes}{where}")
            for bottom in layer.bottoms:
                taken.setdefault(bottom, f"layer {layer.name} reads that blob{where}")
            taken.setdefault(layer.name, layer_of(layer.name))
    return taken


def _wrong_spelling(name: str) -> str | None:
    if not name.strip():
        return "A blob needs a name."
    if any(character.isspace() for character in name):
        return "A blob name can't have spaces, tabs or line ends."
    for bad, word in (('"', "quotes"), ("'", "quotes"), ("\\", "a backslash")):
        if bad in name:
            return f"A blob name can't have {word}."
    if not name.isprintable():
        return "A blob name can't have control characters."
    if name == AUTOMATIC_TOP:
        return f"'{name}' is the name Caffe gives to the blob of a loss without a top."
    if _SPLIT_NAME.search(name):
        return "Names that end in _split_ and a number belong to the copies Caffe makes itself."
    return None
