"""A solver file for real Caffe, written from the settings that were read of the user's own."""

from __future__ import annotations

import json

import msgspec

from core.net.solver_settings import SolverSettings

_OURS = (
    "test_iter", "test_interval", "test_initialization", "display", "snapshot", "snapshot_prefix",
    "snapshot_format", "snapshot_after_train", "weights",
)  # fmt: skip
"""What we do between the iterations, in place of Caffe."""


def solver_for_caffe(settings: SolverSettings, net: str, prefix: str, seed: int) -> str:
    """The text. net: path of its net; prefix: of what it writes when asked; both in Caffe's place.

    seed: of Caffe's random numbers, where the settings name none.
    """
    lines = [f"net: {json.dumps(net)}", f"snapshot_prefix: {json.dumps(prefix)}"]
    lines.append("snapshot_after_train: false")
    default = SolverSettings()
    for field in msgspec.structs.fields(SolverSettings):
        value = getattr(settings, field.name)
        if field.name in _OURS or value == getattr(default, field.name):
            continue
        values = value if isinstance(value, tuple) else (value,)
        lines += [f"{field.name}: {_written(one, field.name)}" for one in values]
    if settings.lr_policy == default.lr_policy:
        lines.append(f'lr_policy: "{settings.lr_policy}"')
    if settings.random_seed < 0:
        lines.append(f"random_seed: {seed % 2**31}")
    return "\n".join(lines) + "\n"


def _written(value: object, name: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value if name == "regularization_type" else json.dumps(value)
    return repr(value)
