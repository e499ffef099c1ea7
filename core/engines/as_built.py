"""What a session tells of the net that it built: its layers, and the shapes of its inputs."""

from __future__ import annotations

from collections.abc import Sequence

from core.engines.obstacles import Obstacles
from core.engines.values import EngineLayer
from core.engines.wiring import Wiring
from core.layers.layer_type import Shape
from core.layers.shapes import NetShapes
from core.net.definition import Net


def engine_layers(net: Net, shapes: NetShapes, obstacles: Obstacles) -> tuple[EngineLayer, ...]:
    """Every layer with the shapes of its tops, None where not known, and what stands in its way."""
    return tuple(
        EngineLayer(
            layer.name,
            layer.type,
            layer.bottoms,
            layer.tops,
            tuple(shapes.top(layer, i) for i in range(len(layer.tops))),
            obstacles.get(layer.index),
        )
        for layer in net.layers
    )


def shapes_of_inputs(wiring: Wiring, layers: Sequence[EngineLayer]) -> dict[str, Shape | None]:
    """By input blob, None where the sizes are not known before something is given."""
    tops = {
        top: shape
        for layer in layers
        for top, shape in zip(layer.tops, layer.top_shapes, strict=True)
        if not layer.bottoms
    }
    return {name: tops.get(name) for name in wiring.inputs}
