"""Forward passes of one net in our engine and in others, in turns, with the outputs compared."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from core.engines.base import Engine, EngineSpec, Value
from core.engines.fidelity import measure_fidelity
from core.engines.registry import start_engine
from core.layers.shapes import infer_shapes
from core.net.reader import load_net
from core.progress import run_job
from tests.bench.peers import LIBRARIES, Peer, PeerError, open_caffe, open_library
from tests.bench.timing import Timed, interleave

OURS = "Blobscope"
OURS_BF16 = "Blobscope bf16"
CAFFE = "real Caffe"
_BFLOAT16 = EngineSpec("torch", options=(("precision", "bfloat16"),))
Pass = Callable[[np.ndarray], tuple[float, np.ndarray]]


def measure_forward(
    net_path: Path,
    weights_path: Path,
    *,
    batches: tuple[int, ...],
    n_rounds: int,
    peers: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Time every engine that is here on the same weights and the same random input.

    peers: of real Caffe and the libraries, those that take part; all by default.
    """
    net = load_net(net_path)
    shape = infer_shapes(net).top(net.layers[0].name) or ()
    output = net.outputs[-1]
    said: dict[str, Any] = {"net": net_path.name, "skipped": {}, "versions": {}, "batches": []}
    with ExitStack() as stack:
        process = stack.enter_context(start_engine())
        engine = process.open(net.text, weights_path)
        passes: dict[str, Pass] = {OURS: _our_pass(engine, Value(output.layer, output.blob))}
        said["versions"][OURS] = process.versions()
        if _has_bfloat16():
            rough = stack.enter_context(start_engine(_BFLOAT16)).open(net.text, weights_path)
            passes[OURS_BF16] = _our_pass(rough, Value(output.layer, output.blob))
        for name in (CAFFE, *LIBRARIES) if peers is None else peers:
            try:
                peer = _open_peer(stack, name, net_path, weights_path, output.blob)
            except PeerError as error:
                said["skipped"][name] = str(error)
                continue
            passes[name] = peer.forward
            said["versions"][name] = peer.version
        for n_images in batches:
            batch = _random_batch((n_images, *shape[1:]))
            said["batches"].append(_measure_batch(passes, batch, n_rounds))
    if OURS_BF16 in passes:
        batch = _random_batch((1, *shape[1:]))
        said["bfloat16"] = _measure_bfloat16(net.text, weights_path, {net.inputs[0]: batch})
    return said


def _has_bfloat16() -> bool:
    from core.engines.torch import packing

    return not packing.why_unavailable() and packing.has_bfloat16()


def _measure_bfloat16(
    net_text: str, weights_path: Path, inputs: dict[str, np.ndarray]
) -> list[dict[str, Any]]:
    """Each layer's distance to float32, in net order."""
    rows = run_job(measure_fidelity(net_text, weights_path, inputs))
    return [
        {"layer": row.value.layer, "type": row.type, "cosine": row.cosine,
         "relative_difference": row.relative_difference}
        for row in rows
    ]  # fmt: skip


def _open_peer(
    stack: ExitStack, name: str, net_path: Path, weights_path: Path, output: str
) -> Peer:
    if name == CAFFE:
        return stack.enter_context(open_caffe(net_path, weights_path, output))
    return stack.enter_context(open_library(name, net_path, weights_path))


def _our_pass(engine: Engine, value: Value) -> Pass:
    """As a caller sees it: the batch sent to the child, the output fetched."""

    def run(batch: np.ndarray) -> tuple[float, np.ndarray]:
        started = time.perf_counter()
        answer = engine.forward({next(iter(engine.inputs)): batch}, [value])
        return time.perf_counter() - started, answer[value]

    return run


def _random_batch(shape: tuple[int, ...]) -> np.ndarray:
    rng = np.random.default_rng(1)
    return (10 * rng.standard_normal(shape)).astype(np.float32)


def _measure_batch(passes: dict[str, Pass], batch: np.ndarray, n_rounds: int) -> dict[str, Any]:
    outputs: dict[str, np.ndarray] = {}

    def timed(name: str) -> Callable[[], float]:
        def once() -> float:
            seconds, outputs[name] = passes[name](batch)
            return seconds

        return once

    results = interleave({name: timed(name) for name in passes}, n_rounds=n_rounds)
    reference = CAFFE if CAFFE in outputs else OURS
    return {
        "n_images": len(batch),
        "reference": reference,
        "rows": [
            _row(name, timed, results[OURS], len(batch), outputs[name], outputs[reference])
            for name, timed in results.items()
        ],
    }


def _row(
    name: str,
    timed: Timed,
    ours: Timed,
    n_images: int,
    output: np.ndarray,
    reference: np.ndarray,
) -> dict[str, Any]:
    difference = np.abs(output.reshape(reference.shape) - reference).max()
    return {
        "engine": name,
        "seconds_per_image": timed.median / n_images,
        "fastest": timed.least / n_images,
        "slowest": max(timed.seconds) / n_images,
        "times_ours": timed.median / ours.median,
        "relative_difference": float(difference / np.abs(reference).max()),
    }


def print_forward(said: dict[str, Any]) -> None:
    """The tables, one for each batch size, and how near bfloat16 comes."""
    for batch in said["batches"]:
        print(f"\nForward of {said['net']}, batch {batch['n_images']}, float32, seconds per image")
        print(f"{'':16}{'median':>9}{'fastest':>9}{'slowest':>9}{'x ours':>8}{'differs by':>12}")
        for row in batch["rows"]:
            print(
                f"{row['engine']:16}{row['seconds_per_image']:9.4f}{row['fastest']:9.4f}"
                f"{row['slowest']:9.4f}{row['times_ours']:8.2f}{row['relative_difference']:12.1e}"
            )
        print(f"(differs by: largest difference over largest value, against {batch['reference']})")
        print(_in_a_sentence(batch["rows"]))
    others = {name: version for name, version in said["versions"].items() if name != OURS}
    print(", ".join(f"{name} {version}" for name, version in others.items()))
    for name, reason in said["skipped"].items():
        print(f"{name} left out: {reason}")
    if "bfloat16" in said:
        _print_bfloat16(said["bfloat16"])


def _in_a_sentence(rows: list[dict[str, Any]]) -> str:
    """Against the fastest peer; ratios of medians."""
    seconds = {row["engine"]: row["seconds_per_image"] for row in rows}
    peers = {name: took for name, took in seconds.items() if name not in (OURS, OURS_BF16)}
    if not peers:
        return "(no peer took part)"
    best = min(peers, key=lambda name: peers[name])
    sentence = f"Best peer {best}: ours takes {seconds[OURS] / peers[best]:.2f} times as long"
    if OURS_BF16 in seconds:
        sentence += f", bf16 is {peers[best] / seconds[OURS_BF16]:.2f} times as fast"
    return sentence


def _print_bfloat16(rows: list[dict[str, Any]]) -> None:
    lowest = sorted(rows, key=lambda row: row["cosine"])[:5]
    print(f"bfloat16 against float32, {len(rows)} layers; the lowest cosines, and the last layer:")
    for row in [*lowest, rows[-1]]:
        name = f"{row['layer']} ({row['type']})"
        print(f"  {name:40}{row['cosine']:.6f}   differs by {row['relative_difference']:.1e}")
