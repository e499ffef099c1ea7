"""Statistics over many images, streamed: what is held does not grow with their number."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from core.activations.spreads import ValueSpread, merged, of_moments
from core.engines.values import Value
from core.images.prepared import PreparedImage
from core.measures.measure import CellCounts, ChannelRange, Histogram, Measure, Moments
from core.net.definition import Layer
from core.surveys.passes import Results

MOMENTS, ENDS, CELLS = Moments(), ChannelRange(), CellCounts()
_NOTHING = ValueSpread()


class StatisticsCollector:
    """Adds up how values spread; whole after each batch, and what two have seen can be merged.

    values: of which. with_cells: count what percentiles and histograms come from, too. limits: the
    ends of what a value's layer can give, between which it is not saturated. edges: counted between
    exactly, for every value. begun: what was found of earlier images.
    """

    def __init__(
        self,
        values: Iterable[Value],
        *,
        with_cells: bool = True,
        limits: Mapping[Value, tuple[float, float]] | None = None,
        edges: tuple[float, ...] = (),
        begun: Mapping[Value, ValueSpread] | None = None,
    ) -> None:
        self._with_cells = with_cells
        self._limits = {value: Histogram(ends) for value, ends in (limits or {}).items()}
        self._edges = Histogram(edges) if edges else None
        self.spreads: dict[Value, ValueSpread] = dict.fromkeys(values, _NOTHING)
        """What was found, by value."""
        self.spreads.update(begun or {})
        self.counts: dict[Value, np.ndarray] = {}
        """Between the edges that were asked for, (len(edges) - 1,) int64, by value."""
        self.wants: Mapping[Value, Sequence[Measure]] = {v: self._of(v) for v in self.spreads}

    def take(self, images: Sequence[PreparedImage], results: Results) -> None:
        """Add one batch."""
        for value, before in self.spreads.items():
            moments, ends = results[value, MOMENTS], results[value, ENDS]
            cells = results[value, CELLS] if self._with_cells else None
            inside = self._limits.get(value)
            n_finite = round(float(moments[0] - moments[1] - moments[2]))
            n_saturated = n_finite - int(results[value, inside].sum()) if inside else None
            self.spreads[value] = merged(before, of_moments(moments, ends, cells, n_saturated))
            if self._edges is not None:
                counted = self.counts.get(value, 0)
                self.counts[value] = counted + results[value, self._edges]

    def skip(self, image: PreparedImage) -> None:
        """Nothing is known of it."""

    def _of(self, value: Value) -> tuple[Measure, ...]:
        more = (CELLS,) if self._with_cells else ()
        limits = (self._limits[value],) if value in self._limits else ()
        edges = () if self._edges is None else (self._edges,)
        return (MOMENTS, ENDS, *more, *limits, *edges)


def spread_of(array: np.ndarray) -> ValueSpread:
    """The spread of one array of values, (n, ...), cells and all."""
    return of_moments(MOMENTS.of(array), ENDS.of(array), CELLS.of(array))


def saturation_limits(layer: Layer) -> tuple[float, float] | None:
    """Between which values a layer is not saturated; None for one whose values have no ends.

    A Sigmoid's are 0.01 and 0.99, a TanH's -0.99 and 0.99; a Clip's are its own.
    """
    if layer.type == "Sigmoid":
        return 0.01, 0.99
    if layer.type == "TanH":
        return -0.99, 0.99
    if layer.type != "Clip":
        return None
    low, high = (float(np.float32(layer.param("clip_param").number(n))) for n in ("min", "max"))
    inside = float(np.nextafter(np.float32(low), np.float32(math.inf)))
    last = float(np.nextafter(np.float32(high), np.float32(-math.inf)))
    return (inside, last) if inside < last else None
