"""main.py: what answers without Qt and torch, and how each kind of mistake ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import core

LOADED = """
import runpy, sys
sys.argv = ["main.py", *{words!r}]
code = 0
try:
    runpy.run_path({main!r}, run_name="__main__")
except SystemExit as stop:
    code = stop.code or 0
heavy = sorted({{name.split(".")[0] for name in sys.modules}} & {{"PyQt5", "torch", "numpy"}})
print("LOADED", code, heavy)
"""


def run_main(
    repository: Path, *words: str, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run main.py as a user would, with no screen."""
    clean = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    clean.pop("QT_QPA_PLATFORM", None)
    return subprocess.run(
        [sys.executable, str(repository / "main.py"), *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        env={**clean, **(environment or {})},
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["nonsense"]])
def test_first_words_load_neither_qt_nor_torch(repository: Path, words: list[str]) -> None:
    script = LOADED.format(words=words, main=str(repository / "main.py"))
    answer = subprocess.run(
        [sys.executable, "-c", script],
        cwd=repository,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    code = 2 if words == ["nonsense"] else 0
    assert answer.stdout.splitlines()[-1] == f"LOADED {code} []"


def test_help_answers_at_once(repository: Path) -> None:
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        answer = run_main(repository, "--help")
        seconds.append(time.perf_counter() - started)
        assert answer.returncode == 0
    assert min(seconds) < 1.0  # importing an engine takes longer


def test_help_names_every_command(repository: Path) -> None:
    said = run_main(repository, "--help").stdout
    for name in ("info", "rename", "extract", "index", "query", "evaluate", "demo", "doctor"):
        assert f"  {name} " in said


def test_version_is_the_packages(repository: Path) -> None:
    assert run_main(repository, "--version").stdout == f"Blobscope {core.__version__}\n"
    assert f'version = "{core.__version__}"' in (repository / "pyproject.toml").read_text()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have a screen")
@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "neither DISPLAY nor WAYLAND_DISPLAY is set"),
        ({"DISPLAY": ":4711"}, "nothing answers at DISPLAY :4711"),
        ({"QT_QPA_PLATFORM": "offscreen"}, "QT_QPA_PLATFORM is set to offscreen"),
    ],
)
def test_no_screen_is_one_sentence(
    repository: Path, environment: dict[str, str], said: str
) -> None:
    answer = run_main(repository, environment=environment)
    assert answer.returncode == 1
    assert said in answer.stderr
    assert len(answer.stderr.splitlines()) == 1
    assert answer.stdout == ""


def test_an_unknown_word_is_wrong_usage(repository: Path) -> None:
    answer = run_main(repository, "frobnicate")
    assert answer.returncode == 2
    assert "'frobnicate' is neither a file nor a command" in answer.stderr


def test_a_missing_file_is_a_sentence(repository: Path) -> None:
    answer = run_main(repository, "gone.prototxt")
    assert (answer.returncode, answer.stderr) == (1, "There is no file gone.prototxt.\n")


def test_a_wrong_option_exits_with_two(repository: Path) -> None:
    answer = run_main(repository, "info", "--nett", "x")
    assert answer.returncode == 2
    assert "usage: main.py info" in answer.stderr


def test_an_expected_failure_exits_with_one(repository: Path, tmp_path: Path) -> None:
    path = tmp_path / "broken.prototxt"
    path.write_text('layer {\n  name: "conv1"\n  type "ReLU\n}\n')
    answer = run_main(repository, "info", "--net", str(path))
    assert answer.returncode == 1
    assert "broken.prototxt, line 3, column" in answer.stderr
    assert '  type "ReLU' in answer.stderr
    assert "Traceback" not in answer.stderr


def test_an_expected_failure_is_json_where_asked(repository: Path, tmp_path: Path) -> None:
    gone = str(tmp_path / "gone.prototxt")
    answer = run_main(repository, "info", "--net", gone, "--json")
    assert answer.returncode == 1
    error = json.loads(answer.stdout)["error"]
    assert error["type"] == "NetError"
    assert gone in error["sentence"]


def test_a_reader_that_leaves_ends_us_quietly(repository: Path) -> None:
    with subprocess.Popen(
        [sys.executable, str(repository / "main.py"), "doctor", "--help"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        assert child.stderr.read() == ""


@pytest.mark.parametrize("words", [["--nett", "x"], ["--net"], ["--net", "x", "--phase", "NO"]])
def test_wrong_usage_is_json_where_asked(repository: Path, words: list[str]) -> None:
    answer = run_main(repository, "info", *words, "--json")
    assert answer.returncode == 2
    assert json.loads(answer.stdout)["error"]["type"] == "UsageError"
    assert "usage: main.py info" in answer.stderr


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_names_are_printed_on_a_terminal_that_lacks_their_letters(
    repository: Path, tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "net.prototxt"
    path.write_text('layer { name: "größe日本" type: "Input" top: "data" }', encoding="utf-8")
    environment = {"PYTHONIOENCODING": encoding}
    answer = run_main(repository, "info", "--net", str(path), environment=environment)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert r"\u65e5\u672c" in answer.stdout
    answer = run_main(repository, "info", "--net", str(path), "--json", environment=environment)
    assert json.loads(answer.stdout)["layers"][0]["name"] == "größe日本"


def test_a_file_without_layers_is_told_from_one_of_another_phase(
    repository: Path, tmp_path: Path
) -> None:
    path = tmp_path / "net.prototxt"
    for text, said in [
        ("", "net.prototxt is empty. Download or copy it again.\n"),
        ('item { name: "cat" label: 1 }', "is a label map, which names the classes"),
        ('layer { name: "a" include { phase: TRAIN } }', "no layers in the TEST phase. Its 1"),
    ]:
        path.write_text(text)
        assert said in run_main(repository, "info", "--net", str(path)).stderr


def test_a_word_longer_than_any_name_is_no_file(repository: Path) -> None:
    for words in (["a" * 300], ["info", "--net", "a" * 300], ["query", "a" * 300, "x"]):
        answer = run_main(repository, *words)
        assert answer.returncode in (1, 2)
        assert "Traceback" not in answer.stderr


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no /dev/zero here")
def test_an_endless_device_is_refused(repository: Path) -> None:
    answer = run_main(repository, "info", "--net", "/dev/zero")
    assert answer.returncode == 1
    assert answer.stderr == "'/dev/zero' can't be read: it is a device, not a file.\n"


def test_an_error_in_a_line_of_megabytes_is_shown_in_a_line(
    repository: Path, tmp_path: Path
) -> None:
    path = tmp_path / "net.prototxt"
    layers = 'layer { name: "a" } ' * 10_000
    path.write_text(layers + 'layer { name "b" } ' + layers)
    said = run_main(repository, "info", "--net", str(path)).stderr.splitlines()
    assert [len(line) < 200 for line in said] == [True, True, True]
    assert said[0].split("column ")[1].split(":")[0] == "200014"  # of "b", counted from 1
    assert said[1][said[2].index("^") :].startswith('"b"')


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("end", ["> /dev/full", ">&-", "| true"])
def test_an_output_that_takes_nothing_ends_in_a_sentence(
    repository: Path, tmp_path: Path, end: str
) -> None:
    path = tmp_path / "net.prototxt"
    layer = 'layer { name: "a%d" type: "Input" top: "a%d" }\n'
    path.write_text("".join(layer % (i, i) for i in range(500)))
    line = f'"$0" main.py info --net "$1" {end}'
    answer = subprocess.run(
        ["/bin/sh", "-c", line, sys.executable, str(path)],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )
    wanted = "The system refuses: No space left on device.\n" if "full" in end else ""
    assert (answer.stderr, answer.returncode) == (wanted, int("full" in end))


def test_ctrl_c_while_it_starts_leaves_no_traceback(repository: Path) -> None:
    script = """
import importlib, runpy, sys
def interrupted(name):
    raise KeyboardInterrupt
importlib.import_module = interrupted
sys.argv = ["main.py", "info"]
runpy.run_path("main.py", run_name="__main__")
"""
    answer = subprocess.run(
        [sys.executable, "-c", script], cwd=repository, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 130
    assert answer.stderr == "\nStopped by you. Files that were finished are kept.\n"
