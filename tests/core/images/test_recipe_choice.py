"""The order of origins of a recipe, what each data layer states, and which nets are recognised."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.errors import ImageError
from core.images.preprocess import Preprocess
from core.images.presets import CAFFENET_MEAN, PRESETS, recipe_path, save_recipe
from core.images.recipe_choice import ChosenRecipe, UnknownPresetError, choose_recipe
from core.layers.shapes import infer_shapes
from core.net.definition import NetState
from core.net.reader import load_net, read_net

INPUT = 'layer { name: "data" type: "Input" top: "data" input_param { shape { %s } } }'
RGB = INPUT % "dim: 1 dim: 3 dim: 50 dim: 60"
DATA = 'layer { name: "db" type: "Data" top: "data" top: "label" %s data_param { batch_size: 2 } }'
MEANS = "mean_value: 1 mean_value: 2 mean_value: 3"


def choose(
    text: str, named: str | Preprocess | None = None, *, prototxt: Path | None = None,
    phase: str = "TEST",
) -> ChosenRecipe:  # fmt: skip
    net = read_net(text, state=NetState(phase))
    return choose_recipe(net, infer_shapes(net), prototxt, named)


def test_the_order_of_origins(tmp_path: Path) -> None:
    prototxt = tmp_path / "net.prototxt"
    text = DATA % f"transform_param {{ crop_size: 40 scale: 0.5 {MEANS} }}"
    own = choose(text, prototxt=prototxt)
    assert own.origin == "the net's transform_param"
    assert (own.recipe.scale, own.recipe.mean) == (0.5, (1.0, 2.0, 3.0))
    kept = Preprocess(width=40, height=40, exif=False)
    save_recipe(tmp_path / "net.preprocess.json", kept)
    beside = choose(text, prototxt=prototxt)
    assert (beside.origin, beside.recipe) == ("beside the net", kept)
    assert "own transform_param says otherwise" in beside.note
    assert "minus 1, 2, 3, times 0.5" in beside.note
    given = choose(text, "SqueezeNet", prototxt=prototxt)
    assert (given.origin, given.recipe.width) == ("given", 227)
    assert choose(text, kept).recipe is kept
    assert choose(text, own.recipe).note == ""
    assert choose(RGB, kept).note == ""


def make_device_mean(path: Path) -> None:
    path.write_text('{"width": 12, "height": 12, "mean_image": "/dev/zero"}')


BESIDE: dict[str, tuple[Callable[[Path], object], str]] = {
    "dangling link": (lambda path: path.symlink_to("nowhere"), "No such file"),
    "folder": (Path.mkdir, "it is a folder"),
    "device": (lambda path: path.symlink_to("/dev/zero"), "it is a device"),
    "mean of a device": (make_device_mean, "it is a device"),
    "Latin-1": (lambda path: path.write_bytes(b'{"\xe9": 1}'), "is no JSON"),
    "deep": (lambda path: path.write_text("[" * 100_000), "is no JSON"),
    "huge number": (lambda path: path.write_text('{"mean": [1%s]}' % ("0" * 400)), "out of range"),
    "other types": (lambda path: path.write_text('{"width": {}}'), "width: expected int"),
}


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no devices here")
@pytest.mark.parametrize("kind", BESIDE)
def test_a_recipe_beside_that_can_not_be_used_is_left_out_with_a_note(
    tmp_path: Path, kind: str
) -> None:
    make, reason = BESIDE[kind]
    make(tmp_path / "net.preprocess.json")
    text = DATA % f"transform_param {{ crop_size: 40 {MEANS} }}"
    chosen = choose(text, prototxt=tmp_path / "net.prototxt")
    assert (chosen.origin, chosen.recipe) == ("the net's transform_param", choose(text).recipe)
    assert chosen.note.startswith("The recipe net.preprocess.json beside the net is left out. ")
    assert reason in chosen.note
    assert chosen.problem is not None
    with pytest.raises(ImageError, match=reason):  # nothing else says how
        choose(INPUT % "dim: 1 dim: 3 dim: 0 dim: 0", prototxt=tmp_path / "net.prototxt")
    if kind not in ("dangling link", "folder", "device"):
        with pytest.raises(ImageError, match=reason):
            choose(text, str(tmp_path / "net.preprocess.json")).recipe.check_mean_image()


def test_a_guess_is_called_one() -> None:
    chosen = choose(RGB)
    assert chosen.is_guessed
    assert chosen.describe().endswith("(guessed)")
    assert chosen.recipe == Preprocess("warp", 60, 50, mean=CAFFENET_MEAN)


@pytest.mark.parametrize(
    ("n_channels", "order"), [(1, "gray"), (2, "gray + alpha"), (3, "BGR"), (4, "BGRA")]
)
def test_inputs_of_one_to_four_channels_are_guessed(n_channels: int, order: str) -> None:
    chosen = choose(INPUT % f"dim: 1 dim: {n_channels} dim: 8 dim: 9")
    assert chosen.recipe.colour_order == order
    assert chosen.recipe.output_shape(20, 20) == (n_channels, 8, 9)


def test_six_channels_are_the_user_s_to_make() -> None:
    with pytest.raises(ImageError, match="How 6 channels come from one picture") as raised:
        choose(INPUT % "dim: 1 dim: 6 dim: 8 dim: 9")
    assert "--array" in raised.value.hint


def test_names_that_are_no_preset() -> None:
    with pytest.raises(UnknownPresetError, match="fits no preset"):
        choose(RGB, "VGG17")
    with pytest.raises(UnknownPresetError, match="fits several presets"):
        choose(RGB, "s")
    for name in PRESETS:
        assert choose(RGB, name).recipe == PRESETS[name]


@pytest.mark.parametrize(
    ("transform", "line"),
    [
        ("crop_size: 227 mean_value: 9", "warp to 256 x 256, centre crop 227 x 227"),
        ("crop_size: 60 mean_value: 9", "warp to 60 x 60"),
        ("crop_size: 60 force_gray: true", "warp to 60 x 60, OpenCV bilinear, grey,"),
        ("crop_size: 60 force_color: true", "warp to 60 x 60, OpenCV bilinear, BGR,"),
        (
            "resize_param { prob: 1 resize_mode: WARP height: 30 width: 40 interp_mode: NEAREST }",
            "warp to 40 x 30, nearest",
        ),
        (
            "crop_size: 20 resize_param { height: 30 width: 40 }",
            "warp to 40 x 30, centre crop 20 x 20",
        ),
        (
            "resize_param { resize_mode: FIT_LARGE_SIZE_AND_PAD height: 30 width: 40 }",
            "fit and pad to 40 x 30",
        ),
    ],
)
def test_what_a_database_states(transform: str, line: str) -> None:
    chosen = choose(DATA % f"transform_param {{ {transform} }}")
    assert chosen.origin == "the net's transform_param"
    assert chosen.describe().startswith(line)


def test_a_database_whose_size_is_assumed_says_so() -> None:
    assert (
        "not in the file: 256 x 256 is taken"
        in choose(DATA % "transform_param { crop_size: 224 }").note
    )
    assert "they are warped to the crop" in choose(DATA % "transform_param { crop_size: 60 }").note
    with pytest.raises(ImageError, match="What size its pictures have is not in the file"):
        choose(DATA % "transform_param { scale: 2 }")


def test_memory_window_and_dense_layers() -> None:
    memory = (
        'layer { name: "m" type: "MemoryData" top: "data" top: "label" transform_param { scale: 2 }'
        " memory_data_param { batch_size: 1 channels: 1 height: 15 width: 16 } }"
    )
    assert choose(memory).describe().startswith("warp to 16 x 15, OpenCV bilinear, grey, times 2")
    window = (
        'layer { name: "w" type: "WindowData" top: "data" top: "label" transform_param '
        "{ crop_size: 17 scale: 3 mean_value: 4 } window_data_param { batch_size: 1 scale: 5 } }"
    )
    chosen = choose(window)
    # WindowData never reads the scale of transform_param (layers/window_data_layer.cpp)
    assert chosen.describe().startswith("warp to 17 x 17, OpenCV bilinear, BGR minus 4, times 5")
    assert "one window" in chosen.note
    dense = (
        'layer { name: "d" type: "DenseImageData" top: "data" top: "label" '
        "dense_image_data_param { batch_size: 1 new_height: 12 new_width: 14 is_color: false } }"
    )
    assert choose(dense).describe().startswith("warp to 14 x 12, OpenCV bilinear, grey")


def test_chance_is_left_out_and_said() -> None:
    text = DATA % "transform_param { crop_size: 227 mirror: true }"
    assert "mirrors half of the pictures at random" in choose(text).note
    assert "crops at random" not in choose(text).note
    assert "crops at random; here from the middle" in choose(text, phase="TRAIN").note


def test_the_data_layer_of_the_phase_counts() -> None:
    both = (
        DATA % "transform_param { crop_size: 20 scale: 2 } include { phase: TRAIN }"
        + DATA % "transform_param { crop_size: 20 scale: 3 } include { phase: TEST }"
    )
    assert choose(both).recipe.scale == 3
    assert choose(both, phase="TRAIN").recipe.scale == 2
    deploy = both.replace("phase: TEST", 'stage: "val"') + INPUT % "dim: 1 dim: 3 dim: 20 dim: 20"
    chosen = choose(deploy)
    assert (chosen.origin, chosen.recipe.scale) == ("the net's transform_param", 3)
    assert "layer 'db', which this phase leaves out" in chosen.note


def test_a_transform_in_a_comment_counts() -> None:
    comment = (
        "#  transform_param {\n#    scale: 0.017\n#    mirror: false\n"
        f"#    mean_value: [1, 2, 3]\n#  }}\n{RGB}"
    )
    chosen = choose(comment)
    assert chosen.origin == "the net's transform_param"
    assert chosen.describe().startswith("warp to 60 x 50")
    assert (chosen.recipe.mean, chosen.recipe.scale) == ((1.0, 2.0, 3.0), 0.017)
    assert "in a comment" in chosen.note
    assert choose(f"# transform_param {{ scale: two }}\n{RGB}").is_guessed
    assert choose(f"# transform_param\n{RGB}").is_guessed


def write_mean(path: Path, side: int, *, n_channels: int = 3) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path.with_suffix(".npy"), np.full((n_channels, side, side), 5.0, dtype=np.float32))
    path.with_suffix(".npy").rename(path)


@pytest.mark.parametrize("place", ["mean.binaryproto", "../../data/mean.binaryproto"])
def test_a_mean_file_is_found_where_caffe_or_the_author_has_it(tmp_path: Path, place: str) -> None:
    folder = tmp_path / "models" / "net"
    folder.mkdir(parents=True)
    write_mean(folder / place, 40)
    written = place.removeprefix("../../")  # as from Caffe's root
    text = DATA % f'transform_param {{ crop_size: 30 mean_file: "{written}" scale: 2 }}'
    chosen = choose(text, prototxt=folder / "net.prototxt")
    assert chosen.origin == "the net's transform_param"
    assert chosen.describe().startswith("warp to 40 x 40, centre crop 30 x 30")
    assert chosen.recipe.apply(np.full((9, 9, 3), 7, np.uint8))[0, 0, 0] == 4.0
    elsewhere = DATA % f'transform_param {{ crop_size: 30 mean_file: "/gone/{Path(place).name}" }}'
    (folder / "mean.binaryproto").exists() or write_mean(folder / "mean.binaryproto", 40)
    assert not choose(elsewhere, prototxt=folder / "net.prototxt").is_guessed


def test_a_grey_mean_file_makes_a_grey_input_of_its_size(tmp_path: Path) -> None:
    write_mean(tmp_path / "mean.binaryproto", 28, n_channels=1)
    text = DATA % 'transform_param { mean_file: "mean.binaryproto" }'
    chosen = choose(text, prototxt=tmp_path / "net.prototxt")
    assert chosen.recipe.output_shape(99, 99) == (1, 28, 28)


def test_a_mean_file_that_is_missing_makes_the_recipe_a_guess(tmp_path: Path) -> None:
    text = DATA % 'transform_param { crop_size: 227 mean_file: "gone.binaryproto" scale: 0.5 }'
    chosen = choose(text, prototxt=tmp_path / "net.prototxt")
    assert chosen.is_guessed
    assert (chosen.recipe.mean, chosen.recipe.scale) == (CAFFENET_MEAN, 0.5)
    assert "'gone.binaryproto' is not there. 104.007, 116.669, 122.679 is subtracted" in chosen.note
    (tmp_path / "gone.binaryproto").write_text("version https://git-lfs.github.com/spec/v1")
    chosen = choose(text, prototxt=tmp_path / "net.prototxt")
    assert chosen.is_guessed
    assert "is a Git LFS pointer, no mean image" in chosen.note


@pytest.mark.parametrize(
    ("transform", "sentence"),
    [
        ('mean_file: "a" mean_value: 1', "both mean_file and mean_value"),
        ("force_gray: true force_color: true", "both force_color and force_gray"),
        ("mean_value: 1 mean_value: 2", "2 values for"),
        ("scale: half", "Expected a number for scale"),
        ("crop_size: 300", ""),
    ],
)
def test_what_caffe_refuses_is_said_and_not_used(transform: str, sentence: str) -> None:
    crop = "" if "crop_size" in transform else "crop_size: 20 "
    layer = (
        'layer { name: "data" type: "ImageData" top: "data" top: "label" image_data_param '
        f"{{ new_height: 256 new_width: 256 }} transform_param {{ {crop}{transform} }} }}"
    )
    if "force_gray" in transform:
        layer = DATA % f"transform_param {{ {crop}{transform} }}"
    chosen = choose(layer)
    assert chosen.is_guessed
    assert sentence in chosen.note
    assert "transform_param can't be used" in chosen.note


@pytest.mark.parametrize(
    ("file", "preset"),
    [
        ("BVLC__caffe__models__bvlc_reference_caffenet__deploy", "CaffeNet"),
        ("BVLC__caffe__models__bvlc_alexnet__deploy", "CaffeNet"),
        ("BVLC__caffe__models__bvlc_googlenet__deploy", "GoogLeNet"),
        ("BVLC__caffe__examples__mnist__lenet", "LeNet"),
        ("KaimingHe__deep-residual-networks__prototxt__ResNet-152-deploy", "ResNet"),
        ("SnailTyan__caffe-model-zoo__VGG16__deploy", "VGG"),
        ("yahoo__crow__vgg__VGG_ILSVRC_16_pool5", "VGG"),
        ("forresti__SqueezeNet__SqueezeNet_v1.1__deploy", "SqueezeNet"),
        ("songhan__SqueezeNet-Deep-Compression__SqueezeNet_deploy", "SqueezeNet"),
        ("hujie-frank__SENet__models__SE-ResNet-101", "SENet"),
        ("shicai__DenseNet-Caffe__DenseNet_161", "MobileNet, DenseNet"),
        ("chuanqi305__MobileNet-SSD__deploy", "SSD with MobileNet"),
    ],
)
def test_well_known_nets_take_their_preset(
    material: Callable[[str], Path], file: str, preset: str
) -> None:
    net = load_net(material(f"prototxts/{file}.prototxt"))
    shapes = infer_shapes(net)
    chosen = choose_recipe(net, shapes, None)
    assert chosen.origin == "preset"
    assert f"the preset '{preset}" in chosen.note
    assert chosen.recipe.output_shape(640, 480) == (shapes.top(net.layers[0]) or ())[1:]


@pytest.mark.parametrize(
    "file",
    [
        "rbgirshick__py-faster-rcnn__models__pascal_voc__VGG16__faster_rcnn_end2end__test",
        "shelhamer__fcn.berkeleyvision.org__voc-fcn8s__deploy",
        "eric612__MobileNet-YOLO__models__cityscapes__mobilenet_yolov3_deploy",
        "xingwangsfu__caffe-yolo__prototxt__yolo_small_deploy",
        "wy1iu__sphereface__train__code__sphereface_deploy",
    ],
)
def test_nets_with_other_conventions_are_not_taken_for_known_ones(
    material: Callable[[str], Path], file: str
) -> None:
    net = load_net(material(f"prototxts/{file}.prototxt"))
    assert choose_recipe(net, infer_shapes(net), None).is_guessed


def test_a_deploy_file_of_mobilenet_says_it_in_a_comment(material: Callable[[str], Path]) -> None:
    path = material("prototxts/shicai__MobileNet-Caffe__mobilenet_deploy.prototxt")
    net = load_net(path)
    chosen = choose_recipe(net, infer_shapes(net), path)
    assert chosen.origin == "the net's transform_param"
    assert (chosen.recipe.scale, chosen.recipe.mean) == (0.017, (103.94, 116.78, 123.68))


def test_names_that_no_file_can_have_are_only_missing(tmp_path: Path) -> None:
    prototxt = tmp_path / ("n" * 246 + ".prototxt")
    assert choose(RGB, prototxt=prototxt).is_guessed
    save_recipe(recipe_path(prototxt), Preprocess())
    assert choose(RGB, prototxt=prototxt).origin == "beside the net"
    long = DATA % f'transform_param {{ crop_size: 30 mean_file: "{"m" * 300}" }}'
    assert "is not there" in choose(long, prototxt=tmp_path / "n.prototxt").note
    with pytest.raises(UnknownPresetError):
        choose(RGB, "p" * 300)
