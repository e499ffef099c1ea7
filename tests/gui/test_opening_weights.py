"""Weights go to the net that is open; what lies beside it is offered; others are refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.gui.test_opening import NET, ones, weights_for

LENET = "models/lenet_mnist"
SQUEEZENET = "models/squeezenet_v1.0"


@pytest.fixture
def net_path(tmp_path: Path) -> Path:
    path = tmp_path / "nets" / "small.prototxt"
    path.parent.mkdir()
    path.write_text(NET)
    return path


def open_net(bench, qtbot, path: Path) -> None:
    bench.opening.open_paths([path])
    qtbot.waitUntil(lambda: bench.document.path == path and bench.lanes.is_idle)


def other_weights(path: Path) -> Path:
    return weights_for(
        path,
        conv1=("Convolution", [ones(9, 1, 5, 5), ones(9)]),
        fc7=("InnerProduct", [ones(7, 3), ones(7)]),
        fc8=None,
    )


def test_weights_beside_the_net_are_offered_and_bound_by_one_click(bench, qtbot, net_path) -> None:
    weights = weights_for(net_path.with_name("anything.caffemodel"))
    other_weights(net_path.with_name("small.caffemodel"))
    net_path.with_name("small_of_text.caffemodel").write_text("no weights")
    open_net(bench, qtbot, net_path)
    (notice,) = bench.notices.current
    assert notice.title == "anything.caffemodel lies beside this prototxt"
    assert notice.body == "6 of 6 arrays fit."
    strip = bench.window.notice_bar.strip
    assert [button.text() for button in strip.buttons] == ["Bind it"]
    assert not bench.window.notice_bar.is_whole
    strip.buttons[0].click()
    qtbot.waitUntil(lambda: bench.document.weights_path == weights)
    assert bench.notices.current == ()


def test_several_weights_that_fit_are_a_choice(bench, qtbot, net_path: Path) -> None:
    weights_for(net_path.with_name("small_iter_5000.caffemodel"), fc8=None)
    best = weights_for(net_path.with_name("small_iter_9000.caffemodel"))
    open_net(bench, qtbot, net_path)
    (notice,) = bench.notices.current
    assert notice.title == "2 weights files beside this prototxt fit"
    assert "small_iter_5000.caffemodel: 4 of 6 arrays" in notice.body
    buttons = bench.window.notice_bar.strip.buttons
    assert buttons[0].text() == "Bind small_iter_9000"
    buttons[0].click()
    qtbot.waitUntil(lambda: bench.document.weights_path == best)


def test_nothing_is_offered_where_nothing_fits(bench, qtbot, net_path: Path) -> None:
    other_weights(net_path.with_name("small.caffemodel"))
    open_net(bench, qtbot, net_path)
    assert bench.notices.current == ()


def test_weights_of_another_net_are_not_bound_and_bound_ones_stay(
    bench, qtbot, net_path: Path, tmp_path: Path
) -> None:
    own = weights_for(tmp_path / "own.caffemodel")
    bench.opening.open_paths([net_path, own])
    qtbot.waitUntil(lambda: bench.document.weights_path == own)
    bench.opening.open_paths([other_weights(tmp_path / "other.caffemodel")])
    qtbot.waitUntil(lambda: bench.notices.has("weights"))
    (notice,) = bench.notices.current
    assert notice.title == "other.caffemodel is of another net"
    assert "conv1 has 9 × 1 × 5 × 5 there, 4 × 3 × 3 × 3 here." in notice.body
    assert "stay bound" in notice.body
    assert bench.document.weights_path == own
    assert bench.window.subjects.net.chip.text == "weights of another net"
    bench.notices.dismiss("weights")
    assert bench.window.subjects.net.chip is None


def test_refused_weights_do_not_go_to_the_next_net(
    bench, qtbot, net_path: Path, tmp_path: Path
) -> None:
    """The net that was opened next got them, without a word."""
    open_net(bench, qtbot, net_path)
    other = other_weights(tmp_path / "other.caffemodel")
    bench.opening.open_paths([other])
    qtbot.waitUntil(lambda: bench.notices.has("weights"))
    second = tmp_path / "second.prototxt"
    second.write_text(NET.replace("small", "second"))
    bench.opening.open_paths([second])
    qtbot.waitUntil(lambda: bench.document.path == second and bench.lanes.is_idle)
    assert bench.document.weights is None
    assert bench.notices.current == ()
    assert bench.window.subjects.net.chip.text == "no weights"


def test_weights_that_wait_are_seen_in_the_net_field(bench, tmp_path: Path) -> None:
    lonely = tmp_path / "lonely"
    lonely.mkdir()
    bench.opening.open_paths([weights_for(lonely / "w.caffemodel")])
    assert bench.window.subjects.net.chip.text == "weights waiting"
    bench.window.notice_bar.strip.close_button.click()
    assert bench.window.subjects.net.chip is None


def test_lenet_weights_on_another_net_are_refused(bench, qtbot, material, tmp_path: Path) -> None:
    """WINDOW_FAULTS 4 and 5, with its files."""
    squeezenet = material(f"{SQUEEZENET}.prototxt")
    path = shutil.copy(squeezenet, tmp_path / "deploy.prototxt")
    open_net(bench, qtbot, Path(path))
    bench.opening.open_paths([material(f"{LENET}.caffemodel")])
    qtbot.waitUntil(lambda: bench.notices.has("weights"))
    assert bench.notices.current[0].title == "lenet_mnist.caffemodel is of another net"
    assert bench.document.weights is None
    bench.opening.open_paths([material(f"{SQUEEZENET}.caffemodel")])
    qtbot.waitUntil(lambda: bench.document.binding is not None, timeout=15000)
    assert bench.document.binding.is_complete
    assert bench.notices.current == ()


def test_weights_alone_open_the_prototxt_of_their_name(bench, qtbot, material) -> None:
    bench.opening.open_paths([material(f"{LENET}.caffemodel")])
    qtbot.waitUntil(lambda: bench.document.binding is not None, timeout=15000)
    assert bench.document.path == material(f"{LENET}.prototxt").absolute()
