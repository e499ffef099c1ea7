"""Every case there is, by layer type, with how far our engine is from its golden value."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from core.engines.base import EngineProcess, EngineSpec
from core.engines.registry import start_engine
from tests.conformance.agreement import compare_case, run_in_torch
from tests.conformance.forks import compare_forks
from tests.conformance.goldens import FAMILIES, read_goldens
from tests.conformance.micro import ON_PURPOSE, compare_micro
from tests.engines.golden import relative_differences
from tests.engines.test_torch_goldens import NAMES, golden_net


@dataclass
class Tally:
    """Cases of one type: those with values, those that real Caffe refuses, the worst of each."""

    n_values: int = 0
    n_refused: int = 0
    worst: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def add(self, name: str, *, is_refused: bool, worst: float, is_close: bool) -> None:
        """Count one case."""
        self.n_refused += is_refused
        self.n_values += not is_refused
        if not is_close:
            self.wrong.append(name)
        elif not is_refused:
            self.worst = max(self.worst, worst)


@dataclass(frozen=True)
class Measured:
    """Tallies by type; (difference, case) of all; per whole net the blobs and the worst of them."""

    by_type: dict[str, Tally]
    cases: list[tuple[float, str]]
    nets: dict[str, tuple[int, float]]
    n_grid: int
    n_micro: int
    n_forks: int


def measure(material: Path) -> Measured:
    """Run everything; material: the folder of micro/ and goldens/."""
    by_type: dict[str, Tally] = defaultdict(Tally)
    cases: list[tuple[float, str]] = []
    counts = dict.fromkeys(("grid", "micro", "forks"), 0)
    sources = {"grid": _grid(), "micro": _micro(material), "forks": _forks()}
    for source, rows in sources.items():
        for name, types, is_refused, worst, is_close in rows:
            counts[source] += 1
            for type_ in types:
                by_type[type_].add(name, is_refused=is_refused, worst=worst, is_close=is_close)
            if is_close and not is_refused:
                cases.append((worst, name))
    nets = dict(_whole_nets(material))
    return Measured(
        dict(by_type), sorted(cases, reverse=True), nets,
        counts["grid"], counts["micro"], counts["forks"],
    )  # fmt: skip


Row = tuple[str, frozenset[str], bool, float, bool]


def _grid() -> Iterator[Row]:
    for family in FAMILIES:
        for case, answer in read_goldens(family):
            agreement = compare_case(run_in_torch, case, answer)
            types = frozenset((case.type,))
            yield case.name, types, bool(answer.error), agreement.worst, agreement.is_close


def _micro(material: Path) -> Iterator[Row]:
    for case in compare_micro(material / "micro"):
        if case.name in ON_PURPOSE:
            continue
        agreement = case.agreement
        yield f"micro {case.name}", case.types, case.is_refused, agreement.worst, agreement.is_close


def _forks() -> Iterator[Row]:
    for fork in compare_forks():
        close = fork.agreement.is_close
        yield f"fork {fork.name}", frozenset((fork.type,)), False, fork.agreement.worst, close


def _whole_nets(material: Path) -> Iterator[tuple[str, tuple[int, float]]]:
    with start_engine(EngineSpec("torch")) as process:
        for name in NAMES:
            yield name, _whole_net(process, material / "goldens", name)


def _whole_net(process: EngineProcess, folder: Path, name: str) -> tuple[int, float]:
    differences = relative_differences(process, golden_net(folder, name))
    return len(differences), max(differences.values())
