"""Explanations of a score by hand, on both engines; and against real Caffe's own backward."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from core.attribution.explanation import Explained
from core.attribution.methods import METHOD_NAMES, Method
from core.attribution.targets import ChannelTarget, ClassTarget
from core.attribution.words import completeness_words, concentration, sentence
from core.engines.base import EngineSpec, Value
from core.engines.host import EngineHost, NetToRun
from core.errors import AppError
from core.jobs.look import LookRequest
from core.jobs.saliency import SaliencyRequest, saliency
from core.jobs.score_target import read_target
from core.layers.backward import difference_words, is_wrong_in_place
from core.net.reader import read_net
from core.progress import run_job

NET = """
layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 1 dim: 2 dim: 2 dim: 2 } } }
layer { name: "same" type: "Power" bottom: "x" top: "h" }
layer { name: "relu" type: "ReLU" bottom: "h" top: "h" }
layer { name: "square" type: "Power" bottom: "h" top: "q" power_param { power: 2 } }
layer { name: "mean" type: "Pooling" bottom: "q" top: "p"
  pooling_param { pool: AVE global_pooling: true } }
"""
X = np.array([[[[1, -1], [3, 2]], [[5, 5], [5, 5]]]], np.float32)
"""Its score, the mean of the first channel's squares above 0, is (1 + 0 + 9 + 4) / 4 = 3.5."""
TARGET = ChannelTarget(Value("mean", "p"), 0)


@pytest.fixture(scope="module")
def torch_host() -> Iterator[EngineHost]:
    with EngineHost() as host:
        host.process(EngineSpec())
        yield host


@pytest.fixture(scope="module")
def caffe_host(caffe_python: tuple[str, ...]) -> Iterator[EngineHost]:
    with EngineHost() as host:
        host.process(EngineSpec("caffe", caffe_python))
        yield host


def asked(tmp_path: Path, methods: tuple[Method, ...], spec: EngineSpec, **more) -> SaliencyRequest:
    path = tmp_path / "n.prototxt"
    path.write_text(NET)
    np.save(tmp_path / "x.npy", X)
    net = NetToRun(NET, path, engine=spec)
    look = LookRequest(net, arrays=(("x", tmp_path / "x.npy"),))
    return SaliencyRequest(look, TARGET, methods, **more)


def check_by_hand(tmp_path: Path, host: EngineHost, spec: EngineSpec) -> None:
    """Of the score by h: h / 2. Channel weights of Grad-CAM: 3 / 4 and 0."""
    methods = (*map(Method, METHOD_NAMES[:5]), Method("occlusion", patch=1, stride=1),
               Method("occlusion", patch=2, stride=1))  # fmt: skip
    request = asked(tmp_path, methods, spec, at=Value("relu", "h"))
    found = run_job(saliency(request, host))
    assert [one.score for one in found.maps] == [3.5] * 7
    wanted = {
        "saliency": [[0.5, 0], [1.5, 1]],
        "gradxinput": [[0.5, 0], [4.5, 2]],
        "guided": [[0.5, 0], [1.5, 1]],
        "integrated": [[0.25, 0], [2.25, 1]],
        "gradcam": [[0.75, 0], [2.25, 1.5]],
        "occlusion": [[0.25, 0], [2.25, 1]],
    }
    for one in found.maps[:-1]:
        np.testing.assert_allclose(one.places, wanted[one.method.name], rtol=1e-6)
    # a patch of 2 x 2 begins a pixel before its place
    np.testing.assert_allclose(found.maps[-1].places, [[0.25, 0.25], [2.5, 3.5]], rtol=1e-6)
    assert found.maps[3].completeness is not None
    assert found.maps[3].completeness.error < 1e-6
    assert "3.5; from the baseline the score has grown by 3.5" in completeness_words(found.maps[3])
    np.testing.assert_allclose(found.channels, [7, 0], rtol=1e-6)  # h x h / 2, summed
    norms = dict(found.norms)
    assert norms[Value("relu", "h")] == pytest.approx(np.sqrt(0.25 + 2.25 + 1))
    assert norms[Value("square", "q")] == pytest.approx(0.5)
    assert next(iter(norms)) == Value("in", "x")


def test_every_method_by_hand(tmp_path: Path, torch_host: EngineHost) -> None:
    check_by_hand(tmp_path, torch_host, EngineSpec())


def test_every_method_by_hand_in_real_caffe(
    tmp_path: Path, caffe_host: EngineHost, caffe_python: tuple[str, ...]
) -> None:
    check_by_hand(tmp_path, caffe_host, EngineSpec("caffe", caffe_python))


def test_tops_that_the_score_does_not_need_have_no_norm(
    tmp_path: Path, torch_host: EngineHost
) -> None:
    text = NET.split("layer", 2)[1]
    text = f"""layer{text}
    layer {{ name: "cut" type: "Slice" bottom: "x" top: "a" top: "b" slice_param {{ axis: 1 }} }}
    layer {{ name: "twice" type: "Power" bottom: "a" top: "c" power_param {{ scale: 2 }} }}"""
    (tmp_path / "n.prototxt").write_text(text)
    np.save(tmp_path / "x.npy", X)
    look = LookRequest(NetToRun(text, tmp_path / "n.prototxt"), arrays=(("x", tmp_path / "x.npy"),))
    target = ChannelTarget(Value("twice", "c"), 0)
    found = run_job(saliency(SaliencyRequest(look, target, (Method("saliency"),)), torch_host))
    assert [value for value, _ in found.norms] == [
        Value("in", "x"), Value("cut", "a"), Value("twice", "c"),
    ]  # fmt: skip
    np.testing.assert_allclose(found.maps[0].places, np.full((2, 2), 2))


def test_a_place_and_a_maximum(tmp_path: Path, torch_host: EngineHost) -> None:
    net = read_net(NET)
    for word, places in (("channel:relu:0:1,1", [[0, 0], [0, 2]]),
                         ("channel:relu:0:max", [[0, 0], [3, 0]]),
                         ("channel:relu:0", [[1, 0], [3, 2]])):  # fmt: skip
        request = asked(tmp_path, (Method("gradxinput"),), EngineSpec())
        request = SaliencyRequest(request.look, read_target(net, word), request.methods)
        found = run_job(saliency(request, torch_host)).maps[0]
        np.testing.assert_allclose(found.places, places)


def test_the_sentence_counts_what_it_says(tmp_path: Path, torch_host: EngineHost) -> None:
    """Of 0.75, 2.25 and 1.5 two are at least half of the largest: 3.75 of 4.5, 2 of 4 places."""
    request = asked(tmp_path, (Method("gradcam"),), EngineSpec(), at=Value("relu", "h"))
    found = run_job(saliency(request, torch_host)).maps[0]
    assert concentration(found) == pytest.approx((3.75 / 4.5, 0.5))
    assert sentence(found) == "83 % of Grad-CAM lies on 50 % of the picture."


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("class:7", "no class 7"),
        ("channel:mean:7", "no channel 7"),
        ("channel:relu:0:9,0", "no place 9,0"),
        ("channel:relu", "is no target"),
        ("match:a.jpg@relu", "is of two pictures"),
        ("class:x", "is no target"),
    ],
)
def test_wrong_targets_are_said(
    tmp_path: Path, torch_host: EngineHost, word: str, said: str
) -> None:
    look = asked(tmp_path, (), EngineSpec()).look
    with pytest.raises(AppError, match=said):
        run_job(saliency(SaliencyRequest(look, read_target(read_net(NET), word)), torch_host))


def test_a_layer_behind_the_score_explains_nothing(tmp_path: Path, torch_host: EngineHost) -> None:
    look = asked(tmp_path, (), EngineSpec()).look
    request = SaliencyRequest(look, ChannelTarget(Value("relu", "h"), 0), at=Value("square", "q"))
    with pytest.raises(AppError, match="does not depend on 'q'"):
        run_job(saliency(request, torch_host))


def golden_request(
    material: Callable[[str], Path], tmp_path: Path, name: str, at: Value, spec: EngineSpec
) -> tuple[SaliencyRequest, np.lib.npyio.NpzFile, dict]:
    folder = material("gradients/nets")
    case = json.loads((folder / "index.json").read_text())
    case = case.get("cases", case)[name]
    known = np.load(folder / f"{name}.npz")
    path = folder / f"{name}.prototxt"
    weights = folder / f"{name}.caffemodel"
    if name == "squeezenet_v1.0":
        weights = material("models/squeezenet_v1.0.caffemodel")
        photo = known["photo_rgb_uint8"][..., ::-1].astype(np.float32) - (104, 117, 123)
        data = photo.transpose(2, 0, 1)[None].astype(np.float32)
    else:
        data = np.array(known["input/data"][:1], np.float32)
    np.save(tmp_path / "data.npy", data)
    net = NetToRun(path.read_text(), path, weights, engine=spec)
    look = LookRequest(net, arrays=(("data", tmp_path / "data.npy"),))
    methods = (Method("saliency"), Method("gradcam"))
    return SaliencyRequest(look, ClassTarget(case["class"]), methods, at), known, case


def check_golden(found: Explained, known: np.lib.npyio.NpzFile, case: dict, at: Value) -> None:
    for one, key in zip(found.maps, ("saliency/data", f"gradcam/{at.layer}/{at.top}"),
                        strict=True):  # fmt: skip
        wanted = known[key].reshape(-1)
        got = one.places.reshape(-1)[:: case["strides"].get(key, 1)][: len(wanted)]
        apart = np.abs(got - wanted[: len(got)]) / np.abs(wanted).max()
        # a ReLU whose bottom is 0 but for rounding lets one sum pass and another not
        assert np.mean(apart <= 1e-4) > 0.9, key
        assert apart.max() < 0.02, key


@pytest.mark.parametrize("name", ["squeezenet_v1.0", "vgg_like"])
def test_saliency_and_grad_cam_are_real_caffes(
    material: Callable[[str], Path], tmp_path: Path, torch_host: EngineHost, name: str
) -> None:
    at = last_cam(material, name)
    request, known, case = golden_request(material, tmp_path, name, at, EngineSpec())
    found = run_job(saliency(request, torch_host))
    assert found.maps[0].score == pytest.approx(case["score"], rel=1e-4)
    check_golden(found, known, case, at)


def test_real_caffe_itself_gives_the_goldens(
    material: Callable[[str], Path],
    tmp_path: Path,
    caffe_host: EngineHost,
    caffe_python: tuple[str, ...],
) -> None:
    name, spec = "squeezenet_v1.0", EngineSpec("caffe", caffe_python)
    at = last_cam(material, name)
    request, known, case = golden_request(material, tmp_path, name, at, spec)
    check_golden(run_job(saliency(request, caffe_host)), known, case, at)


def last_cam(material: Callable[[str], Path], name: str) -> Value:
    """A middle layer whose Grad-CAM the goldens have."""
    with np.load(material(f"gradients/nets/{name}.npz")) as known:
        keys = [key for key in known.files if key.startswith("gradcam/")]
    net = read_net(material(f"gradients/nets/{name}.prototxt").read_text())
    every = {f"gradcam/{v.layer}/{v.blob}": Value(v.layer, v.blob) for v in net.versions}
    return every[[key for key in keys if key in every][-2]]


def test_integrated_gradients_add_up_to_what_the_score_has_grown(
    material: Callable[[str], Path], tmp_path: Path, torch_host: EngineHost
) -> None:
    request, _, _ = golden_request(
        material, tmp_path, "vgg_like", last_cam(material, "vgg_like"), EngineSpec()
    )
    errors = []
    for steps in (8, 256):
        way = SaliencyRequest(request.look, request.target, (Method("integrated", steps=steps),))
        complete = run_job(saliency(way, torch_host)).maps[0].completeness
        assert complete is not None
        errors.append(complete.error)
    assert errors[1] < 0.01
    assert errors[1] < errors[0]


def test_layers_that_real_caffe_goes_back_through_wrongly_in_place(
    material: Callable[[str], Path],
) -> None:
    """As an index of real Caffe's own runs has it, told by central differences."""
    folder = material("gradients")
    cases = json.loads((folder / "index.json").read_text())
    cases = cases.get("cases", cases)
    n_wrong = 0
    for name, case in cases.items():
        if not case["ok"] or name == "lstm_expose_hidden":
            continue
        net = read_net((folder / f"{name}.prototxt").read_text())
        found = any(is_wrong_in_place(layer) for layer in net.layers)
        assert found == (case.get("true_gradient") is False), name
        n_wrong += found
        if found:
            assert "this is the true one" in difference_words(net.layers, is_real_caffe=False)[0]
    assert n_wrong > 8
