"""Going back through a net in real Caffe: what it is asked, and what it would abort on.

After BVLC/caffe src/caffe/net.cpp: a blob has one diff for all its versions, which holds the
gradient of a version just before the layer that wrote that version goes back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from core.engines.caffe.numbering import Numbering, Place
from core.engines.session import GradientArrays, GradientsAsked
from core.engines.values import Value
from core.engines.wiring import Step, Wiring
from core.errors import EngineError

_ABORTS = frozenset({"Accuracy", "ArgMax", "BatchReindex", "Embed", "Filter", "Threshold"})
"""Types whose backward is a failed check where their input is asked for, which ends the process."""
_RECTIFIERS = frozenset({"ReLU", "ReLU6"})


def check_goes_back(steps: Sequence[Step]) -> None:
    """Raise EngineError for a layer on whose way back real Caffe aborts."""
    for step in steps:
        layer = step.layer
        is_infogain = layer.type == "InfogainLoss" and len(layer.bottoms) > 2
        if layer.type in _ABORTS or is_infogain:
            raise EngineError(
                f"Real Caffe goes back through no {layer.type}, as '{layer.name}' is.",
                hint="Choose the engine torch.",
            )


def ask_back(
    asked: GradientsAsked,
    diffs: Mapping[int, np.ndarray],
    wiring: Wiring,
    built: Numbering,
    place: Callable[[int], Place],
) -> dict[str, Any]:
    """The fields of the request beside those of a pass, by Caffe's numbers."""
    needed = wiring.steps_for(diffs)
    slots = {slot for step in needed for slot in step.tops}

    def places(values: Sequence[Value]) -> list[list[int]]:
        found = []
        for value in values:
            slot = wiring.slot(value)
            if slot not in slots:
                raise EngineError(
                    f"Nothing that gradients are taken of needs '{value.top}' of layer "
                    f"'{value.layer}'."
                )
            found.append(_numbers(place(slot)))
        return found

    guided = [step.layer.index for step in needed if step.layer.type in _RECTIFIERS]
    return {
        "of": [_numbers(place(slot)) for slot in diffs],
        "wants": places(asked.wants),
        "norms": places(asked.norms),
        "reads": places(asked.reads),
        "learned": [_number(name, wiring, built) for name in asked.layers],
        "guided": [built.layers[index] for index in guided] if asked.rule == "guided" else [],
    }


def gradient_arrays(
    asked: GradientsAsked, header: Mapping[str, Any], arrays: Sequence[np.ndarray]
) -> GradientArrays:
    """Caffe's answer as the session gives it."""
    rest = iter(arrays)
    return GradientArrays(
        [next(rest) for _ in asked.wants],
        [[next(rest) for _ in range(int(n))] for n in header["n_arrays"]],
        [float(norm) for norm in header["norms"]],
        [next(rest) for _ in asked.reads],
    )


def _numbers(place: Place) -> list[int]:
    return [place.position, place.blob]


def _number(name: str, wiring: Wiring, built: Numbering) -> int:
    """Caffe's number of a layer; -1 for one that it has not, such as one that an input replaces."""
    found = next((step.layer for step in wiring.steps if step.layer.name == name), None)
    if found is None:
        raise EngineError(f"The net has no layer '{name}'.")
    return built.layers.get(found.index, -1)
