"""The identity of a net: blind to names and layout, not to what it computes."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from core.net.definition import Net, NetState
from core.net.identity import net_identity, place_of, value_at
from core.net.reader import DEFAULT_STATE, read_net, read_prototxt

NET = """name: "n"
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "drop1" type: "Dropout" bottom: "conv1" top: "conv1"
  dropout_param { dropout_ratio: 0.5 } }
layer { name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1"
  pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
layer { name: "fc" type: "InnerProduct" bottom: "pool1" top: "fc"
  inner_product_param { num_output: 6 } }
"""
REAL = ("VGG_ILSVRC_16", "bvlc_googlenet__train_val", "ssd", "ResNet-152", "lenet")


def identity(text: str, state: NetState = DEFAULT_STATE) -> str:
    return net_identity(read_net(text, state=state))


@pytest.mark.parametrize(
    "change",
    [
        ('top: "pool1"', 'top: "pooled"', 'bottom: "pool1"', 'bottom: "pooled"'),
        ('name: "n"', 'name: "another"  # a word'),
        ('name: "relu1"', 'name: "rectified"'),
        ('name: "drop1"', 'name: "dropped"'),
        ("kernel_size: 3", "kernel_size: 0x3"),
        ("dropout_ratio: 0.5", "dropout_ratio: 5e-1"),
        ("pool: MAX kernel_size: 2", "kernel_size: 2, pool: MAX;"),
        # in place or not is the same value, read by the same layers
        ('bottom: "conv1" top: "conv1" }\nlayer { name: "drop1" type: "Dropout" bottom: "conv1"',
         'bottom: "conv1" top: "r" }\nlayer { name: "drop1" type: "Dropout" bottom: "r"'),
    ],
)  # fmt: skip
def test_names_and_layout_do_not_count(change: tuple[str, ...]) -> None:
    text = NET
    for old, new in zip(change[::2], change[1::2], strict=True):
        assert old in text
        text = text.replace(old, new)
    assert identity(text) == identity(NET)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("num_output: 4", "num_output: 5"),
        ("dim: 3", "dim: 1"),
        ("pool: MAX", "pool: AVE"),
        ("stride: 2", "stride: 1"),
        ("stride: 2", "stride: 2 pad: 1"),
        ('type: "ReLU"', 'type: "ELU"'),
        ('name: "conv1"', 'name: "conv_1"'),  # other weights are bound to it
        ('bottom: "pool1"', 'bottom: "conv1"'),  # another wiring
        ('type: "xavier"', 'type: "msra"'),
    ],
)
def test_what_is_computed_counts(old: str, new: str) -> None:
    assert NET.count(old) == 1
    assert identity(NET.replace(old, new)) != identity(NET)


def test_the_phase_counts_and_so_do_names_that_seed_what_is_dropped() -> None:
    train = NetState("TRAIN")
    assert identity(NET, train) != identity(NET)
    renamed = NET.replace('"drop1"', '"dropped"')
    assert identity(renamed, train) != identity(NET, train)


def test_a_wrong_rewiring_and_its_repair_are_two_nets() -> None:
    """In-place layers given blobs of their own, but a reader left on the blob before the ReLU."""
    right = re.sub(r'(name: "drop1".*?)top: "conv1"', r'\1top: "d"', NET).replace(
        'type: "Pooling" bottom: "conv1"', 'type: "Pooling" bottom: "d"'
    )
    wrong = right.replace('bottom: "d"', 'bottom: "conv1"')
    assert identity(right) == identity(NET)
    assert identity(wrong) != identity(right)


def test_a_value_is_found_by_its_place_under_other_names() -> None:
    net, renamed = read_net(NET), read_net(NET.replace('"relu1"', '"r"').replace('"pool1"', '"p"'))
    place = place_of(net, "relu1", "conv1")
    assert place == (2, 0)
    assert value_at(renamed, (2, 0)) == ("r", "conv1")
    assert value_at(renamed, (4, 0)) == ("p", "p")
    assert value_at(net, (99, 0)) is None
    assert value_at(net, (0, 7)) is None
    assert place_of(net, "conv1", "nothing") is None


def test_random_renames_of_real_nets_keep_it_and_random_numbers_change_it(
    material: Callable[[str], Path],
) -> None:
    chance = random.Random(5)
    paths = sorted(material("prototxts").glob("*.prototxt"))
    chosen = [path for path in paths if any(word in path.name for word in REAL)][:8]
    assert len(chosen) > 3
    for path in chosen:
        text = read_prototxt(path)
        net = read_net(text)
        before = net_identity(net)
        renamed = _renamed(net, chance)
        assert renamed != text
        assert identity(renamed) == before, path.name
        for number in chance.sample(_numbers(net), 5):
            start, end = number
            changed = f"{text[:start]}{int(text[start:end]) + 1}{text[end:]}"
            assert identity(changed) != before, (path.name, text[start - 30 : end])


def _renamed(net: Net, chance: random.Random) -> str:
    """Every blob called otherwise, in all phases at once."""
    blobs = {blob for layer in (*net.layers, *net.inactive) for blob in layer.tops + layer.bottoms}
    new = {
        blob: f"b{number}" for number, blob in enumerate(chance.sample(sorted(blobs), len(blobs)))
    }
    pattern = r'\b(top|bottom|input)(\s*:\s*)(["\'])(.*?)\3'
    return re.sub(pattern, lambda m: f"{m[1]}{m[2]}{m[3]}{new.get(m[4], m[4])}{m[3]}", net.text)


def _numbers(net: Net) -> list[tuple[int, int]]:
    """Where whole numbers of active layers stand."""
    fields = "num_output|kernel_size|stride|pad|local_size"
    found = []
    for layer in net.layers:
        if layer.span is not None:
            block = net.text[layer.span.start : layer.span.end]
            for match in re.finditer(rf"\b(?:{fields}):\s*([1-9][0-9]*)\b", block):
                found.append((layer.span.start + match.start(1), layer.span.start + match.end(1)))
    return found
