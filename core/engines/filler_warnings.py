"""Saying which layers run without trained weights."""

from __future__ import annotations

from collections.abc import Iterable


def filler_warnings(layers: Iterable[str], *, has_weights: bool) -> tuple[str, ...]:
    """One sentence naming the layers without trained weights."""
    names = list(layers)
    if not names:
        return ()
    if not has_weights:
        have = "layer has" if len(names) == 1 else "layers have"
        return (f"No weights file: {len(names)} {have} random weights.",)
    shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    verb = "layer keeps" if len(names) == 1 else "layers keep"
    return (f"{len(names)} {verb} filler values, the weights file lacks them: {shown}.",)
