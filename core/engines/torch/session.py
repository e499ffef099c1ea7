"""One net opened in the PyTorch engine."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from core.engines.as_built import engine_layers, shapes_of_inputs
from core.engines.changes import Writing
from core.engines.memory import Need, need_of_pass
from core.engines.obstacles import (
    Obstacles,
    check_free,
    check_readable,
    free_steps,
    refused_parameters,
    refused_shapes,
)
from core.engines.operations import Intervened, Memory, Shape, Want
from core.engines.session import (
    GradientArrays,
    GradientsAsked,
    OnLayer,
    OpenRequest,
    Session,
)
from core.engines.torch import operations
from core.engines.torch.devices import TakenMemory, check_room, more_bytes, onto, wait_for
from core.engines.torch.differentiable import Differentiable, LearnedStore, gradients_of, made_up
from core.engines.torch.executor import Executor, OnValue, sparing
from core.engines.torch.folding import fold_affine_layers
from core.engines.torch.intervening import BySlot, ChangedExecutor, Kept, slots_of, unfolded_for
from core.engines.torch.measures import begin_all
from core.engines.torch.operation import Operation, Place
from core.engines.torch.parameters import ParameterStore
from core.engines.torch.plan import PlannedStep, plan_pass
from core.engines.torch.thread_choice import ThreadChoice
from core.engines.values import PassResult, Value
from core.engines.wiring import Step, not_computed, wire_net
from core.errors import EngineError
from core.layers.loss_weights import loss_weights
from core.layers.shapes import NetShapes, infer_shapes
from core.measures.measure import KEEP, Measure
from core.net.reader import read_net
from core.weights.reader import open_weights

ENGINE = "torch"
_MAX_PLANS = 32


class TorchSession(Session):
    """Holds the operations of a net, plans for what was asked before, and the last run's values.

    What can run is told by the net as wired: a folded layer skips those it has taken in.
    """

    def __init__(self, request: OpenRequest, place: Place, threads: ThreadChoice) -> None:
        self._threads = threads
        self._net = read_net(request.net_text, state=request.state)
        check_readable(self._net)
        self._wiring = self._folded = wire_net(self._net)
        self._obstacles: Obstacles = operations.find_obstacles(self._net, self._wiring)
        self._place = replace(place, state=request.state, seed=request.seed)
        self._input_shapes = dict(request.input_shapes)
        path = request.weights_path
        self._weights = None if path is None else open_weights(path)
        self._plans: OrderedDict[object, tuple[PlannedStep, ...]] = OrderedDict()
        self._kept: Executor | None = None
        self._given: frozenset[str] = frozenset()  # to the last run
        self._run_obstacles: Obstacles = {}
        self._refused: dict[tuple[object, ...], Obstacles] = {}
        self._needs: dict[int, tuple[tuple[PlannedStep, ...], object, Need]] = {}
        self._last_plan: tuple[PlannedStep, ...] | None = None
        self._taken = TakenMemory(place.device)
        self._build(infer_shapes(self._net, self._input_shapes))

    def measure(
        self, inputs: Mapping[str, np.ndarray], wants: Sequence[Want], on_layer: OnLayer
    ) -> list[np.ndarray]:
        """One pass over what the wanted values need; only what is measured leaves the device."""
        return self._measure(inputs, wants, on_layer, {})

    def intervene(
        self,
        inputs: Mapping[str, np.ndarray] | None,
        writings: Sequence[Writing],
        wants: Sequence[Want],
        copies: int,
        on_layer: OnLayer,
    ) -> tuple[Intervened, list[np.ndarray]]:
        """A pass by the operators of any other, or what follows the changes of the last run."""
        writes = slots_of(self._wiring, writings)
        if inputs is not None:
            start = time.perf_counter()
            found = self._measure(inputs, wants, on_layer, writes)
            return Intervened(time.perf_counter() - start), found
        for value in (*(one.change.value for one in writings), *(want.value for want in wants)):
            self._kept_value(value)
        kept = Kept(self._wiring, {} if self._kept is None else self._kept.values)
        net = unfolded_for(self._plain, (self._folded, self._operations), writes)
        told, tensors = kept.intervene(net, writes, wants, copies, on_layer, self._place.device)
        return told, [_to_numpy(tensor) for tensor in tensors]

    def _measure(
        self,
        inputs: Mapping[str, np.ndarray],
        wants: Sequence[Want],
        on_layer: OnLayer,
        writes: BySlot,
    ) -> list[np.ndarray]:
        slots, measures, kept = self._asked(inputs, wants)
        begun: dict[int, Callable[[], list[Tensor]]] = {}

        def look(slot: int, tensor: Tensor) -> None:
            """While the value is near, and before its memory is used again."""
            if slot in measures and slot not in kept:
                begun[slot] = begin_all(tensor.float(), measures[slot])

        values = self._execute(inputs, slots, on_layer, kept, look, writes=writes).values
        for slot in measures.keys() - begun.keys():  # kept, or given
            begun[slot] = begin_all(values[slot].float(), measures[slot])
        with torch.inference_mode():
            found = {slot: iter(end()) for slot, end in begun.items()}
        return [_to_numpy(next(found[slot])) for slot in slots]

    def _asked(
        self, inputs: Mapping[str, np.ndarray], wants: Sequence[Want]
    ) -> tuple[list[int], dict[int, list[Measure]], frozenset[int]]:
        """The slot of each want, what is measured of each slot, and which slots have to stay."""
        slots = [self._wiring.slot(want.value) for want in wants]
        steps = self._wiring.steps_for(slots)
        check_free(steps, self._obstacles, ENGINE)
        self._wiring.check_inputs(inputs, steps)
        check_free(steps, self._refused_for(inputs, steps), ENGINE)
        measures: dict[int, list[Measure]] = {}
        for slot, want in zip(slots, wants, strict=True):
            measures.setdefault(slot, []).append(want.measure)
        fed = set(self._wiring.inputs.values())  # no layer gives them
        kept = frozenset(s for s, all_of in measures.items() if KEEP in all_of or s in fed)
        return slots, measures, kept

    def room(self, inputs: Mapping[str, Shape], wants: Sequence[Want]) -> Memory:
        """By the plan of such a pass and what the device says."""
        shown = {name: np.broadcast_to(np.float32(0), size) for name, size in inputs.items()}
        slots, _, kept = self._asked(shown, wants)
        need = self._need(self._plan(slots, kept, may_fuse=True), shown)
        return Memory(more_bytes(self._place.device), need.n_bytes, self._taken.bytes)

    def run(self, inputs: Mapping[str, np.ndarray], on_layer: OnLayer) -> PassResult:
        """One pass over everything that can be computed; nothing is fused or overwritten.

        EngineError where that is nothing at all.
        """
        self._kept, self._given = None, frozenset(inputs)
        start = time.perf_counter()
        self._wiring.check_inputs(inputs, ())
        slots = self._runnable(inputs)
        self._kept = self._execute(inputs, slots, on_layer, may_fail=True)
        wait_for(self._place.device)
        seconds = time.perf_counter() - start
        storages = {
            tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes()
            for tensor in self._kept.values.values()
        }
        n_images = max((len(array) for array in inputs.values() if array.ndim), default=0)
        return PassResult(seconds, n_images, sum(storages.values()), dict(self._kept.seconds))

    def read(self, value: Value) -> np.ndarray:
        """A value of the last run."""
        return _to_numpy(self._kept_value(value))

    def _kept_value(self, value: Value) -> Tensor:
        slot = self._wiring.slot(value)
        if self._kept is None:
            raise EngineError("Nothing has run yet.", hint="Open an image first.")
        kept = self._kept.values.get(slot)
        if kept is None:
            raise self._why_missing(value)
        return kept

    def gradients(
        self,
        inputs: Mapping[str, np.ndarray],
        asked: GradientsAsked,
        on_layer: OnLayer,
    ) -> GradientArrays:
        """One pass by plain operators, and back."""
        diffs = {self._wiring.slot(v): torch.from_numpy(diff) for v, diff in asked.of.items()}
        if not diffs:
            diffs = self._loss_diffs()
        steps = self._wiring.steps_for(diffs)
        check_free(steps, self._obstacles, ENGINE)
        self._wiring.check_inputs(inputs, steps)
        check_free(steps, self._refused_for(inputs, steps), ENGINE)
        given = {slot: x.requires_grad_() for slot, x in self._input_tensors(inputs).items()}
        store = LearnedStore(self._shapes, self._weights, self._place.seed, self._place.device)
        net = Differentiable(self._wiring, store, self._place, self._obstacles)
        values = net.run(given, list(diffs), on_layer, is_guided=asked.rule == "guided")
        outputs = [
            (values[slot], _fitting(diff, values[slot], self._place.device))
            for slot, diff in diffs.items()
        ]
        learned = [self._learned(store, name) for name in asked.layers]
        found = iter(
            gradients_of(
                outputs,
                [
                    *(self._reached(values, value) for value in asked.wants),
                    *(tensor for of_layer in learned for tensor in of_layer),
                    *(self._reached(values, value) for value in asked.norms),
                ],
            )
        )
        return GradientArrays(
            [_to_numpy(next(found)) for _ in asked.wants],
            [[_to_numpy(next(found)) for _ in of_layer] for of_layer in learned],
            [float(torch.linalg.vector_norm(next(found).double())) for _ in asked.norms],
            [_to_numpy(self._reached(values, value)) for value in asked.reads],
        )

    def _reached(self, values: Mapping[int, Tensor], value: Value) -> Tensor:
        found = values.get(self._wiring.slot(value))
        if found is None:
            raise EngineError(
                f"Nothing that gradients are taken of needs '{value.top}' of layer '{value.layer}'."
            )
        return found

    def _loss_diffs(self) -> dict[int, Tensor]:
        diffs = {
            slot: torch.tensor(weight)
            for step in self._wiring.steps
            for slot, weight in zip(step.tops, loss_weights(step.layer), strict=True)
            if weight
        }
        if not diffs:
            raise EngineError(
                "This net has no loss to take gradients of.",
                hint="Say of which value, and in which direction.",
            )
        return diffs

    def _learned(self, store: LearnedStore, name: str) -> list[Tensor]:
        rows = [row for row in self._shapes.layers if row.layer.name == name]
        if not rows:
            raise EngineError(f"The net has no layer '{name}'.")
        return [store.shared(rows[0], index) for index in range(store.count(rows[0]))]

    def _why_missing(self, value: Value) -> EngineError:
        steps = self._wiring.steps_for([self._wiring.slot(value)])
        check_free(steps, self._obstacles, ENGINE)
        missing = self._wiring.missing(self._given, steps)
        if not missing:
            check_free(steps, self._run_obstacles, ENGINE)
        return not_computed(value, missing)

    def _runnable(self, inputs: Mapping[str, np.ndarray]) -> tuple[int, ...]:
        """The slots that can be computed from these inputs, and beside them why others can't."""
        reached = self._wiring.computable(inputs, self._obstacles)
        steps = self._wiring.steps_for(reached)
        self._run_obstacles = {**self._refused_for(inputs, steps), **self._obstacles}
        slots = self._wiring.computable(inputs, self._run_obstacles)
        if not any(not step.is_data for step in self._wiring.steps_for(slots)):
            check_free(self._wiring.steps, self._run_obstacles, ENGINE)
        return slots

    @torch.inference_mode()
    def _execute(
        self,
        inputs: Mapping[str, np.ndarray],
        slots: Sequence[int],
        on_layer: OnLayer,
        kept: frozenset[int] | None = None,
        on_value: OnValue = lambda slot, tensor: None,
        *,
        may_fail: bool = False,
        writes: BySlot | None = None,
    ) -> Executor:
        writes = writes or {}
        put = [one.array for of in writes.values() for one in of if one.array is not None]
        is_finite = all(bool(np.isfinite(array).all()) for array in (*inputs.values(), *put))
        # a fused ReLU would turn NaN into 0, where Caffe lets it pass
        plan = self._plan(slots, kept, frozenset(writes), may_fuse=is_finite)
        check_room(self._need(plan, inputs), self._place.device)
        executor = ChangedExecutor(self._input_tensors(inputs), writes)
        say = on_layer if plan is not self._last_plan else sparing(on_layer)
        sizes = frozenset((name, array.shape) for name, array in inputs.items())
        of_kind = (id(self), sizes, frozenset(slots), kept)
        with self._threads.used(of_kind), self._taken.counted():
            if may_fail:
                executor.wait = partial(wait_for, self._place.device)
                failed = executor.run_possible(plan, say)
                self._run_obstacles = {**self._run_obstacles, **failed}
            else:
                executor.run(plan, say, on_value)
        self._last_plan = plan
        return executor

    def _need(self, plan: tuple[PlannedStep, ...], inputs: Mapping[str, np.ndarray]) -> Need:
        """Found once for a plan and the sizes of its inputs."""
        sizes = tuple(sorted((name, array.shape) for name, array in inputs.items()))
        known = self._needs.get(id(plan))
        if known is None or known[0] is not plan or known[1] != sizes:
            shapes = infer_shapes(self._net, {**self._input_shapes, **dict(sizes)})
            given = [self._wiring.inputs[name] for name in inputs]
            value_bytes = self._place.precision.itemsize
            need = need_of_pass(plan, given, self._wiring, shapes, value_bytes)
            known = self._needs[id(plan)] = (plan, sizes, need)
            while len(self._needs) > _MAX_PLANS:
                del self._needs[next(iter(self._needs))]
        return known[2]

    def _plan(
        self,
        slots: Sequence[int],
        kept: frozenset[int] | None = None,
        changed: frozenset[int] = frozenset(),
        *,
        may_fuse: bool,
    ) -> tuple[PlannedStep, ...]:
        key = (may_fuse, frozenset(slots), kept, changed)
        plan = self._plans.get(key)
        if plan is None:
            net = unfolded_for(self._plain, (self._folded, self._operations), changed)
            reached = {top for step in self._wiring.steps_for(slots) for top in step.tops}
            looked_at = set(slots) | (changed & reached)
            plan = plan_pass(*net, looked_at, may_fuse=may_fuse, kept=kept)
            self._plans[key] = plan
            if len(self._plans) > _MAX_PLANS:
                self._plans.popitem(last=False)
        return plan

    def _build(self, shapes: NetShapes) -> None:
        """Operations for these shapes; parameters whose shape is unknown come as in the file."""
        self._shapes = shapes
        device = self._place.device
        store = ParameterStore(shapes, self._weights, self._place.seed, device)
        self._operations: tuple[Operation | None, ...] = operations.make_operations(
            self._wiring, store, self._place, self._obstacles
        )
        self._plain = (self._wiring, self._operations)
        if self._place.packs_weights:
            self._folded, self._operations = fold_affine_layers(self._wiring, self._operations)
        self._plans.clear()
        self.layers = engine_layers(self._net, shapes, self._obstacles)
        self.filler_layers = store.filler_layers
        self.warnings = store.warnings(self._net.state)
        self.inputs = shapes_of_inputs(self._wiring, self.layers)

    def _refused_for(self, inputs: Mapping[str, np.ndarray], steps: Sequence[Step]) -> Obstacles:
        """Which of these steps can't take inputs of these sizes, found once for each combination.

        Where shapes were open till now, the operations are made anew.
        """
        sizes = tuple(sorted((name, array.shape) for name, array in inputs.items()))
        key = (sizes, tuple(step.layer.index for step in steps))
        found = self._refused.get(key)
        if found is None:
            shapes = infer_shapes(self._net, {**self._input_shapes, **dict(sizes)})
            found = refused_shapes(shapes)
            left = tuple(free_steps(steps, found))
            if not all(self._shapes.of(step.layer).is_complete for step in left if step.bottoms):
                self._build(shapes)
            found = {**found, **refused_parameters(left, self._shapes, shapes)}
            self._refused[key] = found
        return found

    def _input_tensors(self, inputs: Mapping[str, np.ndarray]) -> dict[int, Tensor]:
        tensors = {
            self._wiring.inputs[name]: onto(self._place.device, array)
            for name, array in inputs.items()
        }
        return {**made_up(self._wiring, self._shapes, self._place, tensors), **tensors}


def _fitting(diff: Tensor, value: Tensor, device: torch.device) -> Tensor:
    """A diff in the shape of its value; one number stands for all of them."""
    diff = diff.to(device)
    if diff.numel() == 1:
        return diff.reshape(()).expand(value.shape)
    if diff.numel() != value.numel():
        raise EngineError(
            f"A diff of shape {tuple(diff.shape)} does not fit a value of {tuple(value.shape)}."
        )
    return diff.reshape(value.shape)


def _to_numpy(tensor: Tensor) -> np.ndarray:
    """float32, but for what is counted or summed exactly."""
    exact = tensor.dtype in (torch.float64, torch.int64)
    kept = tensor.detach().to("cpu", tensor.dtype if exact else torch.float32)
    array: np.ndarray = kept.contiguous().numpy()
    return array
