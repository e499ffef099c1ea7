"""Which engine runs the passes of a survey: PyTorch or an engine of a written graph, by trial."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.engine_names import GRAPH_ENGINES, engine_title, installed_graph_engines
from core.engines.engine import Engine
from core.engines.values import EngineLayer, EngineSpec, Value
from core.errors import EngineCancelled, EngineError
from core.measures.measure import KEEP, Measure
from core.words import join_names, plural

_SECONDS = 0.5
"""For each engine: after so long a trial ends, once each had a pass that counts."""
_SECONDS_OF_A_PASS = 1 / 6
_TOLERANCE = 1e-4
"""Of the largest value: engines that differ by more are not exchanged."""
_WORTH = 0.97
"""What another has to stay below of PyTorch's time, whose bits are pinned."""
_MOST_ROUNDS = 6
_PAUSE_SECONDS = 0.06
"""Where a single image is asked for: its threads sleep then, as they do when a user clicks."""
_MOST_ROUNDS_WITH_PAUSES, _SECONDS_WITH_PAUSES = 24, 2.0
"""Engines try their threads in the first half of these passes. After a pause some take twice their
least time, so that it is the median of the others that counts."""
_EXPONENTIAL_TYPES = ("Softmax", "Exp")
"""Their tops differ by a share that is the difference, not the share, of their bottoms: scores of
154 that agree to 2e-6 give probabilities that agree to 1e-4 (VGG16 on random weights)."""

Wants = Mapping[Value, Sequence[Measure]]
Inputs = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Chosen:
    """Which engine, and why in a sentence."""

    engine: str
    reason: str

    @property
    def spec(self) -> EngineSpec:
        """What starts it."""
        return EngineSpec(self.engine)


@dataclass(frozen=True)
class Timed:
    """What a trial found: the seconds of a pass of n_images, and how far values differ.

    seconds: by engine, the least, or the median of passes after a pause. differences: from PyTorch,
    by graph engine; the largest over the largest value. is_after_pause: whether the passes were.
    left_out: why others were, a sentence each without its end.
    """

    n_images: int
    seconds: Mapping[str, float]
    differences: Mapping[str, float]
    is_after_pause: bool = False
    left_out: tuple[str, ...] = ()

    def chosen(self) -> Chosen:
        """The quickest of those that give what PyTorch gives."""
        far = {name: off for name, off in self.differences.items() if off > _TOLERANCE}
        able = {name: took for name, took in self.seconds.items() if name not in far}
        differing = [
            f"{engine_title(name)}'s values differ by {off:.1e} of the largest, more than "
            f"{_TOLERANCE:g}"
            for name, off in far.items()
        ]
        others = "; ".join((*differing, *self.left_out))
        if len(able) == 1:
            return Chosen("torch", f"PyTorch: {others}")
        engine = min(able, key=lambda name: able[name])
        if able[engine] >= _WORTH * able["torch"]:
            engine = "torch"
        words = plural(self.n_images, "image") + (" after a pause" if self.is_after_pause else "")
        against = join_names(
            [
                f"{engine_title(name)}'s {1000 * took:.3g}"
                for name, took in able.items()
                if name != engine
            ]
        )
        reason = f"{engine_title(engine)}: {1000 * able[engine]:.3g} ms a pass of {words}"
        return Chosen(engine, f"{reason}, against {against}{others and f'; {others}'}")


def why_no_trial(device: str) -> str:
    """Why PyTorch is taken at once, "" where there is something to try."""
    if device != "cpu":
        return f"only PyTorch runs on {device}"
    if not installed_graph_engines():
        titles = join_names([engine_title(name) for name in GRAPH_ENGINES])
        return f"none of {titles} is installed (the extra [fast])"
    return ""


def why_not_able(engine: Engine, wants: Wants) -> str:
    """The first layer that a graph engine can't run of what these values need, "" without one."""
    obstacles = engine.obstacles(list(wants))
    if not obstacles:
        return ""
    title = engine_title(engine.name)
    return f"{title} does not run layer '{obstacles[0].name}' ({obstacles[0].type})"


def what_to_compare(layers: Sequence[EngineLayer], wants: Wants) -> Wants:
    """By which values engines are judged: of a Softmax by what goes into it, else by the wants."""
    compared = dict(wants)
    written: dict[str, Value] = {}
    for layer in layers:
        top = Value(layer.name, layer.tops[0]) if layer.tops else None
        bottom = written.get(layer.bottoms[0]) if layer.bottoms else None
        if layer.type in _EXPONENTIAL_TYPES and bottom is not None and top in compared:
            del compared[top]
            compared[bottom] = (KEEP,)
        written.update((blob, Value(layer.name, blob)) for blob in layer.tops)
    return compared


def try_engines(
    engines: Mapping[str, Engine],
    inputs: Inputs,
    wants: Wants,
    *,
    compared: Wants | None = None,
    clock: Callable[[], float] = time.perf_counter,
    sleep: Callable[[float], None] = time.sleep,
) -> Timed:
    """Time all on the same passes, in turns; of a long pass fewer images.

    engines: by name, "torch" among them; of the others one that fails is left out. compared: by
    which values they are judged, the wants if not told. The first pass of each does not count:
    weights are packed in it. Raises EngineError where PyTorch fails.
    """
    first = _first_images(inputs, 1)
    judged = wants if compared is None else compared
    found, left_out = _first_passes(engines, first, judged)
    engines = {name: engines[name] for name in found}
    differences = {
        name: largest_relative_difference(found["torch"], values)
        for name, values in found.items()
        if name != "torch"
    }
    if judged != wants:
        for engine in engines.values():
            engine.measure(first, wants)
    start = clock()
    engines["torch"].measure(first, wants)
    of_one = clock() - start
    n_images = min(_n_images(inputs), max(1, int(_SECONDS_OF_A_PASS / max(of_one, 1e-6))))
    tried = _first_images(inputs, n_images)
    if n_images > 1:
        for engine in engines.values():
            engine.measure(tried, wants)
    taken: dict[str, list[float]] = {name: [] for name in engines}
    pauses = _n_images(inputs) == 1
    ends = clock() + len(engines) * (_SECONDS_WITH_PAUSES if pauses else _SECONDS)
    for _ in range(_MOST_ROUNDS_WITH_PAUSES if pauses else _MOST_ROUNDS):
        for name, engine in engines.items():
            sleep(_PAUSE_SECONDS if pauses else 0)
            start = clock()
            engine.measure(tried, wants)
            taken[name].append(clock() - start)
        if clock() > ends:
            break
    seconds = {name: _of_passes(some, pauses) for name, some in taken.items()}
    return Timed(n_images, seconds, differences, pauses, left_out)


def _first_passes(
    engines: Mapping[str, Engine], inputs: Inputs, wants: Wants
) -> tuple[dict[str, dict[tuple[Value, Measure], np.ndarray]], tuple[str, ...]]:
    """What each that runs found, and why the others were left out."""
    found, left_out = {}, []
    for name, engine in engines.items():
        try:
            found[name] = engine.measure(inputs, wants)
        except EngineCancelled:
            raise
        except EngineError as error:
            if name == "torch":
                raise
            left_out.append(error.sentence.removesuffix("."))
    return found, tuple(left_out)


def _of_passes(seconds: Sequence[float], is_after_pause: bool) -> float:
    return statistics.median(seconds[len(seconds) // 2 :]) if is_after_pause else min(seconds)


def largest_relative_difference(
    one: Mapping[tuple[Value, Measure], np.ndarray],
    other: Mapping[tuple[Value, Measure], np.ndarray],
) -> float:
    """Over all arrays: the largest difference over the largest value; infinite for other shapes."""
    worst = 0.0
    for key, array in one.items():
        if array.shape != other[key].shape:
            return math.inf
        if not array.size:
            continue
        with np.errstate(invalid="ignore"):
            off = np.abs(array.astype(np.float64) - other[key])
            scale = np.abs(array[np.isfinite(array)]).max(initial=0.0)
        off[(array == other[key]) | (np.isnan(array) & np.isnan(other[key]))] = 0.0
        largest = float(off.max())
        if math.isnan(largest):
            return math.inf
        worst = max(worst, largest / max(float(scale), 1e-30) if largest else 0.0)
    return worst


def _n_images(inputs: Inputs) -> int:
    """Of a batch that can be cut; 1 for inputs that do not agree on it."""
    sizes = {len(array) if array.ndim else 0 for array in inputs.values()}
    return sizes.pop() if len(sizes) == 1 else 1


def _first_images(inputs: Inputs, n_images: int) -> dict[str, np.ndarray]:
    if _n_images(inputs) <= n_images:
        return dict(inputs)
    return {name: array[:n_images] for name, array in inputs.items()}
