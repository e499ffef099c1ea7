"""The child that drives a cluster or reads parts: `python -m core.retrieval.cluster.child`.

Asked once. {"op": "describe"} with the work, and paths and stamps as arrays; {"op": "read"} with a
folder of parts. Frames back: {"done", "total", "what"}, {"rows"} with vectors, and at last
{"made"}, {"read"}, {"again"}, {"missing"} or {"error"}.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Thread, Timer
from typing import IO, Any, NoReturn

import msgspec
import numpy as np

from core import frames
from core.children import take_stdout
from core.engines.host import NetToRun
from core.engines.values import EngineSpec
from core.errors import AppError
from core.locks import FileLock
from core.net.definition import NetState
from core.retrieval.cluster.manifest import LOCK_NAME, read_manifest
from core.retrieval.cluster.questions import Describing, unpacked
from core.retrieval.cluster.watchdog import plan_engines
from core.retrieval.finish import load_fits

_ROWS_AT_ONCE = 1024
_LEAVE_SECONDS = 40.0


def main() -> NoReturn:
    """Answer one request and end; Ray's own processes end with this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the program that started us
    replies = take_stdout()
    header, arrays = frames.read_frame(sys.stdin.buffer)
    Thread(target=_leave_with_parent, name="parent", daemon=True).start()
    try:
        if header["op"] == "describe":
            _describe(msgspec.convert(header["describing"], Describing), arrays, replies)
        else:
            _read(Path(header["parts"]), replies)
    except ImportError as error:
        frames.write_frame(replies, {"missing": error.name or str(error)})
    except AppError as error:
        _refuse(replies, error.sentence, error.hint, error.details)
    except Exception as error:  # of Ray, which has errors of every kind
        _refuse(replies, f"Ray: {error}".splitlines()[0], "", traceback.format_exc()[-8000:])
    _leave()


def _leave_with_parent() -> None:
    """Nobody waits for the result any more: cancelled, or the parent is gone."""
    sys.stdin.buffer.read()
    _leave()


def _leave() -> NoReturn:
    """Leave the cluster and end, so that what Ray started here ends too and nothing is left."""
    Timer(_LEAVE_SECONDS, os._exit, (1,)).start()
    ray = sys.modules.get("ray")
    if ray is not None:
        ray.shutdown()
    os._exit(0)  # threads that wait would keep it


def _refuse(replies: IO[bytes], sentence: str, hint: str, details: str) -> None:
    said = {"sentence": sentence, "hint": hint, "details": details}
    frames.write_frame(replies, {"error": said})


def _describe(asked: Describing, arrays: Sequence[np.ndarray], replies: IO[bytes]) -> None:
    from core.retrieval.cluster import pipeline
    from core.retrieval.cluster.stages import Work

    parts = Path(asked.parts)
    lock = FileLock(parts / LOCK_NAME)
    if not lock.take():
        raise AppError(
            f"Another index is writing parts into '{parts}'.",
            hint="Wait for it, or choose another folder for the parts.",
        )
    manifest = read_manifest(parts)
    to_run = NetToRun(
        asked.net_text,
        Path(asked.net_path),
        None if asked.weights is None else Path(asked.weights),
        NetState(*asked.state),
        "cpu",
        asked.seed,
        EngineSpec(asked.engine, (), asked.options),
    )
    plan = pipeline.ClusterPlan(
        asked.address,
        parts,
        asked.part_images,
        asked.starved_seconds,
        asked.n_engines,
        asked.use_gpus,
        asked.temporary,
    )
    pipeline.connect(plan)
    engines = plan_engines(pipeline.resources(), n_asked=plan.n_engines, use_gpus=plan.use_gpus)
    if engines.is_on_gpus:
        to_run = replace(to_run, device="cuda:0")  # the one that Ray lets the engine see
    else:
        options = dict(to_run.engine.options)
        options.setdefault("threads", "1")
        to_run = replace(
            to_run, engine=replace(to_run.engine, options=tuple(sorted(options.items())))
        )
    recipe = manifest.recipe
    fits = load_fits(recipe.finish, Path(asked.fits))
    todo = unpacked(arrays)
    work = Work(str(manifest.root), recipe, to_run, fits, asked.batch_size)

    def tell(made: pipeline.Made) -> None:
        frames.write_frame(
            replies, {"done": made.n_done, "total": len(todo), "what": f"images on {made.words}"}
        )

    made = pipeline.describe(work, plan, todo, tell)
    if made.again:
        frames.write_frame(replies, {"again": made.again, "made": made.n_made})
        return
    frames.write_frame(replies, {"made": made.n_made, "lost": made.lost, "notes": made.notes[:100]})


def _read(folder: Path, replies: IO[bytes]) -> None:
    """All rows, the newest parts first, each image once."""
    from core.retrieval.cluster.parts import list_parts, read_part

    digest = read_manifest(folder).recipe.digest
    seen: set[str] = set()
    dimension = 0
    for path in reversed(list_parts(folder)):
        for rows in read_part(path, digest):
            new = [row for row in rows if row.path not in seen]
            seen.update(row.path for row in new)
            for start in range(0, len(new), _ROWS_AT_ONCE):
                some = new[start : start + _ROWS_AT_ONCE]
                vectors = [row.vector for row in some if row.vector is not None]
                for vector in vectors:
                    dimension = dimension or vector.size
                    if vector.size != dimension:
                        raise AppError(f"'{path.name}' has vectors of several lengths.")
                stacked = np.stack(vectors) if vectors else np.zeros((0, 0), np.float32)
                told: list[Any] = [list(row[:6]) for row in some]
                frames.write_frame(replies, {"rows": told}, [stacked])
    frames.write_frame(replies, {"read": len(seen)})


if __name__ == "__main__":
    main()
