"""Writes core/layers/GRADIENTS.md: how far gradients by layer type are from real Caffe's backward.

`python -m tests.conformance.gradients`; needs the test material, and no real Caffe, whose answers
are kept there.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from core.engines.base import Value
from core.engines.session import GradientsAsked, OpenRequest
from core.engines.torch.backend import make_backend
from core.engines.torch.session import TorchSession
from core.layers.backward import is_wrong_in_place
from core.net.definition import Net, NetState
from core.net.reader import read_net

REPOSITORY = Path(__file__).resolve().parents[2]
TABLE = REPOSITORY / "core" / "layers" / "GRADIENTS.md"
TOLERANCE = 1e-4
NO_GRADIENT_IN_CAFFE = {
    # of what Caffe never goes back to, or went no further than: 0 in its files
    "batchreindex", "filter", "infogain", "loss_weight_makes_backward", "lstm_expose_hidden",
    "no_force_frozen_first", "no_force_no_loss", "no_force_with_loss",
}  # fmt: skip
ANOTHER_MASK = {"dropout_train", "dropout_train_inplace"}
TWICE = "chain_backward_twice"
NAN_IN_CAFFE = {"eltwise_prod_unstable_zero"}


def index(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "index.json").read_text())
    cases: dict[str, Any] = found.get("cases", found)
    return {name: case for name, case in cases.items() if case["ok"]}


def opened(text: str, weights: Path | None, phase: str) -> TorchSession:
    request = OpenRequest(text, weights, "cpu", 1, NetState(phase), {})
    session = make_backend({"threads": "1"}).open(request)
    assert isinstance(session, TorchSession)
    return session


def close(found: np.ndarray, wanted: np.ndarray, floor: float) -> float:
    """The greatest difference as a share of the greatest value, or of rounding's."""
    if not wanted.size:
        return 0.0
    scale = max(float(np.abs(wanted).max()), floor)
    return float(np.abs(found.reshape(wanted.shape) - wanted).max()) / scale


def last_values(text: str, phase: str) -> dict[str, Value]:
    net = read_net(text, state=NetState(phase))
    return {version.blob: Value(version.layer, version.blob) for version in net.versions}


def learned(names: list[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for name in names:
        layer, number = name.removeprefix("param/").rsplit("/", 1)
        found.setdefault(layer, []).append(int(number))
    return found


def worst_of(folder: Path, name: str, phase: str) -> tuple[str, float]:
    known = np.load(folder / f"{name}.npz")
    text = (folder / f"{name}.prototxt").read_text()
    weights = folder / f"{name}.caffemodel"
    session = opened(text, weights if weights.exists() else None, phase)
    last = last_values(text, phase)
    named = {kind: [k for k in known.files if k.startswith(f"{kind}/")]
             for kind in ("input", "topdiff", "grad", "param")}  # fmt: skip
    inputs = {key[6:]: np.array(known[key], np.float32) for key in named["input"]}
    of = {last[key[8:]]: np.array(known[key], np.float32) for key in named["topdiff"]}
    wants = [Value(*key.split("/", 2)[1:]) for key in named["grad"]]
    layers = learned(named["param"])
    asked = GradientsAsked(of, wants, list(layers))
    found = session.gradients(inputs, asked, lambda layer: None)
    got = dict(zip(named["grad"], found.wants, strict=True))
    for layer, of_layer in zip(layers, found.learned, strict=True):
        got.update({f"param/{layer}/{i}": of_layer[i] for i in layers[layer]})
    # where terms cancel, as of a bias before batch statistics, rounding is all that is left
    floor = 2e-3 * max(
        (float(np.abs(known[key]).max()) for key in got if known[key].size), default=0
    )
    worst = ("", 0.0)
    for key, array in got.items():
        wanted = known[key] / (2.0 if name == TWICE and key.startswith("param/") else 1.0)
        if name in NO_GRADIENT_IN_CAFFE and not np.any(wanted):
            continue
        apart = close(array, wanted, max(floor, 1e-12))
        worst = worst if apart <= worst[1] else (key, apart)
    return worst


@dataclass
class Tally:
    """What was measured of one layer type."""

    n_cases: int = 0
    worst: float = 0.0
    n_in_place: int = 0
    n_wrong_in_place: int = 0


@dataclass
class Measured:
    """By type, and by case the greatest difference of any of its gradients."""

    types: dict[str, Tally] = field(default_factory=dict)
    cases: dict[str, float] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def measure(folder: Path) -> Measured:
    """Every case that real Caffe has answered; those that it answers wrongly count as such."""
    measured = Measured()
    for name, case in index(folder).items():
        net = read_net((folder / f"{name}.prototxt").read_text(), state=NetState(case["phase"]))
        if case.get("true_gradient") is False:
            for kind in _types(net, in_place=True):
                tally = measured.types.setdefault(kind, Tally())
                tally.n_wrong_in_place += 1
            continue
        if name in ANOTHER_MASK | NAN_IN_CAFFE:
            measured.left_out.append(name)
            continue
        apart = worst_of(folder, name, case["phase"])[1]
        measured.cases[name] = apart
        for kind in _types(net):
            tally = measured.types.setdefault(kind, Tally())
            tally.n_cases += 1
            tally.worst = max(tally.worst, apart)
        for kind in _types(net, in_place=True):
            measured.types[kind].n_in_place += 1
    return measured


def _types(net: Net, *, in_place: bool = False) -> set[str]:
    return {
        layer.type
        for layer in net.layers
        if layer.bottoms and (not in_place or set(layer.tops) & set(layer.bottoms))
        if not (in_place and _is_wrong_elsewhere(net) and not is_wrong_in_place(layer))
    }


def _is_wrong_elsewhere(net: Net) -> bool:
    """Whether it is another layer of the net that real Caffe goes back through wrongly."""
    return any(is_wrong_in_place(layer) for layer in net.layers)


def table_rows(measured: Measured) -> Iterator[str]:
    """A row for each type that a case has."""
    for kind, tally in sorted(measured.types.items()):
        if tally.n_wrong_in_place:
            in_place = "real Caffe's differs"
        else:
            in_place = "equal" if tally.n_in_place else "-"
        worst = f"{tally.worst:.0e}"
        remark = _REMARKS.get(kind, "")
        yield f"| `{kind}` | {tally.n_cases} | {worst} | {in_place} | {remark} |"


_ABORTS = "real Caffe aborts where its input is asked for; here that is 0"
_WRONG = "ours is the slope of the forward pass, by central differences"
_REMARKS = {
    "BNLL": _WRONG,
    "BatchReindex": "real Caffe aborts where the index is asked for; here that is 0",
    "Clip": f"{_WRONG}; real Caffe's passes everywhere",
    "Dropout": "a mask in training is drawn anew, so only TEST is compared",
    "Eltwise": f"PROD: {_WRONG}; SUM and MAX lose the first bottom on the way forward already",
    "Embed": _ABORTS,
    "Filter": "real Caffe aborts where the selector is asked for; here that is 0",
    "InfogainLoss": "real Caffe aborts where the table is asked for; here that is 0",
    "LRN": _WRONG,
    "LSTM": "none into h0, c0 nor from hT, cT in real Caffe",
    "Log": _WRONG,
    "MVN": _WRONG,
    "Power": _WRONG,
    "ReLU": f"with a slope below 0 {_WRONG}; at 0 the slope's side counts",
}


def render(measured: Measured) -> str:
    """The whole document."""
    worst = max(measured.cases, key=lambda name: measured.cases[name])
    return _TEXT.format(
        n_cases=len(measured.cases),
        n_wrong=sum(t.n_wrong_in_place for t in measured.types.values()),
        left_out=", ".join(f"`{name}`" for name in sorted(measured.left_out)),
        worst=f"{measured.cases[worst]:.1e}",
        worst_case=worst,
        rows="\n".join(table_rows(measured)),
    )


_TEXT = """# Gradients of the layer types

Written by `make conformance`; do not edit. Beside CONFORMANCE.md, which is of the way forward.

- *cases*: small nets whose gradients real Caffe 1.0.0 (Debian 11, CPU) has told, with respect to
  every version of every blob and to every learned array: {n_cases} cases; one counts for every type
  in it. Left out: {left_out} (another mask, or NaN in real Caffe).
- *worst*: the largest max|ours - real Caffe's| / max|real Caffe's| of an array (bar: 1e-4; rounding
  alone, where terms cancel, is measured against the case's largest). The worst is {worst}, in
  `{worst_case}`.
- *in place*: whether real Caffe's own gradient is the slope of its forward pass where the layer
  writes over its bottom. In {n_wrong} cases it is not: there ours is held against central
  differences, and whoever asks for a gradient is told which layers differ.
- On the engine caffe the gradients of a loss are real Caffe's own, wrong ones among them; those
  that explain a score are the true ones, of a net in which such a layer has a blob of its own,
  or, where that would change its values (LRN, Eltwise), PyTorch's.

| type | cases | worst | in place | remark |
|---|---|---|---|---|
{rows}
"""


def main() -> int:
    """Measure and write; 1 when a case is wrong."""
    named = os.environ.get("BLOBSCOPE_TEST_MATERIAL")
    material = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    if not (material / "gradients").is_dir():
        print(f"No test material in {material}: set BLOBSCOPE_TEST_MATERIAL.", file=sys.stderr)
        return 2
    measured = measure(material / "gradients")
    wrong = [name for name, apart in measured.cases.items() if not apart <= TOLERANCE]
    if wrong:
        print(f"{len(wrong)} cases do not agree: {', '.join(wrong[:20])}", file=sys.stderr)
        return 1
    TABLE.write_text(render(measured), encoding="utf-8")
    print(f"{TABLE.relative_to(REPOSITORY)}: {len(measured.cases)} cases")
    return 0


if __name__ == "__main__":
    sys.exit(main())
