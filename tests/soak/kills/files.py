"""What victims work on: a net with many in-place layers, pictures, and what every edit leads to."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from core.net.reader import read_net
from core.net.rename import plan_rename

N_LAYERS = 60
N_IMAGES = 64
N_EARLIER = 8
N_LABELS = 8
VALUES = "conv0,relu1,conv3"


@cache
def net_text() -> str:
    """A chain of convolutions, each with a ReLU in place, and an inner product."""
    lines = [
        'name: "chain"',
        'layer { name: "data" type: "Input" top: "data"',
        "        input_param { shape { dim: 1 dim: 3 dim: 24 dim: 24 } } }",
    ]
    bottom = "data"
    for number in range(N_LAYERS):
        conv, relu = f"conv{number}", f"relu{number}"
        lines += [
            f'layer {{ name: "{conv}" type: "Convolution" bottom: "{bottom}" top: "{conv}"',
            "        convolution_param { num_output: 4 kernel_size: 3 pad: 1 } }",
            f'layer {{ name: "{relu}" type: "ReLU" bottom: "{conv}" top: "{conv}" }}  # kept',
        ]
        bottom = conv
    lines += [
        f'layer {{ name: "fc" type: "InnerProduct" bottom: "{bottom}" top: "fc"',
        "        inner_product_param { num_output: 5 } }",
    ]
    return "\n".join(lines) + "\n"


@cache
def text_after(n_edits: int) -> str:
    """The text after `n_edits` clicks, each on the next ReLU."""
    if not n_edits:
        return net_text()
    return plan_rename(read_net(text_after(n_edits - 1)), [f"relu{n_edits - 1}"]).new_text


def text_of_version(number: int) -> str:
    """The text in which the first ReLU's blob bears a number."""
    return plan_rename(read_net(net_text()), ["relu0"], {"relu0": f"version{number}"}).new_text


def make_files(folder: Path) -> None:
    """The net and the pictures, which all victims share."""
    (folder / "net.prototxt").write_text(net_text())
    images = folder / "images"
    images.mkdir()
    chance = np.random.default_rng(5)
    for number in range(N_IMAGES):
        noise = chance.integers(0, 255, (24, 24, 3), np.uint8)
        Image.fromarray(noise).save(images / f"{number:03}.png")
    rows = [f"{number:03}.png,{number % N_LABELS}\n" for number in range(N_IMAGES)]
    (folder / "labels.csv").write_text("name,label\n" + "".join(rows))
    earlier = sorted(images.iterdir())[:N_EARLIER]
    (folder / "earlier.txt").write_text("".join(f"{path}\n" for path in earlier))
