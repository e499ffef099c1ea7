"""How pictures become the inputs of a pass: which input takes them, and what the others get."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.engines.values import Value
from core.engines.wiring import Step, Wiring, is_fed, wire_net
from core.errors import ImageError
from core.images.pixels import Pictures
from core.images.preprocess import N_CHANNELS, Preprocess
from core.layers.rows import RowMixing, mixing_layer
from core.layers.shapes import LayerShapes, NetShapes, infer_shapes
from core.measures.measure import Pool
from core.net.definition import Net
from core.words import plural

IMAGE_INFO = "im_info"
"""What detection nets call the blob of (height, width, scale) of each picture."""
_FREE_SIZES = ((1024, 768), (640, 960))
"""Width and height of two pictures, to see what depends on the size."""
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Feed:
    """The one rule for what a net is fed with, whoever asks: command, window or survey.

    needed: the inputs that the wanted values depend on, with their shapes; None where the file
    leaves a shape open. picture: the one that takes pictures, "" where none does. mixing: why
    images can't share a pass, None where every layer on the way is proved to keep them apart.
    all_inputs: those that the wanted values do not need among them.
    """

    net: Net
    needed: Mapping[str, Shape | None]
    picture: str
    steps: tuple[Step, ...]
    mixing: RowMixing | None
    all_inputs: tuple[str, ...] = ()

    def check_takes_pictures(self) -> None:
        """ImageError for a net whose wanted values read no picture."""
        if self.picture:
            return
        listed = ", ".join(f"{name} {shape_words(s)}" for name, s in self.needed.items()) or "none"
        raise ImageError(
            f"This net does not take one picture at a time; its inputs are: {listed}.",
            hint="Feed it with --array BLOB=FILE.npy, once for each input.",
        )

    def check_channels(self, n_channels: int) -> None:
        """ImageError where the recipe of pictures gives other channels than the input has."""
        declared = self.needed[self.picture]
        if declared is not None and n_channels != declared[1]:
            raise ImageError(
                f"The recipe gives {plural(n_channels, 'channel')}, input {self.picture} "
                f"has {declared[1]}."
            )

    def inputs(self, pictures: np.ndarray) -> dict[str, np.ndarray]:
        """The inputs of one pass; pictures: (n_images, channels, height, width) float32.

        im_info gets height, width and scale 1 of each picture. Everything else, such as labels or
        the cont of a recurrent net, gets zeros: label 0, and each image a sequence of its own.
        """
        return {self.picture: pictures, **self._beside(pictures.shape)}

    def inputs_of(self, pictures: Pictures) -> dict[str, Pictures]:
        """The same of pictures that may be pixels still."""
        return {self.picture: pictures, **self._beside(pictures.shape)}

    def _beside(self, pictures: Shape) -> dict[str, np.ndarray]:
        self.check_takes_pictures()
        declared = self.needed[self.picture]
        return {
            name: _other_input(name, shape, pictures, declared)
            for name, shape in self.needed.items()
            if name != self.picture
        }

    def shapes_for(self, picture_shape: Shape, n_images: int = 1) -> NetShapes:
        """The shapes of the net for pictures of (channels, height, width)."""
        key = (n_images, *picture_shape)
        found = self._last_shapes.get(key)
        if found is None:
            fed = self.inputs(np.broadcast_to(np.float32(0), key))
            found = infer_shapes(self.net, {name: array.shape for name, array in fed.items()})
            self._last_shapes.clear()
            self._last_shapes[key] = found
        return found

    @cached_property
    def _last_shapes(self) -> dict[Shape, NetShapes]:
        """Those of one size: who plans a survey asks for the same several times."""
        return {}

    def value_shapes(self, value: Value, recipe: Preprocess) -> tuple[Shape | None, ...]:
        """The value's shape for pictures of this recipe: one where all get one size, else two.

        Not the shape that the prototxt declares: a recipe may feed another size.
        """
        sizes = _FREE_SIZES if recipe.is_free_size else _FREE_SIZES[:1]
        found = []
        for width, height in sizes:
            shapes = self.shapes_for(recipe.output_shape(width, height))
            found.append(top_shape(self.net, shapes, value))
        return tuple(found)

    def problem_with(self, picture_shape: Shape) -> tuple[str, str] | None:
        """(layer, sentence) of the first needed layer that can't take such a picture, or None."""
        needed = {step.layer.name for step in self.steps}
        shapes = self.shapes_for(picture_shape)
        for problem in shapes.problems:
            if problem.layer in needed:
                return problem.layer, problem.sentence
        # Caffe accepts a pooling without places, whose every value is empty
        empty = (row for row in shapes.layers if row.layer.name in needed and _is_empty(row))
        return next(((row.layer.name, _no_room(row)) for row in empty), None)


def fit_pool(pool: Pool, shapes: Iterable[Shape | None]) -> Pool:
    """The pooling to run on a value of these shapes: what fits them all, or `pool` as it is."""
    fitted = {pool.fitting(shape) for shape in shapes}
    return fitted.pop() if len(fitted) == 1 else pool


def top_shape(net: Net, shapes: NetShapes, value: Value) -> Shape | None:
    """The shape of a value."""
    layer = net.layer(value.layer)
    return shapes.top(layer, layer.tops.index(value.top))


def _is_empty(row: LayerShapes) -> bool:
    return any(top is not None and 0 in top for top in row.tops)


def _no_room(row: LayerShapes) -> str:
    read = next((shape_words(bottom[2:]) for bottom in row.bottoms if bottom), "no")
    return f"Layer '{row.layer.name}' ({row.layer.type}) has no room in {read} values."


def plan_feed(net: Net, shapes: NetShapes, wanted: Iterable[Value]) -> Feed:
    """The feed of the values that are wanted. Raises EngineError for a value that is not there.

    A data layer's picture top takes pictures as well as an Input layer's. Of several inputs with
    four axes the first one the values need is the picture.
    """
    wiring = wire_net(net)
    slots = [wiring.slot(value) for value in wanted]
    steps = wiring.steps_for(slots)
    needed = _needed_inputs(wiring, steps, slots, shapes)
    picture = next((name for name, shape in needed.items() if takes_pictures(shape)), "")
    if not picture:
        picture = _open_picture(net, needed)
    layers = [step.layer for step in steps if not step.is_data]
    mixing = mixing_layer(net, shapes, layers)
    return Feed(net, needed, picture, steps, mixing, tuple(wiring.inputs))


def plan_whole_feed(net: Net, shapes: NetShapes) -> Feed:
    """The feed of a pass over the whole net, as the window looks at it."""
    return plan_feed(net, shapes, [Value(v.layer, v.blob) for v in net.versions])


def takes_pictures(shape: Shape | None) -> bool:
    """Whether an input of this shape can be a picture: four axes, channels a recipe can make."""
    return shape is not None and len(shape) == 4 and shape[1] in N_CHANNELS.values()


def shape_words(shape: Shape | None) -> str:
    """ "1 x 3 x 224 x 224", or "of unknown size"."""
    return "of unknown size" if shape is None else " x ".join(map(str, shape)) or "scalar"


def _needed_inputs(
    wiring: Wiring, steps: Iterable[Step], slots: Iterable[int], shapes: NetShapes
) -> dict[str, Shape | None]:
    steps = tuple(steps)
    read = {slot for step in steps for slot in step.bottoms} | set(slots)
    return {
        top: shapes.top(step.layer, index)
        for step in steps
        if is_fed(step.layer.type, step.layer.bottoms)
        for index, (top, slot) in enumerate(zip(step.layer.tops, step.tops, strict=True))
        if slot in read
    }


def _open_picture(net: Net, needed: Mapping[str, Shape | None]) -> str:
    """The first top of a layer that reads pictures, whose size the file leaves open."""
    firsts = {layer.tops[0] for layer in net.layers if not layer.bottoms and layer.tops}
    return next((name for name, shape in needed.items() if shape is None and name in firsts), "")


def _other_input(
    name: str, shape: Shape | None, pictures: Shape, declared: Shape | None
) -> np.ndarray:
    """What an input beside the picture gets; its rows follow the pictures' where the file's do."""
    n_images = pictures[0]
    if shape is None:
        return np.zeros((n_images,), np.float32)
    follows = bool(shape) and (declared is None or shape[0] == declared[0])
    if name == IMAGE_INFO:
        size = np.array([*pictures[2:], 1.0], np.float32)[: shape[-1]]
        return np.tile(size, (n_images if follows else shape[0], 1))
    return np.zeros((n_images, *shape[1:]) if follows else shape, np.float32)
