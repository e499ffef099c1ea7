"""Rows that are not images: raw blobs go in one pass, images share one only where proved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from core.engines.host import EngineHost
from core.engines.values import EngineSpec
from core.jobs.extract import ExtractRequest, extract
from core.jobs.fidelity import FidelityRequest, measure
from core.jobs.open import OpenRequest, open_model
from core.progress import run_job

Material = Callable[[str], Path]
TORCH = EngineSpec("torch", options=(("threads", "1"),))
DATA = 'layer { name: "data" type: "Input" top: "data" input_param { shape { %s } } }'
ROWS = {
    "concat over axis 0": """
        layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
                inner_product_param { num_output: 4 } }
        layer { name: "both" type: "Concat" bottom: "data" bottom: "fc" top: "both"
                concat_param { axis: 0 } }""",
    "softmax over axis 0": """
        layer { name: "both" type: "Softmax" bottom: "data" top: "both"
                softmax_param { axis: 0 } }""",
    "slice over axis 0": """
        layer { name: "cut" type: "Slice" bottom: "data" top: "a" top: "b"
                slice_param { axis: 0 slice_point: 5 } }
        layer { name: "both" type: "ReLU" bottom: "b" top: "both" }""",
    "a sum over all": """
        layer { name: "both" type: "Reduction" bottom: "data" top: "both" }""",
    "a fixed number of rows": """
        layer { name: "both" type: "Reshape" bottom: "data" top: "both"
                reshape_param { shape { dim: 6 dim: -1 } } }""",
    "batch statistics": """
        layer { name: "both" type: "BatchNorm" bottom: "data" top: "both"
                batch_norm_param { use_global_stats: false } }""",
}


@pytest.fixture(scope="module")
def host() -> Iterator[EngineHost]:
    with EngineHost() as made:
        made.process(TORCH)
        yield made


def extracted(host: EngineHost, out: Path, net: Path, layers: str, **named) -> dict:
    """The arrays of one extraction by the torch engine, or another."""
    weights = named.pop("weights", None)
    spec = named.pop("engine", TORCH)
    opened = open_model(OpenRequest(net, weights, engine=spec))
    run_job(extract(ExtractRequest(opened.to_run, layers, out, **named), host))
    with np.load(out) as file:
        return dict(file)


@pytest.mark.parametrize("case", ["lstm16", "bnbatch"])
def test_raw_blobs_as_real_caffe_gives_them(
    host: EngineHost, material: Material, tmp_path: Path, case: str
) -> None:
    folder = material("reports/batch_split_of_arrays")
    files = folder.glob(f"{case}.in.*.npy")
    arrays = tuple((path.name.split(".")[2], path) for path in files)
    found = extracted(
        host, tmp_path / "o.npz", folder / f"{case}.prototxt", "all",
        weights=folder / f"{case}.caffemodel", arrays=arrays,
    )  # fmt: skip
    with np.load(folder / f"real_caffe_{case}.npz") as wanted:
        for key in wanted.files:
            array = found.get(key, found.get(key.rpartition(":")[0]))
            np.testing.assert_allclose(array, wanted[key], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("case", ROWS)
def test_both_engines_give_what_one_pass_gives(
    host: EngineHost, caffe_python: tuple[str, ...], tmp_path: Path, case: str
) -> None:
    """Twelve rows are more than the usual eight of a pass."""
    net, array = tmp_path / "net.prototxt", tmp_path / "x.npy"
    shape = "dim: 12 dim: 4" + (" dim: 1 dim: 2" if case == "batch statistics" else "")
    net.write_text(DATA % shape + ROWS[case])
    sizes = [int(word) for word in shape.split() if word.isdecimal()]
    np.save(array, np.random.default_rng(2).standard_normal(sizes).astype(np.float32))
    given = {"arrays": (("data", array),)}
    ours = extracted(host, tmp_path / "ours.npz", net, "both", **given)["both"]
    with EngineHost() as other:
        caffe = EngineSpec("caffe", caffe_python)
        theirs = extracted(other, tmp_path / "theirs.npz", net, "both", engine=caffe, **given)
    assert ours.shape == theirs["both"].shape
    np.testing.assert_allclose(ours, theirs["both"], rtol=1e-5, atol=1e-6)


def test_a_net_of_one_row_gets_one_image_a_pass(
    host: EngineHost, material: Material, tmp_path: Path
) -> None:
    folder = material("reports/batch_of_images_static_reshape")
    net, weights = folder / "p2cres.prototxt", folder / "p2cres.caffemodel"
    images = (folder / "imgs",)
    together = extracted(
        host, tmp_path / "all.npz", net, "view1,fc1", weights=weights, images=images
    )
    assert len(together["fc1"]) == len(together["images"]) == len(together["view1"]) > 8
    for number in (0, 7, 11):
        alone = extracted(
            host, tmp_path / "one.npz", net, "fc1", weights=weights,
            images=(Path(str(together["images"][number])),),
        )  # fmt: skip
        np.testing.assert_array_equal(alone["fc1"][0], together["fc1"][number])


def test_losses_are_those_of_one_pass(host: EngineHost, material: Material, tmp_path: Path) -> None:
    folder = material("reports/scalar_values_crash")
    found = extracted(
        host, tmp_path / "o.npz", folder / "loss12.prototxt", "loss,acc",
        weights=folder / "loss12.caffemodel",
        arrays=tuple((blob, folder / f"loss12.in.{blob}.npy") for blob in ("data", "label")),
    )  # fmt: skip
    with np.load(folder / "real_caffe_loss12.npz") as wanted:
        for layer in ("loss", "acc"):
            assert found[layer].shape == ()
            assert found[layer] == pytest.approx(wanted[f"{layer}:{layer}"], rel=1e-5)


def test_fidelity_runs_all_rows_where_they_mix(
    caffe_python: tuple[str, ...], material: Material
) -> None:
    folder = material("reports/batch_split_of_arrays")
    opened = open_model(OpenRequest(folder / "lstm16.prototxt", folder / "lstm16.caffemodel"))
    arrays = tuple((b, folder / f"lstm16.in.{b}.npy") for b in ("data", "cont"))
    request = FidelityRequest(opened.to_run, EngineSpec("caffe", caffe_python), arrays=arrays)
    found = run_job(measure(request))
    assert found.n_rows == 16
    assert min(row.cosine for row in found.rows) > 0.999999


def test_half_grey_pictures_are_left_out_by_extract_too(
    host: EngineHost, material: Material, tmp_path: Path, repository: Path
) -> None:
    demo = repository / "resources" / "demo"
    images = (material("reports/extract_one_bad/half_grey.jpg"), demo / "gallery" / "die")
    opened = open_model(
        OpenRequest(demo / "demo_deploy.prototxt", demo / "demo.caffemodel", engine=TORCH)
    )
    request = ExtractRequest(opened.to_run, "fc6", tmp_path / "o.npz", images=images)
    found = run_job(extract(request, host))
    ((name, reason),) = found.skipped
    assert Path(name).name == "half_grey.jpg"
    assert "cut off" in reason


def test_names_of_255_bytes_are_written(host: EngineHost, tmp_path: Path, repository: Path) -> None:
    demo = repository / "resources" / "demo"
    opened = open_model(
        OpenRequest(demo / "demo_deploy.prototxt", demo / "demo.caffemodel", engine=TORCH)
    )
    out = tmp_path / ("\N{CJK UNIFIED IDEOGRAPH-753B}" * 83 + "x.npz")
    assert len(out.name.encode()) == 254
    image = next((demo / "queries").iterdir())
    found = run_job(extract(ExtractRequest(opened.to_run, "fc6", out, images=(image,)), host))
    assert out.is_file()
    assert found.manifest.is_file()
