"""Preparing a fine-tuning: the three files Caffe wants, and what will be copied into the net."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from core.files import write_file
from core.images.recipe_choice import RecipeWish, choose_recipe
from core.layers.multipliers import learned_arrays
from core.layers.shapes import infer_shapes
from core.net.definition import NetState
from core.net.reader import read_net
from core.net.solver import open_prototxt
from core.net.text import encode_prototxt
from core.progress import Job, Progress
from core.training.augmentation import Augmentation, write_augmentation
from core.training.changed_values import changed_values
from core.training.class_layers import find_classifiers, n_outputs
from core.training.made_from import MadeFrom, write_made_from
from core.training.prepare import Prepared, prepare
from core.training.presets import find_preset, with_preset
from core.training.split import read_split
from core.training.training_plan import TrainingPlan
from core.weights.binding import bind_weights
from core.weights.reader import open_weights

FILES = ("train_val", "solver", "deploy")


@dataclass(frozen=True)
class PrepareRequest:
    """A net, a split of images, and how to train.

    split: the folder of split.json and the list files, or split.json. plan: its counts of classes
    and images are taken from the split. out: the folder for the files, None writes none. weights:
    what the net begins with, to say which of its layers are copied. augmentation: written beside
    the files, where finetune() finds it; None writes none. preset: the id of one whose numbers and
    freezing take the place of the plan's, "" for none.
    """

    net: Path
    split: Path
    out: Path | None
    plan: TrainingPlan
    weights: Path | None = None
    recipe: RecipeWish = None
    augmentation: Augmentation | None = None
    preset: str = ""


@dataclass(frozen=True)
class Start:
    """How a layer with weights begins: "copied", "new", or "does not fit", which stops Caffe.

    rates: lr_mult of each of its arrays. type: of the layer.
    """

    layer: str
    how: str
    n_values: int
    learns: bool
    rates: tuple[float, ...] = ()
    type: str = ""


@dataclass(frozen=True)
class PreparedFiles:
    """What was made, where it was written, and how each layer begins.

    source: the text that the files were made from. plan: as it was carried out. n_outputs: of the
    class layers before. unused: layers of the weights file that the net does not have.
    """

    made: Prepared
    written: tuple[Path, ...]
    starts: tuple[Start, ...]
    unused: tuple[str, ...]
    source: str
    plan: TrainingPlan
    n_outputs: int

    @property
    def n_values(self) -> int:
        """How many numbers the net has."""
        return sum(start.n_values for start in self.starts)

    @property
    def n_learning(self) -> int:
        """How many of them learn."""
        return sum(start.n_values for start in self.starts if start.learns)


def prepare_training(request: PrepareRequest) -> Job[PreparedFiles]:
    """Make the files. Raises AppError."""
    yield Progress(0, 1, "files made")
    opened = open_prototxt(request.net, NetState("TEST"))
    net = read_net(opened.text, state=NetState("TEST"))
    split = read_split(request.split)
    plan = replace(
        request.plan,
        n_classes=len(split.classes),
        n_train=len(split.parts["train"]),
        n_val=len(split.parts["val"]),
        root_folder=request.plan.root_folder or f"{split.root.rstrip('/')}/",
    )
    if request.preset:
        plan = with_preset(plan, find_preset(request.preset), net)
    recipe = choose_recipe(net, infer_shapes(net), opened.path, request.recipe).recipe
    stem = opened.path.stem
    made = prepare(net, plan, recipe, stem)
    written = []
    if request.out is not None:
        request.out.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            written.append(request.out / f"{name}.prototxt")
            write_file(written[-1], encode_prototxt(getattr(made, name)))
        _note_source(request, made)
        if request.augmentation is not None:
            written.append(write_augmentation(request.augmentation, request.out))
    starts, unused = _starts(made, request.weights)
    yield Progress(1, 1, "files made")
    n_before = n_outputs(find_classifiers(net)[0])
    return PreparedFiles(made, tuple(written), starts, unused, opened.text, plan, n_before)


def _note_source(request: PrepareRequest, made: Prepared) -> None:
    """For the proof: what the files were made from, and which values can change."""
    if request.out is None:
        return
    learning = {layer for layer, rates in _rates(made.train_val).items() if any(rates)}
    new = {new for _, new in made.renamed}
    found = MadeFrom(
        str(request.net.absolute()),
        "" if request.weights is None else str(request.weights.absolute()),
        dict(made.renamed),
        changed_values(read_net(made.deploy), learning, new),
    )
    write_made_from(found, request.out)


def _starts(made: Prepared, weights: Path | None) -> tuple[tuple[Start, ...], tuple[str, ...]]:
    """By layer name, as Caffe copies (BVLC/caffe src/caffe/net.cpp, CopyTrainedLayersFrom)."""
    net = read_net(made.deploy)
    shapes = infer_shapes(net)
    every = {row.layer.name for row in shapes.layers if row.parameters}
    wrong: set[str] = set()
    missing = every
    unused: tuple[str, ...] = ()
    if weights is not None:
        bound = bind_weights(net, shapes, open_weights(weights))
        wrong = {found.layer for found in bound.wrong}
        missing, unused = set(bound.unbound), tuple(bound.unused)
    rates = _rates(made.train_val)
    starts = tuple(
        Start(
            row.layer.name,
            "does not fit" if row.layer.name in wrong
            else "new" if row.layer.name in missing else "copied",
            row.n_parameters,
            any(rates.get(row.layer.name, ())),
            rates.get(row.layer.name, ()),
            row.layer.type,
        )
        for row in shapes.layers
        if row.parameters
    )  # fmt: skip
    return starts, unused


def _rates(train_val: str) -> dict[str, tuple[float, ...]]:
    """lr_mult of each array by layer, where none is shared."""
    shapes = infer_shapes(read_net(train_val, state=NetState("TRAIN")))
    found: dict[str, tuple[float, ...]] = {}
    for array in learned_arrays(shapes):
        found[array.layer] = (*found.get(array.layer, ()), array.lr_mult)
    return found
