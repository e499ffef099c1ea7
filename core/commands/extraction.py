"""Running a net over batches of inputs and gathering the wanted activations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from core.activations.class_names import (
    ScoredClass,
    best_classes,
    find_class_names,
    read_class_names,
)
from core.commands.command_line import UsageError
from core.commands.detection_rows import count_images_on, gives_rows, join_rows
from core.commands.extract_inputs import Batch
from core.commands.opening import OpenedNet
from core.engines.base import Engine, Value
from core.engines.value_keys import IMAGES_KEY
from core.errors import AppError
from core.measures.measure import KEEP, Measure, Pool
from core.net.definition import AUTOMATIC_TOP, Net
from core.progress import Job, Progress


@dataclass
class Extraction:
    """What the passes gave, gathered batch by batch; `rows`: values that are rows of images."""

    images: list[str] = field(default_factory=list)
    n_passes: int = 0
    arrays: dict[Value, list[np.ndarray]] = field(default_factory=dict)
    rows: frozenset[Value] = frozenset()
    shapes: dict[Value, tuple[int, ...]] = field(default_factory=dict)
    classes: list[list[ScoredClass]] = field(default_factory=list)
    class_layer: str = ""
    warnings: tuple[str, ...] = ()
    filler_layers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pooling:
    """What to make of each image's activation: "none" keeps it; p is the power of "gem"."""

    name: str = "none"
    p: float = 3.0


KEEP_ALL = Pooling()


def choose_values(net: Net, named: str) -> tuple[Value, ...]:
    """The values that "L1,L2", "layer:top" or "all" mean, in the net's order.

    Raises NetError for a layer that is not in the net, UsageError for one that writes nothing.
    """
    every = [
        Value(layer.name, top)
        for layer in net.layers
        for top in dict.fromkeys(layer.tops)
        if top != AUTOMATIC_TOP
    ]
    if named == "all":
        return tuple(every)
    chosen: set[Value] = set()
    for word in [named] if net.has_layer(named) else filter(None, map(str.strip, named.split(","))):
        layer, top = _split_word(net, word)
        fitting = [v for v in every if v.layer == layer and top in ("", v.top)]
        if not fitting:
            raise UsageError(f"layer '{layer}' writes no blob '{top}'" if top else _no_top(layer))
        chosen.update(fitting)
    if not chosen:
        raise UsageError("--layers names no layer")
    return tuple(value for value in every if value in chosen)


def _split_word(net: Net, word: str) -> tuple[str, str]:
    """ "slice:a" as layer and top; a name that holds a colon itself wins."""
    layer, colon, top = word.rpartition(":")
    if colon and not net.has_layer(word) and net.has_layer(layer):
        return layer, top
    return net.layer(word).name, ""


def _no_top(layer: str) -> str:
    return f"layer '{layer}' writes no blob"


def extract(
    opened: OpenedNet,
    engine: Engine,
    batches: Iterable[Batch],
    values: Sequence[Value],
    pooling: Pooling = KEEP_ALL,
    class_names: Path | None = None,
) -> Job[Extraction]:
    """Run every batch once and gather `values`; yields the images done.

    class_names: a file of them; without it one beside the net is used where it fits. The best
    classes are told where names are known or the scores are among `values`.
    """
    gathered = Extraction(warnings=engine.warnings, filler_layers=engine.filler_layers)
    if pooling.name == "none":
        gathered.rows = frozenset(v for v in values if gives_rows(opened.net, v.layer, v.top))
    scores = class_output(opened.net, engine)
    names = _class_names(opened, engine, scores, class_names)
    if scores is not None and (names or scores in values):
        gathered.class_layer = scores.layer
    for batch in batches:
        wanted = [*values]
        if gathered.class_layer and scores is not None and scores not in wanted:
            wanted.append(scores)
        answer = _forward(engine, batch, wanted, pooling)
        if gathered.class_layer and scores is not None:
            gathered.classes += best_classes(
                answer[scores], names, are_probabilities=_is_softmax(opened.net, scores)
            )
        for value in values:
            array = answer[value]
            if value in gathered.rows:
                array = count_images_on(array, len(gathered.images))
            gathered.arrays.setdefault(value, []).append(array)
        gathered.images += batch.names
        gathered.n_passes += 1
        yield Progress(len(gathered.images), batch.n_in_all, "images")
    return gathered


def _forward(
    engine: Engine, batch: Batch, wanted: Sequence[Value], pooling: Pooling
) -> dict[Value, np.ndarray]:
    """One pass; pooled in the engine unless everything is kept."""
    wants: dict[Value, tuple[Measure, ...]] = {}
    for value in wanted:
        pool = Pool(pooling.name, pooling.p) if pooling.name != "none" else None  # type: ignore[arg-type]
        wants[value] = (KEEP if pool is None else pool.fitting(engine.shape_of(value)),)
    return {value: array for (value, _), array in engine.measure(batch.inputs, wants).items()}


def class_output(net: Net, engine: Engine) -> Value | None:
    """The net's one output where it looks like class scores, (n_images, n_classes, 1, 1)."""
    outputs = [version for version in net.outputs if version.blob not in net.inputs]
    if len(outputs) != 1:
        return None
    value = Value(outputs[0].layer, outputs[0].blob)
    shape = engine.shape_of(value)
    if shape is None or len(shape) < 2 or shape[1] < 2 or any(n != 1 for n in shape[2:]):
        return None
    return value


def _class_names(
    opened: OpenedNet, engine: Engine, scores: Value | None, path: Path | None
) -> tuple[str, ...]:
    if scores is None:
        if path is not None:
            raise AppError(
                "--classes was given, but this net has no single output of class scores."
            )
        return ()
    n_classes = (engine.shape_of(scores) or (0, 0))[1]
    if path is None:
        folders = [opened.path.parent]
        folders += [opened.weights_path.parent] if opened.weights_path else []
        return find_class_names(folders, n_classes)
    names = read_class_names(path)
    if len(names) != n_classes:
        raise AppError(
            f"{path.name} has {len(names)} class names, "
            f"but {scores.layer} gives {n_classes} scores."
        )
    return names


def _is_softmax(net: Net, value: Value) -> bool:
    return net.layer(value.layer).type == "Softmax"


def npz_members(extraction: Extraction, keys: dict[Value, str]) -> Iterator[tuple[str, np.ndarray]]:
    """The arrays under their keys, each let go when it is written."""
    yield IMAGES_KEY, np.array(extraction.images, dtype=np.str_)
    for value, key in keys.items():
        batches = extraction.arrays.pop(value)
        array = join_rows(batches) if value in extraction.rows else _joined(batches, key)
        extraction.shapes[value] = array.shape
        yield key, array


def _joined(batches: list[np.ndarray], key: str) -> np.ndarray:
    if len(batches) == 1:
        return batches[0]
    if len({array.shape[1:] for array in batches}) > 1:
        raise AppError(
            f"The activations of {key} differ in size from image to image.",
            hint="Pool them (--pool gem), or choose a recipe that gives every image one size.",
        )
    return np.concatenate(batches)
