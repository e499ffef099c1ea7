"""What values are called in a file of arrays."""

from __future__ import annotations

from collections.abc import Sequence

from core.engines.values import Value
from core.net.definition import Net

IMAGES_KEY, SKIPPED_KEY = "images", "skipped"
"""The keys of the names of images, taken and left out; a layer of that name gives way."""
_RESERVED = (IMAGES_KEY, SKIPPED_KEY)


def value_keys(net: Net, values: Sequence[Value]) -> dict[Value, str]:
    """A key of its own for each: the layer's name, "slice:a" where it writes several tops.

    A key that would be another's, of a layer called "slice:a" say, ends in "#".
    """
    keys: dict[Value, str] = {}
    taken = set(_RESERVED)
    for value in values:
        is_one_of_several = len(net.layer(value.layer).tops) > 1 or value.layer in _RESERVED
        key = f"{value.layer}:{value.top}" if is_one_of_several else value.layer
        while key in taken:
            key += "#"
        keys[value] = key
        taken.add(key)
    return keys
