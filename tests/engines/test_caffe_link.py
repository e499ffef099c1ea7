"""The pipes between us and a foreign Python, with a stand-in for pycaffe in it."""

from __future__ import annotations

import os
import shlex
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from core.engines import registry
from core.engines.base import EngineProcess, EngineSpec, EngineStatus, Value
from core.errors import (
    EngineCrashed,
    EngineError,
    EngineUnavailableError,
    UnsupportedLayerError,
)
from core.measures.measure import Pool
from core.net.definition import NetState

FAKE = Path(__file__).parent / "fake_pycaffe"
NET = """
input: "data" input_shape { dim: 1 dim: 2 dim: 2 dim: 2 }
layer { name: "a" type: "Double" bottom: "data" top: "a" }
layer { name: "r" type: "ReLU" bottom: "a" top: "a" }
layer { name: "b" type: "Double" bottom: "a" top: "b" }
"""
IMAGE = {"data": np.arange(-4, 4, dtype=np.float32).reshape(1, 2, 2, 2)}
PYTHON_NET = NET + (
    'layer { name: "p" type: "Python" bottom: "b" top: "p" '
    'python_param { module: "mine" layer: "Mine" } }\n'
)


@pytest.fixture
def fake_caffe(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[str, ...]:
    """The command of a Python that imports the stand-in, and finds its temporary files here."""
    monkeypatch.setenv("PYTHONPATH", str(FAKE))
    monkeypatch.setenv("FAKE_CAFFE", "")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return (sys.executable,)


def start(command: tuple[str, ...], **options: str) -> EngineProcess:
    return registry.start_engine(EngineSpec("caffe", command, tuple(options.items())))


def tried(command: tuple[str, ...], **options: str) -> EngineStatus:
    return registry.try_engine(EngineSpec("caffe", command, tuple(options.items())))


def program(path: Path, text: str) -> tuple[str, ...]:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return (str(path),)


def check_it_works(process: EngineProcess) -> None:
    values = [Value("input", "data"), Value("a", "a"), Value("r", "a"), Value("b", "b")]
    found = list(process.open(NET).forward(IMAGE, values).values())
    data = IMAGE["data"]
    for array, wanted in zip(found, [data, 2 * data, np.maximum(2 * data, 0)], strict=False):
        np.testing.assert_array_equal(array, wanted)
    np.testing.assert_array_equal(found[3], 2 * np.maximum(2 * data, 0))


def test_a_plain_python_serves(fake_caffe: tuple[str, ...]) -> None:
    with start(fake_caffe) as process:
        assert process.versions()["caffe"] == "1.0.0-fake"
        assert "Double" in process.layer_types()
        assert [device.id for device in process.devices()] == ["cpu"]
        check_it_works(process)


@pytest.mark.parametrize("words", ["old", "noisy", "gpus", "old noisy gpus"])
def test_pycaffes_differ(
    fake_caffe: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.setenv("FAKE_CAFFE", words)
    with start(fake_caffe) as process:
        check_it_works(process)
        n_gpus = 2 if "gpus" in words else 0
        assert [device.id for device in process.devices()][1:] == ["cuda:0", "cuda:1"][:n_gpus]
        staged = process.open(NET, state=NetState("TRAIN", 3, ("x",)))
        assert staged.run(IMAGE).n_images == 1


def test_ssh_joins_the_words_for_a_shell_that_greets(
    fake_caffe: tuple[str, ...], tmp_path: Path
) -> None:
    text = '#!/bin/sh\nshift\nexec sh -c "echo Welcome; $*"\n'
    ssh = program(tmp_path / "ssh", text)
    with start((*ssh, "far-machine", *fake_caffe)) as process:
        check_it_works(process)


def test_the_users_own_folder_and_path_stay(
    fake_caffe: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative command works, and no file of that folder shadows the standard library."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "json.py").write_text("raise SystemExit('shadowed')", encoding="utf-8")
    told = f'echo "$PYTHONPATH" > {shlex.quote(str(tmp_path))}/path'
    text = f'#!/bin/sh\n{told}\nexec {shlex.quote(sys.executable)} "$@"\n'
    program(tmp_path / "my_python", text)
    with start(("./my_python",)) as process:
        check_it_works(process)
    assert (tmp_path / "path").read_text(encoding="utf-8").strip() == str(FAKE)


def test_a_command_of_the_environment_is_the_default(
    fake_caffe: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLOBSCOPE_CAFFE_PYTHON", shlex.join(fake_caffe))
    status = next(s for s in registry.available_engines() if s.name == "caffe")
    assert status.is_available
    assert "caffe 1.0.0-fake in Python 3" in status.sentence
    assert "5 layer types on CPU" in status.sentence
    monkeypatch.setenv("BLOBSCOPE_CAFFE_PYTHON", "")
    assert "BLOBSCOPE_CAFFE_PYTHON" in tried(()).sentence
    monkeypatch.setenv("BLOBSCOPE_CAFFE_PYTHON", "cat 'x")
    assert "No closing quotation" in tried(()).sentence


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'docker: Cannot connect' >&2; echo 'Run --help' >&2; exit 125", "exit code 125"),
        ("echo 'Permission denied (publickey,password).' >&2; exit 255", "Permission denied"),
        ("echo only a banner", "only a banner"),
        ("yes a banner without an end", "try it by hand"),
        ("sleep 600", "did not answer as a Python within 1 s"),
        ("exit 7", "exit code 7"),
    ],
    ids=["docker", "ssh", "banner", "endless banner", "silent", "nothing"],
)
def test_a_command_that_starts_no_python_is_explained(
    tmp_path: Path, script: str, said: str
) -> None:
    command = program(tmp_path / "tool", f"#!/bin/sh\n{script}\n")
    started = time.monotonic()
    seconds = "1" if "sleep" in script else "20"
    status = tried((*command, "python"), greeting_timeout_seconds=seconds)
    assert not status.is_available
    assert said in status.sentence
    assert time.monotonic() - started < 20


def test_the_hint_knows_ssh_and_docker(tmp_path: Path) -> None:
    for name, hint in (("ssh", "BatchMode"), ("docker", "-i")):
        command = program(tmp_path / name, "#!/bin/sh\nexit 1\n")
        assert hint in tried((*command, "python")).sentence


def test_a_missing_program_is_named() -> None:
    assert "no program 'no_such_program'" in tried(("no_such_program", "python")).sentence


def test_a_python_without_caffe_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    sentence = tried((sys.executable,)).sentence
    assert "No module named 'caffe'" in sentence
    assert f"Python {sys.version.split()[0]}" in sentence


def test_a_caffe_that_does_not_load_says_why(
    fake_caffe: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_CAFFE", "broken")
    assert "libcaffe.so.1" in tried(fake_caffe).sentence


def test_a_terminal_is_refused(fake_caffe: tuple[str, ...], tmp_path: Path) -> None:
    """As `docker run -t` or `ssh -t` make one."""
    text = f"#!{sys.executable}\nimport pty, sys\npty.spawn(sys.argv[1:])\n"
    assert "opens a terminal" in tried((*program(tmp_path / "tty", text), *fake_caffe)).sentence


def test_the_reason_stays_the_same_when_asked_again() -> None:
    with start(("no_such_program",)) as process:
        sentences = set()
        for _ in range(3):
            with pytest.raises(EngineUnavailableError) as caught:
                process.devices()
            sentences.add(caught.value.sentence)
        assert len(sentences) == 1


def test_an_abort_shows_caffes_own_words_and_leaves_no_file(
    fake_caffe: tuple[str, ...], tmp_path: Path
) -> None:
    text = NET + 'layer { name: "c" type: "Crash" bottom: "b" top: "c" }\n'
    with start(fake_caffe) as process:
        engine = process.open(text)
        assert list(tmp_path.glob("blobscope-*"))
        with pytest.raises(EngineCrashed) as caught:
            engine.run(IMAGE)
        assert caught.value.cause == "Check failed: told to crash"
        assert caught.value.running == "c"
        assert caught.value.exit_code == -6
        assert "while running c: Check failed: told to crash." in caught.value.sentence
        assert caught.value.details.startswith("F1123 12:00:00.000000 1 fake.cpp:1]")
        assert not process.is_alive
    wait_until_gone(tmp_path)
    with start(fake_caffe) as process:
        check_it_works(process)
    wait_until_gone(tmp_path)


def wait_until_gone(folder: Path) -> None:
    deadline = time.monotonic() + 10
    while list(folder.glob("blobscope-*")):
        assert time.monotonic() < deadline, "files stay behind"
        time.sleep(0.02)


def test_layers_this_caffe_lacks_are_named_before_it_aborts(fake_caffe: tuple[str, ...]) -> None:
    with start(fake_caffe) as process:
        engine = process.open(NET.replace('"Double"', '"Permute"'))
        with pytest.raises(UnsupportedLayerError, match="caffe engine") as caught:
            engine.forward(IMAGE, [Value("b", "b")])
        assert caught.value.layers == (("a", "Permute"), ("b", "Permute"))
        check_it_works(process)


def test_an_unknown_gpu_is_refused_and_a_known_one_is_used(
    fake_caffe: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_CAFFE", "gpus")
    with start(fake_caffe) as process:
        with pytest.raises(EngineError, match="no device 'cuda:2'"):
            process.open(NET, device="cuda:2")
        engine = process.open(NET, device="cuda:1")
        (found,) = engine.measure(IMAGE, {Value("b", "b"): [Pool("mac")]}).values()
        np.testing.assert_array_equal(found, [[0, 12]])


def test_the_foreign_python_ends_with_us(fake_caffe: tuple[str, ...], tmp_path: Path) -> None:
    text = f'#!/bin/sh\necho $$ > pid\nexec {shlex.quote(sys.executable)} "$@"\n'
    command = program(tmp_path / "my_python", text.replace("> pid", f"> {tmp_path / 'pid'}"))
    process = start(command)
    check_it_works(process)
    foreign = int((tmp_path / "pid").read_text(encoding="utf-8"))
    process.kill()
    process.close()
    deadline = time.monotonic() + 10
    while _is_running(foreign):
        assert time.monotonic() < deadline, "the foreign Python lives on"
        time.sleep(0.02)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text(encoding="utf-8").split()[2] == "Z")
