"""One net opened in real Caffe."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from core.engines.caffe.backward import ask_back, check_goes_back, gradient_arrays
from core.engines.caffe.filling import (
    fill,
    fill_everything,
    fill_from_file,
    fill_gaps,
)
from core.engines.caffe.intervening import Writes, shapes_of, with_positions
from core.engines.caffe.link import Link
from core.engines.caffe.numbering import BEFORE_ALL, Numbering, Place, number_layers
from core.engines.caffe.python_layers import (
    agreed_programs,
    find_programs,
    inactive_python_layers,
    programs_changed,
    untrusted_layers,
)
from core.engines.caffe.refusals import refused_by_any_caffe, types_it_lacks, unreadable_layers
from core.engines.caffe.text import WRITES_FILES, is_stood_in, text_for_caffe
from core.engines.changes import Writing, by_value
from core.engines.filler_warnings import filler_warnings
from core.engines.memory import check_fits, need_in_caffe
from core.engines.obstacles import (
    Obstacles,
    check_free,
    free_steps,
    refused_parameters,
    refused_shapes,
)
from core.engines.operations import Intervened, Want
from core.engines.session import (
    GradientArrays,
    GradientsAsked,
    OnLayer,
    OpenRequest,
    Session,
)
from core.engines.values import EngineLayer, PassResult, Value
from core.engines.wiring import Step, diffs_by_slot, not_computed, wire_net
from core.errors import EngineError
from core.layers.layer_type import Shape
from core.layers.shapes import infer_shapes
from core.net.definition import Layer
from core.net.reader import read_net
from core.weights.binding import Binding, bind_weights
from core.weights.reader import Weights, open_weights

ENGINE = "caffe"


class CaffeSession(Session):
    """What we read in a net beside what Caffe built of it; Caffe's verdict on the net counts.

    A net with an input of unknown shape is built when the first inputs come.
    """

    def __init__(
        self, link: Link, request: OpenRequest, gpu: int | None, layer_types: Sequence[str]
    ) -> None:
        self._link, self._request, self._gpu = link, request, gpu
        self._net = read_net(request.net_text, state=request.state)
        self._wiring = wire_net(self._net)
        self._programs = find_programs(self._net, link)
        self._unable: Obstacles = {
            **types_it_lacks(self._wiring.steps, layer_types),
            **untrusted_layers(self._net, self._programs, request.python_consent),
        }
        self._obstacles = self._unable
        self._have_fitted: set[tuple[object, ...]] = set()
        self._number: int | None = None
        self._numbering: Numbering | None = None
        self._given: dict[str, Shape] | None = None  # to the last run
        self._fed: frozenset[int] = frozenset()  # layers of Caffe's that inputs stand in for
        self._text_to_go_back: Callable[[], str] | None = None  # None once Caffe has it
        self._shapes = infer_shapes(self._net, request.input_shapes)
        self.inputs = {name: self._top_shape(slot) for name, slot in self._wiring.inputs.items()}
        self.layers = tuple(self._engine_layer(step) for step in self._wiring.steps)
        if None not in self._input_shapes({}).values():
            self._build({})

    def measure(
        self, inputs: Mapping[str, np.ndarray], wants: Sequence[Want], on_layer: OnLayer
    ) -> list[np.ndarray]:
        """One pass over what the wanted values need, measured in Caffe's own Python."""
        slots = [self._wiring.slot(want.value) for want in wants]
        check_free(self._wiring.steps_for(slots), self._unable, ENGINE)
        request = self._pass_request("take", inputs, slots)
        request["takes"] = self._takes(slots, wants)
        _, arrays = self._link.ask(request, list(inputs.values()), on_layer)
        return arrays

    def _takes(self, slots: Sequence[int], wants: Sequence[Want]) -> list[list[object]]:
        takes: list[list[object]] = []
        for slot, want in zip(slots, wants, strict=True):
            place = self._place(slot)
            shape = self._top_shape(slot)
            want.measure.check((1, 1, 1, 1) if shape is None else shape)
            takes.append([place.position, place.blob, want.measure.formula])
        return takes

    def intervene(
        self,
        inputs: Mapping[str, np.ndarray] | None,
        writings: Sequence[Writing],
        wants: Sequence[Want],
        copies: int,
        on_layer: OnLayer,
    ) -> tuple[Intervened, list[np.ndarray]]:
        """One pass, stepped through, with values written into Caffe's blobs between its layers."""
        writes = {self._wiring.slot(value): of for value, of in by_value(writings).items()}
        slots = [self._wiring.slot(want.value) for want in wants]
        if inputs is None:
            return self._from_kept(writes, slots, wants, copies, on_layer)
        check_free(self._wiring.steps_for(slots), self._unable, ENGINE)
        request = self._pass_request("intervene", inputs, slots)
        steps = self._wiring.steps_for(slots)
        reached = {top for step in steps for top in step.tops}
        written = self._writes({slot: of for slot, of in writes.items() if slot in reached})
        written.check(self._net, {**self._known_inputs(), **shapes_of(inputs)}, 1)
        request.update(written.rows(steps, self._built().layers), restores=[], moves=[], copies=1)
        request["takes"] = self._takes(slots, wants)
        arrays = [*inputs.values(), *written.arrays()]
        header, found = self._link.ask(request, arrays, on_layer)
        return Intervened(header["seconds"]), found

    def run(self, inputs: Mapping[str, np.ndarray], on_layer: OnLayer) -> PassResult:
        """One pass over everything that can be computed."""
        if self._numbering is None:
            self._build(shapes_of(inputs))
        slots = self._wiring.computable(inputs, self._obstacles)
        if not any(not step.is_data for step in self._wiring.steps_for(slots)):
            check_free(self._wiring.steps, self._obstacles, ENGINE)
        request = self._pass_request("run", inputs, slots)
        places = [self._place(slot) for slot in slots]
        request["takes"] = [[place.position, place.blob, None] for place in places]
        header, _ = self._link.ask(request, list(inputs.values()), on_layer)
        self._given = shapes_of(inputs)
        n_images = max((len(array) for array in inputs.values() if array.ndim), default=0)
        layers = header.get("layers", {})
        return PassResult(header["seconds"], n_images, header["kept_bytes"], layers)

    def read(self, value: Value) -> np.ndarray:
        """A value of the last run."""
        slot = self._wiring.slot(value)
        if self._given is None:
            raise EngineError("Nothing has run yet.", hint="Open an image first.")
        check_free(self._wiring.steps_for([slot]), self._obstacles, ENGINE)
        place = self._place(slot)
        request = {
            "op": "read",
            "net": self._number,
            "position": place.position,
            "blob": place.blob,
        }
        _, arrays = self._link.ask(request)
        if not arrays:
            steps = self._wiring.steps_for([slot])
            raise not_computed(value, self._wiring.missing(self._given, steps))
        return arrays[0]

    def gradients(
        self, inputs: Mapping[str, np.ndarray], asked: GradientsAsked, on_layer: OnLayer
    ) -> GradientArrays:
        """One pass and Caffe's own backward, in a net that goes back to its inputs."""
        diffs = diffs_by_slot(self._wiring, asked.of)
        steps = self._wiring.steps_for(diffs)
        check_free(steps, self._unable, ENGINE)
        check_goes_back(steps)
        request = self._pass_request("gradients", inputs, list(diffs))
        parts = ask_back(asked, diffs, self._wiring, self._built(), self._place)
        if self._text_to_go_back is not None:
            request["text"] = self._link.send_text(self._text_to_go_back(), ".prototxt")
            self._text_to_go_back = None
        header, arrays = self._link.ask(
            {**request, **parts}, [*inputs.values(), *diffs.values()], on_layer
        )
        return gradient_arrays(asked, header, arrays)

    def _from_kept(
        self,
        writes: Mapping[int, Sequence[Writing]],
        slots: Sequence[int],
        wants: Sequence[Want],
        copies: int,
        on_layer: OnLayer,
    ) -> tuple[Intervened, list[np.ndarray]]:
        """What follows the changes, beginning with the values that the last run kept."""
        if self._given is None:
            raise EngineError("Nothing has run yet.", hint="Open an image first.")
        computed = self._wiring.computable(self._given, self._obstacles)
        for slot in (*writes, *slots):
            if slot not in computed:
                check_free(self._wiring.steps_for([slot]), self._obstacles, ENGINE)
                raise EngineError("A value that is changed or wanted was not computed.")
        written = self._writes(writes)
        written.check(self._net, {**self._known_inputs(), **self._given}, copies)
        again = written.again(computed, slots, copies)
        request: dict[str, Any] = {"op": "intervene", "net": self._number, "copies": copies}
        request.update(written.rows(again.steps, self._built().layers), inputs=[])
        request.update(restores=again.restores, moves=again.moves)
        request["takes"] = self._takes(slots, wants)
        request["steps"] = with_positions(self._numbered(again.steps), again.positions)
        header, found = self._link.ask(request, written.arrays(), on_layer)
        names = tuple(step.layer.name for step in again.steps)
        return Intervened(header["seconds"], names, again.moved(header["moved"])), found

    def _writes(self, writes: Mapping[int, Sequence[Writing]]) -> Writes:
        places = {slot: self._place(slot) for slot in self._built().places}
        return Writes(self._wiring, places, writes)

    def close(self) -> None:
        """Let Caffe forget the net."""
        if self._number is not None:
            self._link.ask({"op": "close", "net": self._number})

    def _pass_request(
        self, op: str, inputs: Mapping[str, np.ndarray], slots: Sequence[int]
    ) -> dict[str, Any]:
        """Which layers Caffe steps through: those the slots need, and the copies between them."""
        steps = self._wiring.steps_for(slots)
        self._wiring.check_inputs(inputs, steps)
        self._fit(inputs, steps)
        check_free(steps, self._obstacles, ENGINE)
        self._check_memory(inputs, steps)
        built = self._built()
        known = [step for step in steps if step.layer.index in built.layers]
        self._fed = frozenset(
            built.layers[step.layer.index]
            for step in known
            if step.is_data and set(inputs).issuperset(step.layer.tops)
        )
        return {
            "op": op,
            "net": self._number,
            "inputs": [built.inputs[name] for name in inputs],
            "steps": self._numbered(known),
        }

    def _numbered(self, steps: Sequence[Step]) -> list[tuple[int, str]]:
        """Caffe's numbers and names of layers to run, and the copies that Caffe has put in."""
        built = self._built()
        numbered = [(built.layers[step.layer.index], step.layer.name) for step in steps]
        run = [(number, name) for number, name in numbered if number not in self._fed]
        last = max((number for number, _ in run), default=-1)
        hidden = [(number, "") for number in built.inserted if number < last]
        return sorted({*run, *hidden})

    def _check_memory(self, inputs: Mapping[str, np.ndarray], steps: Sequence[Step]) -> None:
        """On the host; of a GPU nobody tells us. Found once for each combination of sizes."""
        if self._gpu is not None:
            return
        given = shapes_of(inputs)
        key = (*sorted(given.items()), *(step.layer.index for step in steps))
        if key not in self._have_fitted:
            shapes = infer_shapes(self._net, {**self._known_inputs(), **given})
            check_fits(need_in_caffe(steps, shapes), self._link.free_bytes)
            self._have_fitted.add(key)

    def _fit(self, inputs: Mapping[str, np.ndarray], steps: Sequence[Step]) -> None:
        """Build if that had to wait; refuse in a sentence what would make Caffe abort."""
        given = shapes_of(inputs)
        if self._numbering is None:
            self._build(given)
        if all(self.inputs.get(name) == shape for name, shape in given.items()):
            return
        shapes = infer_shapes(self._net, {**self._known_inputs(), **given})
        suspected = {problem.layer for problem in self._shapes.problems}
        others = [step for step in steps if step.layer.name not in suspected]
        check_free(others, refused_shapes(shapes), ENGINE)
        check_free(steps, refused_parameters(steps, self._shapes, shapes), ENGINE)

    def _build(self, given: Mapping[str, Shape]) -> None:
        """Send text and weights; Caffe aborts, and we with it, when it can't build the net."""
        sizes = {name: shape for name, shape in self._input_shapes(given).items() if shape}
        request = self._request
        self._shapes = infer_shapes(self._net, sizes)
        weights = None if request.weights_path is None else open_weights(request.weights_path)
        binding = None if weights is None else bind_weights(self._net, self._shapes, weights)
        is_read_by_caffe = binding is None or not binding.caffe_note
        text, kept = self._send_text(sizes)
        opened, _ = self._link.ask(
            {
                "op": "open",
                "text": text,
                "weights": self._send_weights(weights) if is_read_by_caffe else None,
                "phase": request.state.phase,
                "level": request.state.level,
                "gpu": self._gpu,
                "seed": request.seed,
                **agreed_programs(self._net, self._programs, kept),
            }
        )
        if "changed" in opened:
            raise programs_changed(self._net, self._programs, opened["changed"])
        self._number = opened["net"]
        self._numbering = number_layers(self._wiring, opened, kept)
        self.inputs = {name: self._top_shape(slot) for name, slot in self._wiring.inputs.items()}
        self.layers = tuple(self._engine_layer(step) for step in self._wiring.steps)
        give = partial(fill, self._link, self._number, self._numbering)
        if weights is None or binding is None:
            give(fill_everything(self._shapes, request.seed))
        else:
            give(fill_gaps(self._shapes, binding, request.seed))
            give(() if is_read_by_caffe else fill_from_file(self._shapes, weights))
        self.filler_layers = self._layers_with_fillers(binding)
        self.warnings = filler_warnings(self.filler_layers, has_weights=weights is not None)

    def _send_text(self, sizes: Mapping[str, Shape]) -> tuple[str, frozenset[int]]:
        """The net without what this Caffe refuses, and the indices of the layers that are left.

        What belongs to a fork may be at home in this one; only where it can't read it does it go.
        """
        self._obstacles = {**refused_by_any_caffe(self._net, self._shapes), **self._unable}
        text, kept = self._write_text(sizes)
        answer, _ = self._link.ask({"op": "parse", "text": text})
        if answer["refused"]:
            self._obstacles = {**unreadable_layers(self._net), **self._obstacles}
            text, kept = self._write_text(sizes, without=self._net.inactive)
        return text, kept

    def _write_text(
        self, sizes: Mapping[str, Shape], without: Sequence[Layer] = ()
    ) -> tuple[str, frozenset[int]]:
        running = [
            step.layer.index
            for step in free_steps(self._wiring.steps, self._obstacles)
            if not is_stood_in(step) and step.layer.type not in WRITES_FILES
        ]
        kept = frozenset(running)
        left_out = [step.layer for step in self._wiring.steps if step.layer.index not in kept]
        left_out += [*inactive_python_layers(self._net), *without]
        self._text_to_go_back = partial(
            text_for_caffe, self._net, dict(sizes), left_out, goes_back=True
        )
        text = text_for_caffe(self._net, sizes, left_out)
        return self._link.send_text(text, ".prototxt"), kept

    def _send_weights(self, weights: Weights | None) -> str | None:
        if weights is None:
            return None
        suffix = ".h5" if weights.format == "HDF5" else ".caffemodel"
        return self._link.send_file(weights.path, suffix)

    def _layers_with_fillers(self, binding: Binding | None) -> tuple[str, ...]:
        if binding is not None:
            return binding.unbound
        learned = self._built().parameters
        return tuple(layer.name for layer in self._net.layers if learned.get(layer.index))

    def _built(self) -> Numbering:
        if self._numbering is None:
            raise EngineError("The net is not built yet.", hint="Give it inputs first.")
        return self._numbering

    def _place(self, slot: int) -> Place:
        place = self._built().places.get(slot)
        if place is None:
            raise EngineError("Caffe holds no such value.")
        return Place(BEFORE_ALL, place.blob) if place.position in self._fed else place

    def _known_inputs(self) -> dict[str, Shape]:
        return {name: shape for name, shape in self.inputs.items() if shape is not None}

    def _input_shapes(self, given: Mapping[str, Shape]) -> dict[str, Shape | None]:
        """By blob that an input stands in for; a label nobody gives has one value per image."""
        batch = next((shape[0] for shape in given.values() if shape), None)
        sizes: dict[str, Shape | None] = {}
        for step in self._wiring.steps:
            if is_stood_in(step):
                for name, slot in zip(step.layer.tops, step.tops, strict=True):
                    known = given.get(name) or self._top_shape(slot)
                    sizes[name] = known if known or batch is None else (batch,)
        return sizes

    def _top_shape(self, slot: int) -> Shape | None:
        """As Caffe built it, or as the text says before that."""
        if self._numbering is not None:
            return self._numbering.shape(slot)
        version = self._net.versions[slot]
        return self._shapes.top(self._net.layers[version.layer_index], version.top_index)

    def _engine_layer(self, step: Step) -> EngineLayer:
        layer = step.layer
        shapes = tuple(self._top_shape(slot) for slot in step.tops)
        why = self._obstacles.get(layer.index)
        return EngineLayer(layer.name, layer.type, layer.bottoms, layer.tops, shapes, why)
