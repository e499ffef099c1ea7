"""Verify: a right rename is identical to the last bit, a wrong one is caught and located."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.engines.base import EngineProcess
from core.engines.verification import verify_rename
from core.errors import EngineError
from core.net.reader import read_net
from core.net.rename import plan_rename_all
from core.progress import Progress, run_job


def test_a_right_rename_is_identical(any_process: EngineProcess, small_net: str) -> None:
    after = plan_rename_all(read_net(small_net)).new_text
    steps: list[Progress] = []
    found = run_job(verify_rename(any_process, small_net, after), steps.append)
    assert found.is_identical
    assert found.outputs == ("prob",)
    assert (found.n_values, found.n_different, found.largest_difference) == (5, 0, 0.0)
    assert found.first_different_layer is None
    assert found.n_images == 1
    assert [step.done for step in steps] == [0, 1, 2]


def test_the_wrong_rewiring_of_the_tutorials_is_located(
    any_process: EngineProcess, small_net: str
) -> None:
    """relu2 and drop2 get blobs of their own, but fc3 still reads fc2."""
    wrong = small_net.replace(
        'name: "relu2" type: "ReLU" bottom: "fc2" top: "fc2"',
        'name: "relu2" type: "ReLU" bottom: "fc2" top: "fc2_relu2"',
    ).replace(
        'name: "drop2" type: "Dropout" bottom: "fc2" top: "fc2"',
        'name: "drop2" type: "Dropout" bottom: "fc2" top: "fc2_drop2"',
    )
    image = {"data": np.random.default_rng(3).normal(0, 50, (2, 3, 12, 10)).astype(np.float32)}
    found = run_job(verify_rename(any_process, small_net, wrong, inputs=image))
    assert not found.is_identical
    assert found.n_different > 0
    assert found.largest_difference > 0
    assert found.first_different_layer == "drop2"
    assert found.n_images == 2


def test_it_says_when_no_trained_weights_were_used(
    torch_process: EngineProcess, small_net: str
) -> None:
    assert run_job(verify_rename(torch_process, small_net, small_net)).filler


def test_nets_without_a_common_output_can_not_be_compared(
    any_process: EngineProcess, small_net: str
) -> None:
    other = small_net[: small_net.index('layer { name: "prob"')]
    with pytest.raises(EngineError, match="share no output"):
        run_job(verify_rename(any_process, small_net, other))


@pytest.mark.parametrize(
    ("source", "top", "said"),
    [
        (
            'type: "Data" top: "a" top: "label" data_param { source: "x" batch_size: 2 }',
            'top: "b"',
            "without a, whose size",
        ),
        ('type: "Input" top: "a" input_param { shape { dim: 2 } }', "", "no output with a name"),
    ],
)
def test_what_keeps_two_nets_from_being_compared_is_said(
    any_process: EngineProcess, source: str, top: str, said: str
) -> None:
    net = f"""
        layer {{ name: "a" {source} }}
        layer {{ name: "loss" type: "EuclideanLoss" bottom: "a" bottom: "a" {top} }}
        """
    with pytest.raises(EngineError, match=said):
        run_job(verify_rename(any_process, net, net))


def test_closing_the_job_cancels_it(any_process: EngineProcess, small_net: str) -> None:
    job = verify_rename(any_process, small_net, small_net)
    next(job)
    job.close()
    assert any_process.is_alive


@pytest.mark.parametrize("name", ["net_resnet50", "net_vgg16_pool5_v1", "net_mobilenet_v2"])
def test_real_nets_with_all_in_place_layers_renamed_are_identical(
    torch_process: EngineProcess, material: Callable[[str], Path], name: str
) -> None:
    folder = material("goldens")
    text = (folder / f"{name}.prototxt").read_text(encoding="utf-8")
    after = plan_rename_all(read_net(text)).new_text
    weights = folder / f"{name}.caffemodel"
    found = run_job(verify_rename(torch_process, text, after, weights))
    assert found.is_identical
    assert found.n_values > 0
    assert not found.filler


def one_layer(layer: str) -> str:
    return f"""
        layer {{ name: "d" type: "Input" top: "d" input_param {{ shape {{ dim: 1 dim: 3 }} }} }}
        layer {{ name: "p" bottom: "d" top: "p" {layer} }}
        """


def test_0_and_minus_0_are_different_bits(torch_process: EngineProcess) -> None:
    texts = [one_layer(f'type: "Power" power_param {{ scale: {scale} }}') for scale in (1, -1)]
    inputs = {"d": np.zeros((1, 3), np.float32)}
    found = run_job(verify_rename(torch_process, *texts, inputs=inputs))
    assert (found.is_identical, found.n_different, found.largest_difference) == (False, 3, 0)


def test_nan_equals_itself(torch_process: EngineProcess) -> None:
    text = one_layer('type: "Log"')
    inputs = {"d": np.array([[-1, 1, -2]], np.float32)}
    found = run_job(verify_rename(torch_process, text, f"# renamed\n{text}", inputs=inputs))
    assert (found.is_identical, found.n_values, found.largest_difference) == (True, 3, 0)


def test_a_proof_names_texts_and_inputs_that_differ(
    torch_process: EngineProcess, small_net: str
) -> None:
    after = plan_rename_all(read_net(small_net)).new_text
    zeros = np.zeros((1, 3, 12, 10), np.float32)
    proofs = [
        run_job(verify_rename(torch_process, small_net, text, inputs={"data": data})).provenance
        for text, data in ((after, zeros), (small_net, zeros), (after, zeros + 1))
    ]
    assert proofs[0].after_sha256 == hashlib.sha256(after.encode()).hexdigest()
    assert proofs[0].before_sha256 == proofs[1].after_sha256 != proofs[0].after_sha256
    assert proofs[0].input_sha256 == proofs[1].input_sha256 != proofs[2].input_sha256
    assert not proofs[0].is_seeded
