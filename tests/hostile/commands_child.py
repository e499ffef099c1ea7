"""Runs commands on a hostile file with little memory, on the fake engine, and says how they ended.

Standard input: a JSON list of lists of words. Standard output: one JSON list of exit codes and of
what was printed.
"""

from __future__ import annotations

import contextlib
import io
import json
import resource
import shutil
import sys

MOST_MEMORY = 4 << 30


def main() -> None:
    """Run them one after the other in this process, as main.py would."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    import main as program
    from core.commands import opening
    from core.commands.command_line import run_command

    opening.ENGINE_CHOICES = (*opening.ENGINE_CHOICES, "fake")
    ended = []
    for words in json.load(sys.stdin):
        if words[0] == "replace":
            shutil.copy(words[1], words[2])
            ended.append([0, ""])
            continue
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            code = run_command(words[0], words[1:], program.LENT)
        ended.append([code, out.getvalue()])
    json.dump(ended, sys.stdout)


if __name__ == "__main__":
    main()
