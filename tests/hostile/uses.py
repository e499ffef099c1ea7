"""How each kind of file reaches the program: opened, beside a net, in a gallery, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from core.layers.shapes import infer_shapes
from core.net.reader import load_net
from core.weights.fillers import filler_weights
from core.weights.writer import write_caffemodel
from tests.hostile.inputs import PLAIN_NET

Words = Sequence[object]


@dataclass(frozen=True)
class Use:
    """Commands to run, the files that a window opens, and what may be written."""

    commands: tuple[Words, ...]
    opened: tuple[Path, ...]
    outputs: tuple[str, ...] = ()


def use_of(hostile: Path) -> Use:
    """What a user would do with this file, in the folder where it is."""
    folder = hostile.parent
    if hostile.name.endswith((".preprocess.json", ".verification.json")):
        return _beside_a_net(hostile, folder / f"{hostile.name.split('.')[0]}.prototxt")
    if hostile.name == "origin.json":
        return _in_a_gallery(hostile)
    if hostile.suffix in (".jpg", ".png"):
        return _among_pictures(hostile)
    if hostile.suffix == ".npy":
        return _as_an_array(hostile)
    if hostile.suffix == ".ini":
        return Use((("info", "--net", hostile),), (hostile,))
    return _as_a_net(hostile)


def _as_a_net(net: Path) -> Use:
    out = net.parent / "renamed.prototxt"
    commands: tuple[Words, ...] = (
        ("info", "--net", net),
        ("info", "--net", net, "--phase", "TRAIN", "--csv", net.parent / "layers.csv", "--json"),
        ("rename", "--net", net, "--all", "--out", out),
        ("compare", net, net),
        ("graph", "--net", net, "--out", net.parent / "graph.svg"),
    )
    return Use(commands, (net,), ("renamed.prototxt", "layers.csv", "graph.svg"))


def _plain(net: Path) -> tuple[Path, Path]:
    """A sound net with its weights, and a picture."""
    net.write_text(PLAIN_NET)
    read = load_net(net)
    fillers = filler_weights(read, infer_shapes(read), seed=1)
    layers = [(name, "Convolution", arrays) for name, arrays in fillers.items()]
    write_caffemodel(net.with_suffix(".caffemodel"), "plain", layers)
    (net.parent / "pictures").mkdir()
    picture = net.parent / "pictures" / "sound.png"
    Image.new("RGB", (9, 8), (200, 30, 10)).save(picture)
    return net.with_suffix(".caffemodel"), picture


def _beside_a_net(_hostile: Path, net: Path) -> Use:
    weights, picture = _plain(net)
    looking = ("--net", net, "--engine", "fake", "--image", picture, "--layers", "all")
    gallery = net.parent / "gallery"
    commands: tuple[Words, ...] = (
        ("info", "--net", net, "--weights", weights),
        ("stats", *looking),
        ("index", "--net", net, "--weights", weights, "--engine", "fake", "--images",
         picture.parent, "--layer", "conv", "--pool", "gap", "--out", gallery),
        ("rename", "--net", net, "--all", "--out", net.parent / "renamed.prototxt"),
    )  # fmt: skip
    return Use(commands, (net, picture), ("gallery", "renamed.prototxt"))


def _in_a_gallery(hostile: Path) -> Use:
    """The origin takes the place of that of a gallery that was indexed before."""
    net = hostile.parent / "net.prototxt"
    weights, picture = _plain(net)
    gallery = hostile.parent / "gallery"
    index = (
        "index", "--net", net, "--weights", weights, "--engine", "fake", "--images",
        picture.parent, "--layer", "conv", "--pool", "gap", "--out", gallery,
    )  # fmt: skip
    replace = ("replace", hostile, gallery / "origin.json")
    commands: tuple[Words, ...] = (
        index, replace, ("gallery", gallery), ("query", gallery, picture, "--engine", "fake"),
        ("evaluate", gallery, "--truth", "folders"), index,
    )  # fmt: skip
    return Use(commands, (net, picture), ("gallery",))


def _among_pictures(hostile: Path) -> Use:
    net = hostile.parent / "net.prototxt"
    weights, picture = _plain(net)
    beside = picture.parent / hostile.name
    hostile.rename(beside)
    run = ("--net", net, "--weights", weights, "--engine", "fake")
    gallery = hostile.parent / "gallery"
    commands: tuple[Words, ...] = (
        ("index", *run, "--images", picture.parent, "--layer", "conv", "--pool", "gap",
         "--out", gallery),
        ("query", gallery, beside, "--engine", "fake"),
        ("extract", *run, "--images", picture.parent, "--layers", "conv",
         "--out", hostile.parent / "x.npz"),
        ("stats", "--net", net, "--engine", "fake", "--image", beside, "--layers", "all"),
    )  # fmt: skip
    return Use(commands, (net, beside, picture.parent), ("gallery", "x."))


def _as_an_array(hostile: Path) -> Use:
    net = hostile.parent / "net.prototxt"
    _, picture = _plain(net)
    out = hostile.parent / "x.npz"
    commands: tuple[Words, ...] = (
        ("extract", "--net", net, "--engine", "fake", "--array", hostile, "--layers", "conv",
         "--out", out),
        ("info", "--net", hostile),
    )  # fmt: skip
    return Use(commands, (net, picture, hostile), ("x.",))
