"""Running a command in this process and reading what it printed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from core.commands.command_line import run_command


@dataclass(frozen=True)
class Answer:
    """What a command left: its exit code and its two streams."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as one JSON value."""
        return json.loads(self.out)


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """`command("info", "--net", path)` runs it; paths may be Paths."""

    def run(name: str, *words: object) -> Answer:
        capsys.readouterr()
        code = run_command(name, [str(word) for word in words])
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return run
