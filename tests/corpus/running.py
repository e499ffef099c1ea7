"""Running nets of the corpus on the torch engine, with zeros, at batch 1."""

from __future__ import annotations

import numpy as np

from core.engines.base import Engine, EngineProcess, EngineSpec, Value
from core.engines.registry import start_engine
from core.errors import AppError
from core.layers.shapes import infer_shapes
from core.net.reader import read_net
from tests.corpus.stand_ins import with_stand_ins

MOST_BYTES = 4 << 30
MOST_MACS = 60_000_000_000
_BYTES_PER_VALUE = 4


def run(process: EngineProcess, text: str) -> str:
    """ "" when the net ran, else why not."""
    net = read_net(text)
    if not net.layers:
        return "no layers in the TEST phase"
    text = with_stand_ins(net) or text
    net = read_net(text)
    shapes = infer_shapes(net)
    batch = _batch(shapes.top(net.layers[0]))
    n_bytes = shapes.total_parameters * _BYTES_PER_VALUE + shapes.total_cost.memory_bytes // batch
    if n_bytes > MOST_BYTES:
        return f"left out: {n_bytes / (1 << 30):.1f} GiB are more than this run allows"
    if shapes.total_cost.macs // batch > MOST_MACS:
        return f"left out: {shapes.total_cost.macs / batch / 1e9:.0f} G multiply-adds"
    try:
        engine = process.open(text, None)
    except AppError as error:
        return error.sentence
    with engine:
        return _pass(engine)


def _batch(shape: tuple[int, ...] | None) -> int:
    return max(1, shape[0]) if shape else 1


def _pass(engine: Engine) -> str:
    """One pass at batch 1, and at the file's own batch where the net has it built in."""
    sizes = {
        name: tuple(shape) if shape else _unknown_size(name)
        for name, shape in engine.inputs.items()
    }
    first = {name: np.zeros((1, *shape[1:]), np.float32) for name, shape in sizes.items()}
    try:
        _run_whole(engine, first)
    except AppError as error:
        if all(shape[:1] in ((), (1,)) for shape in sizes.values()):
            return error.sentence
        try:
            _run_whole(engine, {n: np.zeros(shape, np.float32) for n, shape in sizes.items()})
        except AppError as again:
            return again.sentence
    return ""


def _run_whole(engine: Engine, inputs: dict[str, np.ndarray]) -> None:
    """Raise where any layer could not run: a pass alone computes what it can."""
    if engine.whole_net_refusal is not None:
        raise engine.whole_net_refusal
    engine.run(inputs)
    read = {blob for layer in engine.layers for blob in layer.bottoms}
    for layer in engine.layers:
        for top in layer.tops if layer.bottoms else ():
            if top not in read:
                engine.read(Value(layer.name, top))


def _unknown_size(blob: str) -> tuple[int, ...]:
    """For an input whose layer reads files: one number for a label, else a picture."""
    return (1,) if "label" in blob else (1, 3, 227, 227)


def start() -> EngineProcess:
    """The engine's child."""
    return start_engine(EngineSpec("torch"))
