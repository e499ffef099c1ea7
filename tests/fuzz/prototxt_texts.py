"""Prototxt texts: real small files changed, and others grown from a grammar."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from hypothesis import strategies as st

from core.layers.registry import all_types
from tests.fuzz.mutations import mutated_text

REPOSITORY = Path(__file__).resolve().parents[2]
MOST_CHARACTERS = 12_000
TYPES = tuple(row.type for row in all_types())
HUGE = (
    "99999999999999", "-1", "0", "2147483648", "18446744073709551616", "1e400", "-1e400", "nan",
    "inf", "-inf", "0x7fffffffffffffffffff", "1" * 5000, "1e-400", "3.7", "1_000", "٣", "0x", "-",
)  # fmt: skip
NAMES = ("a", "b", "c", "data", "", "a/b", "a b", "ä", "a@1", '\\"', "\\x", "\\377", "\\u12", "\0")
FIELDS = (
    "name", "type", "bottom", "top", "phase", "include", "exclude", "num_output", "kernel_size",
    "kernel_h", "kernel_w", "pad", "stride", "stride_h", "dilation", "group", "axis", "num_axes",
    "dim", "shape", "input", "input_dim", "input_shape", "min_level", "max_level", "stage",
    "not_stage", "slice_point", "local_size", "pool", "global_pooling", "bias_term", "operation",
    "coeff", "crop_size", "batch_size", "offset", "end_axis", "negative_slope", "force_nd_im2col",
    "param", "lr_mult", "state", "level", "layer", "layers", "bias_axis", "tiles", "top_k",
    "weight_filler", "value", "std", "num_input", "input_dim", "output_dim", "expose_hidden",
    "min_size", "max_size", "aspect_ratio", "variance", "order", "spatial_scale", "pooled_w",
    "pyramid_height", "engine", "round_mode", "ratio", "scale", "shrink_factor", "zoom_factor",
)  # fmt: skip


@cache
def small_files() -> tuple[str, ...]:
    """The files of the repository that a mutation still changes noticeably."""
    folders = (REPOSITORY / "prototxt", REPOSITORY / "tests" / "data")
    paths = sorted(path for folder in folders for path in folder.rglob("*.prototxt"))
    texts = [path.read_text(encoding="utf-8") for path in paths]
    return tuple(text for text in texts if len(text) < MOST_CHARACTERS)


def parameter_messages() -> tuple[str, ...]:
    """`convolution_param` and so on for every type we describe, spelled as Caffe does."""
    names = ("".join(f"_{c.lower()}" if c.isupper() else c for c in t) for t in TYPES)
    return tuple(sorted({f"{name.strip('_')}_param" for name in names}))


scalars = st.one_of(
    st.sampled_from(HUGE),
    st.integers(-2, 12).map(str),
    st.sampled_from(NAMES).map(lambda name: f'"{name}"'),
    st.sampled_from(("TEST", "TRAIN", "MAX", "AVE", "true", "false", "SUM", "[1, 2]", "[", "]")),
)
written_fields = st.builds(
    lambda name, colon, value: f"{name}{colon} {value}\n",
    st.sampled_from(FIELDS),
    st.sampled_from((":", ":", ":", "")),
    scalars,
)
messages = st.deferred(
    lambda: st.builds(
        lambda name, colon, fields, ends: f"{name}{colon} {ends[0]} {''.join(fields)} {ends[1]}\n",
        st.sampled_from(FIELDS + parameter_messages()),
        st.sampled_from(("", ":")),
        st.lists(st.one_of(written_fields, messages), max_size=4),
        st.sampled_from(("{}", "{}", "<>", "{ ", "}}")),
    )
)
pieces = st.one_of(
    written_fields,
    messages,
    scalars,
    st.sampled_from(
        ("{", "}", "<", ">", ":", "#", "\n", "\r\n", '"', "'", "\\", ",", ";", "[", "]")
    ),
    st.sampled_from(("layer {" * 70, '"a" ' * 100, "\ufeff", "\u00a0", "\0", "layers { layer { ")),
)


@st.composite
def grown_nets(draw: st.DrawFn) -> str:
    """Layers of known types with parameters of any size, mostly connected."""
    blobs = ["data"]
    dims = draw(st.lists(st.sampled_from(("1", "3", "8", *HUGE)), min_size=4, max_size=4))
    text = 'input: "data" input_shape { ' + " ".join(f"dim: {dim}" for dim in dims) + " }\n"
    for number in range(draw(st.integers(1, 6))):
        bottoms = draw(st.lists(st.sampled_from(blobs), max_size=3))
        top = draw(st.sampled_from((f"t{number}", *bottoms)))
        param = draw(st.sampled_from(parameter_messages()))
        fields = "".join(draw(st.lists(written_fields, max_size=5)))
        text += f'layer {{ name: "l{number}" type: "{draw(st.sampled_from(TYPES))}" '
        text += "".join(f'bottom: "{bottom}" ' for bottom in bottoms)
        text += f'top: "{top}" {param} {{ {fields} }} {draw(st.sampled_from(("", fields)))} }}\n'
        blobs.append(top)
    return text


texts = st.one_of(
    mutated_text(st.deferred(lambda: st.sampled_from(small_files())), pieces),
    grown_nets(),
    mutated_text(grown_nets(), pieces),
    st.lists(pieces, max_size=12).map("".join),
    st.text(max_size=60),
)
