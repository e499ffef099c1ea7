"""A layer over many images: kept, gone on with, and read anew only where something changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.engines.host import EngineHost, NetToRun
from core.engines.values import Value
from core.jobs.all_channels import all_channels
from core.jobs.channels import ChannelsFound, ChannelsRequest, NothingKept, channels
from core.progress import run_job


@pytest.fixture
def request_(net: NetToRun, pictures: Path, tmp_path: Path) -> ChannelsRequest:
    return ChannelsRequest(net, "relu", pictures, kept_in=tmp_path / "kept")


def columns_of(found: ChannelsFound) -> dict[str, np.ndarray]:
    return dict(found.table.columns)


def test_it_is_what_single_passes_give(request_: ChannelsRequest, host: EngineHost) -> None:
    from core.images.prepared import read_image

    found = run_job(channels(request_, host))
    assert (found.table.n_images, found.table.n_channels) == (20, 6)
    with host.opened(request_.net) as engine:
        for row in (0, 7, 19):
            values = read_image(found.files[row], found.recipe.recipe)[None]
            (maps,) = engine.forward({"data": values}, [Value("relu", "conv")]).values()
            np.testing.assert_array_equal(found.cells[row], maps[0].max((1, 2)))
            for channel in range(6):
                y, x = found.table.place(row, channel)
                assert maps[0, channel, y, x] == found.cells[row, channel]
    assert found.selectivity is None  # no folders, no labels


def test_what_was_read_is_not_read_again(request_: ChannelsRequest, host: EngineHost) -> None:
    with pytest.raises(NothingKept, match="has not been read"):
        run_job(channels(replace(request_, stored_only=True), host))
    first = run_job(channels(request_, host))
    again = run_job(channels(replace(request_, stored_only=True, summary="mean"), host))
    assert first.report is not None
    assert again.report is None
    assert again.folder == first.folder
    for name, array in columns_of(first).items():
        np.testing.assert_array_equal(array, columns_of(again)[name])
    np.testing.assert_array_equal(again.cells, columns_of(first)["mean"])


def test_a_cancelled_pass_goes_on(request_: ChannelsRequest, host: EngineHost) -> None:
    whole = run_job(channels(replace(request_, kept_in=None), host))
    job = channels(request_, host)
    while next(job).done < 16:
        pass
    job.close()
    found = run_job(channels(request_, host))
    assert found.resumed == 16
    assert whole.folder is None
    for name, array in columns_of(whole).items():
        np.testing.assert_array_equal(array, columns_of(found)[name], err_msg=name)


def test_another_image_makes_it_anew(
    request_: ChannelsRequest, host: EngineHost, pictures: Path
) -> None:
    run_job(channels(request_, host))
    Image.new("RGB", (9, 9), "white").save(pictures / "20.png")
    found = run_job(channels(request_, host))
    assert found.table.n_images == 21
    assert found.report is not None
    assert request_.kept_in is not None
    kept = [path for path in request_.kept_in.iterdir() if not path.name.startswith(".")]
    assert kept == [found.folder]


def test_names_of_layers_and_layout_decide_nothing_but_the_net_does(
    request_: ChannelsRequest, host: EngineHost
) -> None:
    run_job(channels(request_, host))
    renamed = replace(request_.net, text=request_.net.text.replace('name: "relu"', 'name: "r"'))
    stored = replace(request_, stored_only=True)
    assert run_job(channels(replace(stored, net=renamed, layer="r"), host)).report is None
    for other in (
        replace(stored, layer="fc"),
        replace(stored, layer="conv"),
        replace(stored, net=replace(request_.net, seed=1)),
    ):
        with pytest.raises(NothingKept):
            run_job(channels(other, host))


def test_a_picture_that_is_none_is_left_out(
    request_: ChannelsRequest, host: EngineHost, pictures: Path
) -> None:
    (pictures / "05.png").write_bytes(b"no picture")
    found = run_job(channels(request_, host))
    assert found.table.n_images == 19
    assert [name for name, _ in found.skipped] == ["05.png"]
    again = run_job(channels(request_, host))
    assert again.report is None
    assert again.skipped == found.skipped


def test_a_vector(request_: ChannelsRequest, host: EngineHost) -> None:
    found = run_job(channels(replace(request_, layer="fc"), host))
    assert found.table.is_vector
    assert found.cells.shape == (20, 5)
    assert found.table.place(3, 2) == ()


def test_all_layers_are_read_in_one_pass_each_as_by_itself(
    request_: ChannelsRequest, host: EngineHost
) -> None:
    layers = ("data", "conv", "relu", "fc")
    alone = {
        layer: run_job(channels(replace(request_, layer=layer, kept_in=None), host))
        for layer in layers
    }
    run_job(channels(replace(request_, layer="conv"), host))  # that one is there already
    job = all_channels(request_, host)
    while next(job).done < 16:
        pass
    job.close()
    found = run_job(all_channels(request_, host))
    assert found.report is not None
    assert found.report.n_images == 4  # it went on
    assert [value.layer for value in found.values] == list(layers)
    assert [value.layer for value in found.read] == ["data", "relu", "fc"]
    for layer, wanted in alone.items():
        kept = run_job(channels(replace(request_, layer=layer, stored_only=True), host))
        for name, array in columns_of(wanted).items():
            np.testing.assert_array_equal(array, columns_of(kept)[name], err_msg=f"{layer} {name}")
    again = run_job(all_channels(request_, EngineHost(start=lambda spec: pytest.fail("started"))))
    assert (again.read, again.report) == ((), None)


def test_a_layer_without_channels_is_left_out_of_all(
    request_: ChannelsRequest, host: EngineHost
) -> None:
    lost = """
layer { name: "flat" type: "Reshape" bottom: "fc" top: "flat"
        reshape_param { shape { dim: 5 dim: 1 } } }
layer { name: "one" type: "Reduction" bottom: "fc" top: "one" }
"""
    asked = replace(request_, net=replace(request_.net, text=request_.net.text + lost))
    found = run_job(all_channels(asked, host))
    assert [value.layer for value in found.values] == ["data", "conv", "relu", "fc"]
    assert {value.layer for value, _ in found.left_out} == {"flat", "one"}
