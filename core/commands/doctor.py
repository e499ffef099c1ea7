"""`doctor`: what can run on this machine, and why not where it can't."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import shlex
import sys
from typing import Any

from core import __version__
from core.commands.opening import add_caffe_python_argument
from core.commands.output import byte_text, print_json
from core.engine_names import installed_graph_engines
from core.engines.base import EngineStatus, FastPath
from core.engines.caffe.probe import FoundCaffe, find_caffes
from core.engines.launch import split_command
from core.engines.registry import available_engines
from core.engines.trial import why_no_trial
from core.engines.trial_memory import default_memory
from core.progress import run_job
from core.screen import why_no_screen, why_no_text
from core.words import on_one_line

_MOST_TRIALS = 5
_PACKAGES = ("numpy", "Pillow", "h5py", "PyQt5", "PyQt5-Qt5", "pyqtgraph", "torch")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    add_caffe_python_argument(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> None:
    """Print what can run; takes as long as the engines take to start."""
    found = _examine(split_command(options.caffe_python or ""))
    if options.json:
        print_json(found)
    else:
        _print(found)


def _examine(caffe_command: tuple[str, ...]) -> dict[str, Any]:
    no_window = " ".join(filter(None, (why_no_screen(), why_no_text()))) or None
    return {
        "blobscope": __version__,
        "python": sys.version.split()[0],
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processors": os.cpu_count(),
        "packages": {name: _installed_version(name) for name in _PACKAGES},
        "window": {"available": no_window is None, "reason": no_window},
        "caffes": [_described_caffe(caffe) for caffe in run_job(find_caffes())],
        "engines": [_described(status) for status in available_engines(caffe_command)],
        "auto": {
            "why_no_trial": why_no_trial("cpu") or None,
            "engines": ["torch", *installed_graph_engines()],
            "trials": [
                {"net": one.net, "engine": one.engine, "reason": one.reason}
                for one in default_memory().all()
            ],
        },
    }


def _installed_version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _described(status: EngineStatus) -> dict[str, Any]:
    return {
        "name": status.name,
        "available": status.is_available,
        "sentence": status.sentence,
        "versions": dict(status.versions),
        "layer_types": list(status.layer_types),
        "fast_paths": [
            {"name": path.name, "on": not path.why_not, "why_not": path.why_not or None}
            for path in status.fast_paths
        ],
        "devices": [
            {
                "id": device.id,
                "name": device.name,
                "memory_bytes": device.memory_bytes,
                "precisions": [
                    {"name": one.name, "available": not one.why_not, "why_not": one.why_not or None}
                    for one in device.precisions
                ],
            }
            for device in status.devices
        ],
    }


def _described_caffe(caffe: FoundCaffe) -> dict[str, Any]:
    return {
        "command": caffe.candidate.typed,
        "place": caffe.candidate.place,
        "caffe": caffe.version,
        "python": caffe.python,
        "n_layer_types": caffe.n_layer_types,
        "gpus": list(caffe.gpus),
        "sentence": caffe.sentence,
    }


def _print_trials(auto: dict[str, Any]) -> None:
    """What `--engine auto` takes, and the last that were tried."""
    if auto["why_no_trial"]:
        print(f"Engine auto: torch; {auto['why_no_trial']}.")
        return
    engines = " or ".join(auto["engines"])
    print(f"Engine auto: index, sweep and extract run on {engines}, by a trial.")
    for trial in auto["trials"][-_MOST_TRIALS:]:
        print(f"  {on_one_line(trial['net'])}: {on_one_line(trial['reason'])}")


def _print(found: dict[str, Any]) -> None:
    print(f"Blobscope {found['blobscope']}, Python {found['python']}, {found['system']}")
    for name, version in found["packages"].items():
        print(f"  {name} {version or 'is not installed'}")
    window = found["window"]
    print(f"Window: {'can be shown here.' if window['available'] else window['reason']}")
    for engine in found["engines"]:
        print(f"Engine {engine['name']}: {engine['sentence']}")
        for device in engine["devices"]:
            memory = f", {byte_text(device['memory_bytes'])}" if device["memory_bytes"] else ""
            print(f"  --device {device['id']}: {device['name']}{memory}")
            for one in device["precisions"]:
                said = "can be had" if one["available"] else one["why_not"]
                print(f"    --precision {one['name']}: {said}")
        for path in engine["fast_paths"]:
            print(f"  fast path {FastPath(path['name'], path['why_not'] or '').sentence}")
    _print_trials(found["auto"])
    for caffe in found["caffes"]:
        print(f"Found: {caffe['sentence']}")
        print(f"  --caffe-python {shlex.quote(caffe['command'])}")
