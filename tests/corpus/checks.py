"""What we make of one file of the corpus, held against what real Caffe made of it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import AppError, NetError, PrototxtError
from core.layers.shapes import NetShapes, infer_shapes
from core.net.conformity import check_fields
from core.net.definition import AUTOMATIC_TOP, Layer, Net, NetState
from core.net.parser import complete_part, parse
from core.net.reader import read_net
from core.net.rename import plan_rename_all
from core.net.text import encode_prototxt, read_prototxt, write_prototxt
from tests.corpus.golden import digest, is_solver, sha256
from tests.corpus.stand_ins import with_stand_ins


@dataclass
class Checked:
    """Counts of what agrees, sentences for what does not.

    kind: "V0", "V1", "V2", "solver", "no net" or "unreadable". built_by: "" for nothing, "file" or
    "stand-ins" for what real Caffe built and our shapes were compared with.
    """

    name: str
    kind: str = "unreadable"
    is_round_trip: bool = False
    why_not_read: str = ""
    n_layers: int = 0
    marked: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    agrees_on_reading: bool = False
    has_same_structure: bool | None = None
    built_by: str = ""
    n_blobs: int = 0
    n_parameters: int = 0
    refusal: str = ""
    is_refusal_foreseen: bool | None = None
    renamed: str = ""
    faults: list[str] = field(default_factory=list)


def check(path: Path, real: dict[str, Any]) -> Checked:
    """Everything but running it."""
    found = Checked(path.name)
    content = path.read_bytes()
    if real["sha256"] != sha256(content):
        found.faults.append("the file is not the one that real Caffe was asked about")
        return found
    try:
        text = read_prototxt(path)
    except NetError as error:
        found.why_not_read = error.sentence
        return found
    found.is_round_trip = _saved_again(text) == content
    found.refusal = real["refusal"] or real.get("built", {}).get("reason", "")
    try:
        _check_text(found, text, real)
    except PrototxtError as error:
        head = read_net(complete_part(text)) if complete_part(text) else None
        found.n_layers = 0 if head is None else len(head.layers)
        found.why_not_read = f"line {error.position.line}: {error.sentence}"
        found.agrees_on_reading = not real["reads"]
    return found


def _saved_again(text: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "saved.prototxt"
        write_prototxt(path, text)
        return path.read_bytes()


def _check_text(found: Checked, text: str, real: dict[str, Any]) -> None:
    if is_solver(real):
        found.kind = "solver"
        conformity = check_fields(parse(text), "SolverParameter")
        found.agrees_on_reading = not conformity.unknown and not conformity.refused
        return
    net = read_net(text)
    found.n_layers = len(net.layers) + len(net.inactive)
    found.kind = net.dialect if found.n_layers or real["reads"] else "no net"
    found.marked = tuple(dict.fromkeys(_origin(f.path, f.fork) for f in net.unknown))
    refused = check_fields(net.root).refused
    found.agrees_on_reading = real["reads"] == (not net.unknown and not refused)
    shapes = infer_shapes(net)
    found.problems = tuple(p.sentence for p in (*net.problems, *shapes.problems))
    if real["reads"]:
        found.has_same_structure = _has_same_structure(net, real)
        _compare_built(found, net, shapes, real)


def _origin(path: str, fork: str) -> str:
    return f"{path.rsplit('.', 1)[-1]} ({fork or 'unknown'})"


def _has_same_structure(net: Net, real: dict[str, Any]) -> bool:
    """Names, types, bottoms and tops after the upgrade, and what each phase keeps of them."""
    layers = sorted((*net.layers, *net.inactive), key=_place)
    rows = [
        [
            layer.written_name,
            layer.type,
            list(layer.bottoms),
            [t for t in layer.tops if t != AUTOMATIC_TOP],
        ]
        for layer in layers
    ]
    kept = {
        phase: digest(
            [layer.written_name for layer in read_net(net.text, state=NetState(phase)).layers]
        )
        for phase in real["states"]
    }
    return digest(rows) == real["upgraded"] and kept == real["states"]


def _place(layer: Layer) -> int:
    return layer.span.start if layer.span else -1


def _compare_built(found: Checked, net: Net, shapes: NetShapes, real: dict[str, Any]) -> None:
    built = real["built"]
    if "blobs" in built:
        found.built_by = "file"
        found.faults += differences(found, net, shapes, built)
        found.faults += [f"refused though Caffe builds it: {p}" for p in found.problems]
        found.renamed = _renamed(net, built, real.get("renamed"), found)
        return
    found.is_refusal_foreseen = bool(found.problems)
    stand_in = real.get("stand_in") or {}
    text = with_stand_ins(net)
    if "blobs" in stand_in and sha256(encode_prototxt(text)) == stand_in["sha256"]:
        found.built_by = "stand-ins"
        other = read_net(text)
        found.faults += differences(found, other, infer_shapes(other), stand_in)


def differences(found: Checked, net: Net, shapes: NetShapes, built: dict[str, Any]) -> list[str]:
    """Every blob, parameter and output that is not real Caffe's; counts go into `found`."""
    ours: dict[str, tuple[int, ...] | None] = {}
    for layer in net.layers:
        ours.update((top, shapes.top(layer, i)) for i, top in enumerate(layer.tops))
    faults = [
        f"blob {name}: {ours.get(name)} is {tuple(size)} in Caffe"
        for name, size in built["blobs"].items()
        if ours.get(name) != tuple(size)
    ]
    faults += [f"blob {name} is not in Caffe's net" for name in ours if name not in built["blobs"]]
    for layer_name, sizes in built["parameters"].items():
        mine = [list(size) for size in shapes.parameters(layer_name)]
        if mine != sizes:
            faults.append(f"parameters of {layer_name}: {mine} are {sizes} in Caffe")
    outputs = sorted({version.blob for version in net.outputs})
    if outputs != built["outputs"]:
        faults.append(f"outputs: {outputs} are {built['outputs']} in Caffe")
    found.n_blobs = len(built["blobs"])
    found.n_parameters = sum(len(sizes) for sizes in built["parameters"].values())
    return faults


def _renamed(net: Net, before: dict[str, Any], after: dict[str, Any] | None, found: Checked) -> str:
    """In words, what real Caffe makes of the net after `rename --all`."""
    if not net.in_place_layers:
        return "nothing in place"
    try:
        plan = plan_rename_all(net)
    except AppError as error:
        found.faults.append(f"rename --all: {error.sentence}")
        return "refused"
    if after is None or after["sha256"] != sha256(encode_prototxt(plan.new_text)):
        return "not asked"
    if "blobs" not in after:
        found.faults.append(f"after rename --all Caffe refuses: {after['reason']}")
        return "refused"
    names = dict(plan.renamed_outputs)
    wanted = {names.get(name, name): before["blobs"][name] for name in before["outputs"]}
    given = {name: after["blobs"][name] for name in after["outputs"]}
    if wanted != given or after["n_splits"] != before["n_splits"]:
        found.faults.append(f"after rename --all the outputs are {given}, not {wanted}")
        return "other outputs"
    return "same outputs"
