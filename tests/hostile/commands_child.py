"""Runs commands on hostile files with little memory, on the fake engine, and says how they ended.

Each line of standard input: a folder, which is home, working directory and place of scratch, and a
list of lists of words. A copy of this process, which has loaded all before, takes them. A line of
standard output: a list of exit codes and of what was printed, or how the copy ended.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import resource
import shutil
import sys
import tempfile
from pathlib import Path

import gui.graph_file  # noqa: F401
import main as program
from core.commands import opening
from core.commands.command_line import run_command

MOST_MEMORY = 4 << 30
MOST_SECONDS = 200
"""Of computing, for all commands on one input; they take one."""


def main() -> None:
    """Serve until standard input ends."""
    opening.ENGINE_CHOICES = (*opening.ENGINE_CHOICES, "fake")
    for line in sys.stdin:
        home, commands = json.loads(line)
        for words in commands:
            if words[0] != "replace":
                importlib.import_module(f"core.commands.{words[0]}")
        answer = Path(home) / "blobscope answer"
        copy = os.fork()
        if copy == 0:
            run_all(Path(home), commands, answer)
        _, status = os.waitpid(copy, 0)
        said = answer.read_text() if status == 0 else json.dumps(f"ended with {status}")
        print(said, flush=True)


def run_all(home: Path, commands: list[list[str]], answer: Path) -> None:
    """In the copy: one after the other, as main.py would, and leave."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    os.environ.update(HOME=str(home), XDG_STATE_HOME=str(home), TMPDIR=str(home))
    tempfile.tempdir = None
    os.chdir(home)
    ended = []
    for words in commands:
        if words[0] == "replace":
            shutil.copy(words[1], words[2])
            ended.append([0, ""])
            continue
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            code = run_command(words[0], words[1:], program.LENT)
        ended.append([code, out.getvalue()])
    answer.write_text(json.dumps(ended))
    os._exit(0)


if __name__ == "__main__":
    main()
