"""Large inputs cost in proportion, and small files that claim much cost little."""

from __future__ import annotations

import signal
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest

from core.commands.command_line import run_command
from core.errors import PrototxtError
from core.layers.shapes import infer_shapes
from core.net import tokens
from core.net.reader import read_net
from core.net.tokens import tokenize
from tests.fuzz.growth import CLAIMS, PROTOTXTS, WEIGHTS
from tests.fuzz.limits import BASE_BYTES, Hang, accepts, deadline, peak_bytes
from tests.fuzz.targets import check_mean, check_prototxt, check_weights

NETS = (
    "a chain in place", "nameless in place", "in place by turns", "a chain",
    "one blob, many readers", "one name, many layers", "parallel in place",
    "dead ends beside chains", "one bottom for each layer", "tops", "bottoms", "rules", "stages",
    "long names",
)  # fmt: skip
"""Shapes of nets of which commands are tried."""
BYTES_A_TOKEN = 1000
MEMORY_RATIO = 10


def n_calls(action: Callable[[], object]) -> int:
    """How many functions, C functions included, are called while it runs."""
    counted = [0]

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        counted[0] += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        action()
    finally:
        sys.setprofile(None)
    return counted[0]


@pytest.mark.parametrize("name", PROTOTXTS)
def test_prototxt_work_grows_with_the_text(name: str) -> None:
    make = PROTOTXTS[name]

    def read(text: str) -> None:
        accepts(lambda: infer_shapes(read_net(text)))

    few, many = make(40), make(160)
    read(make(39))  # what is remembered from call to call, but not these two texts
    small, large = n_calls(lambda: read(few)), n_calls(lambda: read(many))
    assert large < 6 * small + 2000


@pytest.mark.parametrize("name", NETS)
def test_commands_cost_in_proportion_to_the_net(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """10,000 layers in place on one blob took `info` many minutes; so grows what it prints."""
    costs: dict[str, list[int]] = {}
    for n in (39, 50, 400):  # the first pays for what is remembered from call to call
        path, other = (tmp_path / f"{n}{end}.prototxt" for end in ("", "_other"))
        path.write_text(PROTOTXTS[name](n))
        other.write_text(PROTOTXTS[name](n).replace('"l5"', '"other"'))
        for words in (("info", "--net", path), ("compare", path, other),
                      ("rename", "--net", path, "--all", "--dry-run")):  # fmt: skip
            count = n_calls(lambda words=words: run_command(words[0], [*map(str, words[1:])]))
            costs.setdefault(words[0], []).append(count)
            costs.setdefault(f"{words[0]} prints", []).append(len(capsys.readouterr().out))
    for what, (_, few, many) in costs.items():
        assert many < 11 * few + 2000, what


@pytest.mark.parametrize("name", ["comments", "one long string", "adjacent strings", "a list"])
def test_prototxt_memory_grows_with_the_tokens(name: str) -> None:
    text = PROTOTXTS[name](20_000)
    n_tokens = len(tokenize(text))
    peak = peak_bytes(lambda: accepts(lambda: read_net(text)))
    assert peak < MEMORY_RATIO * len(text) + BYTES_A_TOKEN * n_tokens


def test_a_text_of_more_tokens_than_any_net_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MAX_TOKENS", 1000)
    read_net("a: 1\n" * 300)
    with pytest.raises(PrototxtError, match="more than 1,000 words and signs"):
        read_net("a: 1\n" * 400)


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_memory_grows_with_the_file(name: str) -> None:
    raw = WEIGHTS[name](40_000)
    assert peak_bytes(lambda: check_weights(raw)) < MEMORY_RATIO * len(raw) + BASE_BYTES


@pytest.mark.parametrize("name", CLAIMS)
def test_claims_cost_nothing(name: str) -> None:
    assert peak_bytes(lambda: check_weights(CLAIMS[name])) < BASE_BYTES


def test_a_run_of_single_values_is_found_in_one_pass() -> None:
    raw = WEIGHTS["unpacked in turns"](200_000)  # took minutes when each run looked at the rest
    with deadline(3):
        check_weights(raw)


def test_a_mean_that_claims_4_gb_of_header() -> None:
    raw = b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**32 - 1)
    assert peak_bytes(lambda: check_mean(raw)) < BASE_BYTES


@pytest.mark.parametrize("number", ["99999999999999", "1" * 5000, "1e400", "0x" + "f" * 99, "-1"])
@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("Convolution", "convolution_param { num_output: N kernel_size: N }"),
        ("Pooling", "pooling_param { kernel_size: N pad: N }"),
        ("Reshape", "reshape_param { shape { dim: N dim: N } }"),
        ("Tile", "tile_param { tiles: N axis: N }"),
        ("InnerProduct", "inner_product_param { num_output: N axis: N }"),
        ("SPP", "spp_param { pyramid_height: N }"),
    ],
)
def test_numbers_beyond_every_type(number: str, kind: str, fields: str) -> None:
    text = 'input: "d" input_shape { dim: N dim: 3 dim: 8 dim: 8 }\n'
    text += f'layer {{ name: "l" type: "{kind}" bottom: "d" top: "t" {fields} }}'
    for whole in (text.replace("N", number), text.replace("N", "1", 1).replace("N", number)):
        assert peak_bytes(lambda whole=whole: check_prototxt(whole)) < BASE_BYTES


@pytest.mark.skipif(not hasattr(signal, "SIGPROF"), reason="no SIGPROF here")
def test_the_deadline_ends_what_goes_on() -> None:
    with pytest.raises(Hang), deadline(0.05):
        sum(1 for _ in iter(int, 1))
