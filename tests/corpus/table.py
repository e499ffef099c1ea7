"""The Markdown that says what opens, builds and runs, and why the rest does not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from tests.corpus.checks import Checked

_HEAD = """# The corpus: real prototxts against real Caffe

Written by `python -m tests.corpus.report`, not by hand. The files are optional test material (see
CONTRIBUTING.md): prototxts of public projects, as found. Real Caffe is pycaffe 1.0.0; its own C++
reads, upgrades, filters and builds each file (`tests/corpus/caffe_child.py`), and what it said is
kept in `tests/data/corpus_in_caffe.json.gz`, so that `tests/corpus/test_corpus.py` needs no Caffe.

"""
_NOT_NETS = ("solver", "no net", "unreadable")


def write_table(found: Sequence[Checked], runs: Mapping[str, str]) -> str:
    """Counts first, then the reasons with how often they occur, then every file."""
    return "".join(
        (
            _HEAD,
            *_counts(found, runs),
            *_reasons(found, runs),
            *_files(found, runs),
        )
    )


def _counts(found: Sequence[Checked], runs: Mapping[str, str]) -> Iterator[str]:
    built = [one for one in found if one.built_by == "file"]
    stood_in = [one for one in found if one.built_by == "stand-ins"]
    read = [one for one in found if one.has_same_structure is not None]
    renamed = [one for one in built if one.renamed not in ("", "nothing in place")]
    kinds = Counter(one.kind for one in found)
    yield "| what | files |\n|---|---|\n"
    yield _row("in the corpus", len(found))
    yield _row("nets: " + ", ".join(f"{kinds[k]} {k}" for k in ("V0", "V1", "V2")), _nets(found))
    yield _row("solvers", kinds["solver"])
    yield _row("label maps, which are no nets", kinds["no net"])
    yield _row("**open** whole", sum(not one.why_not_read for one in found))
    yield _row(
        "come back byte for byte when saved unedited", _count(found, lambda o: o.is_round_trip)
    )
    yield _row(
        "read, or refused, as by Caffe's own parser", _count(found, lambda o: o.agrees_on_reading)
    )
    same = sum(bool(one.has_same_structure) for one in read)
    yield _row("same layers after Caffe's upgrade, in both phases", f"{same} of {len(read)}")
    yield _row("**build** in real Caffe as they are", len(built))
    yield _row("build with Input layers for their data layers", len(stood_in))
    yield _row(
        f"every shape equal ({_sum(built, stood_in, 'n_blobs')} blobs, "
        f"{_sum(built, stood_in, 'n_parameters')} parameters)",
        f"{_sound(built)} of {len(built)}, {_sound(stood_in)} of {len(stood_in)} with Input layers",
    )
    kept = sum(one.renamed == "same outputs" for one in renamed)
    yield _row(
        "after `rename --all` Caffe builds them with the same outputs", f"{kept} of {len(renamed)}"
    )
    ran = sum(not why for why in runs.values())
    yield _row("**run** on the torch engine, of those tried", f"{ran} of {len(runs)}")


def _nets(found: Sequence[Checked]) -> int:
    return sum(one.kind not in _NOT_NETS for one in found)


def _count(found: Sequence[Checked], holds: Callable[[Checked], bool]) -> int:
    return sum(holds(one) for one in found)


def _sound(found: Sequence[Checked]) -> int:
    return sum(not one.faults for one in found)


def _sum(first: Sequence[Checked], second: Sequence[Checked], name: str) -> str:
    return f"{sum(getattr(one, name) for one in (*first, *second)):,}"


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |\n"


def _reasons(found: Sequence[Checked], runs: Mapping[str, str]) -> Iterator[str]:
    yield "\n## Why real Caffe does not build a file\n\n| reason | files |\n|---|---|\n"
    nets = (one for one in found if one.kind != "solver" and one.built_by != "file")
    yield from _ranked(_general(one.refusal) for one in nets)
    yield "\n## Why the torch engine does not run a net\n\n| reason | files |\n|---|---|\n"
    yield from _ranked(_general(why) for why in runs.values() if why)


def _general(reason: str) -> str:
    """Without the line and the numbers, so that equal reasons fall together."""
    reason = re.sub(r"^line \d+: ", "", reason)
    reason = re.sub(r"^left out: [\d.]+ ", "left out: too many ", reason)
    return _without_path(reason)


def _without_path(reason: str) -> str:
    """Without the place on its author's machine."""
    return re.sub(r"(source file|File not found|leveldb)\b:? \S.*", r"\1", reason)


def _ranked(reasons: Iterator[str]) -> Iterator[str]:
    counted = sorted(Counter(reasons).items(), key=lambda item: (-item[1], item[0]))
    for reason, n_files in counted:
        yield _row(reason, n_files)


def _files(found: Sequence[Checked], runs: Mapping[str, str]) -> Iterator[str]:
    yield "\n## Every file\n\n"
    yield "Shapes: blobs and parameters compared with real Caffe's; `+ Input`: with Input layers\n"
    yield "in place of its data layers. Marked: fields that BVLC Caffe 1.0 does not have.\n\n"
    yield _row("file", "kind", "layers", "opens", "Caffe builds", "shapes", "rename --all", "runs")
    yield _row(*["---"] * 8)
    for one in found:
        shown = f"`{one.name.removesuffix('.prototxt').replace('__', '/')}`"
        marked = f" Marked: {', '.join(one.marked)}." if one.marked else ""
        faults = f" **{'; '.join(one.faults[:3])}**" if one.faults else ""
        yield _row(
            shown,
            one.kind,
            one.n_layers or "",
            (_opens(one) + marked),
            "yes" if one.built_by == "file" else _without_path(one.refusal) or "no net",
            _shapes(one) + faults,
            one.renamed,
            _runs(one, runs),
        )


def _opens(one: Checked) -> str:
    if not one.why_not_read:
        return "yes"
    head = f"{one.n_layers} layers above " if one.n_layers else "no: "
    return head + one.why_not_read


def _shapes(one: Checked) -> str:
    if not one.built_by:
        return ""
    how = " + Input" if one.built_by == "stand-ins" else ""
    return f"{one.n_blobs}, {one.n_parameters}{how}"


def _runs(one: Checked, runs: Mapping[str, str]) -> str:
    if one.name not in runs:
        return ""
    return runs[one.name] or "yes"
