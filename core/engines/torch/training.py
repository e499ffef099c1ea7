"""A net that learns in this engine: forward, back and the solver's update, as Caffe does them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from core.engines.obstacles import check_free, check_readable, refused_shapes
from core.engines.operations import Iterated, Pass
from core.engines.session import OnLayer, TestRequest, TrainingSession, TrainRequest
from core.engines.torch import operations
from core.engines.torch.differentiable import Differentiable, LearnedStore, made_up
from core.engines.torch.operation import Place
from core.engines.torch.scoring import (
    Onlooker,
    TorchTest,
    as_at_test,
    channel_peaks,
    given_tensors,
)
from core.engines.torch.scratch import lost_uses, overwritten_arrays, scratch_diffs
from core.engines.torch.solvers import (
    N_HISTORIES,
    UPDATES,
    Step,
    add_decay,
    clip_factor,
    common_norm,
)
from core.engines.wiring import wire_net
from core.errors import EngineError
from core.layers.loss_weights import loss_weights
from core.layers.multipliers import frozen_uses, learned_arrays
from core.layers.shapes import infer_shapes
from core.net.learning_rate import LearningRate
from core.net.reader import read_net
from core.weights.reader import open_weights

ENGINE = "torch"


class TorchTraining(TrainingSession):
    """Holds the learned arrays, what the solver remembers of each, and the number of iterations."""

    def __init__(self, request: TrainRequest, place: Place) -> None:
        self._net = read_net(request.net_text, state=request.state)
        check_readable(self._net)
        self._wiring = wire_net(self._net)
        self._shapes = infer_shapes(self._net, request.input_shapes)
        obstacles = {
            **operations.find_obstacles(self._net, self._wiring),
            **refused_shapes(self._shapes),
        }
        check_free(self._wiring.steps, obstacles, ENGINE)
        self._settings, self._seed = request.solver, request.seed
        self._place = replace(
            place, precision=torch.float32, channels_last=False, state=request.state, memory={}
        )
        weights = None if request.weights_path is None else open_weights(request.weights_path)
        store = LearnedStore(
            self._shapes,
            weights,
            request.seed,
            place.device,
            is_learning=True,
            unreached=self._unreached(),
        )
        self._store, self._obstacles = store, obstacles
        self._differentiable = Differentiable(self._wiring, store, self._place, obstacles)
        self.arrays = learned_arrays(self._shapes)
        self._weights = [store.shared(self._shapes.of(a.layer), a.index) for a in self.arrays]
        self._history = [
            torch.zeros_like(weight)
            for _ in range(N_HISTORIES.get(self._settings.type, 1))
            for weight in self._weights
        ]
        self.inputs = {
            name: self._shapes.top(step.layer, index)
            for step in self._wiring.steps
            if step.is_data
            for index, name in enumerate(step.layer.tops)
        }
        self.filler_layers = store.filler_layers
        self.iteration = 0
        self._rate = LearningRate(self._settings)
        self._n_passes = 0
        self._gradients: list[Tensor] = []
        self._updates: list[Tensor] = []
        self._losses = {
            slot: weight
            for step in self._wiring.steps
            for slot, weight in zip(step.tops, loss_weights(step.layer), strict=True)
            if weight
        }
        if not self._losses:
            raise EngineError("This net has no loss, so there is nothing to learn.")
        read = {slot for step in self._wiring.steps for slot in step.bottoms}
        self._outputs = {
            blob: slot
            for step in self._wiring.steps
            for blob, slot in zip(step.layer.tops, step.tops, strict=True)
            if slot not in read
        }

    def iterate(self, batches: Sequence[Mapping[str, np.ndarray]], on_layer: OnLayer) -> Iterated:
        """One iteration over `iter_size` batches: gradients are summed, then the arrays updated."""
        sums = [torch.zeros_like(weight) for weight in self._weights]
        passes = [self._pass(batch, sums, on_layer) for batch in batches]
        rate = self._rate.at(self.iteration)
        self._gradients = [gradient.clone() for gradient in sums] if self.iteration == 0 else []
        norm = common_norm(sums)
        self._update(sums, rate, len(batches), clip_factor(norm, self._settings.clip_gradients))
        self.iteration += 1
        return Iterated(self.iteration, rate, self._rate.step, tuple(passes), norm)

    def add_test(self, request: TestRequest) -> TorchTest:
        """A net that has these arrays, also where layers share them."""
        trained = {
            (row.layer.name, index): self._store.shared(row, index)
            for row in self._shapes.layers
            for index in range(len(row.parameters))
        }
        return TorchTest(request, self._place, trained)

    def peaks(
        self, batch: Mapping[str, np.ndarray], on_layer: OnLayer
    ) -> tuple[tuple[str, ...], list[np.ndarray]]:
        """Of each channel of each ReLU, in a pass that drops nothing and moves no statistics."""
        state = replace(self._place.state, phase="TEST")
        place = as_at_test(self._place, state)
        net = Onlooker(self._wiring, self._store, place, self._obstacles)
        return channel_peaks(net, batch, on_layer)

    def weights(self) -> list[np.ndarray]:
        """Every learned array in the order of `arrays`."""
        return [_copied(weight) for weight in self._weights]

    def history(self) -> list[np.ndarray]:
        """What the solver remembers, in the order of a .solverstate."""
        return [_copied(tensor) for tensor in self._history]

    def first_gradients(self) -> list[np.ndarray]:
        """Of the first iteration: summed over its batches, neither clipped nor decayed."""
        return [_copied(tensor) for tensor in self._gradients]

    def first_updates(self) -> list[np.ndarray]:
        """What the first iteration subtracted."""
        return [_copied(tensor) for tensor in self._updates]

    def restore(self, iteration: int, step: int, history: Sequence[np.ndarray]) -> None:
        """Go on from where a .solverstate was written; the arrays come with the weights."""
        if len(history) != len(self._history):
            raise EngineError(
                f"The state has {len(history)} arrays, a {self._settings.type} solver of this net "
                f"has {len(self._history)}.",
                hint="Resume with the solver and the net that wrote it.",
            )
        for kept, given in zip(self._history, history, strict=True):
            if kept.numel() != given.size:
                raise EngineError("The state is of a net with other shapes.")
            kept.copy_(torch.from_numpy(given).reshape(kept.shape))
        self.iteration = iteration
        self._n_passes = iteration * self._settings.iter_size
        self._rate = LearningRate(self._settings, step)

    def _pass(
        self, batch: Mapping[str, np.ndarray], sums: Sequence[Tensor], on_layer: OnLayer
    ) -> Pass:
        """Forward and back over one batch; its gradients are added to `sums`."""
        steps = self._wiring.steps
        self._wiring.check_inputs(batch, steps)
        given = given_tensors(self._wiring, batch, self._place.device)
        given.update(made_up(self._wiring, self._shapes, self._place, given))
        # other values are dropped at random in each pass
        seed = self._seed * 1_000_003 + self._n_passes
        self._n_passes += 1
        slots = [slot for step in steps for slot in step.tops]
        values = self._differentiable.run(given, slots, on_layer, seed=seed)
        outputs = [(values[slot], weight) for slot, weight in self._losses.items()]
        loss = sum(float(value.detach().double().sum()) * weight for value, weight in outputs)
        self._go_back(values, outputs, sums)
        shown = {
            blob: values[slot].detach().reshape(-1).tolist()
            for blob, slot in self._outputs.items()
            if values[slot].numel() == 1
        }
        return Pass(loss, {blob: found[0] for blob, found in shown.items()})

    def _go_back(
        self,
        values: Mapping[int, Tensor],
        outputs: Sequence[tuple[Tensor, float]],
        sums: Sequence[Tensor],
    ) -> None:
        diffs = [(value, torch.full_like(value, weight)) for value, weight in outputs]
        diffs += scratch_diffs(self._wiring, values)
        live = [(value, diff) for value, diff in diffs if value.requires_grad]
        if not live:
            return
        found: Sequence[Tensor | None] = torch.autograd.grad(
            [value for value, _ in live],
            self._weights,
            [diff for _, diff in live],
            allow_unused=True,
        )
        overwritten = overwritten_arrays(self._wiring, self._shapes)
        for array, total, gradient in zip(self.arrays, sums, found, strict=True):
            if gradient is None:
                continue
            if (array.layer, array.index) in overwritten:
                total.zero_()
            total.add_(gradient)

    def _unreached(self) -> frozenset[tuple[str, int]]:
        lost = lost_uses(self._shapes)
        forces_all = self._net.root.boolean("force_backward")
        return lost if forces_all else lost | frozen_uses(self._shapes)

    @torch.no_grad()
    def _update(
        self, gradients: Sequence[Tensor], rate: float, n_batches: int, factor: float
    ) -> None:
        settings = self._settings
        n_arrays, updates = len(self.arrays), []
        for index, (array, weight) in enumerate(zip(self.arrays, self._weights, strict=True)):
            gradient = gradients[index]
            if factor != 1.0:
                gradient.mul_(factor)
            if n_batches != 1:
                gradient.mul_(1.0 / n_batches)
            decay = settings.weight_decay * array.decay_mult
            add_decay(gradient, weight, decay, settings.regularization_type)
            step = Step(rate * array.lr_mult, self.iteration, settings)
            update = UPDATES[settings.type](gradient, self._history[index::n_arrays], step)
            if self.iteration == 0:
                updates.append(update.clone())
            weight.sub_(update)
        self._updates = updates


def _copied(tensor: Tensor) -> np.ndarray:
    array: np.ndarray = tensor.detach().to("cpu", torch.float32).contiguous().numpy()
    return array.copy()
