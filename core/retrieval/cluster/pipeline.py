"""The index as a pipeline of Ray Data: chunks of files in, rows of vectors out, into parts."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

import numpy as np
import ray
import ray.data
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from core.children import ROOT
from core.errors import AppError
from core.reading import read_file
from core.retrieval.cluster.parts import PartRow, read_stamps, write_part
from core.retrieval.cluster.stages import Decode, Describe, Tally, Work
from core.retrieval.cluster.watchdog import (
    ACTOR_CPUS,
    Counts,
    EnginePlan,
    Resources,
    plan_engines,
    starved,
)
from core.words import plural

_CHUNK = 32
"""Images that travel together, at least; a whole number of passes."""
_ROUND = 4096
"""Chunks of one run of Ray Data, which knows all of its blocks by name."""
_TICK_SECONDS = 0.5
_PART_SECONDS = 60.0
_LOST_SECONDS = 60.0
"""How long rows may stay away after a machine has gone before the rest begins anew."""
_LOCAL_STORE_BYTES = 1 << 30
_MOST_WEIGHTS_BYTES = 8 << 30
Stamp = tuple[str, int, int]
"""Path below the root, bytes, time of change."""


@dataclass(frozen=True)
class ClusterPlan:
    """Where it runs, and how. part_images: of a part; temporary: a folder for a Ray of its own."""

    address: str
    parts: Path
    part_images: int
    starved_seconds: float
    n_engines: int
    use_gpus: bool
    temporary: str = ""


@dataclass
class Made:
    """What a run has made. lost: images that went away meanwhile; again: why to begin anew."""

    n_done: int = 0
    n_made: int = 0
    lost: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    words: str = "the cluster"
    again: str = ""


def connect(plan: ClusterPlan) -> None:
    """Join the cluster, or start one here for the address "local"."""
    common: dict[str, Any] = {
        "log_to_driver": False,
        "configure_logging": False,
        "namespace": "blobscope",
    }
    if plan.address == "local":
        ray.init(
            address="local",
            num_cpus=max(4, os.cpu_count() or 1),
            include_dashboard=False,
            object_store_memory=_LOCAL_STORE_BYTES,
            _temp_dir=plan.temporary or None,
            **common,
        )
    else:
        # what machines run is this program, which need not lie there
        code = {"py_modules": [str(ROOT / "core")], "excludes": ["**/__pycache__"]}
        ray.init(address=plan.address, runtime_env=code, **common)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False


def resources() -> Resources:
    """What the cluster has now."""
    have, free = ray.cluster_resources(), ray.available_resources()
    return Resources(
        len(_machines()),
        have.get("CPU", 0.0),
        have.get("GPU", 0.0),
        free.get("CPU", 0.0),
        free.get("GPU", 0.0),
    )


def describe(
    work: Work, plan: ClusterPlan, todo: Sequence[Stamp], tell: Callable[[Made], None]
) -> Made:
    """Describe what the parts lack; `tell` hears how far it is, twice a second.

    Raises AppError where a machine can't do its part, or nothing moves any more.
    """
    digest = work.recipe.digest
    there = {(path, n, changed) for path, n, changed in read_stamps(plan.parts, digest)}
    left = [one for one in todo if one not in there]
    made = Made(n_done=len(todo) - len(left))
    tell(made)
    if not left:
        return made
    engines = plan_engines(resources(), n_asked=plan.n_engines, use_gpus=plan.use_gpus)
    made.words = f"{engines.words} of {plural(len(_machines()), 'machine')}"
    tell(made)
    keeper = _Keeper(work, plan, made, digest)
    tally = Tally.options(  # type: ignore[attr-defined]
        scheduling_strategy=NodeAffinitySchedulingStrategy(
            ray.get_runtime_context().get_node_id(), soft=True
        )
    ).remote()
    watch = _Watch(plan, engines, tally)
    weights = _sent_weights(work)
    step = work.batch_size * max(1, _CHUNK // work.batch_size)
    for start in range(0, len(left), step * _ROUND):
        chunks = [
            left[i : i + step] for i in range(start, min(start + step * _ROUND, len(left)), step)
        ]
        for row in _watched(_pipeline(work, engines, tally, weights, chunks), watch, made, tell):
            keeper.take(row)
            tell(made)
        if made.again:
            break
    keeper.write()
    return made


def _pipeline(
    work: Work, engines: EnginePlan, tally: Any, weights: Any, chunks: Sequence[Sequence[Stamp]]
) -> Any:
    rows = [
        {
            "number": number,
            "images": json.dumps(
                [{"path": p, "n_bytes": n, "changed": c} for p, n, c in chunk]
            ).encode(),
        }
        for number, chunk in enumerate(chunks)
    ]
    data = ray.data.from_items(rows, override_num_blocks=len(rows))
    decoded = data.map(Decode(work, tally).__call__, num_cpus=1)
    return decoded.map(
        Describe,
        fn_constructor_args=(work, tally, weights),
        compute=ray.data.ActorPoolStrategy(size=engines.n_engines),
        num_cpus=ACTOR_CPUS,
        num_gpus=1 if engines.is_on_gpus else 0,
    )


def _watched(
    data: Any, watch: _Watch, made: Made, tell: Callable[[Made], None]
) -> Iterator[dict[str, Any]]:
    """The rows of a pipeline as they come, which are waited for beside the watchdog."""
    waiting: Queue[Any] = Queue(64)
    Thread(target=_collect, args=(data, waiting), name="rows", daemon=True).start()
    watch.begin()
    while True:
        try:
            row = waiting.get(timeout=_TICK_SECONDS)
        except Empty:
            made.again = watch.look()
            tell(made)
            if made.again:
                return
            continue
        if row is None:
            return
        if isinstance(row, BaseException):
            raise _told(row) from row
        watch.begin()
        yield row


def _collect(data: Any, waiting: Queue[Any]) -> None:
    try:
        for batch in data.iter_batches(batch_size=None, batch_format="pyarrow"):
            for row in batch.to_pylist():
                waiting.put(row)
    except BaseException as error:  # of Ray, of a stage, of its process
        waiting.put(error)
    else:
        waiting.put(None)


class _Watch:
    """Knows when rows have stayed away for too long."""

    def __init__(self, plan: ClusterPlan, engines: EnginePlan, tally: Any) -> None:
        self._plan, self._engines, self._tally = plan, engines, tally
        self._machines = _machines()
        self._since = time.monotonic()

    def begin(self) -> None:
        """A row came."""
        self._since = time.monotonic()

    def look(self) -> str:
        """Why the rest has to begin anew, "" where it goes on. Raises StarvedError."""
        seconds = time.monotonic() - self._since
        if (
            seconds > min(_LOST_SECONDS, self._plan.starved_seconds)
            and self._machines - _machines()
        ):
            return "A machine has gone, and with it what it had begun."
        if seconds <= self._plan.starved_seconds:
            return ""
        raise starved(self._counts(), resources(), self._engines, seconds)

    def _counts(self) -> Counts:
        try:
            counts: Counts = ray.get(self._tally.counts.remote(), timeout=10)
        except ray.exceptions.RayError:
            return Counts()
        return counts


class _Keeper:
    """Checks rows and writes them into parts; what is written counts."""

    def __init__(self, work: Work, plan: ClusterPlan, made: Made, digest: str) -> None:
        self._work, self._plan, self._made, self._digest = work, plan, made, digest
        self._waiting: list[PartRow] = []
        self._written_at = time.monotonic()

    def take(self, row: dict[str, Any]) -> None:
        """One chunk. Raises AppError where a machine refused it, or sees other files."""
        listed = json.loads(row["images"])
        if listed and "refused" in listed[0]:
            raise AppError(listed[0]["refused"], hint=listed[0]["hint"])
        good = [one for one in listed if not one["problem"]]
        values = np.frombuffer(row["values"], np.float32)
        vectors = iter(values.reshape(len(good), -1) if good else ())
        for one in listed:
            vector = None if one["problem"] else next(vectors)
            if one["seen"] != one["n_bytes"]:
                self._check_seen(one)
                self._made.lost.append(one["path"])
                continue
            if one["note"]:
                self._made.notes.append(f"{one['path']}: {one['note']}")
            self._waiting.append(_part_row(one, vector))
        is_due = time.monotonic() - self._written_at > _PART_SECONDS
        if len(self._waiting) >= self._plan.part_images or is_due:
            self.write()

    def write(self) -> None:
        """Put what waits into a part."""
        if self._waiting:
            write_part(self._plan.parts, self._waiting, self._digest)
        self._made.n_done += len(self._waiting)
        self._made.n_made += len(self._waiting)
        self._waiting.clear()
        self._written_at = time.monotonic()

    def _check_seen(self, one: dict[str, Any]) -> None:
        """Raise AppError where a machine sees another file at a path than this one."""
        path = Path(self._work.root) / one["path"]
        try:
            n_bytes = path.stat().st_size
        except (OSError, ValueError):
            return  # it is gone here too
        if n_bytes != one["n_bytes"]:
            return  # it changes as we speak: the next index sees it
        seen = "no file" if one["seen"] < 0 else f"a file of {one['seen']:,} bytes"
        raise AppError(
            f"Machine {one['host']} sees {seen} at '{path}', where there are {n_bytes:,} bytes "
            "here.",
            hint="The images lie where every machine of the cluster finds them by the same path.",
        )


def _part_row(one: dict[str, Any], vector: np.ndarray | None) -> PartRow:
    width, height = one["size"]
    return PartRow(
        one["path"], width, height, one["n_bytes"], one["changed"], one["problem"], vector
    )


def _sent_weights(work: Work) -> Any:
    """The weights where machines can fetch them; None where there is but this one."""
    path = work.to_run.weights
    if path is None or len({node["NodeManagerAddress"] for node in _alive()}) < 2:
        return None
    return (ray.put(read_file(path, _MOST_WEIGHTS_BYTES)),)


def _told(error: BaseException) -> AppError:
    if isinstance(error, AppError):
        return error
    return AppError(
        "Ray could not go on.",
        hint="What is described is kept, and the same command goes on from there.",
        details=str(error)[-4000:],
    )


def _alive() -> list[dict[str, Any]]:
    return [node for node in ray.nodes() if node["Alive"]]


def _machines() -> set[str]:
    return {node["NodeID"] for node in _alive()}
