"""Nets that look at a training: its test nets, and its own net as it behaves at test time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from core.engines.obstacles import check_free, check_readable, refused_shapes
from core.engines.operations import Pass
from core.engines.session import OnLayer, TestRequest, TestSession
from core.engines.torch import operations
from core.engines.torch.differentiable import made_up
from core.engines.torch.executor import Executor, OnValue
from core.engines.torch.operation import Place
from core.engines.torch.parameters import ParameterStore
from core.engines.torch.plan import plan_pass
from core.engines.values import Obstacle
from core.engines.wiring import Wiring, wire_net
from core.errors import EngineError
from core.layers.loss_weights import loss_weights
from core.layers.shapes import LayerShapes, NetShapes, infer_shapes
from core.net.definition import NetState
from core.net.reader import read_net
from core.weights.reader import open_weights

ENGINE = "torch"
_MOST_ELEMENTS = 100
"""Of an output whose elements are told one by one; Caffe tells all of them."""

Trained = Mapping[tuple[str, int], Tensor]
"""The arrays of a training by layer and index, those that layers share under each of them."""


class SharingStore(ParameterStore):
    """The arrays of a training where it has them, and of a file or fillers where not.

    As real Caffe's test nets share theirs: BVLC/caffe src/caffe/net.cpp, ShareTrainedLayersWith.
    """

    def __init__(
        self, shapes: NetShapes, request: TestRequest, device: torch.device, trained: Trained
    ) -> None:
        weights = None if request.weights_path is None else open_weights(request.weights_path)
        super().__init__(shapes, weights, 0, device)
        self._trained = trained
        for row in shapes.layers:  # now, as the file may go
            for index in range(len(row.parameters)):
                self.shared(row, index)

    def shared(self, row: LayerShapes, index: int) -> Tensor:
        """The training's own tensor, so that it is always as it is now."""
        found = self._trained.get((row.layer.name, index))
        if found is None:
            return super().shared(row, index)
        if found.numel() != int(np.prod(row.parameters[index])):
            raise EngineError(
                f"Layer '{row.layer.name}' has other shapes in the test net than in the net that "
                "learns."
            )
        return found.detach()

    def load(self, row: LayerShapes, index: int) -> Tensor:
        """A copy of it."""
        if (row.layer.name, index) in self._trained:
            return self.shared(row, index).reshape(row.parameters[index]).clone()
        return super().load(row, index)


@dataclass(frozen=True)
class Onlooker:
    """A net to run without gradients, its operations made anew as the arrays move."""

    wiring: Wiring
    store: ParameterStore
    place: Place
    obstacles: Mapping[int, Obstacle]

    @torch.no_grad()
    def run(
        self,
        inputs: Mapping[int, Tensor],
        slots: Sequence[int],
        on_layer: OnLayer,
        on_value: OnValue = lambda slot, tensor: None,
        *,
        keeps: bool = True,
    ) -> dict[int, Tensor]:
        """The values of `slots`; keeps: else they are only told to on_value."""
        made = operations.make_operations(self.wiring, self.store, self.place, self.obstacles)
        executor = Executor(inputs)
        steps = plan_pass(self.wiring, made, set(slots), may_fuse=False, kept=None if keeps else ())
        executor.run(steps, on_layer, on_value)
        return executor.values


def as_at_test(place: Place, state: NetState) -> Place:
    """The same place, for passes that change nothing and stand alone."""
    return replace(
        place,
        packs_weights=False,
        compiles=False,
        fuses_sums=False,
        precision=torch.float32,
        state=state,
        is_differentiable=False,
        memory=None,
    )


class TorchTest(TestSession):
    """One test net of a training."""

    def __init__(self, request: TestRequest, place: Place, trained: Trained) -> None:
        net = read_net(request.net_text, state=request.state)
        check_readable(net)
        wiring, self._shapes = wire_net(net), infer_shapes(net, request.input_shapes)
        obstacles = {
            **operations.find_obstacles(net, wiring),
            **refused_shapes(self._shapes),
        }
        check_free(wiring.steps, obstacles, ENGINE)
        store = SharingStore(self._shapes, request, place.device, trained)
        self._net = Onlooker(wiring, store, as_at_test(place, request.state), obstacles)
        self.inputs = {
            name: self._shapes.top(step.layer, index)
            for step in wiring.steps
            if step.is_data
            for index, name in enumerate(step.layer.tops)
        }
        self._losses = {
            slot: weight
            for step in wiring.steps
            for slot, weight in zip(step.tops, loss_weights(step.layer), strict=True)
            if weight
        }
        read = {slot for step in wiring.steps for slot in step.bottoms}
        outputs = {
            blob: slot
            for step in wiring.steps
            for blob, slot in zip(step.layer.tops, step.tops, strict=True)
            if slot not in read
        }
        self._outputs = dict(sorted(outputs.items()))  # as Caffe numbers them

    def test(self, batch: Mapping[str, np.ndarray], on_layer: OnLayer) -> Pass:
        """One pass; outputs by blob, in the order of names."""
        net = self._net
        net.wiring.check_inputs(batch, net.wiring.steps)
        inputs = given_tensors(net.wiring, batch, net.place.device)
        inputs.update(made_up(net.wiring, self._shapes, net.place, inputs))
        values = net.run(inputs, [*self._outputs.values(), *self._losses], on_layer)
        loss = sum(float(values[slot].double().sum()) * w for slot, w in self._losses.items())
        outputs: dict[str, float] = {}
        for blob, slot in self._outputs.items():
            numbers = values[slot].reshape(-1)
            if len(numbers) == 1:
                outputs[blob] = float(numbers[0])
            elif len(numbers) <= _MOST_ELEMENTS:
                outputs.update({f"{blob}[{i}]": x for i, x in enumerate(numbers.tolist())})
        return Pass(loss, outputs)


def given_tensors(
    wiring: Wiring, batch: Mapping[str, np.ndarray], device: torch.device
) -> dict[int, Tensor]:
    """The arrays of a batch by slot."""
    return {
        wiring.inputs[name]: torch.from_numpy(np.asarray(array, np.float32)).to(device)
        for name, array in batch.items()
    }


def channel_peaks(
    net: Onlooker, batch: Mapping[str, np.ndarray], on_layer: OnLayer
) -> tuple[tuple[str, ...], list[np.ndarray]]:
    """The ReLU layers in net order, and the greatest value of each of their channels (axis 1)."""
    rectified = {
        step.tops[0]: step.layer.name
        for step in net.wiring.steps
        if step.layer.type == "ReLU" and not step.layer.param("relu_param").number("negative_slope")
    }
    needed = net.wiring.steps_for(rectified)
    read = {slot for step in needed for slot in step.bottoms}
    used = {name: a for name, a in batch.items() if net.wiring.inputs.get(name) in read}
    net.wiring.check_inputs(used, needed)
    found: dict[str, np.ndarray] = {}

    def look(slot: int, tensor: Tensor) -> None:
        if slot in rectified and tensor.dim() > 1:
            axes = [axis for axis in range(tensor.dim()) if axis != 1]
            found[rectified[slot]] = tensor.amax(axes).to("cpu", torch.float32).numpy()

    inputs = given_tensors(net.wiring, used, net.place.device)
    net.run(inputs, list(rectified), on_layer, look, keeps=False)
    return tuple(found), list(found.values())
