"""The command that shows outside the window what a panel shows in it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from core.jobs.look import LookRequest
from gui.panels.histogram.panel import HistogramRequest


def look_command(
    command: str, look: LookRequest, layers: Sequence[str], options: Sequence[str] = ()
) -> str:
    """A line for a shell; layers: "relu7", or "halves:left" for one of several tops.

    The recipe has no word in it: a chosen one lies beside the prototxt, where it is found.
    """
    net = look.net
    words = ["main.py", command, "--net", str(net.path)]
    if net.weights is not None:
        words += ["--weights", str(net.weights)]
    if look.image is not None:
        words += ["--image", str(look.image)]
    words += ["--layers", ",".join(dict.fromkeys(layers))]
    if net.state.phase != "TEST":
        words += ["--phase", net.state.phase]
    for stage in sorted(net.state.stages):
        words += ["--stage", stage]
    if net.device != "cpu":
        words += ["--device", net.device]
    if net.precision != "float32":
        words += ["--precision", net.precision]
    return shlex.join([*words, *options])


def histogram_command(key: LookRequest, request: HistogramRequest) -> str:
    """The command that prints the numbers of a histogram of the image."""
    options = [] if request.bins is None else ["--bins", str(request.bins)]
    options += ["--central"] if request.is_trimmed else []
    options += ["--same-edges"] if len(request.values) > 1 else []
    layers = [f"{layer}:{top}" if layer != top else layer for layer, top in request.values]
    return look_command("stats", key, layers, options)
