"""Statistics of a folder: equal to all values at once, kept, gone on with, told what changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.engines.host import EngineHost, NetToRun
from core.engines.values import Value
from core.errors import AppError, ImageError, RequestError
from core.images.preprocess import Preprocess
from core.images.recipe_choice import choose_recipe
from core.jobs.layer_numbers import LayerNumbersRequest, NumberKind, layer_numbers
from core.jobs.look import LookRequest, inputs_of
from core.jobs.open import net_of
from core.jobs.stats import Stats, StatsOutlook, StatsRequest, look_ahead, stats
from core.layer_numbers import LayerNumbers
from core.progress import run_job
from core.surveys.passes import Results

VALUES = {Value("data", "data"): 0, Value("conv", "conv"): 1, Value("relu", "conv"): 2}


@pytest.fixture
def asked(net: NetToRun, pictures: Path, tmp_path: Path) -> StatsRequest:
    return StatsRequest(LookRequest(net), pictures, batch_size=3, kept=tmp_path / "kept.npz")


def stats_so_far(asked: StatsRequest) -> Stats | None:
    return outlook(asked).found


def outlook(asked: StatsRequest) -> StatsOutlook:
    assert asked.folder is not None
    return look_ahead(asked, asked.folder)


def every_value(asked: StatsRequest, host: EngineHost) -> dict[Value, np.ndarray]:
    """All values of all images, one image a pass."""
    folder = asked.folder
    assert folder is not None
    found: dict[Value, list[np.ndarray]] = {value: [] for value in VALUES}
    with host.opened(asked.look.net) as engine:
        for path in sorted(folder.glob("*.png")):
            fed = inputs_of(replace(asked.look, image=path))
            for value, array in engine.forward(fed, list(VALUES)).items():
                found[value].append(array)
    return {value: np.concatenate(arrays) for value, arrays in found.items()}


def check_equal(found: Stats, every: dict[Value, np.ndarray]) -> None:
    for value, array in every.items():
        exact, one = array.astype(np.float64), found.spreads[value].statistics()
        assert one.n_values == array.size
        assert one.n_zeros == int((array == 0).sum())
        assert (one.minimum, one.maximum) == (array.min(), array.max())
        np.testing.assert_allclose([one.mean, one.std], [exact.mean(), exact.std()], rtol=1e-9)
        np.testing.assert_allclose(
            [one.median, one.p99], np.percentile(exact, [50, 99]), rtol=0.004
        )


def test_a_folder_is_all_its_images_at_once(asked: StatsRequest, host: EngineHost) -> None:
    found = run_job(stats(asked, host))
    assert (found.n_images, found.n_kept, found.skipped) == (20, 0, ())
    check_equal(found, every_value(asked, host))


def test_what_is_kept_is_there_without_a_pass(asked: StatsRequest, host: EngineHost) -> None:
    assert stats_so_far(asked) is None
    first = run_job(stats(asked, host))
    kept = stats_so_far(asked)
    assert kept is not None
    again = run_job(stats(asked, EngineHost(start=lambda spec: pytest.fail("an engine started"))))
    for one in (kept, again):
        assert (one.n_images, one.n_kept) == (20, 20)
        assert one.seconds == pytest.approx(first.seconds, 0.5)
        for value, spread in first.spreads.items():
            assert one.spreads[value].statistics() == spread.statistics()
            assert one.spreads[value].dead == spread.dead


def test_a_run_that_is_closed_is_gone_on_with(asked: StatsRequest, host: EngineHost) -> None:
    job = stats(asked, host)
    while next(job).done < 6:
        pass
    job.close()
    partly = stats_so_far(asked)
    assert partly is not None
    assert 6 <= partly.n_images < 20
    assert outlook(asked).n_to_read == 20 - partly.n_images
    found = run_job(stats(asked, host))
    assert (found.n_images, found.n_kept) == (20, partly.n_images)
    check_equal(found, every_value(asked, host))


def test_a_new_image_is_added(asked: StatsRequest, host: EngineHost, pictures: Path) -> None:
    run_job(stats(asked, host))
    Image.fromarray(np.full((9, 10, 3), 255, np.uint8)).save(pictures / "new.png")
    found = run_job(stats(asked, host))
    assert (found.n_images, found.n_kept) == (21, 20)
    assert (outlook(asked).n_files, outlook(asked).n_to_read) == (21, 0)
    check_equal(found, every_value(asked, host))


@pytest.mark.parametrize("change", ["image", "gone", "recipe", "seed", "layers", "damaged"])
def test_what_no_longer_holds_is_read_anew(
    asked: StatsRequest, host: EngineHost, pictures: Path, change: str
) -> None:
    run_job(stats(asked, host))
    look, n_images = asked.look, 20
    if change == "image":
        Image.fromarray(np.zeros((9, 10, 3), np.uint8)).save(pictures / "03.png")
    elif change == "gone":
        (pictures / "03.png").unlink()
        n_images = 19
    elif change == "recipe":
        net, shapes = net_of(look.net)
        recipe = choose_recipe(net, shapes, None).recipe
        asked = replace(asked, look=replace(look, recipe=replace(recipe, scale=2.0)))
        assert isinstance(asked.look.recipe, Preprocess)
    elif change == "seed":
        asked = replace(asked, look=replace(look, net=replace(look.net, seed=7)))
    elif change == "layers":
        asked = replace(asked, layers="data,conv,relu")
    else:
        assert asked.kept is not None
        asked.kept.write_bytes(asked.kept.read_bytes()[:999])
    assert stats_so_far(asked) is None
    found = run_job(stats(asked, host))
    assert (found.n_images, found.n_kept) == (n_images, 0)
    check_equal(found, every_value(asked, host))


def test_bad_images_are_listed_and_not_tried_again(
    asked: StatsRequest, host: EngineHost, pictures: Path
) -> None:
    (pictures / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    for _ in range(2):
        found = run_job(stats(asked, host))
        assert found.n_images == 20
        assert [name for name, _ in found.skipped] == ["bad.png"]
    check_equal(found, {})


def test_a_folder_without_an_image(asked: StatsRequest, host: EngineHost, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ImageError):
        run_job(stats(replace(asked, folder=empty), host))


def test_edges_that_are_asked_for(asked: StatsRequest, host: EngineHost) -> None:
    edges = tuple(np.linspace(-0.31, 1.3, 12).tolist())
    every = every_value(asked, host)
    for _ in range(2):  # what is kept has not been counted between them
        found = run_job(stats(replace(asked, edges=edges), host))
        for value, array in every.items():
            wanted, _ = np.histogram(array.astype(np.float64), edges)
            np.testing.assert_array_equal(found.counts[value], wanted)
    with pytest.raises(AppError, match="ascending"):
        run_job(stats(replace(asked, edges=(1.0, 1.0)), host))


def test_one_image_is_one_pass(asked: StatsRequest, host: EngineHost, pictures: Path) -> None:
    image = pictures / "07.png"
    look = replace(asked.look, image=image)
    found = run_job(stats(replace(asked, look=look, folder=None), host))
    with host.opened(look.net) as engine:
        one = engine.forward(inputs_of(look), list(VALUES))
    assert found.n_images == 1
    check_equal(found, one)


class Counting:
    """A collector that rides along."""

    def __init__(self) -> None:
        self.wants: dict[Value, tuple[()]] = {}
        self.n_images = 0

    def take(self, images: object, results: Results) -> None:
        self.n_images += len(images)  # type: ignore[arg-type]

    def skip(self, image: object) -> None:
        raise AssertionError


def test_other_collectors_ride_along(asked: StatsRequest, host: EngineHost) -> None:
    counting = Counting()
    run_job(stats(asked, host, [counting]))
    assert counting.n_images == 20


def test_the_graph_takes_its_numbers_from_what_is_kept(
    asked: StatsRequest, host: EngineHost
) -> None:
    def numbers(kind: NumberKind) -> LayerNumbers:
        request = LayerNumbersRequest(kind, asked.look, asked.folder, asked.kept)
        nobody = EngineHost(start=lambda spec: pytest.fail("an engine started"))
        return run_job(layer_numbers(request, nobody))

    with pytest.raises(RequestError, match="nothing of pictures"):
        numbers("zeros")
    run_job(stats(asked, host))
    every = every_value(asked, host)
    of = {
        "mean": np.mean, "std": np.std, "min": np.min, "max": np.max,
        "zeros": lambda one: 100 * (one == 0).mean(),
        "L2": lambda one: np.sqrt((one**2).sum() / 20),
    }  # fmt: skip
    for kind, formula in of.items():
        by_hand = {tuple(value): formula(one.astype(float)) for value, one in every.items()}
        found = numbers(kind)  # type: ignore[arg-type]
        assert {key: found.values[key] for key in by_hand} == pytest.approx(by_hand)
    assert "pictures, 20 images" in numbers("mean").source
    assert numbers("saturated").values == {}  # no layer with ends
