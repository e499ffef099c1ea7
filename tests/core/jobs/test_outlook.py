"""What is told of an index before it runs, held against the index itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.engines.host import EngineHost, NetToRun
from core.engines.values import EngineSpec
from core.errors import AppError
from core.images.preprocess import Preprocess
from core.jobs.index import IndexRequest, index
from core.jobs.outlook import look_ahead, measure_rate
from core.measures.measure import Pool
from core.progress import run_job

RECIPE = Preprocess(width=8, height=8)


@pytest.fixture
def request_(net: NetToRun, pictures: Path, tmp_path: Path) -> IndexRequest:
    return IndexRequest(net, pictures, "relu", Pool("gap"), tmp_path / "gallery", RECIPE)


def test_of_a_new_folder_all_is_to_be_read(request_: IndexRequest) -> None:
    outlook = look_ahead(request_)
    assert (outlook.n_to_read, outlook.n_read, outlook.n_files) == (20, 0, 20)
    assert outlook.gallery is None
    assert outlook.dimension == 6
    assert 20 * 24 < outlook.n_bytes < 20 * 1000
    assert not request_.out.exists()


def test_flattened_descriptors_are_longer(request_: IndexRequest) -> None:
    assert look_ahead(replace(request_, pool=Pool("flatten"))).dimension == 6 * 6 * 6


def test_a_cancelled_index_is_to_go_on_with_the_rest(
    request_: IndexRequest, host: EngineHost
) -> None:
    job = index(replace(request_, batch_size=4), host)
    for step in job:
        if step.done >= 8:
            break
    job.close()
    outlook = look_ahead(request_)
    n_there = len(outlook.gallery)
    assert 8 <= n_there < 20
    assert (outlook.n_read, outlook.n_to_read) == (n_there, 20 - n_there)
    there = {outlook.gallery.path(i) for i in range(n_there)}
    assert not there & set(outlook.to_read)
    run_job(index(request_, host))
    assert look_ahead(request_).n_to_read == 0


def test_a_file_that_changed_or_came_is_to_be_read(
    request_: IndexRequest, host: EngineHost, pictures: Path
) -> None:
    run_job(index(request_, host))
    (pictures / "00.png").write_bytes((pictures / "01.png").read_bytes() + b" ")
    (pictures / "new.png").write_bytes((pictures / "01.png").read_bytes())
    assert {path.name for path in look_ahead(request_).to_read} == {"00.png", "new.png"}


def test_what_can_not_be_is_said_before_the_net_runs(request_: IndexRequest) -> None:
    free = replace(RECIPE, size_policy="longest side", side=9)
    with pytest.raises(AppError, match="another length for each picture size"):
        look_ahead(replace(request_, pool=Pool("flatten"), recipe=free))


def test_the_rate_is_that_of_the_engine(
    request_: IndexRequest, host: EngineHost, pictures: Path
) -> None:
    """Two layers of 20 ms make a pass of 4 images last 40 ms at least: 100 images a second."""
    slow = EngineSpec("fake", options=(("seconds_per_layer", "0.02"),))
    slow_request = replace(request_, net=replace(request_.net, engine=slow))
    files = sorted(pictures.iterdir())
    rate = run_job(measure_rate(slow_request, host, files))
    assert 20 < rate <= 110


def test_the_pass_in_which_an_engine_gets_ready_is_no_measure(
    request_: IndexRequest, host: EngineHost, pictures: Path
) -> None:
    """It took longer than all that was tried: a folder was told to take hours, and took minutes."""
    cold = EngineSpec("fake", options=(("seconds_to_get_ready", "2.5"),))
    cold_request = replace(request_, net=replace(request_.net, engine=cold))
    rate = run_job(measure_rate(cold_request, host, sorted(pictures.iterdir())))
    assert rate > 10  # 4 images in 2.5 s are 1.6 a second


def test_files_that_no_one_can_read_give_no_rate(
    request_: IndexRequest, host: EngineHost, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"nothing")
    assert run_job(measure_rate(request_, host, [broken])) == 0.0
