"""Proving that a rename changes no number: both nets run on one input, compared bit by bit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.engines.paired_runs import (
    DEFAULT_STATE,
    SharedOutput,
    count_different,
    largest_difference,
    run_both,
)
from core.engines.process import EngineProcess
from core.engines.run_provenance import Provenance
from core.net.definition import NetState
from core.progress import Job


@dataclass(frozen=True)
class OutputDifference:
    """One shared output: its layer and label in the net before, and how far the two nets part."""

    layer: str
    top_index: int
    label: str
    n_values: int
    n_different: int
    largest_difference: float


@dataclass(frozen=True)
class Verification:
    """What comparing the two nets found.

    outputs: labels of the shared outputs in the net before. n_different: values whose bits differ;
    largest_difference: between them, absolute. filler: whether layers ran without trained weights.
    """

    is_identical: bool
    outputs: tuple[str, ...]
    n_values: int
    n_different: int
    largest_difference: float
    first_different_layer: str | None
    seconds: float
    device: str
    n_images: int
    filler: bool
    differences: tuple[OutputDifference, ...]
    provenance: Provenance


def verify_rename(
    process: EngineProcess,
    before_text: str,
    after_text: str,
    weights_path: Path | None = None,
    inputs: Mapping[str, np.ndarray] | None = None,
    device: str = "cpu",
    seed: int = 0,
    state: NetState = DEFAULT_STATE,
) -> Job[Verification]:
    """Run both nets, as `run_both` does, and compare every output they share.

    Raises EngineError when nothing can be compared.
    """
    ran = yield from run_both(
        process, before_text, after_text, weights_path, inputs, device, seed, state
    )
    differences = tuple(map(_difference, ran.outputs))
    n_different = sum(found.n_different for found in differences)
    return Verification(
        is_identical=n_different == 0,
        outputs=tuple(found.label for found in differences),
        n_values=sum(found.n_values for found in differences),
        n_different=n_different,
        largest_difference=max(found.largest_difference for found in differences),
        first_different_layer=ran.first_different_layer,
        seconds=ran.seconds,
        device=ran.device,
        n_images=ran.n_images,
        filler=ran.filler,
        differences=differences,
        provenance=ran.provenance,
    )


def _difference(output: SharedOutput) -> OutputDifference:
    version = output.version
    return OutputDifference(
        layer=version.layer,
        top_index=version.top_index,
        label=version.label,
        n_values=output.before.size,
        n_different=count_different(output.before, output.after),
        largest_difference=largest_difference(output.before, output.after),
    )
