"""Writes core/layers/CONFORMANCE.md: every layer type, what runs it, how far it is from golden.

`python -m tests.conformance.table`; needs the test material, and no real Caffe, whose answers are
kept in tests/data/conformance.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from core.engines.torch.operations import IGNORED_TYPES, OPERATIONS
from core.layers.layer_type import LayerType
from core.layers.registry import all_types
from tests.conformance.goldens import TYPES_FILE
from tests.conformance.measure import Measured, Tally, measure
from tests.conformance.micro import ON_PURPOSE

REPOSITORY = Path(__file__).resolve().parents[2]
TABLE = REPOSITORY / "core" / "layers" / "CONFORMANCE.md"
N_WORST = 5

_STANDS_IN = "its blobs are inputs here; the file is never opened"
_KEEPS_STATE = "the state is 0 at the start of every pass; real Caffe keeps it from the pass before"
_OUTSIDE = "an index outside is refused; real Caffe reads beyond its memory"
_SPOILT = "in place is refused: real Caffe overwrites what it still reads"
REMARKS = {
    "Accuracy": "a label outside is refused; real Caffe reads beyond its memory",
    "BatchReindex": f"{_OUTSIDE}; {_SPOILT}",
    "Data": _STANDS_IN,
    "DummyData": "constant fillers are compared; other fillers draw numbers of our own",
    "Eltwise": "in place, SUM and MAX leave out the first bottom, as in real Caffe",
    "Embed": f"{_OUTSIDE}; {_SPOILT}",
    "Filter": "how many items pass is known when it runs",
    "HDF5Data": _STANDS_IN,
    "HDF5Output": "writes no file here",
    "ImageData": _STANDS_IN,
    "InfogainLoss": "the table is the third bottom, not a file",
    "InnerProduct": _SPOILT,
    "LRN": "in place across channels, the factor times itself, as in real Caffe",
    "LSTM": _KEEPS_STATE,
    "MemoryData": _STANDS_IN,
    "Pooling": f"STOCHASTIC is refused, real Caffe aborts at TEST; {_SPOILT}",
    "Python": "runs code of the user: real Caffe only, after agreement",
    "RNN": _KEEPS_STATE,
    "SPP": _SPOILT,
    "SoftmaxWithLoss": "a second top is refused, it makes real Caffe abort",
    "WindowData": _STANDS_IN,
}


def caffe_types() -> tuple[str, ...]:
    """`caffe.layer_type_list()` of real Caffe 1.0.0, as it answered."""
    return tuple(TYPES_FILE.read_text(encoding="utf-8").split())


def table_rows(by_type: dict[str, Tally]) -> Iterator[str]:
    """A row for each type, BVLC's own first."""
    real = set(caffe_types())
    for row in sorted(all_types(), key=lambda t: (t.type not in real, t.type.lower())):
        tally = by_type.get(row.type, Tally())
        shape = "when it runs" if row.infer is None else "yes"
        cells = (
            f"`{row.type}`",
            shape,
            "yes" if row.infer else "-",
            _torch_cell(row),
            "yes" if row.type in real else "-",
            str(tally.n_values or "-"),
            str(tally.n_refused or "-"),
            f"{tally.worst:.0e}" if tally.n_values else "-",
            REMARKS.get(row.type, ""),
        )
        yield f"| {' | '.join(cells)} |"


def _torch_cell(row: LayerType) -> str:
    if row.type in OPERATIONS:
        return "yes"
    if row.family == "data / input":
        return "as input"
    return "ignored" if row.type in IGNORED_TYPES else "no"


def render(measured: Measured) -> str:
    """The whole document."""
    worst_net = max(measured.nets, key=lambda name: measured.nets[name][1])
    n_blobs = sum(n for n, _ in measured.nets.values())
    purposes = "\n".join(f"- `{name}`: {why}." for name, why in sorted(ON_PURPOSE.items()))
    worst = "\n".join(f"| {name} | {value:.1e} |" for value, name in measured.cases[:N_WORST])
    nets = "\n".join(
        f"| {name} | {n} | {value:.1e} |" for name, (n, value) in sorted(measured.nets.items())
    )
    return _TEXT.format(
        n_types=len(all_types()),
        n_real=len(caffe_types()),
        n_grid=measured.n_grid,
        n_micro=measured.n_micro,
        n_forks=measured.n_forks,
        rows="\n".join(table_rows(measured.by_type)),
        worst=worst,
        n_nets=len(measured.nets),
        n_blobs=n_blobs,
        worst_net=worst_net,
        worst_of_nets=measured.nets[worst_net][1],
        nets=nets,
        purposes=purposes,
    )


_TEXT = """# Conformance of the layer types

Written by `make conformance`; do not edit. {n_types} types are known; {n_real} of them are what
`caffe.layer_type_list()` of real Caffe 1.0.0 (Debian 11, CPU) gives, the others belong to forks.

- *shape*, *cost*: told from the prototxt alone, without any engine. Shapes of blobs and parameters
  and the memory (each storage once) are equal to real Caffe's on every case of the grids.
- *torch*: the PyTorch engine runs it. *caffe*: real Caffe 1.0.0 has it.
- *cases*: small nets with golden values: {n_grid} of the grids in `tests/conformance` and
  {n_micro} of 232 micro cases of the test material (4 differ on purpose, below), all answered by
  real Caffe, and {n_forks} of forks' types, whose goldens come from OpenCV, from loops after the
  paper, or from BVLC's layers that compute the same. A micro case counts for every type in it.
- *refused*: nets that real Caffe refuses to build or to run, or where it reads beyond its memory;
  here all of them are refused too.
- *worst*: the largest max|ours - golden| / max|golden| over a blob (bar: 1e-4).

| type | shape | cost | torch | caffe | cases | refused | worst | remark |
|---|---|---|---|---|---|---|---|---|
{rows}

The five worst cases:

| case | relative difference |
|---|---|
{worst}

## Whole nets

{n_nets} nets, {n_blobs} blob versions against real Caffe; the worst is {worst_of_nets:.1e},
in {worst_net}.

| net | blob versions | worst |
|---|---|---|
{nets}

## Different on purpose

{purposes}
- A view (Flatten, Reshape, Split, a Slice into one, a Concat of one) shares its memory with its
  bottom in real Caffe, so that a later in-place layer changes both. Here every version keeps the
  value that its layer wrote, and a net in which a layer reads the other name afterwards is refused.
"""


def main() -> int:
    """Measure and write; 1 when a case is wrong."""
    named = os.environ.get("BLOBSCOPE_TEST_MATERIAL")
    material = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    if not (material / "micro").is_dir():
        print(f"No test material in {material}: set BLOBSCOPE_TEST_MATERIAL.", file=sys.stderr)
        return 2
    measured = measure(material)
    wrong = sorted({name for tally in measured.by_type.values() for name in tally.wrong})
    if wrong:
        print(f"{len(wrong)} cases do not agree: {', '.join(wrong[:20])}", file=sys.stderr)
        return 1
    TABLE.write_text(render(measured), encoding="utf-8")
    print(f"{TABLE.relative_to(REPOSITORY)}: the worst case is {measured.cases[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
