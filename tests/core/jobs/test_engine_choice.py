"""Surveys on "auto": the engine is named, a gallery keeps it, queries follow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.engine_names import AUTO
from core.engines import choosing
from core.engines.host import EngineHost, NetToRun
from core.engines.trial import Chosen
from core.engines.values import EngineSpec
from core.jobs import engine_choice
from core.jobs.extract import ExtractRequest, extract
from core.jobs.gallery_net import found_gallery_net
from core.jobs.index import IndexRequest, index
from core.jobs.provenance import net_manifest
from core.measures.measure import Pool
from core.progress import run_job
from tests.bench.random_weights import write_random_weights
from tests.core.jobs.conftest import NET

WHY = "ONNX Runtime: 1 ms a pass of 8 images, against 2"


@pytest.fixture
def auto(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NetToRun:
    """The small net with weights; its trial always ends for ONNX Runtime."""
    pytest.importorskip("onnxruntime", reason="the extra [fast] is not installed")
    monkeypatch.setenv("BLOBSCOPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(choosing, "_try", lambda *_: Chosen("onnxruntime", WHY))
    path, weights = tmp_path / "net.prototxt", tmp_path / "w.caffemodel"
    path.write_text(NET)
    write_random_weights(path, weights)
    return NetToRun(NET, path, weights, engine=EngineSpec(AUTO))


def test_a_gallery_goes_on_with_its_engine_and_so_do_queries(
    auto: NetToRun, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = IndexRequest(auto, pictures, "conv", Pool("gap"), tmp_path / "gallery")
    later = pictures / "19.png"
    kept = later.read_bytes()
    later.unlink()
    with EngineHost() as host:
        made = run_job(index(request, host))
    assert f"{WHY}." in made.report.notes
    assert made.gallery.origin is not None
    assert made.gallery.origin.engine == "onnxruntime"
    later.write_bytes(kept)
    monkeypatch.delattr(choosing, "_try")
    (tmp_path / "cache" / "engine-trials.json").unlink()
    with EngineHost() as host:
        again = run_job(index(request, host))
    assert (again.report.n_added, again.report.n_kept) == (1, 19)
    assert again.gallery.origin is not None
    assert again.gallery.origin.engine == "onnxruntime"
    assert found_gallery_net(again.gallery, auto)[0].engine == EngineSpec("onnxruntime")
    plain = replace(auto, engine=EngineSpec("torch"))
    assert found_gallery_net(again.gallery, plain)[0].engine == EngineSpec("torch")
    monkeypatch.setattr(engine_choice, "installed_graph_engines", lambda: ("openvino",))
    assert found_gallery_net(again.gallery, auto)[0].engine == EngineSpec("torch")


def test_extracted_features_name_the_engine_and_why(
    auto: NetToRun, pictures: Path, tmp_path: Path
) -> None:
    request = ExtractRequest(auto, "fc", tmp_path / "out.npz", images=(pictures,))
    with EngineHost() as host:
        done = run_job(extract(request, host))
    assert f"{WHY}." in done.notes
    ran = replace(auto, engine=EngineSpec("onnxruntime"), why_engine=WHY)
    told = net_manifest(ran)["engine"]
    assert (told["name"], told["chosen"]) == ("onnxruntime", WHY)
    manifest = next(tmp_path.glob("out*.json")).read_text()
    assert f'"chosen": "{WHY}"' in manifest
    assert net_manifest(auto)["engine"]["name"] == "torch"
