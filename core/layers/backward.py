"""Where real Caffe's own backward is wrong: layers that read in place what they have overwritten.

Seen against central differences of Caffe's forward pass. Its other layers are right in place, as
their backward needs no more than their top.
"""

from __future__ import annotations

from collections.abc import Iterable

from core.net.definition import Layer

_ALWAYS = frozenset({"BNLL", "Clip", "Log", "LRN", "MVN", "Power"})


def is_wrong_in_place(layer: Layer) -> bool:
    """Whether real Caffe gives another gradient than the slope of its forward pass."""
    if not set(layer.tops) & set(layer.bottoms):
        return False
    if layer.type == "Eltwise":
        return True  # PROD goes back wrong; SUM and MAX lose the first bottom on the way forward
    if layer.type == "ReLU":
        return layer.param("relu_param").number("negative_slope") < 0
    if layer.type == "ELU":
        return layer.param("elu_param").number("alpha", 1.0) < 0
    return layer.type in _ALWAYS


def wrong_in_place(layers: Iterable[Layer]) -> tuple[Layer, ...]:
    """Those of several layers."""
    return tuple(layer for layer in layers if is_wrong_in_place(layer))


def difference_words(layers: Iterable[Layer], *, is_real_caffe: bool) -> tuple[str, ...]:
    """A sentence on what differs between the true gradient and real Caffe's own; () for nothing."""
    if not is_real_caffe:
        return true_gradient_words(layers)
    return tuple(
        f"{words}, where real Caffe's own backward is not the slope of its forward pass; this is "
        "what it gives. `saliency`, and the engine torch, give the true gradient."
        for words in _running_in_place(layers)
    )


def true_gradient_words(layers: Iterable[Layer], *, by: str = "") -> tuple[str, ...]:
    """The same where the true one is shown; by: what it is of, where not of the chosen engine."""
    shown = f"the true one, by {by}" if by else "the true one"
    return tuple(
        f"{words}, where real Caffe's own backward gives another gradient; this is {shown}."
        for words in _running_in_place(layers)
    )


def _running_in_place(layers: Iterable[Layer]) -> tuple[str, ...]:
    """ "op (Power) runs in place", of those that go back wrong; () for none."""
    named = [f"{layer.name} ({layer.type})" for layer in wrong_in_place(layers)]
    if not named:
        return ()
    listed = ", ".join(named[:4]) + (f" and {len(named) - 4} more" if len(named) > 4 else "")
    return (f"{listed} {'runs' if len(named) == 1 else 'run'} in place",)
