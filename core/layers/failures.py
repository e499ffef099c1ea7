"""Layers at which a net fails: what real Caffe refuses of them, found without running anything."""

from __future__ import annotations

import re

from core.layers.shapes import NetShapes
from core.net.definition import Net

_LEAD = re.compile(r"^Layer '[^']*' \([^)]*\): ")


def failing_layers(net: Net, shapes: NetShapes) -> dict[str, str]:
    """By layer name the first sentence about what is wrong there; layers that do not need it run.

    What stands in the file comes before what the sizes of bottoms and parameters forbid. The
    sentence does not name the layer where its beginning does.
    """
    problems = (*net.problems, *shapes.problems)
    return {
        problem.layer: _LEAD.sub("", problem.sentence)
        for problem in reversed(problems)
        if problem.layer
    }
