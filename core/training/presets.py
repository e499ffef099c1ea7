"""Recipes that others have fine-tuned with, fitted to a net, each with its source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.errors import RequestError
from core.layers.shapes import NetShapes, infer_shapes
from core.net.definition import Layer, Net
from core.training.class_layers import find_classifiers
from core.training.training_plan import TrainingPlan


@dataclass(frozen=True)
class TrainingPreset:
    """A recipe, in which `words` say what learns.

    still: which layers do not: "", "below the new layer" or "below the last block".
    """

    id: str
    name: str
    words: str
    source: str
    base_lr: float
    still: str = ""
    batch: int = 16
    epochs: float = 10.0
    mirror: bool = True


PRESETS = (
    TrainingPreset(
        "top-block", "The last block", "what comes after the last pooling learns, slowly",
        "seen with SqueezeNet v1.0 on 100 photos, where 0.001 killed 492 of 512 channels",
        0.00002, "below the last block", epochs=20.0,
    ),
    TrainingPreset(
        "new-layer", "Only the new layer", "all else stays as it is, and is computed once",
        "transfer of fixed features", 0.001, "below the new layer", epochs=20.0,
    ),
    TrainingPreset(
        "flickr-style", "Flickr style", "all learn, the new layer 10 times as fast",
        "BVLC/caffe models/finetune_flickr_style", 0.001, batch=50,
    ),
    TrainingPreset(
        "vgg16-retrieval", "VGG16 for retrieval", "all learn, in batches of 64",
        "VGG16 on 680 classes of landmarks: fc6 from 45.9 to 60.2 % mAP on Oxford5k", 0.001,
        batch=64,
    ),
)  # fmt: skip


def find_preset(name: str) -> TrainingPreset:
    """By its id. Raises RequestError for a name that is none."""
    for preset in PRESETS:
        if preset.id == name:
            return preset
    known = ", ".join(preset.id for preset in PRESETS)
    raise RequestError(f"There is no training preset '{name}'.", hint=f"There are {known}.")


def with_preset(plan: TrainingPlan, preset: TrainingPreset, net: Net) -> TrainingPlan:
    """The plan with a preset's numbers, and its freezing as far as it goes in this net.

    Raises NetError where the net has no layer of classes.
    """
    return replace(
        plan,
        freeze=_last_still(net, preset.still),
        head=(10.0, 20.0),
        rest=(1.0, 2.0),
        base_lr=preset.base_lr,
        epochs=preset.epochs,
        batch=preset.batch,
        test_batch=preset.batch,
        mirror=preset.mirror and not preset.still,  # else nothing could be computed once
    )


def _last_still(net: Net, still: str) -> str:
    """The last layer, in net order, that does not learn; "" where all do."""
    if not still:
        return ""
    shapes = infer_shapes(net)
    first = find_classifiers(net)[0]
    before = [layer for layer in net.layers[: first.index] if layer.bottoms]
    if still == "below the new layer":
        return before[-1].name if before else ""
    return _last_pooling_before_weights(before, shapes)


def _last_pooling_before_weights(before: Sequence[Layer], shapes: NetShapes) -> str:
    """The last pooling that a layer with weights comes after, before the new one."""
    is_followed = False
    for layer in reversed(before):
        if layer.type == "Pooling" and is_followed:
            return layer.name
        is_followed = is_followed or bool(shapes.of(layer).parameters)
    return ""
