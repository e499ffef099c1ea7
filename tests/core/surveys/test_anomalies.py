"""What stands out among the values of a net, in sentences."""

from __future__ import annotations

import numpy as np

from core.activations.spreads import of_moments
from core.engines.values import Value
from core.measures.measure import ChannelRange, Moments
from core.net.definition import Net
from core.net.reader import read_net
from core.surveys.anomalies import Findings, find_anomalies

NET = read_net(
    """
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 2 dim: 2 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 4 kernel_size: 1 } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool" pooling_param { kernel_size: 2 } }
layer { name: "fc" type: "InnerProduct" bottom: "pool" top: "fc"
  inner_product_param { num_output: 2 } }
"""
)
USUAL = {
    "data": np.linspace(-1, 1, 12),
    "conv": np.linspace(-3, 2, 16),
    "relu": np.linspace(0, 2, 16),
    "pool": np.array([0.5, 1, 1.5, 2]),
    "fc": np.array([0.3, -0.4]),
}
BLOBS = {"relu": "conv"}
SHAPES = {"data": (1, 3, 2, 2), "pool": (1, 4, 1, 1), "fc": (1, 2)}


def found(n_images: int = 387, net: Net = NET, **changed: np.ndarray) -> Findings:
    spreads = {}
    for name, values in {**USUAL, **changed}.items():
        if not net.has_layer(name):
            continue
        array = np.asarray(values, np.float32)
        array = array.reshape(SHAPES.get(name, (1, 4, 2, 2))) if name in USUAL else array[None]
        value = Value(name, BLOBS.get(name, name))
        spreads[value] = of_moments(Moments().of(array), ChannelRange().of(array))
    return find_anomalies(net, spreads, n_images)


def test_nothing_stands_out() -> None:
    assert found() == Findings((), "", "No NaN, no Inf, no constant layer, no dead channel.")


def test_dead_channels_are_told_where_they_begin() -> None:
    relu = USUAL["relu"].copy()
    relu[4:12] = 0
    pool = np.array([0.5, 0, 0, 2])
    said = found(relu=relu, pool=pool)
    assert [one.value.layer for one in said.anomalies] == ["relu"]
    assert said.sentence == "2 of 4 channels of relu never fire over 387 images."
    assert said.rest == "No NaN, no Inf, no constant layer."
    more = found(relu=relu, pool=np.array([0.5, 0, 0, 0]), n_images=1)
    assert more.sentence == ("3 of 4 channels of pool never fire for this image, 2 of 4 of relu.")


def test_channels_of_signed_values_do_not_fire_anyway() -> None:
    conv = USUAL["conv"].copy()
    conv[:4] = 0
    conv[4] = -1
    assert found(conv=conv).sentence == "1 of 4 channels of conv is always 0 over 387 images."


def test_nan_is_told_where_it_begins() -> None:
    relu = USUAL["relu"].copy()
    relu[0] = np.nan
    said = found(relu=relu, pool=np.array([np.nan, 1, 1, 2]), fc=np.array([np.nan, np.nan]))
    assert said.sentence == "relu holds NaN, 1 of 16 values over 387 images."
    assert said.rest == "No Inf, no constant layer, no dead channel."


def test_a_layer_that_is_the_same_everywhere() -> None:
    said = found(conv=np.zeros(16), relu=np.zeros(16), pool=np.zeros(4), fc=np.full(2, 0.25))
    assert [(one.kind, one.value.layer) for one in said.anomalies] == [("zero", "conv")]
    assert said.sentence == "conv is 0 everywhere over 387 images."
    assert found(fc=np.full(2, 0.25)).sentence == "fc is 0.25 everywhere over 387 images."


def test_a_scale_that_explodes() -> None:
    said = found(fc=np.array([3e7, -4e7]))
    assert said.sentence == "fc has a root mean square of 3.5e+07."
    grown = found(fc=np.array([30_000, -40_000]))
    assert grown.sentence == ("fc has a root mean square of 3.5e+04, 25,820 times what it reads.")


def test_an_input_of_zeros_is_no_anomaly() -> None:
    """Labels and the like are fed so."""
    assert found(data=np.zeros(12)).sentence == ""


TWO_ARMS = read_net(
    """
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 2 dim: 2 } } }
layer { name: "one" type: "Convolution" bottom: "data" top: "one"
  convolution_param { num_output: 4 kernel_size: 1 } }
layer { name: "two" type: "Convolution" bottom: "data" top: "two"
  convolution_param { num_output: 4 kernel_size: 1 } }
layer { name: "join" type: "Concat" bottom: "one" bottom: "two" top: "join" }
"""
)


def kinds_told(net: Net = NET, **changed: np.ndarray) -> list[tuple[str, str]]:
    return [(one.kind, one.value.layer) for one in found(net=net, **changed).anomalies]


def at(layer: str, place: int, value: float) -> np.ndarray:
    array = np.array(USUAL[layer], np.float64)
    array[place] = value
    return array


def without_channels(n_channels: int, *dead: int) -> np.ndarray:
    array = np.linspace(1, 2, 4 * n_channels).reshape(n_channels, 4)
    array[list(dead)] = 0
    return array


def test_one_kind_of_loss_does_not_hide_another() -> None:
    with_inf = at("relu", 0, np.inf)
    assert kinds_told(relu=with_inf, pool=at("pool", 0, np.nan)) == [
        ("inf", "relu"),
        ("nan", "pool"),
    ]
    assert kinds_told(relu=with_inf, pool=at("pool", 0, np.inf)) == [("inf", "relu")]


def test_what_skips_a_layer_begins_anew() -> None:
    """Only what the layer itself reads is passed on, not what any layer of the net holds."""
    assert kinds_told(relu=at("relu", 0, np.nan), fc=at("fc", 0, np.nan)) == [
        ("nan", "relu"),
        ("nan", "fc"),
    ]
    assert kinds_told(conv=np.zeros(16), pool=np.full(4, 2.0)) == [
        ("zero", "conv"),
        ("constant", "pool"),
    ]


def test_an_explosion_is_told_once() -> None:
    great = np.linspace(3e7, 4e7, 16)
    assert kinds_told(conv=great, relu=great) == [("exploding", "conv")]


def test_as_many_other_channels_are_not_passed_on() -> None:
    relu = np.linspace(1, 2, 16).reshape(4, 4)
    relu[1] = 0
    assert kinds_told(relu=relu, pool=np.array([1, 0, 2, 3])) == [("dead", "relu")]
    assert kinds_told(relu=relu, pool=np.array([1, 2, 0, 3])) == [
        ("dead", "relu"),
        ("dead", "pool"),
    ]


def test_joined_channels_are_passed_on_at_their_new_places() -> None:
    arms = {"one": without_channels(4, 1), "two": without_channels(4, 0, 3)}
    told = [("dead", "one"), ("dead", "two")]
    assert kinds_told(TWO_ARMS, **arms, join=without_channels(8, 1, 4, 7)) == told
    assert kinds_told(TWO_ARMS, **arms, join=without_channels(8, 1, 4, 6)) == [
        *told,
        ("dead", "join"),
    ]


def test_a_sum_is_dead_where_both_are() -> None:
    arms = {"one": without_channels(4, 1, 2), "two": without_channels(4, 0, 2)}
    told = [("dead", "one"), ("dead", "two")]
    assert kinds_told(TWO_ARMS, **arms, join=without_channels(4, 2)) == told
    assert kinds_told(TWO_ARMS, **arms, join=without_channels(4, 3)) == [*told, ("dead", "join")]
