"""Layers that run a program of the user's own."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from core.engines.caffe.link import Link
from core.engines.consent import ProgramFile, PythonLayersRefused, PythonPrograms
from core.engines.values import Obstacle
from core.errors import EngineError
from core.net.definition import Layer, Net


def python_layers(net: Net) -> list[Layer]:
    """Those that would run; one without bottoms is a data layer, which an input stands in for."""
    return [layer for layer in net.layers if layer.type == "Python" and layer.bottoms]


def inactive_python_layers(net: Net) -> list[Layer]:
    """Those of another phase, stage or level: Caffe need not see them."""
    return [layer for layer in net.inactive if layer.type == "Python"]


def find_programs(net: Net, link: Link) -> PythonPrograms:
    """What the Python layers would run, as Caffe's Python finds it; nothing is imported."""
    calls = tuple(_call(layer) for layer in python_layers(net))
    if not calls:
        return PythonPrograms((), ())
    told, _ = link.ask({"op": "find_programs", "calls": calls})
    return PythonPrograms(calls, _files(told.get("files")))


def untrusted_layers(net: Net, programs: PythonPrograms, consent: str) -> dict[int, Obstacle]:
    """By index, the layers that would run code which nobody has agreed to."""
    if not programs.calls or programs.fingerprint == consent:
        return {}
    return {
        layer.index: Obstacle(python_program(layer), kind="program", programs=programs)
        for layer in python_layers(net)
    }


def programs_changed(net: Net, agreed: PythonPrograms, found: object) -> PythonLayersRefused:
    """The error for files that are others than those agreed to."""
    pairs = [(layer.name, python_program(layer)) for layer in python_layers(net)]
    return PythonLayersRefused(pairs, PythonPrograms(agreed.calls, _files(found)))


def agreed_programs(net: Net, programs: PythonPrograms, kept: Collection[int]) -> dict[str, Any]:
    """What the Python layers that are kept run: they are kept only where the user agreed."""
    pairs = zip(python_layers(net), programs.calls, strict=True)
    calls = [call for layer, call in pairs if layer.index in kept]
    agreed = programs.of_layers(calls).files
    return {"calls": calls, "agreed": msgspec.to_builtins(agreed)}


def python_program(layer: Layer) -> str:
    """ "module.Class" as a Python layer's parameters name it."""
    module, name, _ = _call(layer)
    return ".".join(word for word in (module, name) if word)


def _call(layer: Layer) -> tuple[str, str, str]:
    param = layer.param("python_param")
    return param.word("module"), param.word("layer"), param.word("param_str")


def _files(told: object) -> tuple[ProgramFile, ...]:
    try:
        return tuple(msgspec.convert(told, list[ProgramFile]))
    except msgspec.ValidationError as error:
        raise EngineError(f"Caffe's Python tells of programs in odd words: {error}.") from error
