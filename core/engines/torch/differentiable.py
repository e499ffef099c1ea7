"""Passes that can be gone back through: the same layers, nothing fused, packed or overwritten."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from core.engines.session import OnLayer
from core.engines.torch import operations
from core.engines.torch.executor import Executor
from core.engines.torch.operation import LayerParameters, Operation, Place, Shape
from core.engines.torch.parameters import ParameterStore
from core.engines.torch.plan import PlannedStep, plan_pass
from core.engines.values import Obstacle
from core.engines.wiring import Wiring
from core.layers.shapes import LayerShapes, NetShapes
from core.net.definition import Layer
from core.weights.contents import Weights
from core.weights.fillers import fill_array, filler_array


class LearnedStore(ParameterStore):
    """Arrays that gradients are taken of: one tensor for each, however often a layer asks.

    is_learning: layers without weights begin with what their fillers say, as in Caffe, even where
    there is no file at all. unreached: (layer, index) of uses whose gradient is lost.
    """

    def __init__(
        self,
        shapes: NetShapes,
        weights: Weights | None,
        seed: int,
        device: torch.device,
        *,
        is_learning: bool = False,
        unreached: Collection[tuple[str, int]] = (),
    ) -> None:
        super().__init__(shapes, weights, seed, device)
        self.unreached = unreached
        if is_learning:
            self._fill = filler_array

    def of(self, layer: Layer) -> LayerParameters:
        """The arrays of one layer."""
        return _Learned(self, self._shapes.of(layer))

    def load(self, row: LayerShapes, index: int) -> Tensor:
        """A fresh tensor that gradients are taken of."""
        return super().load(row, index).requires_grad_()


class _Learned(LayerParameters):
    """One layer's view of the store."""

    def __init__(self, store: LearnedStore, row: LayerShapes) -> None:
        self._store, self._row = store, row

    @property
    def count(self) -> int:
        """How many arrays the layer has."""
        return self._store.count(self._row)

    def load(self, index: int) -> Tensor:
        """The one tensor, as what is computed of a copy would not reach it."""
        return self.get(index)

    def get(self, index: int) -> Tensor:
        """The one tensor."""
        found = self._store.keep(self._row, index)
        return found.detach() if (self._row.layer.name, index) in self._store.unreached else found


@dataclass(frozen=True)
class Differentiable:
    """A net to run with gradients; layers are made anew for each pass, so that none remembers."""

    wiring: Wiring
    store: LearnedStore
    place: Place
    obstacles: Mapping[int, Obstacle]

    def run(
        self,
        inputs: Mapping[int, Tensor],
        slots: Sequence[int],
        on_layer: OnLayer,
        *,
        seed: int | None = None,
        is_guided: bool = False,
    ) -> dict[int, Tensor]:
        """The values of one pass by slot, each a tensor of its own, all that `slots` need.

        inputs: by slot. seed: of what is drawn in this pass. is_guided: as Place has it. Raises
        EngineError as Executor.run.
        """
        place = replace(
            self.place,
            packs_weights=False,
            compiles=False,
            fuses_sums=False,
            precision=torch.float32,
            channels_last=False,
            is_differentiable=True,
            is_guided=is_guided,
            seed=self.place.seed if seed is None else seed,
        )
        made: tuple[Operation | None, ...] = operations.make_operations(
            self.wiring, self.store, place, self.obstacles
        )
        with torch.enable_grad():
            executor = _KeepingExecutor(inputs)
            wanted = {top for step in self.wiring.steps_for(slots) for top in step.tops}
            executor.run(plan_pass(self.wiring, made, wanted, may_fuse=False), on_layer)
        return executor.values


class _KeepingExecutor(Executor):
    """Gives a value a tensor of its own where a layer passes its bottom on, as Dropout at TEST.

    Else the gradient at its top and that at its bottom, which others may read, would be one.
    """

    def __init__(self, inputs: Mapping[int, Tensor]) -> None:
        self._seen: set[int] = set()
        super().__init__(inputs)

    def _bottoms(self, planned: PlannedStep) -> list[Tensor]:
        """Without the way back where the file says propagate_down: false."""
        bottoms = super()._bottoms(planned)
        goes_back = planned.step.layer.message.booleans("propagate_down")
        for index, does in enumerate(goes_back[: len(bottoms)]):
            if not does:
                bottoms[index] = bottoms[index].detach()
        return bottoms

    def _put(self, slot: int, tensor: Tensor) -> None:
        if id(tensor) in self._seen:
            tensor = tensor.view_as(tensor)
        self._seen.add(id(tensor))
        super()._put(slot, tensor)


def gradients_of(
    outputs: Sequence[tuple[Tensor, Tensor]], of: Sequence[Tensor]
) -> tuple[Tensor, ...]:
    """The gradient of sum(output * diff) with respect to each tensor, 0 where nothing leads to it.

    outputs: pairs (output, diff) of one shape.
    """
    live = [(output, diff) for output, diff in outputs if output.requires_grad]
    able = [tensor for tensor in of if tensor.requires_grad]
    found: Sequence[Tensor | None] = ()
    if live and able:
        found = torch.autograd.grad(
            [output for output, _ in live],
            able,
            [diff.reshape(output.shape) for output, diff in live],
            allow_unused=True,
        )
    by_id = {id(tensor): gradient for tensor, gradient in zip(able, found, strict=False)}
    return tuple(
        torch.zeros_like(tensor) if gradient is None else gradient
        for tensor in of
        for gradient in (by_id.get(id(tensor)),)
    )


def made_up(
    wiring: Wiring, shapes: NetShapes, place: Place, given: Collection[int]
) -> dict[int, Tensor]:
    """By slot, what DummyData layers make up where nobody gives values."""
    return {
        slot: _dummy(step.layer, index, shape, place)
        for step in wiring.steps
        if step.is_made_up
        for index, slot in enumerate(step.tops)
        for shape in (shapes.top(step.layer, index),)
        if shape is not None and slot not in given
    }


def _dummy(layer: Layer, index: int, shape: Shape, place: Place) -> Tensor:
    fillers = layer.param("dummy_data_param").messages("data_filler")
    array = np.zeros(shape, np.float32)
    if fillers:
        filler = fillers[min(index, len(fillers) - 1)]
        array = fill_array(np.random.default_rng([place.seed, index]), shape, filler)
    return torch.from_numpy(array.astype(np.float32)).to(place.device)
