"""Cases of layers that bring values in or take them out, and of what every layer shares."""

from __future__ import annotations

from tests.conformance.case import Grid, Input, input_layer

READ = 'layer { name: "r" type: "ReLU" bottom: "y0" top: "r" }\n'


def _inputs(grid: Grid) -> None:
    for n, (words, n_tops) in enumerate(
        (("shape { dim: 2 dim: 3 }", 1), ("shape { dim: 2 dim: 3 }", 2), ("shape { }", 1),
         ("shape { dim: 2 } shape { dim: 3 dim: 1 }", 2), ("shape { dim: 2 } shape { dim: 3 }", 1),
         ("shape { dim: 2 } shape { dim: 3 }", 3), ("", 1), ("shape { dim: -1 }", 1),
         ("shape { dim: 2 dim: 3 dim: 4 dim: 5 dim: 6 }", 1),
         ("shape { dim: 70000 dim: 70000 }", 1))
    ):  # fmt: skip
        grid.add("Input", f"words{n}", f"input_param {{ {words} }}", n_tops=n_tops)
    for n, text in enumerate(
        ('input: "x"\ninput_dim: 1 input_dim: 2 input_dim: 3 input_dim: 4\n',
         'input: "x"\ninput_shape { dim: 2 dim: 3 }\n',
         'input: "x" input: "z"\ninput_shape { dim: 2 dim: 3 } input_shape { dim: 4 }\n',
         'input: "x" input: "z"\ninput_dim: 1 input_dim: 2 input_dim: 3 input_dim: 4\n'
         "input_dim: 5 input_dim: 2 input_dim: 3 input_dim: 4\n",
         'input: "x" input: "z"\ninput_shape { dim: 2 dim: 3 }\n',
         'input: "x"\ninput_dim: 1 input_dim: 2 input_dim: 3\n',
         'input: "x"\n')
    ):  # fmt: skip
        read = 'layer { name: "r" type: "Split" bottom: "x" top: "r" }\n'
        grid.add_net("Input", f"legacy{n}", text + read, [])


def _dummy_data(grid: Grid) -> None:
    for n, (words, n_tops) in enumerate(
        (("shape { dim: 2 dim: 3 }", 1), ("shape { dim: 2 } data_filler { value: 3 }", 2),
         ("shape { dim: 2 } shape { dim: 3 dim: 1 } data_filler { value: 3 }", 2),
         ("shape { dim: 2 } data_filler { value: 3 } data_filler { value: -1 }", 2),
         ("shape { dim: 2 } data_filler { value: 3 } data_filler { value: -1 }", 3),
         ("shape { dim: 2 } shape { dim: 3 }", 3), ("", 1),
         ("num: 2 channels: 3 height: 4 width: 5", 1),
         ("num: 2 channels: 3 height: 4 width: 5", 2),
         ("num: 2 num: 1 channels: 3 channels: 2 height: 4 height: 2 width: 5 width: 2", 2),
         ("num: 2 num: 1 channels: 3 height: 4 width: 5", 2),
         ("num: 2 num: 1 channels: 3 channels: 2 height: 4 height: 2 width: 5 width: 2", 1),
         ("num: 2 channels: 3", 1), ("num: 2 channels: 3 height: 4 width: 5 shape { dim: 2 }", 1),
         ('shape { dim: 2 } data_filler { type: "constant" }', 1))
    ):  # fmt: skip
        grid.add("DummyData", f"words{n}", f"dummy_data_param {{ {words} }}", n_tops=n_tops,
                 after=READ)  # fmt: skip


def _parameters(grid: Grid) -> None:
    for n, words in enumerate(("shape { dim: 2 dim: 3 }", "shape { }", "", "shape { dim: 4 }")):
        grid.add("Parameter", f"words{n}", f"parameter_param {{ {words} }}")
    text = "parameter_param { shape { dim: 2 dim: 3 } }"
    grid.add("Parameter", "read", text, after=READ)
    grid.add("Parameter", "two_tops", text, n_tops=2)
    given = Input("x", (2, 3))
    net = input_layer(given) + (
        f'layer {{ name: "p" type: "Parameter" top: "p" {text} }}\n'
        'layer { name: "s" type: "Eltwise" bottom: "x" bottom: "p" top: "s" }\n'
    )
    grid.add_net("Parameter", "added", net, [given])
    shared = (
        f'layer {{ name: "p" type: "Parameter" top: "p" param {{ name: "w" }} {text} }}\n'
        f'layer {{ name: "q" type: "Parameter" top: "q" param {{ name: "w" }} {text} }}\n'
    )
    grid.add_net("Parameter", "shared", shared, [])


def _outputs(grid: Grid) -> None:
    text = 'hdf5_output_param { file_name: "out.h5" }'
    for count in (1, 2, 3):
        grid.add("HDF5Output", f"bottoms{count}", text, *[(2, 3)] * count, n_tops=0)
    grid.add("HDF5Output", "top", text, (2, 3), (2, 3))
    grid.add("HDF5Output", "other_count", text, (2, 3), (3, 3), n_tops=0)


def _common(grid: Grid) -> None:
    """Fields of every layer: weights of losses, phases, several writers, names that repeat."""
    for n, words in enumerate(("loss_weight: 1", "loss_weight: 1 loss_weight: 2",
                               "phase: TEST", "include { phase: TEST }", "include { phase: TRAIN }",
                               "exclude { phase: TEST }", "propagate_down: true",
                               "propagate_down: true propagate_down: false",
                               "param { lr_mult: 0 }", "param { lr_mult: 1 } param { lr_mult: 1 }",
                               "include { phase: TEST } exclude { phase: TRAIN }",
                               "include { stage: 'x' }", "include { min_level: 1 }",
                               "include { not_stage: 'x' }")):  # fmt: skip
        grid.add("ReLU", f"common{n}", words, (2, 3))
        grid.add("InnerProduct", f"common{n}", f"{words} inner_product_param {{ num_output: 2 }}",
                 (2, 3))  # fmt: skip
    given = Input("x", (2, 3))
    for name, body in _WIRINGS.items():
        grid.add_net("ReLU", name, input_layer(given) + body, [given])


_WIRINGS = {
    "unknown_bottom": 'layer { name: "a" type: "ReLU" bottom: "q" top: "a" }',
    "two_writers": 'layer { name: "a" type: "ReLU" bottom: "x" top: "a" }\n'
    'layer { name: "b" type: "TanH" bottom: "x" top: "a" }',
    "in_place_then_read": 'layer { name: "a" type: "ReLU" bottom: "x" top: "x" }\n'
    'layer { name: "b" type: "TanH" bottom: "x" top: "b" }\n'
    'layer { name: "c" type: "TanH" bottom: "x" top: "c" }',
    "read_then_in_place": 'layer { name: "b" type: "TanH" bottom: "x" top: "b" }\n'
    'layer { name: "a" type: "ReLU" bottom: "x" top: "x" }',
    "chain": 'layer { name: "a" type: "ReLU" bottom: "x" top: "x" }\n'
    'layer { name: "b" type: "TanH" bottom: "x" top: "x" }\n'
    'layer { name: "c" type: "Power" bottom: "x" top: "x" power_param { scale: 3 } }',
    "name_twice": 'layer { name: "a" type: "ReLU" bottom: "x" top: "a" }\n'
    'layer { name: "a" type: "TanH" bottom: "a" top: "b" }',
    "no_name": 'layer { type: "ReLU" bottom: "x" top: "a" }',
    "no_type": 'layer { name: "a" bottom: "x" top: "a" }',
    "same_top_twice": 'layer { name: "a" type: "Slice" bottom: "x" top: "a" top: "a" '
    "slice_param { axis: 0 } }",
    "second_bottom_in_place": 'layer { name: "r" type: "ReLU" bottom: "x" top: "r" }\n'
    'layer { name: "a" type: "Eltwise" bottom: "x" bottom: "r" top: "r" }',
}


_SPOILT = {"BatchReindex", "Embed", "InnerProduct", "Pooling", "SPP"}
"""Real Caffe overwrites what these still read."""


def _in_place(grid: Grid) -> None:
    """Types that no one runs in place on purpose."""
    four = (2, 4, 6, 6)
    for type_, words, shapes in (
        ("Convolution", "convolution_param { num_output: 4 kernel_size: 1 }", [four]),
        ("Convolution", "convolution_param { num_output: 4 kernel_size: 3 pad: 1 group: 2 }",
         [four]),
        ("Deconvolution", "convolution_param { num_output: 4 kernel_size: 1 }", [four]),
        ("InnerProduct", "inner_product_param { num_output: 4 }", [(3, 4)]),
        ("InnerProduct", "inner_product_param { num_output: 4 axis: -1 }", [(2, 3, 4)]),
        ("Pooling", "pooling_param { kernel_size: 3 stride: 1 pad: 1 }", [four]),
        ("Pooling", "pooling_param { kernel_size: 2 stride: 2 }", [four]),
        ("Pooling", "pooling_param { pool: AVE kernel_size: 3 stride: 1 pad: 1 }", [four]),
        ("SPP", "spp_param { pyramid_height: 1 }", [(2, 4, 1, 1)]),
        ("BatchReindex", "", [(4, 3), ((4,), "label:4")]),
        ("Filter", "", [(4, 3), ((4,), "binary")]),
        ("Embed", "embed_param { num_output: 4 input_dim: 5 }", [((4,), "label:5")]),
        ("Silence", "", [four]),
        ("SoftmaxWithLoss", "", [(4, 5), ((4,), "label:5")]),
        ("EuclideanLoss", "", [(4, 5), (4, 5)]),
        ("Accuracy", "", [(4, 5), ((4,), "label:5")]),
        ("LSTM", "recurrent_param { num_output: 3 }", [(4, 2, 3), ((4, 2), "marks")]),
        ("RNN", "recurrent_param { num_output: 3 }", [(4, 2, 3), ((4, 2), "marks")]),
        ("ArgMax", "argmax_param { axis: 1 top_k: 5 }", [(4, 5)]),
        ("Crop", "crop_param { axis: 0 offset: 1 }", [(4, 5), (2, 3)]),
        ("Bias", "", [(4, 5)]),
        ("Scale", "scale_param { bias_term: true }", [(4, 5)]),
        ("Tile", "tile_param { tiles: 1 }", [(4, 5)]),
        ("SigmoidCrossEntropyLoss", "", [(4, 5), ((4, 5), "unit")]),
    ):  # fmt: skip
        name = f"in_place_{words.split('{')[-1].strip(' }').replace(': ', '').replace(' ', '_')}"
        is_undefined = type_ in _SPOILT or "kernel_size: 1 " in words
        grid.add(type_, name, words, *shapes, is_in_place=True, is_undefined=is_undefined)


def make_grid() -> Grid:
    """All cases of this family."""
    grid = Grid()
    for build in (_inputs, _dummy_data, _parameters, _outputs, _common, _in_place):
        build(grid)
    return grid
