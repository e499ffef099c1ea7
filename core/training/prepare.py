"""The three files of a fine-tuning, made from a net as it is written: train_val, solver, deploy.

Layers keep their text; what changes are names, numbers and multipliers of single fields, and the
layers at both ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from core.errors import NetError, RequestError
from core.images.preprocess import Preprocess
from core.layers.shapes import infer_shapes
from core.net.definition import Layer, Net, NetState
from core.net.message import Message, Scalar
from core.net.reader import read_net
from core.net.text_edits import TextEdit, apply_edits
from core.training.class_layers import find_classifiers, n_outputs, parameters_of
from core.training.training_plan import TrainingPlan, solver_text

_SOFTMAX = "Softmax"
_V1_TYPES = {
    "ImageData": "IMAGE_DATA",
    "SoftmaxWithLoss": "SOFTMAX_LOSS",
    "Accuracy": "ACCURACY",
    "Softmax": "SOFTMAX",
}


@dataclass(frozen=True)
class Prepared:
    """The three texts, and what a user should know. renamed: old and new name of class layers."""

    train_val: str
    solver: str
    deploy: str
    renamed: tuple[tuple[str, str], ...]
    frozen: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass
class _Edits:
    """Replacements in a text, by place; a place is changed once."""

    text: str
    made: list[TextEdit] = field(default_factory=list)

    def replace(self, start: int, end: int, new: str) -> None:
        """Put `new` where text[start:end] stands."""
        self.made.append(TextEdit(start, end, self.text[start:end], new))

    def drop_lines(self, start: int, end: int) -> None:
        """Take text[start:end] out, with its line where nothing else stands there."""
        line = self.text.rfind("\n", 0, start) + 1
        if not self.text[line:start].strip():
            start = line
            after = self.text.find("\n", end)
            if after >= 0 and not self.text[end:after].strip():
                end = after + 1
        self.replace(start, end, "")

    def result(self) -> str:
        """The text with every replacement made."""
        return apply_edits(self.text, self.made)


def prepare(net: Net, plan: TrainingPlan, recipe: Preprocess, name: str) -> Prepared:
    """Make the files from a deploy or a train_val net, read in the TEST phase.

    name: of the net, for the snapshots. Raises NetError where the net has no layer of classes, and
    RequestError for a layer to freeze that it has not.
    """
    classifiers = find_classifiers(net)
    renamed = tuple((layer.name, f"{layer.name}_{plan.suffix}") for layer in classifiers)
    taken = [new for _, new in renamed if net.has_layer(new)]
    if taken:
        raise RequestError(f"The net has a layer '{taken[0]}' already.", hint="Choose a suffix.")
    frozen = _frozen(net, plan, classifiers)
    train_val = _train_val(net, plan, recipe, classifiers, frozen)
    deploy = _deploy(net, plan, classifiers)
    notes = [*_recipe_notes(recipe), *_check(train_val, deploy, plan)]
    return Prepared(
        train_val,
        solver_text(plan, name),
        deploy,
        renamed,
        tuple(x.name for x in frozen),
        tuple(notes),
    )


def _frozen(net: Net, plan: TrainingPlan, classifiers: Sequence[Layer]) -> list[Layer]:
    if not plan.freeze:
        return []
    last = net.layer(plan.freeze)
    if any(layer.index <= last.index for layer in classifiers[:1]):
        raise RequestError(
            f"'{last.name}' comes after the new layer '{classifiers[0].name}', which has to learn."
        )
    return [layer for layer in net.layers[: last.index + 1] if layer.bottoms]


def _train_val(
    net: Net,
    plan: TrainingPlan,
    recipe: Preprocess,
    classifiers: Sequence[Layer],
    frozen: Sequence[Layer],
) -> str:
    edits, is_v1 = _Edits(net.text), net.dialect == "V1"
    every = (*net.layers, *net.inactive)
    new = {layer.name for layer in classifiers}
    still = {layer.name for layer in frozen}
    shapes = infer_shapes(net)
    for layer in every:
        if layer.span is None:
            continue
        if not layer.bottoms and layer.type != "Parameter":
            edits.drop_lines(layer.span.start, layer.span.end)
            continue
        if layer.type == _SOFTMAX and not _has_loss(net):
            edits.drop_lines(layer.span.start, layer.span.end)
            continue
        n_arrays = len(shapes.of(layer).parameters) if layer in net.layers else 0
        multipliers = _multipliers(layer, n_arrays, plan, layer.name in new, layer.name in still)
        _set_multipliers(edits, layer, multipliers, is_v1)
        if layer.name in new:
            _set_classes(edits, layer, plan)
    _drop_legacy_inputs(edits, net.root)
    made = edits.result().strip("\n")
    head, body = _after_name(made, net.root)
    ends = [] if _has_loss(net) else [_losses(net, is_v1)]
    image = _image_blob(net)
    data = "".join(_data_layer(phase, image, plan, recipe, is_v1) for phase in ("TRAIN", "TEST"))
    return "\n".join(part for part in (head, data.rstrip("\n"), body, *ends) if part) + "\n"


def _after_name(text: str, root: Message) -> tuple[str, str]:
    """The text up to the end of the net's name, and the rest; data layers go between."""
    named = [entry for entry in root.fields if entry.name == "name"]
    if not named:
        return "", text.strip("\n")
    written = root.source.text[named[0].span.start : named[0].span.end]
    before, _, after = text.partition(written)
    return f"{before}{written}", after.strip("\n")


def _has_loss(net: Net) -> bool:
    return any(layer.type.endswith("Loss") for layer in (*net.layers, *net.inactive))


def _image_blob(net: Net) -> str:
    for layer in net.layers:
        if not layer.bottoms and layer.tops:
            return layer.tops[0]
    raise NetError("This net has no input.")


def _multipliers(
    layer: Layer, n_arrays: int, plan: TrainingPlan, is_new: bool, is_frozen: bool
) -> list[tuple[float, float]]:
    """(lr_mult, decay_mult) of each array; biases do not decay, statistics do not learn."""
    if layer.type == "BatchNorm":
        return [(0.0, 0.0)] * min(n_arrays, 3) + [(1.0, 0.0)] * max(0, n_arrays - 3)
    if is_frozen:
        return [(0.0, 0.0)] * n_arrays
    weight, bias = plan.head if is_new else plan.rest
    return [(weight if i == 0 else bias, 1.0 if i == 0 else 0.0) for i in range(n_arrays)]


def _set_multipliers(
    edits: _Edits, layer: Layer, multipliers: Sequence[tuple[float, float]], is_v1: bool
) -> None:
    """Drop what the layer says of its arrays, and say it anew; names that share them stay."""
    old = ("blobs_lr", "weight_decay") if is_v1 else ("param",)
    written = [entry for entry in layer.message.fields if entry.name in old]
    if not multipliers:
        return
    shared = [] if is_v1 else [entry.value for entry in written if isinstance(entry.value, Message)]
    for entry in written:
        edits.drop_lines(entry.span.start, entry.span.end)
    names = [message.word("name") for message in shared]
    if is_v1:
        lines = [f"blobs_lr: {rate:g}" for rate, _ in multipliers]
        lines += [f"weight_decay: {decay:g}" for _, decay in multipliers]
    else:
        lines = [
            f"param {{ {_shared_name(names, i)}lr_mult: {rate:g} decay_mult: {decay:g} }}"
            for i, (rate, decay) in enumerate(multipliers)
        ]
    at = _after_blobs(layer)
    indent = _indent(edits.text, at)
    edits.replace(at, at, "".join(f"{indent}{line}" for line in lines))


def _shared_name(names: Sequence[str], index: int) -> str:
    return f'name: "{names[index]}" ' if index < len(names) and names[index] else ""


def _after_blobs(layer: Layer) -> int:
    """Behind the last bottom, top, type or name, whichever is written last of them."""
    ends = [
        entry.span.end
        for entry in layer.message.fields
        if entry.name in ("bottom", "top", "type", "name") and isinstance(entry.value, Scalar)
    ]
    return max(ends)


def _indent(text: str, at: int) -> str:
    """A line end and the blanks of the line at a place; a blank where a layer is on one line."""
    line = text.rfind("\n", 0, at) + 1
    blanks = text[line : len(text)]
    blanks = blanks[: len(blanks) - len(blanks.lstrip(" \t"))]
    is_one_line = "{" in text[line:at]
    return " " if is_one_line else f"\n{blanks}"


def _set_classes(edits: _Edits, layer: Layer, plan: TrainingPlan) -> None:
    """The new name, the number of classes, and fillers where the layer had none."""
    _set_name_and_classes(edits, layer, plan)
    param = parameters_of(layer)
    fillers = [("weight_filler", 'type: "gaussian" std: 0.01'), ("bias_filler", 'type: "constant"')]
    for name, body in fillers:
        if not param.has(name):
            at = next(e.span.end for e in param.fields if e.name == "num_output")
            edits.replace(at, at, f"{_indent(edits.text, at)}{name} {{ {body} }}")


def _set_name_and_classes(edits: _Edits, layer: Layer, plan: TrainingPlan) -> None:
    if layer.name_span is None:
        raise NetError(f"The class layer '{layer.name}' has no name in the text.")
    quote = edits.text[layer.name_span.start]
    edits.replace(
        layer.name_span.start, layer.name_span.end, f"{quote}{layer.name}_{plan.suffix}{quote}"
    )
    outputs = next(e.value for e in parameters_of(layer).fields if e.name == "num_output")
    if isinstance(outputs, Scalar):
        edits.replace(outputs.span.start, outputs.span.end, str(plan.n_classes))


def _drop_legacy_inputs(edits: _Edits, root: Message) -> None:
    for entry in root.fields:
        if entry.name in ("input", "input_dim", "input_shape"):
            edits.drop_lines(entry.span.start, entry.span.end)


def _losses(net: Net, is_v1: bool) -> str:
    """A loss and, when testing, an accuracy on what the net's class probabilities read."""
    scores = [layer.bottoms[0] for layer in net.layers if layer.type == _SOFTMAX]
    scores = scores or [version.blob for version in net.outputs]
    parts = []
    for index, blob in enumerate(dict.fromkeys(scores)):
        suffix = "" if len(scores) == 1 else f"{index + 1}"
        bottoms = f'bottom: "{blob}"\n  bottom: "label"'
        parts.append(
            _layer(f"loss{suffix}", "SoftmaxWithLoss", f'{bottoms}\n  top: "loss{suffix}"', is_v1)
        )
        accuracy = f'{bottoms}\n  top: "accuracy{suffix}"\n  include {{ phase: TEST }}'
        parts.append(_layer(f"accuracy{suffix}", "Accuracy", accuracy, is_v1))
    return "".join(parts).rstrip("\n")


def _layer(name: str, kind: str, body: str, is_v1: bool) -> str:
    word, written = ("layers", _V1_TYPES[kind]) if is_v1 else ("layer", f'"{kind}"')
    return f'{word} {{\n  name: "{name}"\n  type: {written}\n  {body}\n}}\n'


def _data_layer(phase: str, image: str, plan: TrainingPlan, recipe: Preprocess, is_v1: bool) -> str:
    source, batch = ("train.txt", plan.batch) if phase == "TRAIN" else ("val.txt", plan.test_batch)
    is_train = phase == "TRAIN"
    lines = [f'top: "{image}"', 'top: "label"', f"include {{ phase: {phase} }}"]
    lines.append(f"transform_param {{ {_transform(recipe, plan, is_train)} }}")
    root = f'root_folder: "{plan.root_folder}" ' if plan.root_folder else ""
    width, height = _warped(recipe)
    shuffle = "shuffle: true " if is_train else ""
    lines.append(
        f'image_data_param {{ source: "{source}" {root}batch_size: {batch} '
        f"new_height: {height} new_width: {width} {shuffle}}}"
    )
    return _layer("data", "ImageData", "\n  ".join(lines), is_v1)


def _warped(recipe: Preprocess) -> tuple[int, int]:
    """Width and height that an ImageData layer warps to, before it crops."""
    if recipe.size_policy in ("warp, centre crop", "shorter side, centre crop"):
        return recipe.side, recipe.side_height or recipe.side
    return recipe.width, recipe.height


def _transform(recipe: Preprocess, plan: TrainingPlan, is_train: bool) -> str:
    parts = []
    if is_train and plan.mirror:
        parts.append("mirror: true")
    if _warped(recipe) != (recipe.width, recipe.height):
        parts.append(f"crop_size: {recipe.width}")
    if recipe.mean_image is not None:
        parts.append(f'mean_file: "{recipe.mean_image}"')
    else:
        parts += [f"mean_value: {value:g}" for value in recipe.mean]
    scale = recipe.scale if isinstance(recipe.scale, float | int) else recipe.scale[0]
    if scale != 1.0:
        parts.append(f"scale: {scale:g}")
    return " ".join(parts)


def _recipe_notes(recipe: Preprocess) -> Iterator[str]:
    width, height = _warped(recipe)
    if recipe.size_policy not in ("warp", "warp, centre crop"):
        yield (
            f"Caffe's ImageData warps pictures to {width} x {height}; the net's own recipe "
            f"({recipe.size_policy}) keeps their aspect."
        )
    if not isinstance(recipe.scale, float | int):
        yield "Caffe takes one scale for all channels: that of the first is written."


def _deploy(net: Net, plan: TrainingPlan, classifiers: Sequence[Layer]) -> str:
    """The net for use: the source with the new layer, without data, loss and accuracy layers."""
    edits = _Edits(net.text)
    new = {layer.name for layer in classifiers}
    is_train_val = _has_loss(net)
    for layer in (*net.layers, *net.inactive):
        if layer.span is None:
            continue
        is_end = layer.type.endswith("Loss") or layer.type == "Accuracy"
        if is_train_val and (is_end or (not layer.bottoms and layer.type != "Input")):
            edits.drop_lines(layer.span.start, layer.span.end)
        elif layer.name in new:
            _set_name_and_classes(edits, layer, plan)
    text = edits.result().strip("\n")
    if not is_train_val:
        return text + "\n"
    shape = infer_shapes(net).top(next(x for x in net.layers if not x.bottoms), 0)
    dims = " ".join(f"dim: {n}" for n in (1, *(shape or (1, 3, 224, 224))[1:]))
    head, body = _after_name(text, net.root)
    inputs = f'input: "{_image_blob(net)}"\ninput_shape {{ {dims} }}'
    main = net.read(_main_loss(net))[0]
    blob = classifiers[-1].tops[0] if main is None else main.blob
    end = _layer("prob", _SOFTMAX, f'bottom: "{blob}"\n  top: "prob"', net.dialect == "V1")
    return "\n".join(part for part in (head, inputs, body, end) if part)


def _main_loss(net: Net) -> Layer:
    """The last loss: others before it help to train only."""
    return [layer for layer in net.layers if layer.type.endswith("Loss")][-1]


def _check(train_val: str, deploy: str, plan: TrainingPlan) -> Iterator[str]:
    """That what was made is what it should be; notes on what Caffe would refuse of it."""
    for text, phase in ((train_val, "TRAIN"), (train_val, "TEST"), (deploy, "TEST")):
        net = read_net(text, state=NetState(phase))
        for problem in net.problems:
            yield f"{phase}: {problem.sentence}"
        for layer in find_classifiers(net):
            if n_outputs(layer) != plan.n_classes:
                raise NetError(f"'{layer.name}' was left with {n_outputs(layer)} outputs.")
