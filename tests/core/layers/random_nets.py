"""Small random nets of every kind of layer that has a geometry, the same for a number each time."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from core.layers.layer_type import Shape
from core.layers.shapes import infer_shapes
from core.net.reader import read_net

LEAST_SIDE, MOST_SIDE, MOST_CHANNELS = 3, 20, 12


@dataclass
class Growing:
    """A prototxt while layers are added; `top` is the blob that the next one reads."""

    random: random.Random
    layers: list[str] = field(default_factory=list)
    top: str = "data"
    has_places: bool = True

    @property
    def text(self) -> str:
        """The prototxt so far."""
        return "\n".join(self.layers)

    @property
    def shape(self) -> Shape:
        """The shape of `top`."""
        net = read_net(self.text)
        shapes = infer_shapes(net)
        found = {v.blob: shapes.top(net.layers[v.layer_index], v.top_index) for v in net.versions}
        return found[self.top] or ()

    def add(
        self, type_: str, body: str, bottoms: tuple[str, ...] = (), top: str = "", more: str = ""
    ) -> str:
        """One more layer, by default on `top`, which it replaces."""
        name = f"{type_.lower()}{len(self.layers)}"
        reads = " ".join(f'bottom: "{blob}"' for blob in bottoms or (self.top,))
        self.layers.append(
            f'layer {{ name: "{name}" type: "{type_}" {reads} top: "{top or name}" {more} {body} }}'
        )
        self.top = top or name
        return name

    def is_possible(self) -> bool:
        """Whether Caffe takes it and it is neither too small nor too large to move every pixel."""
        net = read_net(self.text)
        shapes = infer_shapes(net)
        if net.problems or shapes.problems or shapes.n_unknown:
            return False
        tops = [top for row in shapes.layers for top in row.tops if top and len(top) == 4]
        return all(min(top) > 0 and max(top[2:]) <= MOST_SIDE for top in tops) and all(
            top[1] <= MOST_CHANNELS for top in tops
        )


def random_net(number: int) -> str:
    """A net of 3 to 7 random steps on an image of (1, 2, 8 to 10, 8 to 10)."""
    chance = random.Random(number)
    height, width = chance.randint(8, 10), chance.randint(8, 10)
    dims = f"dim: 1 dim: 2 dim: {height} dim: {width}"
    net = Growing(chance)
    net.layers.append(
        f'layer {{ name: "data" type: "Input" top: "data" input_param {{ shape {{ {dims} }} }} }}'
    )
    wanted, tries = chance.randint(3, 7), 0
    while wanted and tries < 60:
        tries += 1
        kept = (list(net.layers), net.top)
        chance.choice(STEPS)(net)
        if net.is_possible() and min(net.shape[2:]) >= LEAST_SIDE:
            wanted -= 1
        else:
            net.layers, net.top = kept
    if chance.random() < 0.4:
        chance.choice(ENDS)(net)
    return net.text


def _window(net: Growing, *, dilates: bool = True) -> str:
    chance = net.random
    if chance.random() < 0.3:
        sides = f"kernel_h: {chance.randint(1, 4)} kernel_w: {chance.randint(1, 4)}"
    else:
        sides = f"kernel_size: {chance.randint(1, 4)}"
    words = [sides, f"stride: {chance.choice((1, 1, 2, 3))}"]
    words.append(f"pad: {chance.choice((0, 1, 1, 2))}")
    if dilates and chance.random() < 0.4:
        words.append(f"dilation: {chance.randint(2, 3)}")
    return " ".join(words)


def _convolution(net: Growing) -> None:
    channels = net.shape[1]
    group = net.random.choice([g for g in (1, 1, 2) if channels % g == 0])
    outputs = group * net.random.randint(1, 3)
    net.add(
        "Convolution",
        f"convolution_param {{ num_output: {outputs} group: {group} {_window(net)} }}",
    )


def _deconvolution(net: Growing) -> None:
    outputs = net.random.randint(1, 3)
    body = f"convolution_param {{ num_output: {outputs} {_window(net)} }}"
    net.add("Deconvolution", body)


def _pooling(net: Growing) -> None:
    chance = net.random
    method = chance.choice(("MAX", "AVE"))
    kernel = chance.randint(2, 4)
    rest = f"stride: {chance.randint(1, 3)} pad: {chance.randint(0, kernel - 1)}"
    rounding = chance.choice(("", "", "round_mode: FLOOR"))
    net.add(
        "Pooling", f"pooling_param {{ pool: {method} kernel_size: {kernel} {rest} {rounding} }}"
    )


def _lrn(net: Growing) -> None:
    region = net.random.choice(("ACROSS_CHANNELS", "WITHIN_CHANNEL"))
    net.add("LRN", f"lrn_param {{ local_size: 3 norm_region: {region} }}")


def _crop(net: Growing) -> None:
    chance, shape = net.random, net.shape
    top, left = chance.randint(0, 2), chance.randint(0, 2)
    whole = net.top
    # a convolution without padding is smaller: what the crop takes its size from
    small = net.add(
        "Convolution",
        f"convolution_param {{ num_output: {shape[1]} kernel_size: {max(top, left) + 1} }}",
    )
    net.add("Crop", f"crop_param {{ axis: 2 offset: {top} offset: {left} }}", (whole, small))


def _branches(net: Growing) -> None:
    chance, source = net.random, net.top
    tops = []
    for _ in range(chance.randint(2, 3)):
        half = chance.randint(0, 1)
        dilation = chance.randint(1, 2)
        window = f"kernel_size: {2 * half + 1} pad: {half * dilation} dilation: {dilation}"
        outputs = chance.randint(1, 2)
        net.top = source
        body = f"convolution_param {{ num_output: {outputs} {window} }}"
        tops.append(net.add("Convolution", body))
    net.add("Concat", "concat_param { axis: 1 }", (*tops, source))


def _residual(net: Growing) -> None:
    source, channels = net.top, net.shape[1]
    branch = net.add(
        "Convolution", f"convolution_param {{ num_output: {channels} kernel_size: 3 pad: 1 }}"
    )
    operation = net.random.choice(("SUM", "PROD", "MAX"))
    net.add("Eltwise", f"eltwise_param {{ operation: {operation} }}", (branch, source))


def _slice_and_join(net: Growing) -> None:
    channels, source = net.shape[1], net.top
    if channels % 2:
        return
    n = len(net.layers)
    net.add("Slice", "slice_param { axis: 1 }", top=f"half{n}", more=f'top: "rest{n}"')
    net.top = f"half{n}"
    moved = net.add("Convolution", "convolution_param { num_output: 1 kernel_size: 3 pad: 1 }")
    net.add("Concat", "concat_param { axis: 1 }", (f"rest{n}", moved))
    assert source


def _rows_and_columns(net: Growing) -> None:
    n = len(net.layers)
    net.add("Slice", "slice_param { axis: 2 slice_point: 2 }", top=f"upper{n}", more=f'top: "l{n}"')
    net.add("Concat", "concat_param { axis: 2 }", (f"l{n}", f"upper{n}"))


def _squeeze_and_excite(net: Growing) -> None:
    source = net.top
    gate = net.add("Pooling", "pooling_param { pool: AVE global_pooling: true }")
    net.add("Axpy", "", (gate, source, source))


def _simple(type_: str, body: str) -> Callable[[Growing], None]:
    def step(net: Growing) -> None:
        net.add(type_, body)

    return step


def _shuffle(net: Growing) -> None:
    if net.shape[1] % 2 == 0:
        net.add("ShuffleChannel", "shuffle_channel_param { group: 2 }")


def _interp(net: Growing) -> None:
    factor = net.random.choice(("zoom_factor: 2", "shrink_factor: 2", "height: 9 width: 7"))
    cut = net.random.choice(("", "pad_beg: -1", "pad_end: -1"))
    net.add("Interp", f"interp_param {{ {factor} {cut} }}")


def _softmax(net: Growing) -> None:
    net.add("Convolution", "convolution_param { num_output: 2 kernel_size: 2 }")
    net.add("Softmax", "")


STEPS: tuple[Callable[[Growing], None], ...] = (
    _convolution,
    _convolution,
    _convolution,
    _deconvolution,
    _deconvolution,
    _pooling,
    _pooling,
    _lrn,
    _crop,
    _branches,
    _residual,
    _slice_and_join,
    _rows_and_columns,
    _squeeze_and_excite,
    _shuffle,
    _interp,
    _simple("Upsample", "upsample_param { scale: 2 }"),
    _simple("Permute", "permute_param { order: 0 order: 1 order: 3 order: 2 }"),
    _simple("Reverse", "reverse_param { axis: 3 }"),
    _simple("Tile", "tile_param { axis: 2 tiles: 2 }"),
    _simple("Im2col", "convolution_param { kernel_size: 2 stride: 2 }"),
    _simple("ReLU", ""),
    _simple("Normalize", "norm_param { across_spatial: true }"),
)
ENDS: tuple[Callable[[Growing], None], ...] = (
    _simple("InnerProduct", "inner_product_param { num_output: 2 }"),
    _simple("SPP", "spp_param { pyramid_height: 2 }"),
    _simple("Flatten", ""),
    _simple("Pooling", "pooling_param { pool: AVE global_pooling: true }"),
    _simple("MVN", ""),
    _softmax,
)
