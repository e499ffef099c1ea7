"""Solver files: which net they train or test, and where its prototxt lies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import NetError, PrototxtError
from core.net.definition import NetState
from core.net.message import Message
from core.net.parser import parse
from core.net.text import read_prototxt

_NAMES_A_NET = re.compile(r"^\s*(?:test_|train_)?net(?:_param)?\s*[:{<]", re.MULTILINE | re.ASCII)
_SOURCES = {
    "TRAIN": ("net", "net_param", "train_net_param", "train_net"),
    "TEST": ("test_net_param", "test_net", "net_param", "net"),
}
_STATES = {"TRAIN": "train_state", "TEST": "test_state"}


@dataclass(frozen=True)
class PrototxtFile:
    """A net's text as opened: from its own file, or the one a solver names.

    path: of the net; where the solver holds the net itself, a new name beside it.
    state: what was asked for, with the stages and level of the solver. solver: None without one.
    """

    path: Path
    text: str
    state: NetState
    solver: Path | None = None


def open_prototxt(path: Path, state: NetState) -> PrototxtFile:
    """Read a prototxt file; of a solver, the net it tests or trains in that phase.

    A solver that names a net for training only gives that one, in the TRAIN phase.
    Raises NetError when a file can't be opened, is no text or names a net that is not there.
    """
    text = read_prototxt(path)
    solver = _parsed_solver(text)
    if solver is None:
        return PrototxtFile(path, text, state)
    other = "TRAIN" if state.phase == "TEST" else "TEST"
    phase, name = next(
        (phase, name)
        for phase in (state.phase, other)
        for name in _SOURCES[phase]
        if solver.has(name)
    )
    return _named_net(solver, name, path, _with_solver_state(solver, phase, state))


def open_test_nets(path: Path) -> tuple[PrototxtFile, ...]:
    """Every net that a solver file tests, in Caffe's order, each in its own state.

    Those of test_net_param, then those of test_net, then the solver's own net for each test_iter
    that is left (BVLC/caffe src/caffe/solver.cpp, InitTestNets). Raises NetError where the numbers
    do not fit, and for nets that are not there.
    """
    solver = _parsed_solver(read_prototxt(path))
    if solver is None:
        raise NetError(f"{path.name} is no solver: it names no net.")
    n_tests = len(solver.numbers("test_iter"))
    named = [("test_net_param", i) for i in range(len(solver.messages("test_net_param")))]
    named += [("test_net", i) for i in range(len(solver.words("test_net")))]
    own = next((name for name in ("net_param", "net") if solver.has(name)), None)
    n_more, states = n_tests - len(named), solver.messages(_STATES["TEST"])
    if n_more < 0 or (n_more and own is None) or (states and len(states) != n_tests):
        raise NetError(
            f"{path.name} has {n_tests} test_iter for {len(named)} test nets and {len(states)} "
            "test_state.",
            hint="Caffe wants one test_iter for each test net, and as many test_state or none.",
        )
    named += [(own or "", 0)] * n_more
    return tuple(
        _named_net(solver, name, path, _state_of(states[at : at + 1], NetState("TEST")), i)
        for at, (name, i) in enumerate(named)
    )


def _parsed_solver(text: str) -> Message | None:
    """The solver a text is; None for a net, and for what can't be parsed as either."""
    if not _NAMES_A_NET.search(text):
        return None
    try:
        root = parse(text)
    except PrototxtError:
        return None
    is_solver = any(root.has(name) for sources in _SOURCES.values() for name in sources)
    return root if is_solver and not root.has("layer") and not root.has("layers") else None


def _with_solver_state(solver: Message, phase: str, state: NetState) -> NetState:
    return _state_of(solver.messages(_STATES[phase]), NetState(phase, state.level, state.stages))


def _state_of(states: Sequence[Message], state: NetState) -> NetState:
    """With what the first of them says."""
    if not states:
        return state
    stages = tuple(dict.fromkeys((*state.stages, *states[0].words("stage"))))
    return NetState(state.phase, state.level or states[0].integer("level"), stages)


def _named_net(
    solver: Message, name: str, path: Path, state: NetState, index: int = 0
) -> PrototxtFile:
    inner = solver.messages(name)
    if inner:
        body = inner[index].span
        text = inner[index].source.text[body.start + 1 : body.end - 1].lstrip("\r\n")
        return PrototxtFile(path.with_name(f"{path.stem}_net.prototxt"), text, state, path)
    written = solver.words(name)[index] if solver.words(name) else ""
    found = find_named_net(written, path)
    text = read_prototxt(found)
    if _parsed_solver(text) is not None:
        raise NetError(f"{path.name} names {found}, which is a solver too.")
    return PrototxtFile(found, text, state, path)


def find_named_net(written: str, solver: Path) -> Path:
    """Where the net lies that a solver names, relative to wherever Caffe was started.

    Looked for in the solver's folder and every folder above it, then by its name beside the solver.
    Raises NetError when it is in none of them.
    """
    for path in _guesses(written, solver.absolute()):
        try:
            if path.is_file() and not path.samefile(solver):
                return path
        except OSError:
            continue  # a name no file can have
    raise NetError(
        f"{solver.name} names the net '{written}', which is not there.",
        hint=f"Looked in {solver.absolute().parent} and the folders above. Open the net itself.",
    )


def _guesses(written: str, solver: Path) -> Iterator[Path]:
    if not written.strip() or "\0" in written:
        return
    for folder in solver.parents:
        yield folder / written
    # a path of another system, as C:\nets\train.prototxt
    yield solver.parent / re.split(r"[/\\]", written)[-1]
