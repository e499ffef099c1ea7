"""What the machines of a cluster do with a chunk of images: decode it, then describe it."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import ray

from core.engines.host import EngineHost, NetToRun
from core.errors import AppError, EngineCrashed
from core.files import file_sha256, is_folder, is_plain_file, written_beside
from core.images.decoders.pool import DecoderPool
from core.images.prepared import PreparedImage
from core.layers.shapes import infer_shapes
from core.net.reader import read_net
from core.retrieval.cluster.watchdog import Counts
from core.retrieval.describing import Describer
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.finish import Fits
from core.surveys.feed import plan_feed
from core.surveys.passes import Passes
from core.surveys.pictures import by_shape, prepare_images
from core.surveys.survey import SizeChecker

Row = dict[str, Any]
"""number: of the chunk; images: JSON of what is said of each; values: the arrays' bytes."""


@dataclass(frozen=True, eq=False)
class Work:
    """What all machines have to know. root: of the images; batch_size: images a pass."""

    root: str
    recipe: DescriptorRecipe
    to_run: NetToRun
    fits: Fits
    batch_size: int


@ray.remote(num_cpus=0)
class Tally:
    """Counts what the stages have begun and ended, for who watches them."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = dict.fromkeys(Counts._fields, 0)

    def note(self, what: str) -> None:
        """One more of a field of Counts."""
        self._counts[what] += 1

    def counts(self) -> Counts:
        """All so far."""
        return Counts(**self._counts)


class Decode:
    """The stage that turns files into inputs of the net, in a decoder's process that may die."""

    def __init__(self, work: Work, tally: Any) -> None:
        self._work, self._tally = work, tally

    def __call__(self, row: Row) -> Row:
        """row: a chunk with `images` alone: path, n_bytes, changed."""
        self._tally.note.remote("decodings")
        listed = json.loads(row["images"])
        refusal = self._refusal()
        if refusal is not None:
            return {"number": row["number"], "images": _json([refusal]), "values": b""}
        root, recipe = Path(self._work.root), self._work.recipe.preprocess
        files = [root / one["path"] for one in listed]
        told, values = [], []
        images = (
            image for image in prepare_images(files, recipe, pool=_pool(), n_ahead=2) if image
        )
        for one, image in zip(listed, images, strict=True):
            told.append({**one, **_told(image)})
            if image.values is not None:
                values.append(image.values.tobytes())
        self._tally.note.remote("decoded")
        return {"number": row["number"], "images": _json(told), "values": b"".join(values)}

    def _refusal(self) -> dict[str, str] | None:
        """What keeps this machine from reading any image; None where nothing does."""
        mean = self._work.recipe.preprocess.mean_image
        if not is_folder(Path(self._work.root)):
            return refused(f"Machine {_host()} has no folder '{self._work.root}'.", _SHARE)
        if mean is not None and not is_plain_file(Path(mean)):
            return refused(f"Machine {_host()} has no mean image '{mean}'.", _SHARE)
        return None


_SHARE = "The images lie where every machine of the cluster finds them by the same path."


class Describe:
    """The stage that runs the engine: an actor with a net in a child of its own."""

    def __init__(self, work: Work, tally: Any, weights: Any) -> None:
        self._work, self._tally, self._weights = work, tally, weights
        self._host: EngineHost | None = None
        self._describer: Describer | None = None
        self._checker: SizeChecker | None = None
        self._problem: dict[str, str] | None = None
        try:
            self._open()
        except AppError as error:
            self._problem = refused(f"Machine {_host()}: {error.sentence}", error.hint)
        tally.note.remote("engines")

    def __call__(self, row: Row) -> Row:
        """row: as Decode gives it; `values` become the vectors of what could be described."""
        self._tally.note.remote("passes")
        listed = json.loads(row["images"])
        problem = self._problem if "refused" not in listed[0] else listed[0]
        found: tuple[list[dict[str, Any]], list[bytes]] = ([], [])
        if problem is None:
            try:
                found = self._described(listed, row["values"])
            except EngineCrashed:
                found, problem = self._again(listed, row["values"])
            except AppError as error:
                problem = refused(f"Machine {_host()}: {error.sentence}", error.hint)
        told, vectors = ([problem], []) if problem is not None else found
        self._tally.note.remote("passed")
        return {"number": row["number"], "images": _json(told), "values": b"".join(vectors)}

    def _open(self) -> None:
        work = self._work
        to_run = replace(work.to_run, weights=_found_weights(work, self._weights))
        self._host = EngineHost()
        process = self._host.process(to_run.engine)
        engine = process.open(
            to_run.text, to_run.weights, device=to_run.device, seed=to_run.seed, state=to_run.state
        )
        net = read_net(to_run.text, path=to_run.path, state=to_run.state)
        feed = plan_feed(net, infer_shapes(net), work.recipe.values)
        self._describer = Describer(engine, feed, work.recipe, work.fits)
        self._checker = SizeChecker(feed, work.recipe.preprocess)

    def _again(
        self, listed: list[dict[str, Any]], values: bytes
    ) -> tuple[tuple[list[dict[str, Any]], list[bytes]], dict[str, str] | None]:
        """Once more in a new child: the system may have ended the first for want of memory."""
        try:
            if self._host is not None:
                self._host.close()
            self._open()
            return self._described(listed, values), None
        except AppError as error:
            return ([], []), refused(f"Machine {_host()}: {error.sentence}", error.hint)

    def _described(
        self, listed: Sequence[dict[str, Any]], values: bytes
    ) -> tuple[list[dict[str, Any]], list[bytes]]:
        """What is said of each image, those with vectors first, and their vectors."""
        describer, checker = self._describer, self._checker
        if describer is None or checker is None:
            raise AppError("The engine is not open.")
        said = {one["path"]: one for one in listed}
        size = 1 if describer.feed.mixing else self._work.batch_size
        even_size = size if describer.has_even_passes else 0
        passes = Passes(describer.measurer, describer.feed, describer.wants, even_size=even_size)
        good, bad, vectors = [], [], []
        for batch in by_shape(checker.checked(_unpacked(listed, values)), size):
            bad += [
                {**said[image.path.as_posix()], "problem": image.problem}
                for image in batch
                if image.values is None
            ]
            described = [
                one
                for ready, results in passes.run(batch)
                for one in zip(ready, describer.rows(results, len(ready)), strict=True)
            ]
            for image, vector in described:
                one = said[image.path.as_posix()]
                if np.isfinite(vector).all():
                    good.append(one)
                    vectors.append(vector.tobytes())
                else:
                    layer = self._work.recipe.layer
                    bad.append({**one, "problem": f"Layer '{layer}' gives NaN or infinity for it."})
        return good + bad, vectors


def refused(sentence: str, hint: str) -> dict[str, str]:
    """What stands in place of images where a machine can't do its part."""
    return {"refused": sentence, "hint": hint}


def _told(image: PreparedImage) -> dict[str, Any]:
    shape = None if image.values is None else list(image.values.shape)
    try:
        n_seen = image.path.stat().st_size
    except (OSError, ValueError):
        n_seen = -1
    return {
        "shape": shape,
        "size": list(image.size),
        "problem": image.problem or "",
        "note": image.note,
        "seen": n_seen,
        "host": _host(),
    }


def _unpacked(listed: Sequence[dict[str, Any]], values: bytes) -> Iterator[PreparedImage]:
    start = 0
    for one in listed:
        array = None
        if one["shape"] is not None:
            shape = tuple(one["shape"])
            n_values = int(np.prod(shape))
            array = np.frombuffer(values, np.float32, n_values, start).reshape(shape)
            start += 4 * n_values
        yield PreparedImage(
            Path(one["path"]), array, tuple(one["size"]), one["problem"] or None, one["note"]
        )


def _found_weights(work: Work, sent: Any) -> Path | None:
    """The weights at their path, where that is this file here too, else a copy of what was sent."""
    path, wanted = work.to_run.weights, work.recipe.weights_sha256
    if path is None or (is_plain_file(path) and file_sha256(path) == wanted):
        return path
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    kept = cache / "blobscope" / "weights" / f"{wanted}{path.suffix}"
    if is_plain_file(kept) and file_sha256(kept) == wanted:
        return kept
    if sent is None:
        raise AppError(f"The weights at '{path}' are not those of the index.")
    kept.parent.mkdir(parents=True, exist_ok=True)
    with written_beside(kept) as beside:
        beside.write_bytes(ray.get(sent[0]))
    return kept


@lru_cache(maxsize=1)
def _pool() -> DecoderPool:
    """One decoder, as a task has one CPU; it lives as long as this worker."""
    return DecoderPool(1)


def _host() -> str:
    return socket.gethostname()


def _json(value: object) -> bytes:
    return json.dumps(value).encode()
