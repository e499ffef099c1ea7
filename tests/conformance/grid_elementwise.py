"""Cases of layers that treat each value on its own, or with a factor of its channel."""

from __future__ import annotations

from tests.conformance.case import Grid

SHAPES = {
    "1d": (7,),
    "2d": (3, 5),
    "3d": (2, 3, 5),
    "4d": (2, 3, 4, 5),
    "5d": (2, 3, 2, 3, 4),
    "thin": (1, 1, 1, 9),
}


def _activations(grid: Grid) -> None:
    plain = {
        "ReLU": ("", "relu_param { negative_slope: 0.1 }", "relu_param { negative_slope: -0.5 }",
                 "relu_param { engine: CAFFE }"),
        "ELU": ("", "elu_param { alpha: 0.3 }", "elu_param { alpha: 2 }"),
        "Sigmoid": ("", "sigmoid_param { engine: CAFFE }"),
        "TanH": ("",),
        "AbsVal": ("",),
        "BNLL": ("",),
        "Swish": ("", "swish_param { beta: 2.5 }", "swish_param { beta: 0 }",
                  "swish_param { beta: -1 }"),
        "Clip": ("clip_param { min: -0.5 max: 0.75 }", "clip_param { min: 0 max: 6 }"),
        "Threshold": ("", "threshold_param { threshold: 0.4 }",
                      "threshold_param { threshold: -1 }"),
        "Dropout": ("", "dropout_param { dropout_ratio: 0.9 }"),
        "Power": ("", "power_param { power: 2 scale: 3 shift: -1 }", "power_param { power: 0 }",
                  "power_param { scale: 0 shift: 2 power: 3 }", "power_param { power: 3 }",
                  "power_param { shift: 5 }", "power_param { scale: -2 }",
                  "power_param { scale: 0 shift: -2 power: 2 }",
                  "power_param { power: -1 shift: 4 scale: 0.1 }",
                  "power_param { scale: 0 power: 0 }", "power_param { scale: 0 power: -1 }"),
        "Exp": ("", "exp_param { base: 2 }", "exp_param { base: 10 scale: 0.5 shift: 1 }",
                "exp_param { scale: -1 shift: 2 }", "exp_param { base: 0.5 shift: -1 }",
                "exp_param { base: 0 }", "exp_param { base: -2 }", "exp_param { base: 1 }",
                "exp_param { scale: 0 }"),
    }  # fmt: skip
    for type_, variants in plain.items():
        for shape_name, shape in SHAPES.items():
            grid.add(type_, shape_name, variants[0], shape)
        for i, parameters in enumerate(variants[1:]):
            grid.add(type_, f"variant{i}", parameters, SHAPES["4d"])
            grid.add(type_, f"variant{i}_inplace", parameters, SHAPES["3d"], is_in_place=True)
        grid.add(type_, "inplace", variants[0], SHAPES["4d"], is_in_place=True)
        grid.add(type_, "nan", variants[0], (SHAPES["4d"], "nan"))
        grid.add(type_, "zeros", variants[0], (SHAPES["2d"], "ties"))
        grid.add(type_, "two_bottoms", variants[0], SHAPES["2d"], SHAPES["2d"])
        grid.add(type_, "two_tops", variants[0], SHAPES["2d"], n_tops=2)
    for i, power in enumerate(("power: 0.5", "power: -0.5 shift: 0.1", "power: 2.5 scale: 0.5")):
        grid.add("Power", f"fraction{i}", f"power_param {{ {power} }}", (SHAPES["4d"], "positive"))
    grid.add("Power", "negative_root", "power_param { power: 0.5 }", SHAPES["2d"])
    grid.add("Clip", "unwritten", "", SHAPES["2d"])
    grid.add("Clip", "only_max", "clip_param { max: 1 }", SHAPES["2d"])
    grid.add("Clip", "crossed", "clip_param { min: 1 max: -1 }", SHAPES["2d"])
    for ratio in ("0", "1", "-0.5", "1.5"):
        grid.add("Dropout", f"ratio{ratio}", f"dropout_param {{ dropout_ratio: {ratio} }}", (2, 3))


def _log(grid: Grid) -> None:
    for i, parameters in enumerate(
        ("", "base: 2", "base: 10 scale: 3", "scale: 2 shift: 1", "base: 0.5 shift: 0.2")
    ):
        for name in ("2d", "5d"):
            text = f"log_param {{ {parameters} }}"
            grid.add("Log", f"variant{i}_{name}", text, (SHAPES[name], "positive"))
    grid.add("Log", "negative", "", SHAPES["4d"])
    grid.add("Log", "zero", "", (SHAPES["4d"], "ties"))
    grid.add("Log", "inplace", "log_param { base: 2 }", (SHAPES["4d"], "positive"),
             is_in_place=True)  # fmt: skip
    for base in ("0", "-3", "1"):
        grid.add("Log", f"base{base}", f"log_param {{ base: {base} }}", (SHAPES["2d"], "positive"))


def _prelu(grid: Grid) -> None:
    for shape_name, shape in SHAPES.items():
        for shared in ("false", "true"):
            for in_place in (False, True):
                name = f"{shape_name}_{shared}_{'in' if in_place else 'out'}"
                text = f"prelu_param {{ channel_shared: {shared} }}"
                grid.add("PReLU", name, text, shape, is_in_place=in_place)
    grid.add("PReLU", "nan", "", (SHAPES["4d"], "nan"))


def _scale_and_bias(grid: Grid) -> None:
    for type_, message in (("Scale", "scale_param"), ("Bias", "bias_param")):
        for shape_name in ("1d", "2d", "4d", "5d"):
            shape = SHAPES[shape_name]
            for axis in (0, 1, 2, -1, -2, 5):
                for num_axes in (None, 0, 1, 2, -1, -2):
                    for with_bias in (False, True) if type_ == "Scale" else (False,):
                        if with_bias and axis in (2, -2):
                            continue
                        words = f"axis: {axis}"
                        words += "" if num_axes is None else f" num_axes: {num_axes}"
                        words += " bias_term: true" if with_bias else ""
                        name = f"{shape_name}_{axis}_{num_axes}_{with_bias}"
                        grid.add(type_, name, f"{message} {{ {words} }}", shape)
        for i, (axis, second) in enumerate(
            ((0, (2, 3, 4, 5)), (0, (2, 3)), (1, (3,)), (1, (3, 4, 5)), (1, (3, 4)), (2, (4,)),
             (-1, (5,)), (-2, (4, 5)), (0, ()), (1, ()), (3, ()), (1, (4,)), (2, (3,)),
             (3, (5, 1)), (0, (2, 1)), (-4, (2,)), (7, ()))
        ):  # fmt: skip
            text = f"{message} {{ axis: {axis} }}"
            grid.add(type_, f"second{i}", text, SHAPES["4d"], second)
            grid.add(type_, f"second{i}_inplace", text, SHAPES["4d"], second, is_in_place=True)
            if type_ == "Scale":
                text = f"scale_param {{ axis: {axis} bias_term: true }}"
                grid.add(type_, f"second{i}_bias", text, SHAPES["4d"], second)
        grid.add(type_, "inplace", "", SHAPES["4d"], is_in_place=True)
        grid.add(type_, "same_twice", "", SHAPES["1d"], n_tops=1)


def _batch_norm(grid: Grid) -> None:
    for shape_name, shape in SHAPES.items():
        for words in ("", "eps: 0.1", "use_global_stats: false", "use_global_stats: true",
                      "use_global_stats: false eps: 0.5"):  # fmt: skip
            name = f"{shape_name}_{words.replace(': ', '_').replace(' ', '_') or 'plain'}"
            grid.add("BatchNorm", name, f"batch_norm_param {{ {words} }}", shape)
    for factor in ("0", "1", "999.98236", "-2"):
        filled = {"l/2": f"constant:{factor}"}
        grid.add("BatchNorm", f"factor{factor}", "", SHAPES["4d"], filled=filled)
    grid.add("BatchNorm", "negative_var", "", SHAPES["4d"], filled={"l/1": "normal"})
    grid.add("BatchNorm", "inplace", "", SHAPES["4d"], is_in_place=True)
    grid.add("BatchNorm", "inplace_own", "batch_norm_param { use_global_stats: false }",
             SHAPES["4d"], is_in_place=True)  # fmt: skip
    grid.add("BatchNorm", "learning", "param { lr_mult: 1 } param { lr_mult: 1 }", SHAPES["4d"])


def make_grid() -> Grid:
    """All cases of this family."""
    grid = Grid()
    for build in (_activations, _log, _prelu, _scale_and_bias, _batch_norm):
        build(grid)
    return grid
