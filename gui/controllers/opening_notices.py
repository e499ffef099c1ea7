"""What the window says about files it opened: in words, with counts, the repair first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from core.edits.findings.finding import Finding, NameChange
from core.errors import PrototxtError
from core.layers.shapes import NetShapes
from core.net.definition import Net, NetState
from core.net.state_choices import state_text
from core.weights.binding import Binding
from core.weights.placing import LEARN_ANEW
from core.weights.zero_factors import zero_factor_note
from core.words import join_names, plural, readable_name
from gui.notices import CodeLine, Notice, NoticeAction
from gui.widgets.plain_text import Rich, rich

N_NAMED = 4
N_PROBLEMS = 4
N_OFFERED = 2
MOST_SHOWN = 28


def parse_notice(
    error: PrototxtError, source: Sequence[str], n_shown: int, stopped_before_line: int
) -> Notice:
    """File, line, column, the sentence, and the line itself between its neighbours."""
    position = error.position
    name = position.path.name if position.path else "prototxt"
    body = f"{error.sentence} {error.hint}".strip()
    note = ""
    if n_shown:
        verb = "layer above line" if n_shown == 1 else "layers above line"
        note = (
            f"The {n_shown} {verb} {stopped_before_line} {'is' if n_shown == 1 else 'are'} shown."
        )
    return Notice(
        "error",
        f"{name}, line {position.line}, column {position.column}",
        body,
        code=tuple(_source_lines(error, source)),
        note=note,
        actions=(
            NoticeAction("text", "Show in text", "pencil"),
            NoticeAction("open", "Open another file"),
        ),
        key="parse",
    )


def solver_notice(solver: Path, net: Path, state: NetState) -> Notice:
    """Which net was opened in place of the solver."""
    return Notice(
        "info",
        f"{solver.name} is a solver: its net is shown",
        f"{net}, in the {state.phase} phase.",
        key="solver",
    )


def other_state_notice(asked: NetState, shown: NetState) -> Notice:
    """Which state is shown of a file without layers in the one that was asked for."""
    return Notice(
        "info",
        f"The file has no layers in the {asked.phase} phase",
        f"The net is shown as {state_text(shown)} builds it.",
        key="solver",
    )


def _source_lines(error: PrototxtError, source: Sequence[str]) -> list[CodeLine]:
    line = error.position.line
    shown = []
    for number in range(max(1, line - 1), min(len(source), line + 1) + 1):
        text = source[number - 1][:200]
        if number == line:
            mark = (error.position.column - 1, max(1, error.position.length))
            shown.append(CodeLine(number, text, mark, _caret_words(error.sentence)))
        else:
            shown.append(CodeLine(number, text))
    return shown


def _caret_words(sentence: str) -> str:
    """ "Expected a number for x" -> "a number belongs here"."""
    expected = re.match(r"Expected (an? [\w ]+?)(?: for | after |,|$)", sentence)
    return f"{expected.group(1)} belongs here" if expected else "here"


def names_notice(notes: Sequence[str]) -> Notice | None:
    """Which layers share a name or have none; None for the usual net."""
    if not notes:
        return None
    more = len(notes) - N_PROBLEMS
    return Notice(
        "info",
        "Layer names repeat or are missing in this file",
        "\n".join(notes[:N_PROBLEMS]),
        note=f"{more} more." if more > 0 else "",
        key="names",
    )


def problems_notice(net: Net, shapes: NetShapes) -> Notice | None:
    """What real Caffe would refuse in this file; None for a sound one."""
    found = [*net.problems, *(p for p in shapes.problems if p not in net.problems)]
    if not found:
        return None
    rows = [("Line", "Layer", "What Caffe would refuse")]
    rows += [(str(p.line), p.layer, p.sentence) for p in found[:N_PROBLEMS]]
    more = len(found) - N_PROBLEMS
    title = "Caffe would refuse this net" + (f": {len(found)} problems" if len(found) > 1 else "")
    return Notice(
        "warning",
        title,
        table=tuple(rows),
        note=f"{more} more." if more > 0 else "",
        actions=(NoticeAction("text", "Show in text", "text"),),
        key="problems",
    )


def rewiring_notice(rewirings: Sequence[Finding]) -> Notice:
    """What looks like a rewiring gone wrong, its consequence, and the names that fix it."""
    rows = [row for found in rewirings for row in found.rows]
    names = [name for found in rewirings for name in found.layers]
    title = rewirings[0].title
    if len(rewirings) > 1:
        are_bypassed = all(found.kind == "bypassed" for found in rewirings)
        title = f"{plural(len(names), 'layer')} are bypassed in this file"
        title = title if are_bypassed else f"{len(rewirings)} mistakes in the wiring of this file"
    body = "\n".join(found.body for found in rewirings[:2])
    is_reading = all(row.place == "bottom" for row in rows)
    heads = ("reads now", "should read") if is_reading else ("now", "should be")
    table = [("Layer", *heads)]
    table += [
        (row.layer, _shown_name(row, row.now), _shown_name(row, row.should)) for row in rows[:8]
    ]
    count = f"{len(rows)} name{'s' if len(rows) != 1 else ''}"
    return Notice(
        "warning",
        title,
        _with_bold(body, {row.now for row in rows if row.now}),
        table=tuple(table),
        actions=(
            NoticeAction("fix", f"Fix {count}", closes=True),
            NoticeAction("show", "Show in graph"),
            NoticeAction("keep", "Keep as is", closes=True),
        ),
        key="rewiring",
    )


def _shown_name(row: NameChange, name: str) -> str:
    """A name, with its place in the layer where that is not a bottom."""
    return name if row.place == "bottom" else f"{row.place} {name}" if name else "-"


def waiting_notice(file_name: str) -> Notice:
    """Weights were opened where no net is open."""
    return Notice(
        "info",
        f"{file_name} waits for its prototxt",
        "Weights say nothing about the graph. The prototxt that is opened next gets them.",
        actions=(NoticeAction("open", "Open prototxt", "open"),),
        key="weights",
    )


def beside_notice(files: Sequence[tuple[str, str]]) -> Notice:
    """Weights that lie beside a net opened without any.

    files: name and "32 of 32 arrays" of each that fits, the best first.
    """
    name, fit = files[0]
    if len(files) == 1:
        return Notice(
            "info",
            f"{name} lies beside this prototxt",
            f"{fit} fit.",
            actions=(NoticeAction("bind0", "Bind it", "weights"),),
            key="weights",
        )
    buttons = [
        NoticeAction(f"bind{place}", f"Bind {short_name(file)}", "weights")
        for place, (file, _) in enumerate(files[:N_OFFERED])
    ]
    return Notice(
        "info",
        f"{plural(len(files), 'weights file')} beside this prototxt fit",
        "; ".join(f"{file}: {fit}" for file, fit in files),
        actions=(*buttons, NoticeAction("open", "Choose…", "open")),
        key="weights",
    )


def other_net_notice(file_name: str, net_name: str, binding: Binding, *, keeps: bool) -> Notice:
    """Nothing of a weights file fits the net; keeps: the net has weights, which stay."""
    body = (
        f"0 of the {plural(binding.n_arrays_expected, 'array')} of {net_name} are in "
        "it in this shape."
    )
    if binding.wrong:
        first = binding.wrong[0]
        body += f" {first.layer} has {_shape(first.in_file)} there, {_shape(first.in_net)} here."
    body += " The weights of before stay bound." if keeps else " It is not bound."
    return Notice(
        "error",
        f"{file_name} is of another net",
        body,
        note=" ".join(binding.near_names[:2]),
        actions=(
            NoticeAction("open", "Open other weights", "weights"),
            NoticeAction("net", "Open its prototxt", "open"),
        ),
        key="weights",
    )


def short_name(file_name: str) -> str:
    """A file's name for a button."""
    shown = file_name.removesuffix(".caffemodel")
    return shown if len(shown) <= MOST_SHOWN else f"{shown[:8]}…{shown[-(MOST_SHOWN - 9) :]}"


def weights_notice(binding: Binding, file_name: str) -> Notice | None:
    """Unbound layers, unused weights and wrong shapes; None when everything binds."""
    if binding.wrong:
        return _wrong_shapes_notice(binding, file_name)
    zero_note = zero_factor_note(binding.zero_factors)
    caffe_note = f"{binding.caffe_note} {zero_note}".strip()
    if not binding.unbound and not binding.unused and zero_note:
        title = f"Statistics of BatchNorm are missing in {file_name}"
        return Notice("warning", title, caffe_note, key="weights")
    if not binding.unbound and not binding.unused:
        title = f"Caffe can't read {file_name} as we do"
        return Notice("info", title, caffe_note, key="weights") if caffe_note else None
    unused = _joined(_unused_sentence(binding.unused), caffe_note)
    actions = (
        NoticeAction("open", "Open other weights"),
        NoticeAction("layers", "Show layers"),
    )
    if not binding.unbound:
        title = f"{_count(len(binding.unused), 'layer')} of {file_name} not in this net"
        return Notice("info", title, unused, note=_bound_note(binding), key="weights")
    one = len(binding.unbound) == 1
    keeps = "keeps its filler values, so its" if one else "keep their filler values, so their"
    has = "has" if one else "have"
    title = f"{_count(len(binding.unbound), 'layer')} {has} no weights in this file"
    unbound = rich("{} {} output means nothing.", _names(binding.unbound), keeps)
    body = _joined(unbound, unused, *binding.near_names[:2])
    return Notice("warning", title, body, note=_bound_note(binding), actions=actions, key="weights")


def _wrong_shapes_notice(binding: Binding, file_name: str) -> Notice:
    one = len(binding.wrong) == 1
    title = (
        f"{_count(len(binding.wrong), 'array')} of {file_name} {'does' if one else 'do'} not fit"
    )
    rows = [("Layer", "in the file", "in the net")]
    rows += [
        (f"{wrong.layer}, array {wrong.index}", _shape(wrong.in_file), _shape(wrong.in_net))
        for wrong in binding.wrong[:N_PROBLEMS]
    ]
    return Notice(
        "error",
        title,
        f"Caffe stops on weights of another shape, so this net can't run with them. {LEARN_ANEW}",
        table=tuple(rows),
        note=_bound_note(binding),
        actions=(
            NoticeAction("open", "Open other weights"),
            NoticeAction("layers", "Show layers"),
        ),
        key="weights",
    )


def _unused_sentence(unused: Sequence[str]) -> str:
    if not unused:
        return ""
    verbs = ("is", "was") if len(unused) == 1 else ("are", "were")
    return rich(
        "{} of the file, {}, {} not in the net and {} skipped.",
        _count(len(unused), "layer"), _names(unused), *verbs,
    )  # fmt: skip


def _joined(*sentences: str) -> Rich:
    """Sentences, each plain or with markup of ours, one after the other."""
    said = [sentence for sentence in sentences if sentence]
    return rich(" ".join(["{}"] * len(said)), *said)


def _bound_note(binding: Binding) -> str:
    n_bound = len(binding.bound)
    total = n_bound + len(binding.unbound)
    return (
        f"{n_bound} of {total} layers with weights are bound: "
        f"{plural(binding.n_arrays_bound, 'array')},"
        f" {plural(binding.n_values, 'number')}."
    )


def _names(names: Sequence[str]) -> Rich:
    shown = [rich("<b>{}</b>", readable_name(name)) for name in names[:N_NAMED]]
    if len(names) > N_NAMED:
        shown.append(Rich(f"{len(names) - N_NAMED} more"))
    return Rich(join_names(shown))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _shape(shape: Sequence[int] | None) -> str:
    return "nothing" if shape is None else " × ".join(str(size) for size in shape) or "a number"


def _with_bold(text: str, names: set[str]) -> Rich:
    lines = ([_bold(word, names) for word in line.split(" ")] for line in text.split("\n"))
    return Rich("<br>".join(" ".join(words) for words in lines))


def _bold(word: str, names: set[str]) -> Rich:
    name = word.rstrip(".,")
    return rich("<b>{}</b>{}" if name in names else "{}{}", name, word[len(name) :])
