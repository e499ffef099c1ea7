"""Layers that run a program of the user's own."""

from __future__ import annotations

from core.errors import PythonLayersRefused
from core.net.definition import Layer, Net


def check_python_layers(net: Net, *, are_allowed: bool) -> None:
    """PythonLayersRefused when a net would run code that nobody has agreed to.

    A Python layer without bottoms is a data layer: an input stands in for it, and nothing runs.
    """
    if are_allowed:
        return
    found = [(layer.name, python_program(layer)) for layer in _python_layers(net)]
    if found:
        raise PythonLayersRefused(found)


def python_programs(net: Net) -> list[tuple[str, str]]:
    """Module and class of each Python layer that runs."""
    params = [layer.param("python_param") for layer in _python_layers(net)]
    return [(param.word("module"), param.word("layer")) for param in params]


def _python_layers(net: Net) -> list[Layer]:
    return [layer for layer in net.layers if layer.type == "Python" and layer.bottoms]


def python_program(layer: Layer) -> str:
    """ "module.Class" as a Python layer's parameters name it."""
    param = layer.param("python_param")
    return ".".join(word for word in (param.word("module"), param.word("layer")) if word)
