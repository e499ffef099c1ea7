"""Cases of layers that join, divide, move or count along axes."""

from __future__ import annotations

from tests.conformance.case import Grid, Input, input_layer

AXES = (0, 1, 2, -1, -2, 4, -5)
FOUR = (2, 4, 3, 6)


def _concat_and_slice(grid: Grid) -> None:
    for axis in AXES:
        for word in ("axis", "concat_dim"):
            text = f"concat_param {{ {word}: {axis} }}"
            grid.add("Concat", f"{word}{axis}", text, FOUR, FOUR, FOUR)
        for word in ("axis", "slice_dim"):
            text = f"slice_param {{ {word}: {axis} }}"
            grid.add("Slice", f"{word}{axis}", text, FOUR, n_tops=2)
            grid.add("Slice", f"{word}{axis}_three", text, FOUR, n_tops=3)
    for n, second in enumerate(((2, 1, 3, 6), (1, 4, 3, 6), (2, 4, 3), (2, 0, 3, 6))):
        grid.add("Concat", f"other{n}", "", FOUR, second)
    both = "concat_param { axis: 1 concat_dim: 1 }"
    grid.add("Concat", "both_words", both, FOUR, FOUR)
    grid.add("Concat", "single", "", FOUR)
    grid.add("Concat", "inplace", "", FOUR, FOUR, is_in_place=True)
    grid.add("Concat", "single_inplace", "", FOUR, is_in_place=True)
    for n, shape in enumerate(((5,), (2, 3), (2, 3, 4), (1, 2, 2, 3, 2))):
        grid.add("Concat", f"nd{n}", "concat_param { axis: -1 }", shape, shape)
        grid.add("Slice", f"nd{n}", "slice_param { axis: 0 slice_point: 1 }", shape, n_tops=2)
    for n, (words, n_tops) in enumerate(
        (("slice_point: 1", 2), ("slice_point: 1 slice_point: 3", 3), ("slice_point: 3", 3),
         ("slice_point: 0", 2), ("slice_point: 4", 2), ("slice_point: 5", 2),
         ("slice_point: 3 slice_point: 1", 3), ("slice_point: 2 slice_point: 2", 3),
         ("", 1), ("slice_point: 2", 1), ("axis: 3 slice_point: 1 slice_point: 5", 3),
         ("axis: 1 slice_dim: 1", 2), ("", 4), ("", 5), ("slice_point: -1", 2))
    ):  # fmt: skip
        grid.add("Slice", f"points{n}", f"slice_param {{ {words} }}", FOUR, n_tops=n_tops)
    grid.add("Slice", "inplace", "", FOUR, n_tops=1, is_in_place=True)
    grid.add("Slice", "inplace_two", "", FOUR, n_tops=2, is_in_place=True)


def _eltwise(grid: Grid) -> None:
    operations = ("SUM", "PROD", "MAX")
    for operation in operations:
        for count in (1, 2, 3, 4):
            for shape in ((), (5,), (2, 3), FOUR, (1, 2, 2, 3, 2)):
                text = f"eltwise_param {{ operation: {operation} }}"
                name = f"{operation}_{count}_{len(shape)}d"
                grid.add("Eltwise", name, text, *[shape] * count)
        text = f"eltwise_param {{ operation: {operation} }}"
        grid.add("Eltwise", f"{operation}_inplace", text, FOUR, FOUR, is_in_place=True)
        grid.add("Eltwise", f"{operation}_inplace3", text, FOUR, FOUR, FOUR, is_in_place=True)
        grid.add("Eltwise", f"{operation}_nan", text, (FOUR, "nan"), (FOUR, "nan"))
        grid.add("Eltwise", f"{operation}_ties", text, (FOUR, "ties"), (FOUR, "ties"))
        for coefficients in ((1, -1), (2, 0.5), (0, 1), (1,), (1, 1, 1), (1, 1)):
            words = " ".join(f"coeff: {value}" for value in coefficients)
            text = f"eltwise_param {{ operation: {operation} {words} }}"
            name = f"{operation}_coeff_{'_'.join(map(str, coefficients))}"
            grid.add("Eltwise", name, text, FOUR, FOUR)
            grid.add("Eltwise", f"{name}_inplace", text, FOUR, FOUR, is_in_place=True)
    for n, second in enumerate(((2, 4, 3, 1), (24, 6), (2, 4, 18), (1,))):
        grid.add("Eltwise", f"other{n}", "", FOUR, second)
    twice = 'layer {{ name: "l" type: "Eltwise" bottom: "x" bottom: "x" top: "y" {} }}'
    for operation in operations:
        given = Input("x", FOUR)
        text = input_layer(given) + twice.format(f"eltwise_param {{ operation: {operation} }}")
        grid.add_net("Eltwise", f"{operation}_same_twice", text, [given])


def _reshape_and_flatten(grid: Grid) -> None:
    for n, words in enumerate(
        ("shape { dim: 0 dim: -1 }", "shape { dim: -1 }", "shape { }", "",
         "shape { dim: 2 dim: 2 dim: 36 }", "shape { dim: 0 dim: 0 dim: 0 dim: 0 }",
         "shape { dim: 0 dim: 0 dim: 0 dim: 0 dim: 1 }",
         "shape { dim: 0 dim: 0 dim: 0 dim: 0 dim: 0 }",
         "shape { dim: -1 dim: 5 }", "shape { dim: -1 dim: -1 }", "shape { dim: -2 }",
         "shape { dim: 7 }", "shape { dim: 144 }", "shape { dim: 1 dim: -1 dim: 1 }",
         "axis: 1 shape { dim: -1 }", "axis: 1 num_axes: 2 shape { dim: -1 }",
         "axis: 1 num_axes: 1 shape { dim: 2 dim: -1 }", "axis: 2 num_axes: 0 shape { dim: 1 }",
         "axis: -1 shape { dim: 1 }", "axis: -2 shape { dim: 3 dim: 2 }",
         "axis: -1 num_axes: 0 shape { dim: 1 dim: 1 }",
         "axis: 4 shape { dim: 1 }", "axis: 5 shape { dim: 1 }", "axis: -5 shape { dim: -1 }",
         "axis: -6 shape { dim: -1 }", "axis: 1 num_axes: 4 shape { dim: -1 }",
         "axis: 1 num_axes: 3 shape { dim: 0 dim: 0 dim: 0 }", "num_axes: 0 shape { dim: 1 }",
         "num_axes: -2 shape { dim: -1 }", "axis: 3 shape { dim: 0 }",
         "axis: 3 shape { dim: 0 dim: 0 }",
         "axis: 0 num_axes: 1 shape { }", "axis: 1 num_axes: 0 shape { dim: -1 }",
         "shape { dim: 0 dim: 4 dim: -1 dim: 6 }", "axis: 0 num_axes: 2 shape { dim: 8 }",
         "shape { dim: 0 dim: 0 dim: 0 dim: -1 dim: 0 }",
         "axis: 1 num_axes: 1 shape { dim: 0 dim: 1 }")
    ):  # fmt: skip
        grid.add("Reshape", f"words{n}", f"reshape_param {{ {words} }}", FOUR)
    for n, shape in enumerate(((), (6,), (2, 3), (1, 2, 3, 2, 1))):
        text = "reshape_param { shape { dim: -1 dim: 1 } }"
        grid.add("Reshape", f"nd{n}", text, shape)
        grid.add("Reshape", f"append{n}", "reshape_param { axis: -1 shape { dim: 1 } }", shape)
    grid.add("Reshape", "inplace", "reshape_param { shape { dim: 0 dim: -1 } }", FOUR,
             is_in_place=True)  # fmt: skip
    for axis in (None, *AXES, 3):
        for end in (None, 0, 1, 2, 3, -1, -2, 4):
            words = "" if axis is None else f"axis: {axis} "
            words += "" if end is None else f"end_axis: {end}"
            grid.add("Flatten", f"{axis}_{end}", f"flatten_param {{ {words} }}", FOUR)
    for n, shape in enumerate(((), (6,), (2, 3), (1, 2, 3, 2, 1))):
        grid.add("Flatten", f"nd{n}", "", shape)
    grid.add("Flatten", "inplace", "", FOUR, is_in_place=True)


def _tile_and_crop(grid: Grid) -> None:
    for axis in AXES:
        for tiles in (1, 3):
            text = f"tile_param {{ axis: {axis} tiles: {tiles} }}"
            grid.add("Tile", f"axis{axis}_{tiles}", text, FOUR)
    for n, words in enumerate(("", "tiles: 0", "tiles: -1", "tiles: 2", "axis: 0")):
        grid.add("Tile", f"words{n}", f"tile_param {{ {words} }}", FOUR)
    for n, shape in enumerate(((), (4,), (2, 3), (1, 2, 2, 3, 2))):
        grid.add("Tile", f"nd{n}", "tile_param { axis: 0 tiles: 2 }", shape)
    grid.add("Tile", "inplace", "tile_param { tiles: 1 }", FOUR, is_in_place=True)
    grid.add("Tile", "inplace2", "tile_param { tiles: 2 }", FOUR, is_in_place=True)
    for n, (words, second) in enumerate(
        (("", (2, 4, 2, 3)), ("offset: 1", (2, 4, 2, 3)), ("offset: 1 offset: 2", (2, 4, 2, 3)),
         ("axis: 1 offset: 1 offset: 0 offset: 2", (2, 2, 2, 3)), ("axis: 0", (1, 1, 1, 1)),
         ("axis: 0 offset: 1", (1, 1, 1, 1)), ("axis: -1 offset: 2", (2, 4, 3, 4)),
         ("axis: 3", (9, 9, 9, 2)), ("axis: 2 offset: 2 offset: 3", (2, 4, 2, 3)),
         ("axis: 2 offset: 1 offset: 1 offset: 1", (2, 4, 2, 3)), ("axis: 4", (2, 4, 3, 6)),
         ("", (2, 4, 4, 3)), ("", (2, 4, 3)), ("", (2, 4)), ("offset: 0", (1, 1, 3, 6)),
         ("axis: -4 offset: 0 offset: 1 offset: 1 offset: 1", (2, 3, 2, 5)),
         ("axis: 1 offset: -1", (2, 2, 2, 2)), ("axis: 1", (2, 2, 2, 2)),
         ("axis: -2", (1, 1, 1, 1)))
    ):  # fmt: skip
        grid.add("Crop", f"words{n}", f"crop_param {{ {words} }}", FOUR, second)
    for n, shape in enumerate(((6,), (2, 3), (2, 3, 4), (1, 2, 3, 3, 4))):
        smaller = tuple(max(1, size - 1) for size in shape)
        grid.add("Crop", f"nd{n}", "crop_param { axis: 0 }", shape, smaller)
        grid.add("Crop", f"nd{n}_end", "crop_param { axis: -1 offset: 1 }", shape, smaller)
    grid.add("Crop", "inplace", "", FOUR, (2, 4, 3, 6), is_in_place=True)


def _picking(grid: Grid) -> None:
    for n, shape in enumerate(((5,), (5, 2), (5, 2, 3), (5, 1, 2, 3), (5, 1, 2, 2, 2))):
        for marks in ((5,), (5, 1), (5, 1, 1, 1)):
            grid.add("Filter", f"{n}_{len(marks)}", "", shape, (marks, "binary"))
        for index in ((3,), (7,), (1,), (3, 1), (2, 2), ()):
            name = f"{n}_{'x'.join(map(str, index)) or 'scalar'}"
            grid.add("BatchReindex", name, "", shape, (index, "label:5"))
    grid.add("Filter", "several", "", (5, 2), (5, 3, 2), ((5,), "binary"), n_tops=2)
    grid.add("Filter", "fewer_tops", "", (5, 2), (5, 3, 2), ((5,), "binary"), n_tops=1)
    grid.add("Filter", "more_tops", "", (5, 2), ((5,), "binary"), n_tops=2)
    grid.add("Filter", "wide_marks", "", (5, 2), ((5, 2), "binary"))
    grid.add("Filter", "other_count", "", (5, 2), ((4,), "binary"))
    grid.add("Filter", "other_count2", "", (5, 2), (4, 2), ((5,), "binary"), n_tops=2)
    grid.add("Filter", "none", "", (5, 2), ((5,), "constant:0"))
    grid.add("Filter", "all", "", (5, 2), ((5,), "constant:1"))
    grid.add("Filter", "numbers", "", (5, 2), ((5,), "normal"))
    grid.add("Filter", "read", "", (5, 2), ((5,), "binary"),
             after='layer { name: "r" type: "ReLU" bottom: "y0" top: "r" }\n')  # fmt: skip
    grid.add("BatchReindex", "negative", "", (5, 2), ((3,), "constant:-1"))
    grid.add("BatchReindex", "beyond", "", (5, 2), ((3,), "constant:5"))
    grid.add("BatchReindex", "fraction", "", (5, 2), ((3,), "constant:2.7"))


def _arg_max(grid: Grid) -> None:
    for shape in ((6,), (3, 6), (2, 3, 4), (2, 5, 3, 2), (2, 2, 3, 2, 2)):
        for axis in (None, 0, 1, -1, -2, 5):
            for top_k in (1, 2, 9):
                for values in ("false", "true"):
                    words = "" if axis is None else f"axis: {axis} "
                    words += f"top_k: {top_k} out_max_val: {values}"
                    name = f"{len(shape)}d_{axis}_{top_k}_{values}"
                    grid.add("ArgMax", name, f"argmax_param {{ {words} }}", shape)
    for axis in ("", "axis: 1"):
        name = "axis" if axis else "all"
        grid.add("ArgMax", f"ties_{name}", f"argmax_param {{ {axis} top_k: 5 out_max_val: true }}",
                 ((3, 7, 2), "ties"))  # fmt: skip
        grid.add("ArgMax", f"ties_{name}_places", f"argmax_param {{ {axis} top_k: 5 }}",
                 ((3, 7, 2), "ties"))  # fmt: skip
    grid.add("ArgMax", "zero", "argmax_param { top_k: 0 }", (3, 6))
    grid.add("ArgMax", "inplace", "argmax_param { axis: 1 }", (3, 1), is_in_place=True)


def _reduction(grid: Grid) -> None:
    for operation in ("SUM", "ASUM", "SUMSQ", "MEAN"):
        for shape in ((), (7,), (2, 3), (2, 3, 4, 5), (2, 2, 3, 2, 2)):
            for axis in (0, 1, -1, -2, 4, 5):
                text = f"reduction_param {{ operation: {operation} axis: {axis} coeff: 2.5 }}"
                grid.add("Reduction", f"{operation}_{len(shape)}d_{axis}", text, shape)
        for coefficient in (0, 1, -0.5):
            text = f"reduction_param {{ operation: {operation} coeff: {coefficient} }}"
            grid.add("Reduction", f"{operation}_coeff{coefficient}", text, (3, 4))
        text = f"reduction_param {{ operation: {operation} axis: 1 }}"
        grid.add("Reduction", f"{operation}_nan", text, ((4, 6), "nan"))
        grid.add("Reduction", f"{operation}_inplace", text, (4,), is_in_place=True)
        text = f"reduction_param {{ operation: {operation} axis: 1 }} loss_weight: 2"
        grid.add("Reduction", f"{operation}_weighted", text, (4, 6))
    grid.add("Reduction", "unwritten", "", (3, 4))


def _split_and_silence(grid: Grid) -> None:
    for n_tops in (0, 1, 2, 3):
        grid.add("Split", f"tops{n_tops}", "", FOUR, n_tops=n_tops)
    grid.add("Split", "inplace", "", FOUR, n_tops=2, is_in_place=True)
    given = Input("x", FOUR)
    shared = input_layer(given) + (
        'layer { name: "a" type: "ReLU" bottom: "x" top: "a" }\n'
        'layer { name: "b" type: "Sigmoid" bottom: "x" top: "b" }\n'
        'layer { name: "s" type: "Eltwise" bottom: "a" bottom: "b" bottom: "x" top: "s" }\n'
    )
    grid.add_net("Split", "automatic", shared, [given])
    for count in (1, 2, 3):
        grid.add("Silence", f"bottoms{count}", "", *[FOUR] * count, n_tops=0)
    grid.add("Silence", "with_top", "", FOUR)
    grid.add("Silence", "without_bottom", "", n_tops=0)


def make_grid() -> Grid:
    """All cases of this family."""
    grid = Grid()
    for build in (_concat_and_slice, _eltwise, _reshape_and_flatten, _tile_and_crop, _picking,
                  _arg_max, _reduction, _split_and_silence):  # fmt: skip
        build(grid)
    return grid
