"""The command that shows outside the window what a panel shows in it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from core.jobs.look import LookRequest


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
