"""What one layer is inside this engine: parameters, and a function from tensors to tensors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.errors import EngineError
from core.layers.layer_type import ShapeRefused
from core.layers.registry import layer_type
from core.net.definition import Layer, NetState

Shape = tuple[int, ...]
_TEST = NetState()


@dataclass(frozen=True)
class Place:
    """Where a net runs, and how.

    packs_weights: oneDNN's own weight layouts and fused ReLU work here. compiles: so do layers
    compiled for what comes again. fuses_sums: so does adding another blob to a convolution's
    result, with the bits of adding it afterwards. precision: of packed weights, and of what
    convolutions and inner products take and give. channels_last: their weights and bottoms lie so
    where they are not packed, as the matrix units of GPUs want them. state: whose phase a layer
    without one has. seed: of what is drawn at random. is_differentiable: gradients are asked of the
    pass, so nothing is written over what they need. memory: what layers carry from one pass of a
    training to the next, by layer; None where each pass stands alone. is_guided: a ReLU lets
    nothing below 0 back (Springenberg et al., 2015).
    """

    device: torch.device
    packs_weights: bool = False
    compiles: bool = False
    fuses_sums: bool = False
    precision: torch.dtype = torch.float32
    channels_last: bool = False
    state: NetState = _TEST
    seed: int = 0
    is_differentiable: bool = False
    memory: dict[str, list[Tensor]] | None = None
    is_guided: bool = False

    def laid_out(self, tensor: Tensor) -> Tensor:
        """A bottom or learned array of a layer that multiplies, in the precision and layout."""
        tensor = tensor.to(self.precision)
        if self.channels_last and tensor.dim() == 4:
            return tensor.contiguous(memory_format=torch.channels_last)
        return tensor

    @property
    def is_plain(self) -> bool:
        """Whether learned arrays serve as they are in the file."""
        return self.precision is torch.float32 and not self.channels_last


@dataclass(frozen=True)
class Tail:
    """What happens to a top before it is written: a blob of its shape added, then a ReLU.

    may_overwrite: nobody else needs the memory of `added`.
    """

    with_relu: bool = False
    added: Tensor | None = None
    may_overwrite: bool = False

    def apply(self, top: Tensor) -> Tensor:
        """The same, one step after the other; `top` may be overwritten."""
        if self.added is not None:
            top = torch.add(top, self.added)
        return torch.relu_(top) if self.with_relu else top


PLAIN = Tail()


class LayerParameters(ABC):
    """The learned arrays of one layer, read from the weights file when first asked for."""

    @property
    @abstractmethod
    def count(self) -> int:
        """How many arrays the layer has."""

    @abstractmethod
    def load(self, index: int) -> Tensor:
        """Array `index`, shaped as Caffe would, float32 on the net's device; a fresh tensor."""

    @abstractmethod
    def get(self, index: int) -> Tensor:
        """Like load(), but kept for the next time."""


class Operation(ABC):
    """One layer made ready to run.

    `can_fuse_relu`, `can_fuse_sum`: run_fused() gives the bits of run() followed by a ReLU, or by
    a sum and perhaps a ReLU, only faster. `takes_bfloat16`: the others get float32 bottoms, always.
    `reads_legacy_axes`: bottoms come with the four axes that Caffe's old accessors see.
    """

    can_fuse_relu = False
    can_fuse_sum = False
    takes_bfloat16 = False
    reads_legacy_axes = False

    def __init__(self, layer: Layer, parameters: LayerParameters, place: Place) -> None:
        self.layer = layer
        self.parameters = parameters
        self.place = place

    @abstractmethod
    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """The layer's tops. `may_overwrite`: nobody else needs the memory of bottoms[0]."""

    def run_fused(self, bottoms: list[Tensor], tail: Tail) -> Tensor:
        """The layer's only top after what follows it."""
        return tail.apply(self.run(bottoms, False)[0])

    @property
    def is_channel_affine(self) -> bool:
        """Whether the layer does no more than channel_affine() says."""
        return False

    def channel_affine(self) -> ChannelAffine:
        """A learned factor and shift for each channel, of a layer that says so."""
        raise NotImplementedError

    def top_shapes(self, bottoms: Sequence[Tensor]) -> tuple[Shape, ...]:
        """What Caffe's rules make of these bottoms; EngineError where they can't tell."""
        known = layer_type(self.layer.type)
        if known.infer is None:
            raise self.refused("has no rule for its output shape")
        try:
            tops = known.infer(self.layer, [tuple(bottom.shape) for bottom in bottoms]).tops
        except ShapeRefused as error:
            raise self.refused(str(error)) from error
        return tuple(top for top in tops if top is not None)

    def refused(self, claim: str) -> EngineError:
        """An error that begins with the layer's name."""
        colon = ":" if claim.endswith(".") else ""
        end = "" if claim.endswith(".") else "."
        return EngineError(f"Layer '{self.layer.name}' ({self.layer.type}){colon} {claim}{end}")


@dataclass(frozen=True)
class ChannelAffine:
    """x * factor + shift, both (channels,) float64 on the net's device."""

    factor: Tensor
    shift: Tensor


MakeOperation = Callable[[Layer, LayerParameters, Place], Operation]


def canonical(axis: int, n_axes: int) -> int:
    """A negative axis counted from the end."""
    return axis + n_axes if axis < 0 else axis
