"""Fields stock Caffe does not know are marked, values it refuses are listed with their lines."""

from __future__ import annotations

import json
import subprocess

import pytest

from core.net.definition import UnknownField
from core.net.reader import read_net
from core.net.schema import caffe_schema

DUMP = r"""
import json
from google.protobuf.descriptor import FieldDescriptor as F
from caffe.proto import caffe_pb2
scalars = {v: k[5:].lower() for k, v in vars(F).items() if k.startswith("TYPE_")}
messages, enums = {}, {}
def walk(d):
    if d.name in messages:
        return
    fields = messages[d.name] = {}
    for f in d.fields:
        kind = scalars[f.type]
        if f.message_type is not None:
            kind = f.message_type.name
            walk(f.message_type)
        if f.enum_type is not None:
            kind = f.enum_type.name
            enums[kind] = {v.name: v.number for v in f.enum_type.values}
        fields[f.name] = [kind, f.label == F.LABEL_REPEATED, f.label == F.LABEL_REQUIRED]
walk(caffe_pb2.NetParameter.DESCRIPTOR)
walk(caffe_pb2.SolverParameter.DESCRIPTOR)
print(json.dumps([messages, enums]))
"""


def test_the_table_is_the_schema_of_real_caffe(caffe_python: tuple[str, ...]) -> None:
    done = subprocess.run(
        [*caffe_python, "-c", DUMP], capture_output=True, text=True, timeout=120, check=True
    )
    messages, enums = json.loads(done.stdout)
    schema = caffe_schema()
    ours = {
        name: {n: [f.kind, f.is_repeated, f.is_required] for n, f in fields.items()}
        for name, fields in schema.messages.items()
    }
    assert ours == messages
    assert schema.enums == enums


def test_a_fork_adds_no_field_that_caffe_has() -> None:
    schema = caffe_schema()
    for message, fields in schema.forks.items():
        assert not set(fields) & set(schema.messages[message]), message


def test_unknown_and_fork_fields_are_marked_where_they_stand() -> None:
    net = read_net(
        'name: "n"\n'
        'layer { name: "p" type: "Permute" permute_param { order: 0 order: 2 } }\n'
        'layer {\n  name: "q" type: "Mine"\n  mine_param { anything: [1, 2] deep { x: "y" } }\n'
        "  convolution_param { num_output: 3 blobby: 4 }\n}\n"
        "[my.extension] { a: 1 }\n"
    )
    assert net.unknown == (
        UnknownField("layer.permute_param", "SSD", "p", 2, 35),
        UnknownField("layer.mine_param", "", "q", 5, 3),
        UnknownField("layer.convolution_param.blobby", "", "q", 6, 37),
        UnknownField("[my.extension]", "", "", 8, 1),
    )
    assert net.layer("q").param("mine_param").message("deep").word("x") == "y"
    assert net.problems == ()


@pytest.mark.parametrize(
    ("text", "sentence", "layer", "line"),
    [
        ('name: "a"\nname: "b"', "name is given twice.", "", 2),
        (
            'layer {\n name: "p"\n pooling_param { pool: "MAX" }\n}',
            'layer.pooling_param.pool takes one of MAX, AVE, STOCHASTIC, not "MAX".',
            "p",
            3,
        ),
        (
            'layer { name: "c" convolution_param { num_output: -4 } }',
            "layer.convolution_param.num_output takes a whole number from 0 below 2^32, not -4.",
            "c",
            1,
        ),
        (
            'layer {\n  name: "d" type: "Data"\n  data_param { source: "C:\\data" }\n}',
            'layer.data_param.source takes text in quotes without the escape \\d, not "C:\\data".',
            "d",
            3,
        ),
        ("layer { clip_param { min: 0 } }", "layer.clip_param.max is missing.", "(no name)", 1),
        ("layer: 3", 'layer takes a message in "{ }".', "", 1),
        ("\ufeffname: 'a'", "The file starts with a byte order mark.", "", 1),
    ],
)
def test_refused_values_are_problems(text: str, sentence: str, layer: str, line: int) -> None:
    first = read_net(text).problems[0]
    assert (first.sentence, first.layer, first.line) == (sentence, layer, line)


def test_enums_by_number_read_as_their_words() -> None:
    net = read_net(
        "layers { name: 'pool' type: 17 pooling_param { pool: 0x1 } include { phase: 1 } }"
        "layers { name: 'none' type: 0 }"
    )
    pool = net.layer("pool")
    assert pool.type == "Pooling"
    assert pool.param("pooling_param").word("pool") == "AVE"
    assert net.layer("none").type == ""
    assert net.problems == ()
