"""`compare`: two prototxts, layer by layer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.net.reader import load_net
from core.weights.writer import write_caffemodel


def test_a_rename_differs_in_names_only(command, repository: Path) -> None:
    before = repository / "prototxt/vgg16_deploy.prototxt"
    after = repository / "prototxt/vgg16_deploy_renamed.prototxt"
    found = command("compare", before, after, "--json").json
    assert found["is_same_wiring"] is True
    assert len(found["different"]) == sum(
        1
        for old, new in zip(load_net(before).layers, load_net(after).layers, strict=True)
        if (old.bottoms, old.tops) != (new.bottoms, new.tops)
    )
    assert "only names differ" in command("compare", before, after).out


def test_weights_say_how_far_each_layer_has_moved(
    command, repository: Path, tmp_path: Path
) -> None:
    net = repository / "prototxt/vgg16_deploy.prototxt"
    for name, scale in (("a", 1.0), ("b", 1.5)):
        arrays = [np.full((2, 3), scale, np.float32), np.zeros(2, np.float32)]
        layers = [("fc7", "InnerProduct", arrays)]
        write_caffemodel(tmp_path / f"{name}.caffemodel", "net", layers)
    words = ("compare", net, net, "--weights", tmp_path / "a.caffemodel", tmp_path / "b.caffemodel")
    found = command(*words, "--json").json
    assert found["layers"][0]["arrays"][0]["change"] == 0.5
    assert "fc7 moved most (50 %)." in command(*words).out


def test_values_run_both_nets_on_one_image(command, tmp_path: Path) -> None:
    net = (
        'layer { name: "data" type: "Input" top: "data"'
        " input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }\n"
        'layer { name: "scaled" type: "Power" bottom: "data" top: "scaled"'
        " power_param { scale: SCALE } }\n"
    )
    for name, scale in (("one", "1"), ("two", "-1")):
        (tmp_path / f"{name}.prototxt").write_text(net.replace("SCALE", scale))
    image = tmp_path / "grey.png"
    Image.new("RGB", (8, 8), (10, 20, 30)).save(image)
    found = command("compare", tmp_path / "one.prototxt", tmp_path / "two.prototxt",
                    "--values", image, "--json").json  # fmt: skip
    assert found["values"][1]["distance"]["cosine"] == pytest.approx(-1.0)
    assert found["values"][1]["distance"]["relative"] == pytest.approx(2.0)
