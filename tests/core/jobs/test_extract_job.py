"""Extraction: streamed, resumed, bad images left out, each format alike."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from core.engines.host import EngineHost, NetToRun
from core.errors import AppError, ImageError, RequestError, UnsupportedLayerError
from core.jobs.extract import Extracted, ExtractRequest, extract
from core.measures.measure import Pool
from core.progress import run_job
from core.surveys.part_files import parts_folder
from tests.core.jobs.conftest import FAKE, NET

LOSS = (
    NET
    + """
layer { name: "target" type: "Input" top: "target"
        input_param { shape { dim: 1 dim: 5 } } }
layer { name: "loss" type: "EuclideanLoss" bottom: "fc" bottom: "target" top: "loss" }
"""
)


@pytest.fixture
def request_(net: NetToRun, pictures: Path, tmp_path: Path) -> ExtractRequest:
    return ExtractRequest(net, "conv,relu,fc", tmp_path / "out.npz", images=(pictures,))


def arrays_of(out: Path) -> dict[str, np.ndarray]:
    with np.load(out, allow_pickle=False) as file:
        return dict(file)


def assert_same_file(one: Path, other: Path) -> None:
    first, second = arrays_of(one), arrays_of(other)
    assert list(first) == list(second)
    for key in first:
        np.testing.assert_array_equal(first[key], second[key])


def cancel_after(request: ExtractRequest, host: EngineHost, n_images: int) -> None:
    job = extract(request, host)
    while next(job).done < n_images:
        pass
    job.close()


def test_values_of_every_image_in_order(request_: ExtractRequest, host: EngineHost) -> None:
    found = run_job(extract(request_, host))
    arrays = arrays_of(request_.out)
    assert {key: array.shape for key, array in arrays.items()} == {
        "images": (20,),
        "conv": (20, 6, 6, 6),
        "relu": (20, 6, 6, 6),
        "fc": (20, 5),
    }
    assert [Path(name).name for name in arrays["images"]] == [f"{i:02}.png" for i in range(20)]
    np.testing.assert_array_equal(arrays["relu"], np.maximum(arrays["conv"], 0))
    assert (found.n_passes, found.resumed, found.skipped) == (3, 0, ())
    assert not parts_folder(request_.out).exists()


def test_a_cancelled_run_goes_on_and_ends_with_the_same_file(
    request_: ExtractRequest, host: EngineHost, tmp_path: Path
) -> None:
    whole = replace(request_, out=tmp_path / "whole.npz")
    run_job(extract(whole, host))
    cancel_after(request_, host, 16)
    assert not request_.out.exists()
    found = run_job(extract(request_, host))
    assert (found.resumed, found.n_passes) == (16, 3)
    assert_same_file(whole.out, request_.out)


def test_what_a_kill_leaves_behind_the_journal_is_cut_away(
    request_: ExtractRequest, host: EngineHost, tmp_path: Path
) -> None:
    whole = replace(request_, out=tmp_path / "whole.npz")
    run_job(extract(whole, host))
    cancel_after(request_, host, 8)
    parts = parts_folder(request_.out)
    for path in parts.glob("*.f32"):
        with path.open("ab") as file:
            file.write(b"half a batch")
    with (parts / "journal.jsonl").open("ab") as file:
        file.write(b'{"images": ["half')
    assert run_job(extract(request_, host)).resumed == 8
    assert_same_file(whole.out, request_.out)


def test_another_request_begins_anew(request_: ExtractRequest, host: EngineHost) -> None:
    cancel_after(request_, host, 8)
    other = replace(request_, net=replace(request_.net, seed=3))
    assert run_job(extract(other, host)).resumed == 0


@pytest.fixture
def with_bad_images(pictures: Path) -> Path:
    (pictures / "05.png").write_bytes((pictures / "05.png").read_bytes()[:60])
    (pictures / "19.jpg").write_text("no picture")
    return pictures


def test_bad_images_are_left_out_and_listed(
    request_: ExtractRequest, host: EngineHost, with_bad_images: Path
) -> None:
    found = run_job(extract(request_, host))
    assert [Path(name).name for name, _ in found.skipped] == ["05.png", "19.jpg"]
    arrays = arrays_of(request_.out)
    assert len(arrays["conv"]) == len(arrays["images"]) == 19
    assert [Path(name).name for name in arrays["skipped"]] == ["05.png", "19.jpg"]
    manifest = json.loads(found.manifest.read_text())
    assert "cut off" in manifest["skipped"][0]["reason"]


def test_names_that_are_no_utf8_are_written_as_escapes(
    request_: ExtractRequest, host: EngineHost, pictures: Path
) -> None:
    good = next(path for path in sorted(pictures.iterdir()) if path.suffix == ".png")
    odd = Path(os.fsdecode(os.fsencode(pictures) + b"/caf\xe9.png"))
    odd.write_bytes(good.read_bytes())
    odd.with_name(os.fsdecode(b"no \xff picture.png")).write_bytes(b"nothing")
    found = run_job(extract(request_, host))
    assert str(pictures / "caf\\udce9.png") in arrays_of(request_.out)["images"]
    assert ["no \\udcff picture.png" in name for name, _ in found.skipped] == [True]


def test_strictly_the_first_bad_image_ends_the_run(
    request_: ExtractRequest, host: EngineHost, with_bad_images: Path
) -> None:
    with pytest.raises(ImageError, match=r"05\.png"):
        run_job(extract(replace(request_, is_strict=True), host))


def test_a_folder_without_a_good_image_fails(
    request_: ExtractRequest, host: EngineHost, tmp_path: Path
) -> None:
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "x.jpg").write_text("no picture")
    with pytest.raises(ImageError, match=r"None of the images can be used.*x\.jpg"):
        run_job(extract(replace(request_, images=(folder,)), host))


@pytest.mark.parametrize("name", ["out.h5", "out"])
def test_each_format_holds_the_same(
    request_: ExtractRequest, host: EngineHost, tmp_path: Path, name: str
) -> None:
    run_job(extract(request_, host))
    other = replace(request_, out=tmp_path / name)
    found = run_job(extract(other, host))
    for key, array in arrays_of(request_.out).items():
        if name == "out.h5":
            with h5py.File(other.out) as file:
                stored = file[key].asstr()[:] if key == "images" else file[key][:]
        else:
            stored = np.load(other.out / f"{key}.npy")
        np.testing.assert_array_equal(stored, array)
    assert json.loads(found.manifest.read_text())["images"] == list(found.images)


def test_the_manifest_says_what_made_the_numbers(
    request_: ExtractRequest, host: EngineHost
) -> None:
    found = run_job(extract(replace(request_, measure=Pool("gem", 2.0)), host))
    manifest = json.loads(found.manifest.read_text())
    assert manifest["net"]["phase"] == "TEST"
    assert len(manifest["net"]["sha256"]) == 64
    assert manifest["weights"] is None
    assert manifest["recipe"]["origin"] == "guessed"
    assert [(f["layer"], f["version"], f["measure"]) for f in manifest["features"]] == [
        ("conv", "conv@0", {"pooling": "gem", "p": 2.0}),
        ("relu", "conv@1", {"pooling": "gem", "p": 2.0}),
        ("fc", "fc", {"pooling": "flatten"}),
    ]


def test_a_value_without_axes_gives_one_number_a_pass(
    request_: ExtractRequest, host: EngineHost, tmp_path: Path
) -> None:
    loss = replace(request_, net=replace(request_.net, text=LOSS), layers="loss")
    found = run_job(extract(loss, host))
    assert found.arrays == {"loss": (20,)}
    assert "EuclideanLoss 'loss'" in found.apart
    np.save(tmp_path / "x.npy", np.ones((12, 3, 8, 8), np.float32))
    np.save(tmp_path / "t.npy", np.ones((12, 5), np.float32))
    arrays = (("data", tmp_path / "x.npy"), ("target", tmp_path / "t.npy"))
    raw = replace(loss, images=(), arrays=arrays)
    assert run_job(extract(raw, host)).arrays == {"loss": ()}


def test_an_image_too_small_for_the_net_is_left_out(
    request_: ExtractRequest, host: EngineHost, pictures: Path
) -> None:
    from PIL import Image

    Image.new("RGB", (1, 1)).save(pictures / "icon.png")
    free = replace(request_, layers="conv", recipe="original", measure=Pool("gap"))
    found = run_job(extract(free, host))
    ((name, reason),) = found.skipped
    assert Path(name).name == "icon.png"
    assert "1 x 1 pixels are too small for this net (conv)" in reason


def test_sizes_that_differ_are_refused_where_values_are_kept_whole(
    request_: ExtractRequest, host: EngineHost, pictures: Path
) -> None:
    from PIL import Image

    Image.new("RGB", (30, 20)).save(pictures / "99.png")
    free = replace(request_, layers="conv", recipe="original")
    with pytest.raises(AppError, match="differ in size from image to image"):
        run_job(extract(free, host))


def test_what_can_not_be_written_is_said_before_anything_runs(
    request_: ExtractRequest, host: EngineHost, tmp_path: Path
) -> None:
    with pytest.raises(RequestError, match="names no format"):
        run_job(extract(replace(request_, out=tmp_path / "out.mat"), host))
    with pytest.raises(AppError):
        run_job(extract(replace(request_, out=tmp_path / "gone" / "out.npz"), host))


def test_of_all_layers_those_that_can_not_run_are_left_out(
    request_: ExtractRequest, host: EngineHost
) -> None:
    text = NET + 'layer { name: "odd" type: "Odd" bottom: "conv" top: "odd" }'
    spec = replace(FAKE, options=(("refuse", "Odd"),))
    odd = replace(request_, net=replace(request_.net, text=text, engine=spec))
    with pytest.raises(UnsupportedLayerError):
        run_job(extract(replace(odd, layers="odd"), host))
    found: Extracted = run_job(extract(replace(odd, layers="all"), host))
    assert set(found.arrays) == {"data", "conv", "relu", "fc"}
    assert "1 of 5 values can't be computed here. odd:" in found.notes[0]


def test_labels_of_a_list_stand_in_the_manifest(
    request_: ExtractRequest, host: EngineHost, pictures: Path, tmp_path: Path
) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text(f"{pictures}/01.png 7\n{pictures}/00.png\n{pictures}/gone.png 3\n")
    found = run_job(extract(replace(request_, images=(listed,)), host))
    assert [Path(name).name for name in found.images] == ["01.png", "00.png"]
    manifest = json.loads(found.manifest.read_text())
    assert manifest["labels"] == {f"{pictures}/01.png": "7"}
    assert [skipped["image"] for skipped in manifest["skipped"]] == [f"{pictures}/gone.png"]
