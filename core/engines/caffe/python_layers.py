"""Layers that run a program of the user's own."""

from __future__ import annotations

from collections.abc import Collection

from core.engines.values import Obstacle
from core.net.definition import Layer, Net


def untrusted_layers(net: Net, *, are_allowed: bool) -> dict[int, Obstacle]:
    """By index, the layers that would run code which nobody has agreed to.

    A Python layer without bottoms is a data layer: an input stands in for it, and nothing runs.
    """
    if are_allowed:
        return {}
    return {
        layer.index: Obstacle(python_program(layer), kind="program")
        for layer in _python_layers(net)
    }


def python_programs(net: Net, kept: Collection[int]) -> list[tuple[str, str]]:
    """Module and class of each Python layer that is kept."""
    running = [layer for layer in _python_layers(net) if layer.index in kept]
    params = [layer.param("python_param") for layer in running]
    return [(param.word("module"), param.word("layer")) for param in params]


def _python_layers(net: Net) -> list[Layer]:
    return [layer for layer in net.layers if layer.type == "Python" and layer.bottoms]


def python_program(layer: Layer) -> str:
    """ "module.Class" as a Python layer's parameters name it."""
    param = layer.param("python_param")
    return ".".join(word for word in (param.word("module"), param.word("layer")) if word)
