"""Shapes against those real Caffe made of the same prototxt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.layers.shapes import NetShapes, infer_shapes
from core.net.definition import Net
from core.net.reader import load_net, read_net

# layer_shapes.json: small nets of ours, with the shapes real Caffe 1.0.0 gave their blobs and
# parameters, or the message it aborted with.
CASES: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "data" / "layer_shapes.json").read_text()
)
BUILT = sorted(name for name, case in CASES.items() if "blobs" in case)
# what the values of a blob, a file or a module decide is not in the prototxt
KNOWN_AT_RUN = {"hdf5data": {"data", "label", "fc"}, "filter_none": {"fa"}, "filter": {"fa"}}
REFUSED_SHAPES = sorted(
    """
    err_bad_enum err_bottom_count err_concat_shape err_conv_group_bad err_conv_no_kernel
    err_conv_no_num_output err_conv_too_big_kernel err_crop_bigger err_eltwise_shape err_lrn_even
    err_pool_3axis err_pool_pad_ge_kernel err_reshape_bad err_reshape_two_neg1
    err_shared_param_shape err_slice_not_divisible err_spp_small_bins err_unknown_type
    """.split()
)


def final_shapes(net: Net, shapes: NetShapes) -> dict[str, tuple[int, ...] | None]:
    """The shape of each blob after its last version is written."""
    return {v.blob: shapes.top(net.layers[v.layer_index], v.top_index) for v in net.versions}


@pytest.mark.parametrize("name", BUILT)
def test_blobs_and_parameters_have_the_shapes_of_real_caffe(name: str) -> None:
    case = CASES[name]
    net = read_net(case["prototxt"])
    shapes = infer_shapes(net)
    unknown = KNOWN_AT_RUN.get(name, set())

    ours = final_shapes(net, shapes)
    assert {blob: ours[blob] for blob in case["blobs"]} == {
        blob: None if blob in unknown else tuple(shape) for blob, shape in case["blobs"].items()
    }
    for layer in net.layers:
        if set(layer.tops) & unknown:
            continue
        wanted = case["parameters"].get(layer.name, [])
        assert shapes.parameters(layer) == tuple(map(tuple, wanted)), layer.name
    assert shapes.problems == ()


@pytest.mark.parametrize("name", REFUSED_SHAPES)
def test_what_real_caffe_aborts_on_is_a_problem_and_no_exception(name: str) -> None:
    net = read_net(CASES[name]["prototxt"])
    assert not CASES[name]["ok"]
    problems = infer_shapes(net).problems
    assert len(problems) == 1
    assert problems[0].layer in problems[0].sentence
    assert problems[0].line == net.layer(problems[0].layer).line


def test_a_problem_says_what_is_wrong_in_words() -> None:
    sentence = infer_shapes(read_net(CASES["err_eltwise_shape"]["prototxt"])).problems[0].sentence
    assert sentence == (
        "Layer 'e' (Eltwise): Eltwise needs equal shapes, not 1 x 3 x 4 x 4 and 1 x 3 x 4 x 5."
    )


def test_a_slip_in_a_type_name_is_pointed_out_and_a_fork_type_is_not() -> None:
    slip = infer_shapes(read_net(CASES["err_unknown_type"]["prototxt"]))
    assert slip.problems[0].sentence.endswith("Is Convolution meant?")
    fork = infer_shapes(read_net(CASES["err_unknown_type"]["prototxt"].replace(
        "Convolutoin", "Convolution3D")))  # fmt: skip
    assert fork.problems == ()
    assert fork.n_unknown == 1


def test_input_shapes_replace_what_the_prototxt_says() -> None:
    net = read_net(CASES["pool_max_3x3_s2_ceil"]["prototxt"])
    blob = net.inputs[0]
    shapes = infer_shapes(net, {blob: (7, 2, 11, 12)})
    # ceil((11 - 3) / 2) + 1 = 5, ceil((12 - 3) / 2) + 1 = 6
    assert shapes.top(net.layers[-1]) == (7, 2, 5, 6)


def test_unknown_inputs_leave_the_rest_unknown_but_losses_are_listed() -> None:
    text = """
    layer { name: "d" type: "Data" top: "data" top: "label" data_param { batch_size: 64 } }
    layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
            inner_product_param { num_output: 4 } }
    """
    shapes = infer_shapes(read_net(text))
    assert shapes.top("d", 0) is None
    assert shapes.top("d", 1) == (64,)
    assert shapes.top("ip") is None
    assert shapes.parameters("ip") == ()
    assert not shapes.of("ip").is_complete
    assert shapes.problems == ()


def test_a_database_with_a_crop_is_assumed_to_hold_colour_images() -> None:
    text = """
    layer { name: "d" type: "Data" top: "data" top: "label"
            transform_param { crop_size: 227 } data_param { batch_size: 50 } }
    """
    shapes = infer_shapes(read_net(text))
    assert shapes.top("d") == (50, 3, 227, 227)
    assert shapes.assumptions == ("'d' reads a database: 3 channels are assumed.",)
    gray = infer_shapes(read_net(text.replace("crop_size", "force_gray: true crop_size")))
    assert gray.top("d") == (50, 1, 227, 227)
    assert gray.assumptions == ()


def test_a_name_that_stands_twice_is_told_apart_by_its_layer() -> None:
    net = read_net("""
    input: "x" input_dim: 1 input_dim: 2 input_dim: 3 input_dim: 3
    layer { name: "p" type: "Pooling" bottom: "x" top: "a" pooling_param { kernel_size: 2 } }
    layer { name: "p" type: "Pooling" bottom: "a" top: "b" pooling_param { kernel_size: 2 } }
    """)
    shapes = infer_shapes(net)
    assert shapes.top("p") == (1, 2, 2, 2)
    assert shapes.top(net.layers[2]) == (1, 2, 1, 1)


FORK_CASES = [
    ('type: "Permute" permute_param { order: 0 order: 2 order: 3 order: 1 }', (2, 8, 9, 6)),
    ('type: "ReLU6"', (2, 6, 8, 9)),
    ('type: "ShuffleChannel" shuffle_channel_param { group: 3 }', (2, 6, 8, 9)),
    ('type: "Interp" interp_param { zoom_factor: 8 }', (2, 6, 57, 65)),
    ('type: "Interp" interp_param { shrink_factor: 2 }', (2, 6, 4, 5)),
    ('type: "Interp" interp_param { height: 20 width: 30 }', (2, 6, 20, 30)),
    ('type: "Upsample" upsample_param { scale: 2 pad_out_h: true }', (2, 6, 15, 18)),
    ('type: "ConvolutionDepthwise" convolution_param { num_output: 6 kernel_size: 3 stride: 2 }',
     (2, 6, 3, 4)),
    ('type: "Pooling" pooling_param { kernel_size: 3 stride: 2 ceil_mode: false }', (2, 6, 3, 4)),
    ('type: "Normalize" norm_param { channel_shared: false }', (2, 6, 8, 9)),
]  # fmt: skip


@pytest.mark.parametrize(("body", "shape"), FORK_CASES)
def test_types_of_other_branches(body: str, shape: tuple[int, ...]) -> None:
    text = f"""
    layer {{ name: "x" type: "Input" top: "x"
             input_param {{ shape {{ dim: 2 dim: 6 dim: 8 dim: 9 }} }} }}
    layer {{ name: "l" bottom: "x" top: "y" {body} }}
    """
    assert infer_shapes(read_net(text)).top("l") == shape


def test_prior_boxes_are_counted_as_ssd_does() -> None:
    """conv4_3 of SSD300: 38 x 38 places, sizes 30 and 60, ratio 2 and its flip: 4 boxes each."""
    net = read_net("""
    layer { name: "i" type: "Input" top: "f" top: "data"
            input_param { shape { dim: 1 dim: 512 dim: 38 dim: 38 }
                          shape { dim: 1 dim: 3 dim: 300 dim: 300 } } }
    layer { name: "p" type: "PriorBox" bottom: "f" bottom: "data" top: "p"
            prior_box_param { min_size: 30 max_size: 60 aspect_ratio: 2 flip: true } }
    """)
    assert infer_shapes(net).top("p") == (1, 2, 38 * 38 * 4 * 4)


def test_goldens_of_whole_nets(material: Any) -> None:
    index = json.loads(material("goldens/index.json").read_text())
    for name, golden in index.items():
        if "blobs" not in golden:
            continue
        path = material(f"goldens/{golden['prototxt']}" if "already" not in golden["prototxt"]
                        else "models/squeezenet_v1.0.prototxt")  # fmt: skip
        net = load_net(path)
        shapes = infer_shapes(net, {k: tuple(v) for k, v in golden["inputs"].items()})
        ours = final_shapes(net, shapes)
        for blob, row in golden["blobs"].items():
            assert "_split_" in blob or ours[blob] == tuple(row["shape"]), (name, blob)
        assert shapes.total_parameters == golden["params"], name
        assert shapes.problems == (), name


def test_corpus_has_the_outputs_and_parameter_counts_of_real_caffe(material: Any) -> None:
    n_compared = 0
    for entry in json.loads(material("corpus.json").read_text()):
        if not entry.get("instantiates"):
            continue
        net = load_net(material(f"prototxts/{entry['file']}"))
        shapes = infer_shapes(net)
        ours = final_shapes(net, shapes)
        caffe = entry["caffe"]
        assert shapes.total_parameters == caffe["params"], entry["file"]
        wanted = {blob: tuple(shape) for blob, shape in caffe["outputs"].items()}
        assert {blob: ours[blob] for blob in wanted} == wanted, entry["file"]
        assert shapes.problems == (), entry["file"]
        n_compared += 1
    assert n_compared == 84
