"""Which engine runs the passes of a survey: PyTorch or ONNX Runtime, by a short trial."""

from __future__ import annotations

import importlib.util
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.engines.engine import Engine
from core.engines.values import EngineLayer, EngineSpec, Value
from core.measures.measure import KEEP, Measure

SECONDS = 1.0
"""After so long a trial ends, once each engine had a pass that counts."""
_TOLERANCE = 1e-4
"""Of the largest value: engines that differ by more are not exchanged."""
_WORTH = 0.95
"""What ONNX Runtime has to stay below of PyTorch's time, whose bits are pinned."""
_MOST_ROUNDS = 6
_PAUSE_SECONDS = 0.06
"""Before a pass of one image: its threads sleep then, as they do when a user clicks."""
_MOST_ROUNDS_WITH_PAUSES, _SECONDS_WITH_PAUSES = 12, 2.0
"""Both engines try their threads in these passes, and so short a pass tells little alone."""
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
    """What a trial found: the least seconds of a pass of n_images, and how far values differ.

    difference: the largest over the largest value.
    """

    n_images: int
    torch: float
    onnx: float
    difference: float

    def chosen(self) -> Chosen:
        """The quicker one, where both give the same."""
        if self.difference > _TOLERANCE:
            far = f"{self.difference:.1e} of the largest, more than {_TOLERANCE:g}"
            return Chosen("torch", f"PyTorch: ONNX Runtime's values differ by {far}")
        is_onnx = self.onnx < _WORTH * self.torch
        pairs = [("ONNX Runtime", self.onnx), ("PyTorch", self.torch)]
        (name, least), (_, other) = pairs if is_onnx else pairs[::-1]
        words = "one image after a pause" if self.n_images == 1 else f"{self.n_images} images"
        reason = f"{name}: {1000 * least:.3g} ms a pass of {words}, against {1000 * other:.3g}"
        return Chosen("onnxruntime" if is_onnx else "torch", reason)


def why_no_trial(device: str) -> str:
    """Why PyTorch is taken at once, "" where there is something to try."""
    if device != "cpu":
        return f"only PyTorch runs on {device}"
    if any(importlib.util.find_spec(name) is None for name in ("onnxruntime", "onnx")):
        return "ONNX Runtime is not installed (the extra [fast])"
    return ""


def why_not_able(engine: Engine, wants: Wants) -> str:
    """The first layer that ONNX Runtime can't run of what these values need, "" without one."""
    obstacles = engine.obstacles(list(wants))
    if not obstacles:
        return ""
    return f"ONNX Runtime does not run layer '{obstacles[0].name}' ({obstacles[0].type})"


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
    torch: Engine,
    onnx: Engine,
    inputs: Inputs,
    wants: Wants,
    *,
    compared: Wants | None = None,
    clock: Callable[[], float] = time.perf_counter,
    sleep: Callable[[float], None] = time.sleep,
) -> Timed:
    """Time both on the same passes, in turns; of a long pass fewer images.

    compared: by which values they are judged, the wants if not told. The first pass of each does
    not count: weights are packed in it.
    """
    engines = (torch, onnx)
    first = _first_images(inputs, 1)
    judged = wants if compared is None else compared
    difference = largest_relative_difference(*(engine.measure(first, judged) for engine in engines))
    if judged != wants:
        for engine in engines:
            engine.measure(first, wants)
    start = clock()
    torch.measure(first, wants)
    of_one = clock() - start
    n_images = min(_n_images(inputs), max(1, int(SECONDS / _MOST_ROUNDS / max(of_one, 1e-6))))
    tried = _first_images(inputs, n_images)
    if n_images > 1:
        for engine in engines:
            engine.measure(tried, wants)
    least = [math.inf, math.inf]
    begun = clock()
    pauses = n_images == 1
    for _ in range(_MOST_ROUNDS_WITH_PAUSES if pauses else _MOST_ROUNDS):
        for place, engine in enumerate(engines):
            sleep(_PAUSE_SECONDS if pauses else 0)
            start = clock()
            engine.measure(tried, wants)
            least[place] = min(least[place], clock() - start)
        if clock() - begun > (_SECONDS_WITH_PAUSES if pauses else SECONDS):
            break
    return Timed(n_images, least[0], least[1], difference)


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
