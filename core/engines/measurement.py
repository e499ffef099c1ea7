"""By how much an edit changes what a net computes: both run on one input, output by output."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.engines.paired_runs import (
    DEFAULT_STATE,
    PairedRun,
    SharedOutput,
    count_different,
    largest_difference,
    run_both,
)
from core.engines.process import EngineProcess
from core.engines.run_provenance import Provenance, provenance_record
from core.files import path_named_after, write_file
from core.net.definition import NetState
from core.progress import Job

SCHEMA = 1
_SUFFIX = ".measurement.json"


@dataclass(frozen=True)
class LargestValue:
    """Where the largest value of one image's vector stands, from 0, and what it is."""

    place: int
    value: float


@dataclass(frozen=True)
class OutputChange:
    """One output of the edited net and how far it moved.

    mean_difference: of the absolute differences. relative_difference: the length of the
    difference as a share of the length of the value before (L2 norms); infinite where that was 0.
    All three are infinite between different shapes; values that are no numbers are left out.
    largest_before, largest_after: of the first image, where the output is a vector.
    """

    label: str
    n_values: int
    n_different: int
    largest_difference: float
    mean_difference: float
    relative_difference: float
    largest_before: LargestValue | None = None
    largest_after: LargestValue | None = None

    @property
    def moves_largest(self) -> bool:
        """Whether another place holds the largest value, as when a net names another class."""
        before, after = self.largest_before, self.largest_after
        return before is not None and after is not None and before.place != after.place


@dataclass(frozen=True)
class Measurement:
    """What running a net and its repair on one input gave; the outputs are the repaired net's."""

    outputs: tuple[OutputChange, ...]
    first_different_layer: str | None
    n_images: int
    filler: bool
    seconds: float
    device: str
    provenance: Provenance

    @property
    def is_identical(self) -> bool:
        """Whether no value of any output changed."""
        return not any(change.n_different for change in self.outputs)

    @property
    def largest(self) -> OutputChange:
        """The output that moved furthest for its size."""
        return max(self.outputs, key=lambda change: change.relative_difference)


def measure_edit(
    process: EngineProcess,
    before_text: str,
    after_text: str,
    weights_path: Path | None = None,
    inputs: Mapping[str, np.ndarray] | None = None,
    device: str = "cpu",
    seed: int = 0,
    state: NetState = DEFAULT_STATE,
) -> Job[Measurement]:
    """Run both nets, as `run_both` does, and measure the outputs of the edited one.

    Raises EngineError when nothing can be compared.
    """
    ran: PairedRun = yield from run_both(
        process,
        before_text,
        after_text,
        weights_path,
        inputs,
        device,
        seed,
        state,
        is_of_after=True,
    )
    return Measurement(
        tuple(map(_change, ran.outputs)),
        ran.first_different_layer,
        ran.n_images,
        ran.filler,
        ran.seconds,
        ran.device,
        ran.provenance,
    )


def measurement_path(prototxt: Path) -> Path:
    """`<name>.measurement.json` beside the prototxt."""
    return path_named_after(prototxt, prototxt.name.removesuffix(".prototxt"), _SUFFIX)


def measurement_record(
    measurement: Measurement, *, weights_name: str | None = None, image_name: str | None = None
) -> dict[str, Any]:
    """Everything a measurement says, as plain values for JSON; null stands for infinite."""
    origin = measurement.provenance
    return {
        "schema": SCHEMA,
        **provenance_record(origin, weights_name=weights_name, image_name=image_name),
        "edited_sha256": origin.after_sha256,
        "first_different_layer": measurement.first_different_layer,
        "filler_weights": measurement.filler,
        "seconds": round(measurement.seconds, 3),
        "outputs": [_without_infinity(asdict(change)) for change in measurement.outputs],
    }


def write_measurement(prototxt: Path, record: dict[str, Any]) -> Path:
    """Write a record beside a saved prototxt; AppError when the disk refuses."""
    path = measurement_path(prototxt)
    write_file(path, (json.dumps(record, indent=2, allow_nan=False) + "\n").encode())
    return path


def _change(output: SharedOutput) -> OutputChange:
    before, after = output.before, output.after
    if before.shape != after.shape:
        mean = relative = math.inf
    else:
        difference = np.abs(after.astype(np.float64) - before.astype(np.float64))
        numbers = difference[np.isfinite(difference)]
        mean = float(numbers.mean()) if numbers.size else 0.0
        relative = _share(numbers, before[np.isfinite(difference)].astype(np.float64))
    return OutputChange(
        output.version.label,
        before.size,
        count_different(before, after),
        largest_difference(before, after),
        mean,
        relative,
        _largest_value(before),
        _largest_value(after),
    )


def _share(difference: np.ndarray, before: np.ndarray) -> float:
    length, whole = float(np.linalg.norm(difference)), float(np.linalg.norm(before))
    if whole > 0:
        return length / whole
    return math.inf if length else 0.0


def _largest_value(value: np.ndarray) -> LargestValue | None:
    """Of the first image's vector: (n, k), or (n, k, 1, 1)."""
    if value.ndim < 2 or not value.size or math.prod(value.shape[2:]) != 1 or value.shape[1] < 2:
        return None
    vector = value[0].reshape(-1)
    if not np.isfinite(vector).all():
        return None
    place = int(vector.argmax())
    return LargestValue(place, float(vector[place]))


def _without_infinity(record: dict[str, Any]) -> dict[str, Any]:
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in record.items()
    }
