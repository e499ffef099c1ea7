"""An index on a cluster: a child drives Ray, and what it made is taken into a gallery."""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from core.asked_child import AskedChild, ChildEnded, Reply, asked_child
from core.engine_names import GRAPH_ENGINES
from core.engines.host import NetToRun
from core.errors import AppError, GalleryError, RequestError
from core.files import is_folder
from core.images.prepared import PreparedImage
from core.progress import Job, Progress
from core.retrieval.cluster.manifest import PARTS_SUFFIX, Manifest, open_parts, read_manifest
from core.retrieval.cluster.questions import Describing, packed
from core.retrieval.describing import Describer
from core.retrieval.descriptor import check_same_recipe
from core.retrieval.finish import load_fits
from core.retrieval.gallery_collector import GalleryCollector
from core.retrieval.gallery_contents import FileStamp, StoredImage, StoredProblem
from core.retrieval.gallery_origin import GalleryOrigin
from core.retrieval.gallery_store import GalleryStore
from core.retrieval.ground_truth import folder_label
from core.retrieval.index_plan import IndexPlan
from core.surveys.survey import SurveyReport

_CHILD = "core.retrieval.cluster.child"
_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
    "RAY_DEDUP_LOGS": "0",
    # Ray would give its workers what others leave; the engine of a single machine is no nicer
    "RAY_worker_niceness": "0",
    # a busy machine takes its time to start Python
    "RAY_worker_register_timeout_seconds": "600",
}
_ENGINES = ("torch", *GRAPH_ENGINES)
_MOST_TRIES = 10
_HOST_AND_PORT = re.compile(r"(?:[\w.-]+|\[[0-9a-fA-F:]+\]):[0-9]{1,5}")


class ClusterUnavailableError(AppError):
    """What an index on a cluster needs is not installed."""


@dataclass(frozen=True)
class ClusterWish:
    """Where an index runs instead of on this machine.

    address: of a Ray cluster that this machine is part of, "auto" for the one that runs here, or
    "local" to start one. parts: the folder of the parts, None for one beside the gallery, which
    goes once they are in it. n_engines: 0 for as many as are good. use_gpus: where it has some.
    part_images: of a part. starved_seconds: without a row before the stage is named that starves.
    """

    address: str
    parts: Path | None = None
    n_engines: int = 0
    use_gpus: bool = True
    part_images: int = 4096
    starved_seconds: float = 300.0

    def check(self, to_run: NetToRun) -> None:
        """Raise RequestError for what no cluster can do."""
        cluster_address(self.address)
        if to_run.engine.name not in _ENGINES or to_run.engine.command:
            raise RequestError(
                f"The engine {to_run.engine.name} does not run on a cluster.",
                hint=f"Choose one of {', '.join(_ENGINES)}.",
            )


@dataclass(frozen=True)
class ClusterSurvey:
    """Stands for the survey of an index: the same images, described by many machines."""

    wish: ClusterWish
    to_run: NetToRun
    origin: GalleryOrigin | None
    out: Path

    def __call__(
        self, describer: Describer, collector: GalleryCollector, plan: IndexPlan, batch_size: int
    ) -> Job[SurveyReport]:
        """Describe what is to do, and hand it to the gallery."""
        started = time.monotonic()
        parts = self.wish.parts or self.out.with_name(self.out.name + PARTS_SUFFIX)
        made: dict[str, Any] = {}
        if plan.todo:
            open_parts(
                parts, Manifest(describer.recipe, plan.root.resolve(), len(plan.todo), self.origin)
            )
            made = yield from self._describe(plan, parts, batch_size)
            n = yield from _take_in(collector, plan, parts)
            for path in made.get("lost", ()):
                collector.skip(PreparedImage(plan.root / path, None, (0, 0), "It went away."))
            if self.wish.parts is None:
                shutil.rmtree(parts, ignore_errors=True)
        else:
            n = 0
        mixing = describer.feed.mixing
        return SurveyReport(
            n,
            -(-n // batch_size),
            (),
            time.monotonic() - started,
            None,
            mixing.reason if mixing else "",
            tuple(made.get("notes", ())),
        )

    def _describe(self, plan: IndexPlan, parts: Path, batch_size: int) -> Job[dict[str, Any]]:
        """Run the child, anew where a machine took with it what it had begun."""
        what = "joining the cluster" if self.wish.address != "local" else "starting Ray"
        yield Progress(0, 0, what)
        n_made = 0
        for _ in range(_MOST_TRIES):
            with _temporary() as temporary:
                asked = self._asked(parts, batch_size, temporary)
                header = {"op": "describe", "describing": msgspec.to_builtins(asked)}
                last = yield from _followed(header, packed(plan.todo), what)
            n_made += int(last["made"])
            if "again" not in last:
                return {**last, "made": n_made}
        raise AppError("Machines of the cluster went away again and again.", hint=_GOES_ON)

    def _asked(self, parts: Path, batch_size: int, temporary: str) -> Describing:
        net, wish = self.to_run, self.wish
        return Describing(
            net.text,
            str(net.path.absolute()),
            None if net.weights is None else str(net.weights.absolute()),
            (net.state.phase, net.state.level, net.state.stages),
            net.seed,
            net.engine.name,
            net.engine.options,
            str(parts.absolute()),
            str(self.out.absolute()),
            batch_size,
            wish.address,
            wish.n_engines,
            wish.use_gpus,
            wish.part_images,
            wish.starved_seconds,
            temporary,
        )


def cluster_address(words: str) -> str:
    """An address as it is used; "" where there is none. Raises RequestError for what is none."""
    address = words.strip()
    if "://" in address:
        raise RequestError(
            f"'{address:.60}' is no address of a cluster that this machine is part of.",
            hint="Run it on a machine of the cluster, by auto or HOST:6379; "
            "what travels by ray:// can't be driven safely.",
        )
    if address not in ("", "auto", "local") and not _HOST_AND_PORT.fullmatch(address):
        raise RequestError(
            f"'{address:.60}' is no address of a cluster.",
            hint="Give auto, local, or HOST:PORT such as 10.0.0.1:6379.",
        )
    return address


_GOES_ON = "What is described is kept, and the same command goes on from there."


def import_parts(parts: Path, out: Path) -> Job[int]:
    """Take the parts of an index into a gallery, a new one or one of the same recipe and folder.

    Each image once, as the newest part has it. Returns how many images were added. Raises
    GalleryError for parts that are damaged, or made with another recipe than the gallery.
    """
    manifest = read_manifest(parts)
    load_fits(manifest.recipe.finish, out)
    store = GalleryStore(out)
    if not store.exists:
        store.create(manifest.recipe, manifest.root, manifest.origin)
    contents = store.read()
    check_same_recipe(contents.recipe, manifest.recipe)
    if manifest.root not in contents.roots and is_folder(contents.root):
        raise GalleryError(
            f"This gallery is of the folder '{contents.root}', the parts are of '{manifest.root}'.",
            hint="Take them into a new folder.",
        )
    known = {image.path: image.stamp for image in contents.images}
    known |= {problem.path: problem.stamp for problem in contents.problems}
    store.begin(max(manifest.n_expected, len(known)))
    n_added = 0
    for rows in _rows(parts):
        if rows is not None:
            n_added += _add(store, rows.only(lambda one: known.get(one.path) != one.stamp))
        yield Progress(n_added, 0, "images taken in")
    store.finish()
    return n_added


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows of a part; vectors: (n, dimension) float32, one for each image."""

    images: list[StoredImage]
    vectors: np.ndarray
    problems: list[StoredProblem]

    def only(self, is_wanted: Callable[[StoredImage | StoredProblem], bool]) -> _Rows:
        """Some of them."""
        wanted = [is_wanted(image) for image in self.images]
        images = [one for one, is_one in zip(self.images, wanted, strict=True) if is_one]
        problems = [one for one in self.problems if is_wanted(one)]
        return _Rows(images, self.vectors[np.array(wanted, dtype=bool)], problems)


def _take_in(collector: GalleryCollector, plan: IndexPlan, parts: Path) -> Job[int]:
    """Add what an index wanted to its gallery; how many images that were."""
    todo, n_added = plan.todo, 0
    for rows in _rows(parts):
        if rows is not None:
            wanted = rows.only(lambda one: todo.get(one.path) == one.stamp)
            n_added += _add(collector.gallery_store, wanted)
        yield Progress(n_added, len(todo), "images taken in")
    collector.n_added += n_added
    return n_added


def _add(store: GalleryStore, rows: _Rows) -> int:
    if rows.images:
        store.add(rows.images, rows.vectors)
    if rows.problems:
        store.add_problems(rows.problems)
    return len(rows.images)


def _rows(parts: Path) -> Iterator[_Rows | None]:
    """The rows of all parts, each image once; None while they are waited for."""
    with asked_child(
        _CHILD, {"op": "read", "parts": str(parts.absolute())}, (), _SETTINGS
    ) as child:
        while True:
            reply = _checked(child)
            if reply is None:
                yield None
                continue
            told, arrays = reply
            if "read" in told:
                return
            yield _unpacked(told["rows"], arrays[0])


def _unpacked(told: list[list[Any]], vectors: np.ndarray) -> _Rows:
    images, problems = [], []
    for path, width, height, n_bytes, changed, reason in told:
        stamp = FileStamp(n_bytes, changed)
        if reason:
            problems.append(StoredProblem(path, reason, stamp))
        else:
            images.append(StoredImage(path, folder_label(path), width, height, stamp))
    return _Rows(images, vectors, problems)


def _followed(
    header: dict[str, Any], arrays: Sequence[np.ndarray], what: str
) -> Job[dict[str, Any]]:
    """The last word of a child that describes; closing the job ends it, and what it began."""
    step = Progress(0, 0, what)
    with asked_child(_CHILD, header, arrays, _SETTINGS, is_asked_to_end=True) as child:
        while True:
            reply = _checked(child)
            if reply is not None and "made" in reply[0]:
                return reply[0]
            if reply is not None:
                told = reply[0]
                step = Progress(int(told["done"]), int(told["total"]), str(told["what"]))
            yield step


def _checked(child: AskedChild) -> Reply | None:
    """The next reply. Raises what it tells, and AppError where it died."""
    try:
        reply = child.reply()
    except ChildEnded as ended:
        raise AppError(
            "The program that drives the cluster stopped.",
            hint=f"Exit code {ended.code}. {_GOES_ON}",
            details=ended.said,
        ) from ended
    told = {} if reply is None else reply[0]
    if "missing" in told:
        raise ClusterUnavailableError(
            f"An index on a cluster needs Ray Data, and {told['missing']} is not installed.",
            hint="Install the extra 'cluster' on every machine.",
        )
    if "error" in told:
        error = told["error"]
        raise AppError(error["sentence"], hint=error["hint"], details=error["details"])
    return reply


@contextmanager
def _temporary() -> Iterator[str]:
    """A folder for a Ray of our own, of a short name: its sockets have long ones."""
    folder = tempfile.mkdtemp(prefix="bs-ray-")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
