"""Cases of layers that move windows: convolution, its relatives, and pooling."""

from __future__ import annotations

import random

from tests.conformance.case import Grid, Input, input_layer

SPATIAL = {1: (11,), 2: (9, 7), 3: (5, 6, 4)}


def _convolutions(grid: Grid) -> None:
    for type_ in ("Convolution", "Deconvolution", "Im2col"):
        chance = random.Random(f"{type_} 2D")
        for i in range(36):
            grid.add(type_, f"random2d_{i}", _two_axes(chance), (2, 4, 9, 7))
        for n_axes in (1, 3):
            chance = random.Random(f"{type_} {n_axes}D")
            for i in range(14):
                text = _any_axes(chance, n_axes)
                grid.add(type_, f"random{n_axes}d_{i}", text, (2, 4, *SPATIAL[n_axes]))
        for i, text in enumerate(_ODD_WINDOWS):
            grid.add(type_, f"odd{i}", f"convolution_param {{ {text} }}", (2, 4, 6, 5))
        for axis in (0, 2, -1, -2, -3, 4, -5):
            text = f"convolution_param {{ num_output: 6 kernel_size: 2 axis: {axis} }}"
            grid.add(type_, f"axis{axis}", text, (3, 2, 4, 5))
            text = f"convolution_param {{ num_output: 4 axis: {axis} }}"
            grid.add(type_, f"axis{axis}_no_kernel", text, (3, 2, 4, 5))
        several = "convolution_param { num_output: 3 kernel_size: 3 pad: 1 }"
        grid.add(type_, "two_pairs", several, (2, 4, 6, 5), (2, 4, 6, 5), n_tops=2)
        grid.add(type_, "two_shapes", several, (2, 4, 6, 5), (2, 4, 5, 6), n_tops=2)
        grid.add(type_, "two_batches", several, (2, 4, 6, 5), (1, 4, 6, 5), n_tops=2)
        grid.add(type_, "two_to_one", several, (2, 4, 6, 5), (2, 4, 6, 5))
        same = several.replace("3 k", "4 k")
        grid.add(type_, "inplace3x3", same, (2, 4, 6, 5), is_in_place=True)
        grid.add(type_, "nan", several, ((1, 4, 6, 5), "nan"))
        grid.add(type_, "two_axes", several, (2, 4))
        grid.add(type_, "three_axes", several, (4, 6, 5))
        grid.add(type_, "force_nd", several.replace("pad: 1", "pad: 1 force_nd_im2col: true"),
                 (2, 4, 6, 5))  # fmt: skip


def _two_axes(chance: random.Random) -> str:
    words = [f"num_output: {chance.choice((2, 4, 6))}"]
    for name, sizes in (("kernel", (1, 2, 3, 4)), ("pad", (0, 1, 2)), ("stride", (1, 2, 3))):
        plain = "kernel_size" if name == "kernel" else name
        style = chance.choice(("none", "one", "pair", "both"))
        style = "one" if style == "none" and name == "kernel" else style
        a, b = chance.choice(sizes), chance.choice(sizes)
        if style == "one":
            words.append(f"{plain}: {a}")
        elif style == "pair":
            words.append(f"{plain}: {a} {plain}: {b}")
        elif style == "both":
            words.append(f"{name}_h: {a} {name}_w: {b}")
    words.append(chance.choice(("", "dilation: 2", "dilation: 1 dilation: 2", "")))
    words.append(chance.choice(("", "group: 2", "")))
    words.append(chance.choice(("", "bias_term: false", "engine: CAFFE")))
    return f"convolution_param {{ {' '.join(words)} }}"


def _any_axes(chance: random.Random, n_axes: int) -> str:
    words = [f"num_output: {chance.choice((2, 4))}"]
    for name, sizes in (("kernel_size", (1, 2, 3)), ("pad", (0, 1)), ("stride", (1, 2)),
                        ("dilation", (1, 2))):  # fmt: skip
        count = (
            chance.choice((1, n_axes)) if name == "kernel_size" else chance.choice((0, 1, n_axes))
        )
        words += [f"{name}: {chance.choice(sizes)}" for _ in range(count)]
    words.append(chance.choice(("", "group: 2")))
    words.append(chance.choice(("", "bias_term: false")))
    return f"convolution_param {{ {' '.join(words)} }}"


_ODD_WINDOWS = (
    "num_output: 4 kernel_h: 3",
    "num_output: 4 kernel_w: 3",
    "num_output: 4 kernel_h: 3 kernel_w: 2 kernel_size: 2",
    "num_output: 4 kernel_size: 2 stride_h: 2",
    "num_output: 4 kernel_size: 2 pad_w: 1",
    "num_output: 4 kernel_size: 2 pad: 1 pad_h: 1 pad_w: 0",
    "num_output: 4 kernel_size: 2 stride: 2 stride_h: 1 stride_w: 1",
    "num_output: 4 kernel_size: 0",
    "num_output: 4 kernel_size: 2 stride: 0",
    "num_output: 4 kernel_size: 2 dilation: 0",
    "num_output: 0 kernel_size: 2",
    "kernel_size: 2",
    "num_output: 5 kernel_size: 2 group: 2",
    "num_output: 6 kernel_size: 2 group: 3",
    "num_output: 6 kernel_size: 2 group: 0",
    "num_output: 4 kernel_size: 4 kernel_size: 2 kernel_size: 1",
    "num_output: 4 kernel_size: 7",
    "num_output: 4 kernel_size: 6 kernel_size: 5",
    "num_output: 4 kernel_size: 1 stride: 4",
    "num_output: 4 kernel_size: 1 pad: 2",
    "num_output: 4 kernel_size: 1 pad: 1 stride: 9",
    "num_output: 4 kernel_size: 3 pad: 3 stride: 2",
    "num_output: 4 kernel_size: 2 pad: 4",
    "num_output: 4 kernel_size: 3 dilation: 3 pad: 2",
    "num_output: 4 kernel_size: 3 dilation: 3",
    "num_output: 8 kernel_size: 3 group: 4 pad: 1",
    "num_output: 4 kernel_size: 3 group: 4 pad: 1 stride: 2",
    "num_output: 4 kernel_h: 1 kernel_w: 5 pad_h: 0 pad_w: 2",
    "num_output: 1 kernel_size: 3 bias_term: false",
    "num_output: 4 kernel_size: -1",
    "num_output: 4 kernel_size: 2 pad: -1",
)


def _more_axes(grid: Grid) -> None:
    """Four spatial axes, and weights that two layers share."""
    for type_ in ("Convolution", "Deconvolution"):
        text = "convolution_param { num_output: 2 kernel_size: 2 }"
        grid.add(type_, "four_spatial", text, (1, 2, 3, 3, 2, 3))
        text = "convolution_param { num_output: 2 kernel_size: 2 stride: 2 dilation: 2 pad: 1 }"
        grid.add(type_, "four_spatial_wide", text, (1, 2, 5, 4, 3, 4))
        for mode in ("STRICT", "PERMISSIVE"):
            for other in ("num_output: 2 kernel_size: 3", "num_output: 1 kernel_size: 3",
                          "num_output: 18 kernel_size: 1"):  # fmt: skip
                words = f'param {{ name: "w" share_mode: {mode} }} param {{ lr_mult: 2 }}'
                given = Input("x", (1, 2, 6, 5))
                net = input_layer(given) + "".join(
                    f'layer {{ name: "l{i}" type: "{type_}" bottom: "x" top: "y{i}" {words}\n'
                    f"  convolution_param {{ {size} }} }}\n"
                    for i, size in enumerate(("num_output: 2 kernel_size: 3", other))
                )
                grid.add_net(type_, f"shared_{mode}_{other.replace(': ', '')}", net, [given])


def _pooling(grid: Grid) -> None:
    for pool in ("MAX", "AVE"):
        chance = random.Random(f"{pool}")
        for i in range(60):
            shape = (2, 3, chance.randint(1, 10), chance.randint(1, 10))
            n_tops = 2 if i % 5 == 0 else 1
            kind = chance.choice(("normal", "ties"))
            text = f"pooling_param {{ pool: {pool} {_pool_words(chance)} }}"
            grid.add("Pooling", f"{pool}_{i}", text, (shape, kind), n_tops=n_tops)
        for n, words in enumerate(_ODD_POOLS):
            text = f"pooling_param {{ pool: {pool} {words} }}"
            grid.add("Pooling", f"{pool}_odd{n}", text, (2, 3, 6, 7))
        text = f"pooling_param {{ pool: {pool} kernel_size: 2 stride: 2 }}"
        for n, shape in enumerate(((4,), (3, 4), (3, 4, 5), (1, 2, 3, 4, 5))):
            grid.add("Pooling", f"{pool}_axes{n}", text, shape)
        for n_tops in (0, 2, 3):
            grid.add("Pooling", f"{pool}_tops{n_tops}", text, (2, 3, 5, 4), n_tops=n_tops)
        grid.add("Pooling", f"{pool}_nan", text, ((2, 3, 6, 6), "nan"))
        grid.add("Pooling", f"{pool}_nan_mask", text, ((2, 3, 6, 6), "nan"), n_tops=2)
        grid.add("Pooling", f"{pool}_all_nan_mask", text, ((1, 1, 4, 4), "constant:nan"), n_tops=2)
    grid.add("Pooling", "stochastic", "pooling_param { pool: STOCHASTIC kernel_size: 2 }",
             (1, 2, 4, 4))  # fmt: skip
    grid.add("Pooling", "unwritten", "", (1, 2, 4, 4))


def _pool_words(chance: random.Random) -> str:
    if chance.random() < 0.12:
        return "global_pooling: true"
    words = []
    for name, sizes in (("kernel", (1, 2, 3, 4, 5)), ("stride", (1, 2, 3, 4)), ("pad", (0, 1, 2))):
        plain = "kernel_size" if name == "kernel" else name
        if name != "kernel" and chance.random() < 0.3:
            continue
        if chance.random() < 0.5:
            words.append(f"{plain}: {chance.choice(sizes)}")
        else:
            words.append(f"{name}_h: {chance.choice(sizes)} {name}_w: {chance.choice(sizes)}")
    words.append(chance.choice(("", "round_mode: FLOOR", "round_mode: CEIL", "engine: CAFFE")))
    return " ".join(words)


_ODD_POOLS = (
    "kernel_h: 2",
    "kernel_w: 2",
    "kernel_size: 2 kernel_h: 2 kernel_w: 2",
    "kernel_size: 2 stride_h: 2",
    "kernel_size: 2 stride_w: 2",
    "kernel_size: 3 pad_h: 1",
    "kernel_size: 2 stride: 2 stride_h: 2 stride_w: 2",
    "kernel_size: 3 pad: 1 pad_h: 1 pad_w: 1",
    "global_pooling: true kernel_size: 2",
    "global_pooling: true kernel_h: 2 kernel_w: 2",
    "global_pooling: true stride: 2",
    "global_pooling: true pad: 1",
    "global_pooling: false kernel_size: 2",
    "kernel_size: 0",
    "kernel_size: 2 stride: 0",
    "kernel_size: 9",
    "kernel_size: 9 pad: 2",
    "kernel_size: 9 pad: 1",
    "kernel_size: 3 pad: 3",
    "kernel_size: 1 stride: 3",
    "kernel_size: 2 stride: 5",
    "kernel_size: 3 stride: 7 pad: 2",
    "kernel_h: 6 kernel_w: 7",
    "kernel_size: 2 pad_h: 1 pad_w: 0 stride: 3",
)


def _pyramids(grid: Grid) -> None:
    for pool in ("MAX", "AVE"):
        for height in (0, 1, 2, 3, 4, 5):
            for size in ((8, 8), (7, 9), (16, 16), (15, 13), (1, 1), (5, 3), (12, 20)):
                text = f"spp_param {{ pool: {pool} pyramid_height: {height} }}"
                name = f"{pool}_{height}_{size[0]}x{size[1]}"
                grid.add("SPP", name, text, (2, 2, *size))
    grid.add("SPP", "stochastic", "spp_param { pool: STOCHASTIC pyramid_height: 2 }", (1, 2, 8, 8))
    for n, shape in enumerate(((2, 8), (2, 8, 8), (1, 2, 8, 8, 2))):
        grid.add("SPP", f"axes{n}", "spp_param { pyramid_height: 2 }", shape)
    grid.add("SPP", "unwritten", "", (1, 2, 8, 8))


def make_grid() -> Grid:
    """All cases of this family."""
    grid = Grid()
    for build in (_convolutions, _more_axes, _pooling, _pyramids):
        build(grid)
    return grid
