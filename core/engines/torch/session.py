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
from core.engines.begun import BegunPass
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
from core.engines.torch.copies import Brought, Copies, to_numpy
from core.engines.torch.devices import TakenMemory, check_room, more_bytes, wait_for
from core.engines.torch.differentiable import Differentiable, LearnedStore, made_up
from core.engines.torch.executor import Executor
from core.engines.torch.folding import fold_affine_layers
from core.engines.torch.going_back import go_back, learned_of
from core.engines.torch.graphs import GraphedPasses, can_be_recorded
from core.engines.torch.intervening import BySlot, Kept, slots_of, unfolded_for
from core.engines.torch.measures import begin_all
from core.engines.torch.operation import Operation, Place
from core.engines.torch.parameters import ParameterStore
from core.engines.torch.passes_at_once import PassesAtOnce
from core.engines.torch.plan import PlannedStep, plan_pass
from core.engines.torch.ready_pass import ReadyPass
from core.engines.torch.thread_choice import ThreadChoice
from core.engines.values import PassResult, Value
from core.engines.wiring import Step, diffs_by_slot, not_computed, wire_net
from core.errors import EngineError
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

    def __init__(
        self,
        request: OpenRequest,
        place: Place,
        threads: ThreadChoice,
        copies: Copies,
        graphs: GraphedPasses | None = None,
        at_once: PassesAtOnce | None = None,
    ) -> None:
        self._threads, self._copies, self._graphs = threads, copies, graphs
        self._at_once = at_once or PassesAtOnce(1, torch.set_num_threads)
        self.n_begun = max(copies.n_begun, self._at_once.n_begun)
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
        self._taken = TakenMemory(place.device)
        self._build(infer_shapes(self._net, self._input_shapes))

    def measure(
        self, inputs: Mapping[str, np.ndarray], wants: Sequence[Want], on_layer: OnLayer
    ) -> list[np.ndarray]:
        """One pass over what the wanted values need; only what is measured leaves the device."""
        return self._measure(inputs, wants, on_layer, {})()

    def begin(
        self, inputs: Mapping[str, np.ndarray], wants: Sequence[Want], on_layer: OnLayer
    ) -> BegunPass[list[np.ndarray]]:
        """The same; its results come beside the pass that begins next."""
        begun = self._measure(inputs, wants, on_layer, {}, may_share=True)
        return begun if isinstance(begun, BegunPass) else BegunPass(begun)

    def make_way(self) -> None:
        """Waits for a layer of each, not for its pass."""
        self._at_once.make_way()

    def close(self) -> None:
        """End the threads of passes that run at once."""
        self._at_once.close()

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
            found = self._measure(inputs, wants, on_layer, writes)()
            return Intervened(time.perf_counter() - start), found
        for value in (*(one.change.value for one in writings), *(want.value for want in wants)):
            self._kept_value(value)
        kept = Kept(self._wiring, {} if self._kept is None else self._kept.values)
        net = unfolded_for(self._plain, (self._folded, self._operations), writes)
        told, tensors = kept.intervene(net, writes, wants, copies, on_layer, self._place.device)
        return told, [to_numpy(tensor) for tensor in tensors]

    @torch.inference_mode()
    def _measure(
        self,
        inputs: Mapping[str, np.ndarray],
        wants: Sequence[Want],
        on_layer: OnLayer,
        writes: BySlot,
        *,
        may_share: bool = False,
    ) -> Brought:
        slots, measures, kept = self._asked(inputs, wants)
        ready = self._ready(inputs, slots, kept, writes)

        def work(
            given: Mapping[int, Tensor], say: OnLayer = on_layer, *, keeps_inputs: bool = False
        ) -> list[Tensor]:
            begun: dict[int, Callable[[], list[Tensor]]] = {}

            def look(slot: int, tensor: Tensor) -> None:
                """While the value is near, and before its memory is used again."""
                if slot in measures and slot not in kept:
                    begun[slot] = begin_all(tensor.float(), measures[slot])

            values = ready.run(given, look, say, keeps_inputs=keeps_inputs).values
            for slot in measures.keys() - begun.keys():  # kept, or given
                begun[slot] = begin_all(values[slot].float(), measures[slot])
            found = {slot: iter(end()) for slot, end in begun.items()}
            return [next(found[slot]) for slot in slots]

        given = self._input_tensors(inputs)
        if may_share and self._at_once.takes(ready.kind, ready.need):
            own = {slot: tensor.clone() for slot, tensor in given.items()}  # those are only lent

            @torch.inference_mode()
            def beside(say: OnLayer) -> list[np.ndarray]:
                return self._copies.bring(work(own, say, keeps_inputs=True))()

            @torch.inference_mode()
            def alone() -> list[np.ndarray]:
                with self._threads.used(ready.kind), self._taken.counted():
                    return self._copies.bring(work(own))()

            return self._at_once.begin(beside, on_layer, alone)
        with self._threads.used(ready.kind), self._taken.counted():
            if self._graphs is None or writes or not can_be_recorded(ready.plan):
                return self._copies.bring(work(given))
            key = (ready.kind, ready.may_fuse, tuple(wants))
            return self._copies.bring(self._graphs.run(key, given, work))

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
        self._kept = self._run_possible(inputs, slots, on_layer)
        wait_for(self._place.device)
        seconds = time.perf_counter() - start
        storages = {
            tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes()
            for tensor in self._kept.values.values()
        }
        n_images = max((len(array) for array in inputs.values() if array.ndim), default=0)
        return PassResult(seconds, n_images, sum(storages.values()), dict(self._kept.seconds))

    @torch.inference_mode()
    def _run_possible(
        self, inputs: Mapping[str, np.ndarray], slots: Sequence[int], on_layer: OnLayer
    ) -> Executor:
        ready = self._ready(inputs, slots)
        executor = Executor(self._input_tensors(inputs))
        executor.wait = partial(wait_for, self._place.device)
        with self._threads.used(ready.kind):
            failed = executor.run_possible(ready.plan, on_layer)
        self._run_obstacles = {**self._run_obstacles, **failed}
        return executor

    def read(self, value: Value) -> np.ndarray:
        """A value of the last run."""
        return to_numpy(self._kept_value(value))

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
        found = diffs_by_slot(self._wiring, asked.of)
        diffs = {slot: torch.from_numpy(diff) for slot, diff in found.items()}
        steps = self._wiring.steps_for(diffs)
        check_free(steps, self._obstacles, ENGINE)
        self._wiring.check_inputs(inputs, steps)
        check_free(steps, self._refused_for(inputs, steps), ENGINE)
        given = {slot: x.requires_grad_() for slot, x in self._input_tensors(inputs).items()}
        store = LearnedStore(self._shapes, self._weights, self._place.seed, self._place.device)
        net = Differentiable(self._wiring, store, self._place, self._obstacles)
        values = net.run(given, list(diffs), on_layer, is_guided=asked.rule == "guided")
        learned = [learned_of(self._shapes, store, name) for name in asked.layers]
        return go_back(self._wiring, values, diffs, learned, asked)

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

    def _ready(
        self,
        inputs: Mapping[str, np.ndarray],
        slots: Sequence[int],
        kept: frozenset[int] | None = None,
        writes: BySlot | None = None,
    ) -> ReadyPass:
        """A pass that is planned, and that there is room for."""
        writes = writes or {}
        put = [one.array for of in writes.values() for one in of if one.array is not None]
        is_finite = all(bool(np.isfinite(array).all()) for array in (*inputs.values(), *put))
        # a fused ReLU would turn NaN into 0, where Caffe lets it pass
        plan = self._plan(slots, kept, frozenset(writes), may_fuse=is_finite)
        need = self._need(plan, inputs)
        check_room(need, self._place.device)
        sizes = frozenset((name, array.shape) for name, array in inputs.items())
        kind = (id(self), sizes, frozenset(slots), kept)
        return ReadyPass(plan, is_finite, writes, kind, need)

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
        if self._graphs is not None:
            self._graphs.forget()
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
            self._wiring.inputs[name]: self._copies.send(array) for name, array in inputs.items()
        }
        return {**made_up(self._wiring, self._shapes, self._place, tensors), **tensors}
