"""Fine-tuning on real Caffe's own solver: the same files, numbers, snapshots as on our engine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.engines.base import EngineSpec
from core.errors import EngineError
from core.jobs.finetune import Finetuned, FinetuneRequest, finetune, resumed
from core.progress import run_job
from tests.engines.test_training_in_caffe import NET

SOLVER = """net: "net.prototxt" base_lr: 0.02 lr_policy: "multistep" gamma: 0.3 stepvalue: 4
stepvalue: 9 momentum: 0.9 weight_decay: 0.001 snapshot: 6 snapshot_prefix: "snap" max_iter: 12
iter_size: 2 clip_gradients: 3 test_iter: 2 test_interval: 4
"""


@pytest.fixture
def spec(caffe_python: tuple[str, ...]) -> EngineSpec:
    return EngineSpec("caffe", caffe_python)


@pytest.fixture
def asked(tmp_path: Path) -> FinetuneRequest:
    (tmp_path / "net.prototxt").write_text(NET)
    (tmp_path / "solver.prototxt").write_text(SOLVER)
    rng = np.random.default_rng(8)
    for name, n_batches in (("b", 5), ("t", 2)):
        np.savez(
            tmp_path / f"{name}.npz",
            data=rng.standard_normal((n_batches, 4, 3, 8, 8)).astype(np.float32),
            label=rng.integers(0, 4, (n_batches, 4)).astype(np.float32),
        )
    return FinetuneRequest(
        tmp_path / "solver.prototxt", tmp_path / "b.npz", at=(1, 12), run=tmp_path / "ours",
        test_batches=(tmp_path / "t.npz",), seed=3,
    )  # fmt: skip


def check_equal(theirs: Finetuned, ours: Finetuned, iterations: tuple[int, ...]) -> None:
    assert theirs.names == ours.names
    for iteration in iterations:
        for kind in (0, 1):
            pairs = zip(theirs.kept[iteration][kind], ours.kept[iteration][kind], strict=True)
            for found, wanted in pairs:
                scale = float(np.abs(wanted).max()) or 1.0
                np.testing.assert_allclose(found, wanted.reshape(found.shape), atol=1e-4 * scale)


@pytest.mark.parametrize("kind", ["SGD", "Adam"])
def test_the_same_files_give_the_same_run_on_both(
    spec: EngineSpec, asked: FinetuneRequest, kind: str
) -> None:
    asked.solver.write_text(f"{SOLVER} type: '{kind}'")
    ours = run_job(finetune(asked))
    folder = asked.solver.parent / "theirs"
    theirs = run_job(finetune(replace(asked, engine=spec, run=folder)))
    check_equal(theirs, ours, (1, 12))
    for found, wanted in zip(theirs.history.iterations, ours.history.iterations, strict=True):
        assert (found.iteration, found.rate) == (wanted.iteration, wanted.rate)
        assert found.loss == pytest.approx(wanted.loss, rel=1e-4)
        assert found.gradient_norm == pytest.approx(wanted.gradient_norm, rel=1e-4)
    for one, other in zip(theirs.trained.iterations, ours.trained.iterations, strict=True):
        assert len(one.passes) == 2
        assert [p.loss for p in one.passes] == pytest.approx([p.loss for p in other.passes], 1e-4)
    for listed, same in ((theirs.gradients, ours.gradients), (theirs.updates, ours.updates)):
        assert len(listed) == len(same) > 5
        for found, wanted in zip(listed, same, strict=True):
            scale = float(np.abs(wanted).max()) or 1.0
            np.testing.assert_allclose(found, wanted.reshape(found.shape), atol=1e-4 * scale)
    assert [(t.iteration, t.net) for t in theirs.history.tests] == [(0, 0), (4, 0), (8, 0), (12, 0)]
    for found, wanted in zip(theirs.history.tests, ours.history.tests, strict=True):
        assert found.scores == pytest.approx(wanted.scores, rel=1e-4)
    assert theirs.history.channels == []
    # a snapshot of either goes on in the other
    crossed = run_job(finetune(replace(resumed(folder, iteration=6), at=(12,))))
    check_equal(crossed, ours, (12,))
    back = run_job(finetune(replace(resumed(asked.run or folder, spec, iteration=6), at=(12,))))
    check_equal(back, ours, (12,))


def test_frozen_layers_are_computed_once_there_too(
    spec: EngineSpec, asked: FinetuneRequest
) -> None:
    net = asked.solver.parent / "net.prototxt"
    frozen = "param { lr_mult: 0 } convolution_param { num_output: 5"
    text = NET.replace("param { lr_mult: 2 }\n  convolution_param { num_output: 5", frozen)
    assert text != NET
    start, end = text.index('layer { name: "bn"'), text.index('layer { name: "relu"')
    net.write_text(text[:start] + text[end:])
    ours = run_job(finetune(asked))
    theirs = run_job(finetune(replace(asked, engine=spec, run=asked.solver.parent / "theirs")))
    assert theirs.history.began is not None
    assert theirs.history.began.n_frozen == 2
    check_equal(theirs, ours, (1, 12))


def test_what_caffe_would_abort_on_is_said(spec: EngineSpec, asked: FinetuneRequest) -> None:
    net = asked.solver.parent / "net.prototxt"
    net.write_text(
        NET.replace('"SoftmaxWithLoss"', '"Softmax"').replace(' bottom: "label" top', " top")
    )
    with pytest.raises(EngineError, match="no loss"):
        run_job(finetune(replace(asked, engine=spec)))
