"""What a cluster must have for an index, and which stage starves where nothing comes any more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from core.errors import AppError
from core.words import plural

ACTOR_CPUS = 0.5
"""Of an engine, however busy it is: what all engines take must leave room for decoding."""
_FREE_CPUS = 2
"""One for decoding and one for what Ray does beside it. With fewer it waits in silence for ever
(ray-project/ray#44687)."""
_SHARE = 0.5
"""Engines a CPU of the cluster, where nobody says how many: the other half decodes."""


class Counts(NamedTuple):
    """What the stages have begun and ended: engines that stand, chunks decoded and passed."""

    engines: int = 0
    decodings: int = 0
    decoded: int = 0
    passes: int = 0
    passed: int = 0


@dataclass(frozen=True)
class Resources:
    """What the machines of a cluster have, and what of it nobody holds."""

    n_machines: int
    cpus: float
    gpus: float
    free_cpus: float
    free_gpus: float


@dataclass(frozen=True)
class EnginePlan:
    """How many engines run, and on what."""

    n_engines: int
    is_on_gpus: bool

    @property
    def words(self) -> str:
        """ "3 engines on GPUs"."""
        return f"{plural(self.n_engines, 'engine')} on {'GPUs' if self.is_on_gpus else 'CPUs'}"


class StarvedError(AppError):
    """A cluster on which nothing moves, or could not."""


def plan_engines(have: Resources, *, n_asked: int = 0, use_gpus: bool = True) -> EnginePlan:
    """One engine a GPU, else one for two CPUs. Raises StarvedError where they leave no room.

    n_asked: how many the user wants, 0 for as many as are good.
    """
    is_on_gpus = use_gpus and have.gpus >= 1
    most = int(have.gpus) if is_on_gpus else max(1, int(have.cpus * _SHARE))
    plan = EnginePlan(n_asked or most, is_on_gpus)
    if is_on_gpus and n_asked > have.gpus:
        raise StarvedError(
            f"The cluster has {plural(int(have.gpus), 'GPU')}; {n_asked} engines need one each.",
            hint="Ask for fewer with --actors, or for none of them with --no-gpus.",
        )
    wanted = plan.n_engines * ACTOR_CPUS + _FREE_CPUS
    if wanted > have.cpus:
        raise StarvedError(
            f"The cluster has {have.cpus:g} CPUs; {plan.words} and the decoding that feeds them "
            f"need {wanted:g}.",
            hint="Ask for fewer engines with --actors, add a machine, or start Ray with more "
            "(`ray start --num-cpus=N`): with fewer it would wait without a word.",
        )
    return plan


def starved(counts: Counts, have: Resources, plan: EnginePlan, seconds: float) -> StarvedError:
    """Which stage nothing comes from, why that may be, and what to do."""
    stage, sentence, hint = _starved_stage(counts, have, plan)
    return StarvedError(
        f"Nothing was described for {seconds:.0f} s: the stage '{stage}' starves. {sentence}",
        hint=f"{hint} What is described is kept, and the same command goes on from there.",
        details=f"{counts} {have} {plan}",
    )


def _starved_stage(counts: Counts, have: Resources, plan: EnginePlan) -> tuple[str, str, str]:
    free = f"{have.free_cpus:g} of {have.cpus:g} CPUs are free"
    if not counts.engines:
        needs = f"a GPU and {ACTOR_CPUS:g} CPU" if plan.is_on_gpus else f"{ACTOR_CPUS:g} CPU"
        gpus = f", and {have.free_gpus:g} of {have.gpus:g} GPUs" if plan.is_on_gpus else ""
        return (
            "engine",
            f"None of {plan.words} has started; each needs {needs}; {free}{gpus}.",
            "End other jobs of the cluster, ask for fewer engines with --actors, or add a machine.",
        )
    if counts.decodings > counts.decoded:
        n_open = counts.decodings - counts.decoded
        return (
            "decoding",
            f"{plural(n_open, 'chunk')} of images began and did not end; {free}.",
            "Does the folder of the images answer on every machine?",
        )
    if counts.decoded <= counts.passes:
        return (
            "decoding",
            f"It has no CPU to run on: {free}, and it needs 1.",
            "End other jobs of the cluster, ask for fewer engines with --actors, or add a machine.",
        )
    return (
        "engine",
        f"{plural(counts.decoded - counts.passed, 'chunk')} of images wait for "
        f"{plan.words}; {have.free_gpus:g} GPUs and {free}.",
        "A machine may have gone and left no room for its engines: add one, or ask for fewer "
        "engines with --actors.",
    )
