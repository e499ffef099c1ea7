"""Cases of layers with weights over whole axes, and of those that normalise."""

from __future__ import annotations

import random

from tests.conformance.case import Grid, Input, input_layer


def _inner_products(grid: Grid) -> None:
    for shape in ((6,), (3, 4), (2, 3, 4), (2, 3, 2, 4), (2, 2, 3, 2, 2)):
        for axis in (None, 0, 1, 2, -1, -2, 5):
            for transpose in ("", "transpose: true"):
                words = "num_output: 5 " + ("" if axis is None else f"axis: {axis} ") + transpose
                name = f"{len(shape)}d_{axis}_{'t' if transpose else 'n'}"
                grid.add("InnerProduct", name, f"inner_product_param {{ {words} }}", shape)
    for n, words in enumerate(("bias_term: false num_output: 4", "num_output: 0", "",
                               "num_output: 1 bias_term: false transpose: true",
                               "num_output: -3")):  # fmt: skip
        grid.add("InnerProduct", f"words{n}", f"inner_product_param {{ {words} }}", (2, 3, 2, 2))
    text = "inner_product_param { num_output: 4 }"
    grid.add("InnerProduct", "nan", text, ((3, 4), "nan"))
    grid.add("InnerProduct", "two", text, (3, 4), (3, 4), n_tops=2)
    given = Input("x", (3, 4))
    for other in ("num_output: 4", "num_output: 5", "num_output: 4 transpose: true"):
        text = input_layer(given) + "".join(
            f'layer {{ name: "l{i}" type: "InnerProduct" bottom: "x" top: "y{i}"\n'
            f'  param {{ name: "w" }} param {{ name: "b{i % 2}" }}\n'
            f"  inner_product_param {{ {size} }} }}\n"
            for i, size in enumerate(("num_output: 4", other, "num_output: 4"))
        )
        grid.add_net("InnerProduct", f"shared_{other}".replace(" ", "_"), text, [given])


def _embed(grid: Grid) -> None:
    for shape in ((), (4,), (2, 3), (2, 1, 3), (1, 2, 1, 3)):
        for bias in ("true", "false"):
            text = f"embed_param {{ num_output: 5 input_dim: 7 bias_term: {bias} }}"
            grid.add("Embed", f"{len(shape)}d_{bias}", text, (shape, "label:7"))
    for n, words in enumerate(("num_output: 5", "input_dim: 7", "num_output: 0 input_dim: 7",
                               "num_output: 5 input_dim: 0")):  # fmt: skip
        grid.add("Embed", f"words{n}", f"embed_param {{ {words} }}", ((4,), "label:7"))
    grid.add("Embed", "beyond", "embed_param { num_output: 5 input_dim: 7 }",
             ((4,), "constant:7"), is_undefined=True)  # fmt: skip
    grid.add("Embed", "fraction", "embed_param { num_output: 5 input_dim: 7 }", ((4,), "unit"))


def _lrn(grid: Grid) -> None:
    chance = random.Random("lrn")
    for region in ("ACROSS_CHANNELS", "WITHIN_CHANNEL"):
        for n in range(24):
            words = [f"local_size: {chance.choice((1, 3, 5, 7))}"]
            words += [f"alpha: {chance.choice((0, 0.5, 1, 0.0001))}"] * (chance.random() < 0.7)
            words += [f"beta: {chance.choice((0.75, 0.5, 1, 0, 2))}"] * (chance.random() < 0.7)
            words += [f"k: {chance.choice((2, 0.5))}"] * (chance.random() < 0.5)
            shape = (
                2,
                chance.choice((1, 2, 5, 9)),
                chance.choice((1, 4, 7)),
                chance.choice((3, 6)),
            )
            text = f"lrn_param {{ norm_region: {region} {' '.join(words)} }}"
            grid.add("LRN", f"{region}_{n}", text, shape)
        text = f"lrn_param {{ norm_region: {region} }}"
        grid.add("LRN", f"{region}_inplace", text, (2, 4, 5, 5), is_in_place=True)
        grid.add("LRN", f"{region}_nan", text, ((1, 4, 5, 5), "nan"))
        grid.add("LRN", f"{region}_even", f"lrn_param {{ norm_region: {region} local_size: 4 }}",
                 (2, 4, 5, 5))  # fmt: skip
        grid.add("LRN", f"{region}_zero", f"lrn_param {{ norm_region: {region} local_size: 0 }}",
                 (2, 4, 5, 5))  # fmt: skip
        for n, shape in enumerate(((5,), (3, 5), (2, 3, 5), (1, 2, 3, 2, 2))):
            grid.add("LRN", f"{region}_axes{n}", text, shape)
    grid.add("LRN", "negative_k", "lrn_param { k: -1 alpha: 0.1 }", (2, 4, 5, 5))
    grid.add("LRN", "caffe_engine", "lrn_param { engine: CAFFE }", (2, 4, 5, 5))


def _mvn(grid: Grid) -> None:
    for shape in ((7,), (3, 5), (2, 3, 4), (2, 3, 4, 5), (2, 2, 3, 2, 2), (1, 1, 1, 1)):
        for variance in ("true", "false"):
            for across in ("true", "false"):
                words = f"normalize_variance: {variance} across_channels: {across}"
                name = f"{len(shape)}d_{sum(shape)}_{variance}_{across}"
                grid.add("MVN", name, f"mvn_param {{ {words} }}", shape)
    for n, words in enumerate(("eps: 0.1", "eps: 0", "")):
        grid.add("MVN", f"words{n}", f"mvn_param {{ {words} }}", (2, 3, 4, 5))
        grid.add("MVN", f"words{n}_inplace", f"mvn_param {{ {words} }}", (2, 3, 4, 5),
                 is_in_place=True)  # fmt: skip
    grid.add("MVN", "constant", "", ((2, 3, 4, 5), "constant:3"))


def _softmax(grid: Grid) -> None:
    for shape in ((7,), (3, 5), (2, 3, 4), (2, 3, 4, 5), (2, 2, 3, 2, 2)):
        for axis in (None, 0, 1, 2, -1, -2, 5):
            words = "" if axis is None else f"axis: {axis}"
            text = f"softmax_param {{ {words} }}"
            grid.add("Softmax", f"{len(shape)}d_{axis}", text, shape)
    grid.add("Softmax", "inplace", "", (2, 5, 3, 3), is_in_place=True)
    grid.add("Softmax", "large", "power_param { }", ((3, 5), "constant:1000"))
    grid.add("Softmax", "nan", "", ((3, 5), "nan"))
    grid.add("Softmax", "caffe_engine", "softmax_param { engine: CAFFE }", (3, 5))


def _recurrent(grid: Grid) -> None:
    for type_, n_states in (("LSTM", 2), ("RNN", 1)):
        for steps, streams, rest in ((1, 1, (3,)), (4, 2, (3,)), (3, 1, (2, 2)), (5, 3, (2,)),
                                     (2, 2, ())):  # fmt: skip
            sequence, marks = (steps, streams, *rest), ((steps, streams), "marks")
            name = f"{steps}x{streams}x{'x'.join(map(str, rest))}"
            text = "recurrent_param { num_output: 4 }"
            grid.add(type_, name, text, sequence, marks)
            grid.add(type_, f"{name}_ones", text, sequence, ((steps, streams), "constant:1"))
            grid.add(type_, f"{name}_zeros", text, sequence, ((steps, streams), "constant:0"))
            grid.add(type_, f"{name}_static", text, sequence, marks, (streams, 3))
            grid.add(type_, f"{name}_static4d", text, sequence, marks, (streams, 2, 1, 2))
            exposed = "recurrent_param { num_output: 4 expose_hidden: true }"
            states = [(1, streams, 4)] * n_states
            ones = ((steps, streams), "binary")
            grid.add(type_, f"{name}_exposed", exposed, sequence, ones, *states,
                     n_tops=1 + n_states)  # fmt: skip
            grid.add(type_, f"{name}_exposed_static", exposed, sequence, ones, (streams, 3),
                     *states, n_tops=1 + n_states)  # fmt: skip
        text = "recurrent_param { num_output: 4 }"
        for n, (shapes, n_tops) in enumerate(
            ((((4, 2, 3),), 1), (((4, 2, 3), (4, 2)), 2), (((4, 2, 3), (2, 4)), 1),
             (((4, 2, 3), (4, 2, 1)), 1), (((4, 2, 3), (8,)), 1), (((4,), (4, 1)), 1),
             (((4, 2, 3), (4, 2), (3, 3)), 1), (((4, 2, 3), (4, 2), (2,)), 1),
             (((4, 2, 3), (4, 2), (2, 3), (1, 2, 4)), 1))
        ):  # fmt: skip
            grid.add(type_, f"odd{n}", text, *shapes, n_tops=n_tops)
        grid.add(type_, "no_output", "recurrent_param { }", (4, 2, 3), ((4, 2), "marks"))
        exposed = "recurrent_param { num_output: 4 expose_hidden: true }"
        grid.add(type_, "exposed_one_top", exposed, (4, 2, 3), ((4, 2), "marks"),
                 *[(1, 2, 4)] * n_states)  # fmt: skip
        grid.add(type_, "exposed_few", exposed, (4, 2, 3), ((4, 2), "marks"), n_tops=1 + n_states)
        grid.add(type_, "exposed_wide", exposed, (4, 2, 3), ((4, 2), "marks"),
                 *[(1, 2, 5)] * n_states, n_tops=1 + n_states)  # fmt: skip
        grid.add(type_, "debug", "recurrent_param { num_output: 4 debug_info: true }", (4, 2, 3),
                 ((4, 2), "marks"))  # fmt: skip
    for n, shapes in enumerate(
        (((1, 2, 4), (1, 2, 16), (1, 2)), ((1, 3, 1), (1, 3, 4), (1, 3)),
         ((1, 2, 4), (1, 2, 15), (1, 2)), ((2, 2, 4), (2, 2, 16), (2, 2)),
         ((1, 2, 4), (1, 2, 16), (1, 3)), ((2, 4), (2, 16), (2,)),
         ((1, 2, 4, 1), (1, 2, 16, 1), (1, 2)))
    ):  # fmt: skip
        for marks in ("binary", "constant:0", "constant:1"):
            cell, gates, cont = shapes
            name = f"{n}_{marks.replace(':', '')}"
            grid.add("LSTMUnit", name, "", cell, gates, (cont, marks), n_tops=2)


def make_grid() -> Grid:
    """All cases of this family."""
    grid = Grid()
    for build in (_inner_products, _embed, _lrn, _mvn, _softmax, _recurrent):
        build(grid)
    return grid
