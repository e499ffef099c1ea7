"""Layers whose values nobody can foretell: refused by real Caffe, spoilt, or of a fork."""

from __future__ import annotations

from core.engines.obstacles import refused_layers
from core.engines.shared_memory import misled_readers
from core.engines.values import Obstacle
from core.engines.wiring import Wiring
from core.errors import EngineError
from core.layers.fork_fields import foreign_fields
from core.layers.registry import layer_type
from core.net.definition import Layer, Net

_HINT_ON_FIELDS = "Run it in the Caffe it belongs to, or take the field out if it changes nothing."


def unforeseen_layers(net: Net, wiring: Wiring) -> dict[int, Obstacle]:
    """By index, with the reason; the same for every engine of ours."""
    spoilt = {
        step.layer.index: Obstacle(error.sentence, error.hint)
        for step in wiring.steps
        if step.layer.is_in_place and layer_type(step.layer.type).is_spoilt_in_place
        for error in (spoilt_in_place(step.layer),)
    }
    foreign = {
        index: Obstacle(field.sentence(net.layers[index]), _HINT_ON_FIELDS)
        for index, field in foreign_fields(net).items()
        if not wiring.steps[index].is_data
    }
    return {**foreign, **refused_layers(net), **misled_readers(wiring), **spoilt}


def spoilt_in_place(layer: Layer) -> EngineError:
    """The error for a layer whose values nobody can foretell where it stands."""
    return EngineError(
        f"Layer '{layer.name}' ({layer.type}) runs in place, where real Caffe overwrites values "
        "before it reads them.",
        hint="Give it a blob of its own.",
    )
