"""The nets whose forward passes are timed, and where their prototxt files are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from tests.bench.random_weights import write_random_weights

REPOSITORY = Path(__file__).resolve().parents[2]
_OURS = REPOSITORY / "prototxt"
_FILES = {
    "vgg16": "vgg16_deploy.prototxt",
    "squeezenet": "squeezenet_v1.0_deploy.prototxt",
    "googlenet": "BVLC__caffe__models__bvlc_googlenet__deploy.prototxt",
    "resnet50": "KaimingHe__deep-residual-networks__prototxt__ResNet-50-deploy.prototxt",
}
NAMES = tuple(_FILES)


def find_net(word: str) -> Path | None:
    """A path as given, or one of NAMES; None where its file is not here.

    Files we do not ship are looked for in the optional test material.
    """
    if word not in _FILES:
        return Path(word)
    named = os.environ.get("BLOBSCOPE_TEST_MATERIAL")
    material = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    for folder in (_OURS, material / "prototxts"):
        if (folder / _FILES[word]).exists():
            return folder / _FILES[word]
    return None


def nets_with_weights(words: str, folder: str) -> Iterator[tuple[str, Path, Path]]:
    """Name, prototxt and random weights of each of "squeezenet,vgg16" that is here.

    The weights lie in the folder until the next one's take their place.
    """
    for name in filter(None, words.split(",")):
        path = find_net(name)
        if path is None:
            print(f"{name} left out: its prototxt is no part of the repository")
            continue
        weights = Path(folder, "net.caffemodel")
        write_random_weights(path, weights)
        yield name, path, weights
