"""The log: where it lies, what its lines are made of, and that nothing reaches the terminal."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import log
from core.engines.base import EngineSpec, Value
from core.engines.registry import start_engine
from core.errors import AppError, EngineCrashed

HOME = Path("/home/ann")
RECORD = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \d+ [A-Z]+ [\w.]+: ")
NET = """
input: "data" input_shape { dim: 1 dim: 2 }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
  inner_product_param { num_output: 2 } }
"""


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    """A log that is written."""
    log.start_logging(tmp_path / "a.log")
    yield tmp_path / "a.log"
    log.stop_logging()


@pytest.mark.parametrize(
    ("environment", "system", "folder"),
    [
        ({}, "linux", HOME / ".local/state/blobscope"),
        ({"XDG_STATE_HOME": "/var/ann"}, "linux", Path("/var/ann/blobscope")),
        ({"XDG_STATE_HOME": "here"}, "linux", HOME / ".local/state/blobscope"),
        ({}, "darwin", HOME / "Library/Logs/Blobscope"),
        ({}, "win32", HOME / "AppData/Local/Blobscope"),
        ({"LOCALAPPDATA": "/d/local"}, "win32", Path("/d/local/Blobscope")),
    ],
)
def test_it_lies_in_the_users_folder(
    environment: dict[str, str], system: str, folder: Path
) -> None:
    assert log.log_folder(environment, HOME, system) == folder


def test_a_record_is_one_line_whatever_a_stranger_wrote(path: Path) -> None:
    """Nobody can forge a record, colour a terminal or turn the direction of writing."""
    strange = "fc7\n2026-01-01 00:00:00,000 1 INFO core: all is well\r\x1b[2J\u202egpj\udcff\x00"
    logging.getLogger("core.net").warning("Layer %s", strange)
    try:
        raise ValueError(strange)
    except ValueError:
        logging.getLogger("gui.jobs").exception("A bug in %s", "b\nc")
    lines = path.read_text(encoding="utf-8").split("\n")
    assert lines.pop() == ""
    records = [line for line in lines if RECORD.match(line)]
    assert [RECORD.sub("", line)[:9] for line in records[1:]] == ["Layer fc7", "A bug in "]
    assert r"fc7\n2026-01-01" in records[1]
    assert r"\r\x1b[2J\u202egpj\udcff\x00" in records[1]
    assert all(line.startswith("    | ") for line in lines if line not in records)
    assert any("ValueError" in line for line in lines)
    assert all(line.isprintable() for line in lines)


def test_it_takes_a_bounded_place(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "MAX_BYTES", 4000)
    log.start_logging(path)
    for number in range(1000):
        logging.getLogger("core").info("Line %d of something", number)
    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == ["a.log", "a.log.1", "a.log.2", "a.log.3"]
    assert sum(file.stat().st_size for file in files) < 4 * 4200
    assert "Line 999" in path.read_text()


def test_a_log_that_cannot_be_turned_over_goes_on(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows, where another window holds the file open."""

    def refuse(*given: object) -> None:
        raise PermissionError("in use")

    monkeypatch.setattr(log, "MAX_BYTES", 300)
    log.start_logging(path)
    for number in range(20):
        if number == 10:
            monkeypatch.setattr(os, "rename", refuse)
        logging.getLogger("core").info("Line %d of something", number)
    text = path.read_text()
    assert "Line 5 " not in text
    assert [n for n in range(10, 20) if f"Line {n} " not in text] == []


@pytest.mark.parametrize(
    ("level", "heard"),
    [
        ("", "info warning error"),
        ("debug", "debug info warning error"),
        ("WARNING", "warning error"),
        ("error", "error"),
        ("loud", "info warning error"),
    ],
)
def test_the_environment_says_how_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, level: str, heard: str
) -> None:
    monkeypatch.setenv(log.LEVEL_VARIABLE, level)
    log.start_logging(tmp_path / "b.log")
    for name in ("debug", "info", "warning", "error"):
        getattr(logging.getLogger("gui.notices"), name)("said %s", name)
    log.stop_logging()
    assert re.findall(r"said (\w+)", (tmp_path / "b.log").read_text()) == heard.split()


def test_only_ours_is_logged_and_nothing_printed(path: Path, capfd) -> None:
    logging.getLogger("PIL.Image").error("not ours")
    logging.getLogger("core").error("ours")
    log.stop_logging()
    logging.getLogger("core").error("unheard")
    logging.getLogger("gui").error("unheard")
    text = path.read_text()
    assert ("not ours" in text, "unheard" in text) == (False, False)
    assert "ours" in text
    said = capfd.readouterr()
    assert "ours" not in said.out.replace("not ours", "") + said.err.replace("not ours", "")
    assert "unheard" not in said.out + said.err


def test_a_file_that_cannot_be_written_is_said_only_where_it_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AppError, match=r"The log .*absent/a\.log can't be written"):
        log.start_logging(tmp_path / "absent" / "a.log")
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    log.start_logging()
    assert log.log_path() is None


def test_the_end_of_a_long_log_is_read(tmp_path: Path) -> None:
    path = tmp_path / "long.log"
    path.write_bytes(b"".join(b"%d \xff\n" % number for number in range(5000)))
    lines = log.last_lines(path, 3).splitlines()
    assert [line.split()[0] for line in lines] == ["4997", "4998", "4999"]
    with pytest.raises(AppError, match="can't be read"):
        log.last_lines(tmp_path / "gone.log")


def test_what_an_engine_prints_and_how_it_ends_is_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(log.LEVEL_VARIABLE, "debug")
    log.start_logging(tmp_path / "e.log")
    spec = EngineSpec("fake", options=(("print_at", "fc"), ("crash_at", "fc")))
    with start_engine(spec) as process, pytest.raises(EngineCrashed):
        process.open(NET).forward({"data": [[1, 2]]}, [Value("fc", "fc")])
    log.stop_logging()
    text = (tmp_path / "e.log").read_text()
    assert "INFO core.engines.process: Engine fake started as process" in text
    assert "a stray line from C" in text
    assert "DEBUG core.engines.process: Engine fake" in text
    (ended,) = re.findall(r"ERROR core.engines.process: .*", text)
    assert "(code 134) at layer 'fc'" in ended
    assert "told to crash" in ended


def main(repository: Path, *words: object, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, str(repository / "main.py"), *map(str, words)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        env={**os.environ, **environment},
    )  # fmt: skip


def test_a_command_logs_its_words_and_its_failure(repository: Path, tmp_path: Path) -> None:
    missing = tmp_path / "no\nsuch.prototxt"
    plain = main(repository, "info", "--net", missing, XDG_STATE_HOME=str(tmp_path / "state"))
    assert plain.returncode == 1
    text = (tmp_path / "state/blobscope/blobscope.log").read_text()
    assert f"info --net '{tmp_path}/no\\nsuch.prototxt'" in text
    assert "WARNING core.commands.command_line: " in text
    assert "main: Ended with exit code 1" in text
    named = main(repository, "info", "--net", missing, "--log", tmp_path / "mine.log",
                 XDG_STATE_HOME=str(tmp_path / "other"))  # fmt: skip
    assert (named.returncode, named.stdout, named.stderr) == (1, plain.stdout, plain.stderr)
    assert "Ended with exit code 1" in (tmp_path / "mine.log").read_text()
    refused = main(repository, "info", "--net", missing, "--log", tmp_path / "absent" / "a.log")
    assert refused.returncode == 1
    assert "The log" in refused.stderr
    assert "can't be written" in refused.stderr


def test_a_command_works_without_a_home_to_log_into(repository: Path) -> None:
    words = ("info", "--net", repository / "prototxt/lenet_deploy.prototxt")
    answer = main(repository, *words, HOME="/proc/nowhere", XDG_STATE_HOME="")
    assert (answer.returncode, answer.stderr) == (0, "")
