"""Layer numbers: one figure for each layer, for the graph, from whichever job measures it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from core.activations.spreads import ValueSpread
from core.engines.host import EngineHost, NetToRun
from core.engines.values import EngineSpec
from core.errors import EngineError, RequestError
from core.jobs.compare_values import CompareValuesRequest, compare_values
from core.jobs.compare_weights import CompareWeightsRequest, compare_weights
from core.jobs.fidelity import FidelityRequest, measure
from core.jobs.look import LookRequest, inputs_of
from core.jobs.open import net_of
from core.jobs.stats import Stats, StatsRequest, look_ahead, stats
from core.layer_numbers import Key, LayerNumbers, Together, read_numbers
from core.progress import Job, Progress
from core.retrieval.sweep_file import open_sweep
from core.words import plural

NumberKind = Literal[
    "mean", "std", "min", "max", "zeros", "dead", "L2", "saturated", "ms", "change", "cosine",
    "mAP", "csv",
]  # fmt: skip
NUMBER_KINDS: tuple[NumberKind, ...] = get_args(NumberKind)
N_TIMED = 3
"""Passes that a layer is timed in; the least counts, as others had the machine meanwhile."""


@dataclass(frozen=True)
class SpreadNumber:
    """A number of how a layer's values spread.

    of: the spread, and over how many images; NaN for none. together: what several layers come to.
    """

    name: str
    unit: str
    what: str
    of: Callable[[ValueSpread, int], float]
    together: Together = "max"


def _saturated(spread: ValueSpread, _n_images: int) -> float:
    if spread.n_saturated is None:
        return math.nan
    return 100 * spread.n_saturated / max(1, spread.n_finite)


OF_VALUES: Mapping[NumberKind, SpreadNumber] = {
    "mean": SpreadNumber("mean", "", "mean of the values", lambda one, _: one.mean),
    "std": SpreadNumber("std", "", "standard deviation of the values", lambda one, _: one.std),
    "min": SpreadNumber("min", "", "least value", lambda one, _: one.minimum, "min"),
    "max": SpreadNumber("max", "", "greatest value", lambda one, _: one.maximum),
    "zeros": SpreadNumber("zeros", "%", "share of exact 0",
        lambda one, _: 100 * one.sparsity if one.n_values else math.nan),
    "dead": SpreadNumber("dead channels", "%", "share of channels that are 0 everywhere",
        lambda one, _: 100 * len(one.dead) / one.n_channels if one.n_channels > 1 else math.nan),
    "L2": SpreadNumber("L2 norm", "", "of the values of one image, root mean square over all",
        lambda one, n: one.l2 / math.sqrt(max(1, n))),
    "saturated": SpreadNumber("saturated", "%", "share at the ends of what the layer can give",
        _saturated),
}  # fmt: skip
"""Over an image or a folder."""


@dataclass(frozen=True)
class LayerNumbersRequest:
    """A kind, the net, and what the kind needs.

    look: the net, with an image or arrays for what is run. folder: of images, for a number of the
    values over all of them; kept: a file of `stats` that tells what is known of them, in place of a
    pass. against: other weights. other: another engine or precision; second: another net; one of
    them for a cosine. gallery: with a sweep. table: a CSV.
    """

    kind: NumberKind
    look: LookRequest
    folder: Path | None = None
    kept: Path | None = None
    against: Path | None = None
    other: EngineSpec | None = None
    second: NetToRun | None = None
    gallery: Path | None = None
    table: Path | None = None

    @property
    def lacks(self) -> str:
        """What is missing, as the end of "needs ..."; "" for nothing."""
        has_input = self.look.image is not None or bool(self.look.arrays)
        if self.kind in OF_VALUES:
            return "" if has_input or self.folder is not None else "an image"
        if self.kind in ("ms", "cosine") and not has_input:
            return "an image"
        if self.kind == "cosine" and self.other is None and self.second is None:
            return "a second net or engine"
        if self.kind == "change" and (self.against is None or self.look.net.weights is None):
            return "a second caffemodel" if self.look.net.weights is not None else "a caffemodel"
        lacking = {"mAP": ("a sweep", self.gallery), "csv": ("a file", self.table)}.get(self.kind)
        return lacking[0] if lacking is not None and lacking[1] is None else ""


def layer_numbers(request: LayerNumbersRequest, host: EngineHost) -> Job[LayerNumbers]:
    """The numbers of one kind. Raises RequestError for what is missing, AppError for the rest."""
    if request.lacks:
        raise RequestError(f"{request.kind} needs {request.lacks}.")
    yield Progress(0, 0, "layers")
    if request.kind in OF_VALUES:
        return (yield from _of_values(request, host))
    if request.kind == "ms":
        return (yield from _times(request, host))
    if request.kind == "change":
        return (yield from _changes(request))
    if request.kind == "cosine":
        return (yield from _cosines(request, host))
    if request.kind == "mAP":
        return _maps(request)
    return read_numbers(_there(request.table), net_of(request.look.net)[0])


def _there(path: Path | None) -> Path:
    if path is None:
        raise RequestError("A file is missing.")
    return path


def _input_words(look: LookRequest) -> str:
    return look.image.name if look.image is not None else "the arrays"


def _of_values(request: LayerNumbersRequest, host: EngineHost) -> Job[LayerNumbers]:
    number = OF_VALUES[request.kind]
    if request.kept is not None:
        found = _kept(request, request.kept)
    else:
        asked = StatsRequest(request.look, request.folder, with_cells=False)
        found = yield from stats(asked, host)
    over = _input_words(request.look)
    if request.folder is not None:
        over = f"{request.folder.name}, {plural(found.n_images, 'image')}"
    values = {
        (value.layer, value.top): number.of(spread, found.n_images)
        for value, spread in found.spreads.items()
    }
    known = {key: value for key, value in values.items() if not math.isnan(value)}
    facts = (("Over", over), ("Number", number.what))
    source = f"{over}: {number.what}"
    return LayerNumbers(
        number.name, number.unit, known, source, facts, number.together, missing="not run"
    )


def _kept(request: LayerNumbersRequest, kept: Path) -> Stats:
    """What a file tells of the folder, where the file is of this net and still holds."""
    if request.folder is None:
        raise RequestError("What is kept is of a folder of images, which is missing.")
    for with_cells in (True, False):
        asked = StatsRequest(request.look, request.folder, with_cells=with_cells, kept=kept)
        found = look_ahead(asked, request.folder).found
        if found is not None:
            return found
    raise RequestError(
        f"{kept.name} has nothing of {request.folder.name} for this net.",
        hint="`stats --images DIR --out F` of the same net, weights and recipe keeps it.",
    )


def _times(request: LayerNumbersRequest, host: EngineHost) -> Job[LayerNumbers]:
    inputs = inputs_of(request.look)
    least: dict[str, float] = {}
    seconds = math.inf
    with host.opened(request.look.net) as engine:
        for done in range(N_TIMED):
            yield Progress(done, N_TIMED, "passes")
            result = engine.run(inputs)
            seconds = min(seconds, result.seconds)
            for layer, one in result.layer_seconds.items():
                least[layer] = min(one, least.get(layer, math.inf))
        name = engine.name
    if not least:
        raise EngineError(f"The engine {name} does not tell how long each layer takes.")
    values = {(layer, ""): 1000 * one for layer, one in least.items()}
    total = 1000 * sum(least.values())
    source = f"{_input_words(request.look)}, {name}: {total:,.0f} ms in all layers"
    facts = (
        ("Image", _input_words(request.look)),
        ("Engine", f"{name}, {request.look.net.device}"),
        ("Number", f"the least of {N_TIMED} passes"),
        ("All layers", f"{total:,.0f} ms"),
        ("A whole pass", f"{1000 * seconds:,.0f} ms"),
    )
    return LayerNumbers(
        "time", "ms", values, source, facts, together="sum", missing="not run", is_log=True
    )


def _changes(request: LayerNumbersRequest) -> Job[LayerNumbers]:
    first, against = _there(request.look.net.weights), _there(request.against)
    found = yield from compare_weights(CompareWeightsRequest(first, against))
    moved = {one.name: one.change for one in found.layers if one.change is not None}
    net, _ = net_of(request.look.net)
    values: dict[Key, float] = {}
    for layer in net.layers:
        change = moved.get(layer.written_name)
        if change is not None and math.isfinite(change):
            values[layer.name, ""] = 100 * change
    facts = (("Weights", first.name), ("Against", against.name), ("Number", "|b - a| over |a|"))
    source = f"{against.name} against {first.name}: |b - a| over |a|"
    return LayerNumbers(
        "weight change", "%", values, source, facts, missing="no weights in both files"
    )


def _cosines(request: LayerNumbersRequest, host: EngineHost) -> Job[LayerNumbers]:
    look = request.look
    if request.second is not None:
        compared = yield from compare_values(
            CompareValuesRequest(look.net, request.second, look.image, look.arrays, look.recipe),
            host,
        )
        values = {
            (pair.first.layer, pair.first.top): pair.distance.cosine
            for pair in compared.computed
            if pair.first is not None and pair.distance is not None
        }
        path = request.second.path
        second = path.name if path is not None else "another net"
        if request.second.weights is not None:
            second = f"{second} with {request.second.weights.name}"
        return _cosine_numbers(look, values, second)
    if request.other is None:
        raise RequestError("A second net or engine is missing.")
    images = (look.image,) if look.image is not None else ()
    fidelity = yield from measure(
        FidelityRequest(look.net, request.other, images, look.arrays, look.recipe)
    )
    values = {(row.value.layer, row.value.top): row.cosine for row in fidelity.rows}
    options = " ".join(word for _, word in request.other.options)
    return _cosine_numbers(look, values, " ".join(filter(None, (request.other.name, options))))


def _cosine_numbers(look: LookRequest, values: Mapping[Key, float], second: str) -> LayerNumbers:
    known = {key: value for key, value in values.items() if not math.isnan(value)}
    facts = (("Image", _input_words(look)), ("Against", second), ("1", "the same direction"))
    source = f"{_input_words(look)}: cosine to {second}"
    return LayerNumbers("cosine", "", known, source, facts, "min", "no pair")


def _maps(request: LayerNumbersRequest) -> LayerNumbers:
    gallery = _there(request.gallery)
    sweep = open_sweep(gallery).table
    net, _ = net_of(request.look.net)
    values: dict[Key, float] = {}
    notes: dict[str, str] = {}
    for row in sweep.rows:
        key = row.layer, row.top
        if net.has_layer(row.layer) and 100 * row.mAP > values.get(key, -1.0):
            values[key], notes[row.layer] = 100 * row.mAP, row.pooling
    facts = (
        ("Gallery", gallery.name),
        ("Queries", f"{len(sweep.queries):,}"),
        ("Truth", sweep.truth),
        ("Number", "mAP of the best representation"),
    )
    source = f"sweep of {gallery.name}, {len(sweep.queries):,} queries, best representation"
    return LayerNumbers("mAP", "%", values, source, facts, missing="not scored", notes=notes)
