"""Pythons with caffe on this machine: found by reading folders, then asked in isolation."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from core.engines.base import EngineSpec
from core.engines.caffe.discovery import Candidate, Machine, find_candidates
from core.engines.caffe.probe import FoundCaffe, find_caffes, probe
from core.engines.registry import try_engine
from core.errors import EngineUnavailableError
from core.progress import run_job

STAND_IN = """
import os
__version__ = "1.2.3"
def layer_type_list():
    return ["ReLU", "Convolution"]
"""
RAN = "ran.txt"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """An empty machine: a home, a root and a PATH of one folder."""
    for name in ("home", "bin"):
        (tmp_path / name).mkdir()
    return Machine({"PATH": str(tmp_path / "bin")}, tmp_path / "home", tmp_path)


def make_package(folder: Path, text: str = STAND_IN) -> None:
    (folder / "caffe").mkdir(parents=True)
    (folder / "caffe" / "__init__.py").write_text(text)
    (folder / "caffe" / "pycaffe.py").write_text("")


def make_python(path: Path, site: Path | None = None) -> Path:
    """A Python that leaves a note when it runs, and has `site` on its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    add = f"sys.path.insert(0, {str(site)!r})" if site else ""
    note = path.with_name(RAN)
    start = f"import sys; {add}; exec(sys.argv.pop(1))"
    path.write_text(
        "#!/bin/sh\n"
        f"echo \"$@\" >> '{note}'\n"
        "shift $(($# - 2)) 2>/dev/null\n"
        f'exec "{sys.executable}" -I -c "{start}" "$2"\n'
    )
    path.chmod(0o755)
    return path


def commands(machine: Machine) -> list[tuple[str, ...]]:
    return [candidate.caffe_command for candidate in find_candidates(machine)]


def test_an_empty_machine_has_none(machine: Machine) -> None:
    assert find_candidates(machine) == ()
    assert run_job(find_caffes(machine)) == ()


def test_the_python_of_the_system_with_caffe_beside_it(machine: Machine) -> None:
    interpreter = make_python(machine.root / "usr/bin/python3.9")
    (machine.root / "usr/bin/python3").symlink_to("python3.9")
    make_python(machine.root / "usr/bin/python2.7")
    make_package(machine.root / "usr/lib/python3/dist-packages")
    (found,) = find_candidates(machine)
    assert found.command == (str(machine.root / "usr/bin/python3"),)
    assert found.is_python_3
    assert not interpreter.with_name(RAN).exists()  # nothing was run


@pytest.mark.parametrize("listed", ["folder", "environments.txt", "CONDA_PREFIX"])
def test_conda_environments_without_running_conda(machine: Machine, listed: str) -> None:
    prefix = machine.home / ("miniconda3/envs/old" if listed == "folder" else "elsewhere/old")
    interpreter = make_python(prefix / "bin/python3.6")
    (prefix / "bin/python").symlink_to("python3.6")
    make_package(prefix / "lib/python3.6/site-packages")
    if listed == "environments.txt":
        (machine.home / ".conda").mkdir()
        (machine.home / ".conda/environments.txt").write_text(f"/nowhere\n{prefix}\nrelative\n")
    if listed == "CONDA_PREFIX":
        machine = Machine({"CONDA_PREFIX": str(prefix)}, machine.home, machine.root)
    (found,) = find_candidates(machine)
    assert found.command == (str(interpreter),)
    assert found.place == "python3.6, conda environment old"


def test_a_build_is_tried_with_each_python_of_the_path(machine: Machine) -> None:
    root = machine.root / "build"
    make_package(root / "python")
    programs = [make_python(machine.root / "bin" / name) for name in ("python3", "python2")]
    named = Machine({**machine.environment, "CAFFE_ROOT": str(root)}, machine.home, machine.root)
    path = f"PYTHONPATH={root / 'python'}"
    assert commands(named) == [("env", path, str(program)) for program in programs]
    assert commands(machine) == []
    relative = Machine({**machine.environment, "CAFFE_ROOT": "build"}, machine.home, machine.root)
    assert commands(relative) == []  # it would mean whatever folder one stands in


def test_a_compiled_part_or_a_pth_file_is_enough_but_a_namesake_is_not(machine: Machine) -> None:
    make_python(machine.root / "usr/bin/python3.9")
    site = machine.root / "usr/lib/python3.9/site-packages"
    (site / "caffe").mkdir(parents=True)
    (site / "caffe/__init__.py").write_text("something else of that name")
    assert commands(machine) == []
    (site / "mine.pth").write_text(f"import os\n# a comment\n{machine.root / 'made'}\n")
    (machine.root / "made").mkdir()
    assert commands(machine) == []
    (machine.root / "made/_caffe.cpython-39-x86_64-linux-gnu.so").write_bytes(b"")
    assert len(commands(machine)) == 1


def test_a_users_own_package_is_named_to_the_python(machine: Machine) -> None:
    interpreter = make_python(machine.root / "usr/bin/python3.9")
    folder = machine.home / ".local/lib/python3.9/site-packages"
    make_package(folder)
    assert commands(machine) == [("env", f"PYTHONPATH={folder}", str(interpreter))]


def test_links_that_lead_nowhere_or_round_are_passed_over(machine: Machine) -> None:
    folder = machine.root / "usr/bin"
    folder.mkdir(parents=True)
    (folder / "python3").symlink_to("python3")
    (folder / "python2").symlink_to("gone")
    make_package(machine.root / "usr/lib/python3/dist-packages")
    assert commands(machine) == []


def make_docker(machine: Machine, script: str) -> Path:
    path = machine.root / "bin/docker"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_running_containers_that_speak_of_caffe(machine: Machine) -> None:
    docker = make_docker(
        machine,
        r"printf 'web\tnginx\nold-net\tbvlc/caffe:cpu\n-rm\tcaffe\nmy caffe\tx\n'",
    )
    assert commands(machine) == [
        (str(docker), "exec", "-i", "old-net", "python3"),
        (str(docker), "exec", "-i", "old-net", "python"),
    ]


@pytest.mark.parametrize("script", ["exit 1", "exec sleep 60"])
def test_a_container_daemon_that_is_away_or_slow_is_passed_over(
    machine: Machine, script: str
) -> None:
    make_docker(machine, script)
    start = time.monotonic()
    assert commands(machine) == []
    assert time.monotonic() - start < 20


def system_candidate(machine: Machine, text: str = STAND_IN) -> Candidate:
    site = machine.root / "usr/lib/python3.9/site-packages"
    make_package(site, text)
    make_python(machine.root / "usr/bin/python3.9", site)
    (found,) = find_candidates(machine)
    return found


def test_a_probe_says_what_that_caffe_can_do(machine: Machine) -> None:
    candidate = system_candidate(machine)
    (found,) = run_job(find_caffes(machine))
    assert found == FoundCaffe(candidate, "1.2.3", found.python, 2, ())
    place = f"python3.9, {machine.root / 'usr'}"
    assert found.sentence == f"Caffe 1.2.3 in Python {found.python}, CPU only ({place})."
    words = (machine.root / "usr/bin" / RAN).read_text()
    assert words.startswith("-I -c ")


def test_gpus_that_it_accepts_are_named(machine: Machine) -> None:
    text = STAND_IN + (
        "def set_device(n):\n    n < 2 or os._exit(1)\ndef set_mode_gpu():\n    pass\n"
    )
    found = run_job(probe(system_candidate(machine, text)))
    assert found.gpus == ("GPU 0", "GPU 1")
    assert "GPU 0, GPU 1" in found.sentence


def test_nothing_of_the_current_folder_or_the_environment_is_imported(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A caffe.py that lies about must not run because somebody stands beside it."""
    traps = tmp_path / "traps"
    traps.mkdir()
    for name in ("caffe", "json", "numpy", "site", "sitecustomize"):
        (traps / f"{name}.py").write_text(f"open({str(tmp_path / 'sprung')!r}, 'w').close()\n")
    monkeypatch.chdir(traps)
    monkeypatch.setenv("PYTHONPATH", str(traps))
    monkeypatch.setenv("PYTHONSTARTUP", str(traps / "caffe.py"))
    real = Candidate((sys.executable,), "this Python", None, is_python_3=True)
    with pytest.raises(EngineUnavailableError, match="does not import caffe") as refused:
        run_job(probe(real))
    assert "No module named 'caffe'" in refused.value.hint
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import nowhere_at_all", "nowhere_at_all"),
        ("import os; os.write(2, b'libboost is missing\\n'); os.abort()", "libboost is missing"),
        ("import os; os.write(1, b'\\nblob' + b'scope:[]\\n'); os._exit(0)", "nobody knows"),
    ],
)
def test_what_does_not_import_is_no_find(machine: Machine, text: str, said: str) -> None:
    candidate = system_candidate(machine, text)
    assert run_job(find_caffes(machine)) == ()
    with pytest.raises(EngineUnavailableError) as refused:
        run_job(probe(candidate))
    assert said in str(refused.value)


def test_one_that_hangs_is_ended_and_so_is_one_nobody_waits_for(machine: Machine) -> None:
    note = machine.root / "pid"
    text = f"import os, time\nopen({str(note)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)\n"
    candidate = system_candidate(machine, text)
    with pytest.raises(EngineUnavailableError, match=r"did not answer within 1\.5 s"):
        run_job(probe(candidate, 1.5))
    assert is_gone(int(note.read_text()))
    note.unlink()
    job = probe(candidate)
    while not (note.exists() and note.read_text()):
        next(job)
    job.close()
    assert is_gone(int(note.read_text()))


def is_gone(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_real_caffe_is_found_and_starts_by_the_command_that_is_offered(
    caffe_python: tuple[str, ...],
) -> None:
    found = run_job(probe(Candidate(caffe_python, "given")))
    assert found.version
    assert found.n_layer_types > 50
    assert found.gpus == ()
    assert try_engine(EngineSpec("caffe", found.candidate.caffe_command)).is_available
