"""Convolutions that take the BatchNorm and Scale after them into their weights.

A folded result differs from the unfolded one in its last bits, so a fold depends on the net alone,
never on what is wanted: the last of the layers taken in is always computed folded, those before it
never, and every value keeps its bits whatever else is wanted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from torch import Tensor

from core.engines.torch.convolution import Convolution
from core.engines.torch.operation import LayerParameters, Operation
from core.engines.wiring import Step, Wiring

Operations = tuple[Operation | None, ...]


class FoldedParameters(LayerParameters):
    """Weight and bias of a convolution with the layers that follow it."""

    def __init__(self, convolution: Convolution, followers: Sequence[Operation]) -> None:
        self._convolution, self._followers = convolution, tuple(followers)
        self._kept: dict[int, Tensor] = {}

    @property
    def count(self) -> int:
        """A weight and a bias."""
        return 2

    def load(self, index: int) -> Tensor:
        """Computed in float64."""
        weight = self._convolution.parameters.load(0)
        value = self._bias(weight) if index else weight.double()
        for follower in self._followers:
            affine = follower.channel_affine()
            value = value * affine.factor.reshape(-1, *[1] * (value.dim() - 1))
            value = value + affine.shift if index else value
        return value.to(weight.dtype)

    def get(self, index: int) -> Tensor:
        """Like load(), but kept."""
        if index not in self._kept:
            self._kept[index] = self.load(index)
        return self._kept[index]

    def _bias(self, weight: Tensor) -> Tensor:
        bias = self._convolution.bias()
        return weight.new_zeros(len(weight)).double() if bias is None else bias.double()


def fold_affine_layers(wiring: Wiring, operations: Operations) -> tuple[Wiring, Operations]:
    """The net with the last layer of each foldable chain computed from the convolution's bottom."""
    producers = {slot: step for step in wiring.steps for slot in step.tops}
    chains = [_chain(step, operations, producers) for step in wiring.steps]
    continued = {chain[-1].bottoms[0] for chain in chains if chain}
    steps, folded = list(wiring.steps), list(operations)
    for i, chain in enumerate(chains):
        if chain and chain[-1].tops[0] not in continued:
            steps[i] = replace(chain[-1], bottoms=chain[0].bottoms)
            folded[chain[-1].layer.index] = _fold(chain, operations)
    return replace(wiring, steps=tuple(steps)), tuple(folded)


def _chain(step: Step, operations: Operations, producers: Mapping[int, Step]) -> list[Step]:
    """A convolution and the layers from it to this one, where all can be folded; else nothing."""
    chain = [step]
    while _is_affine(operations[chain[0].layer.index]):
        chain.insert(0, producers[chain[0].bottoms[0]])
    first = operations[chain[0].layer.index]
    can_fold = isinstance(first, Convolution) and first.is_linear and len(chain[0].bottoms) == 1
    return chain if can_fold and len(chain) > 1 else []


def _is_affine(operation: Operation | None) -> bool:
    return operation is not None and operation.is_channel_affine


def _fold(chain: Sequence[Step], operations: Operations) -> Operation:
    first, *followers = (operations[step.layer.index] for step in chain)
    if not isinstance(first, Convolution):
        raise TypeError("a fold begins with a convolution")
    parameters = FoldedParameters(first, [each for each in followers if each is not None])
    return type(first)(first.layer, parameters, first.place)
