"""The fields of BVLC Caffe 1.0, of its forks, and those whose slips stop the reading.

caffe_schema.txt: per message the kind, then the fields of that kind ("*" repeated, "!" required),
after "---" the values of each enum. fork_schema.txt: per message the fork and then its fields.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

_CAFFE = Path(__file__).with_name("caffe_schema.txt")
_FORKS = Path(__file__).with_name("fork_schema.txt")

NUMBER_FIELDS = frozenset(
    """
    num_output kernel_size kernel_h kernel_w pad pad_h pad_w stride stride_h stride_w dilation
    group axis num_axes local_size alpha beta k dropout_ratio negative_slope input_dim
    batch_size crop_size concat_dim slice_dim slice_point coeff lr_mult decay_mult blobs_lr
    weight_decay moving_average_fraction eps top_k ignore_label mean_value std margin
    min_level max_level end_axis power shift
    """.split()
)

BOOLEAN_FIELDS = frozenset(
    """
    bias_term global_pooling mirror use_global_stats across_channels normalize_variance
    force_nd_im2col channel_shared stable_prod_grad transpose force_backward
    """.split()
)

MESSAGE_FIELDS = frozenset(
    """
    convolution_param pooling_param inner_product_param relu_param lrn_param
    dropout_param batch_norm_param scale_param concat_param eltwise_param softmax_param
    weight_filler bias_filler transform_param data_param image_data_param input_param
    input_shape include exclude
    """.split()
)
"""`param` and `layer` are missing on purpose: V1 files and python_param give them strings."""


@dataclass(frozen=True)
class KnownField:
    """What Caffe expects of a field; `kind` is a scalar type, a message or an enum."""

    kind: str
    is_repeated: bool = False
    is_required: bool = False


@dataclass(frozen=True)
class Schema:
    """Messages by name, and the numbers of every enum's words."""

    messages: dict[str, dict[str, KnownField]]
    enums: dict[str, dict[str, int]]
    forks: dict[str, dict[str, str]]

    def fork_of(self, message: str, field: str) -> str:
        """The fork that adds the field to a message, else ""."""
        return self.forks.get(message, {}).get(field, "")


@cache
def caffe_schema() -> Schema:
    """The fields of BVLC Caffe 1.0 and, apart, those of forks."""
    messages, enums = _CAFFE.read_text(encoding="ascii").split("---\n")
    return Schema(_read_messages(messages), _read_enums(enums), _read_forks())


def _read_messages(table: str) -> dict[str, dict[str, KnownField]]:
    return {
        name: {
            field.rstrip("*!"): KnownField(kind, field.endswith("*"), field.endswith("!"))
            for kind, *fields in rows
            for field in fields
        }
        for name, rows in _blocks(table).items()
    }


def _read_enums(table: str) -> dict[str, dict[str, int]]:
    enums: dict[str, dict[str, int]] = {}
    for line in table.splitlines():
        name, *words = line.split()
        values = enums.setdefault(name, {})
        for word in words:
            written, _, number = word.partition("=")
            values[written] = int(number) if number else len(values)
    return enums


def _read_forks() -> dict[str, dict[str, str]]:
    return {
        name: {field: fork.replace("_", " ") for fork, *fields in rows for field in fields}
        for name, rows in _blocks(_FORKS.read_text(encoding="ascii")).items()
    }


def _blocks(table: str) -> dict[str, list[list[str]]]:
    """Indented lines, split into words, by the unindented one above them."""
    blocks: dict[str, list[list[str]]] = {}
    rows: list[list[str]] = []
    for line in table.splitlines():
        if line.startswith(" "):
            rows.append(line.split())
        else:
            rows = blocks.setdefault(line.strip(), [])
    return blocks
