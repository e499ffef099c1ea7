"""`make setup`: what it says on machines that lack something, and what it pins."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement


@pytest.fixture
def setup(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """setup_environment.py as a module, with an empty folder for its .venv."""
    path = repository / "setup_environment.py"
    spec = importlib.util.spec_from_file_location("setup_environment_under_test", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ENVIRONMENT", tmp_path / ".venv")
    monkeypatch.setattr(module, "STAMP", tmp_path / ".venv" / "stamp.json")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("TORCH_INDEX_URL", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    return module


@pytest.fixture
def bare_machine(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A Debian where libGL and fonts are missing and apt knows every name; not root."""
    monkeypatch.setattr(setup, "loads", lambda file: file != "libGL.so.1")
    monkeypatch.setattr(setup, "_has_fonts", lambda: False)
    monkeypatch.setattr(setup, "_has_venv", lambda: True)
    monkeypatch.setattr(setup, "_apt_name", lambda group: group[-1])
    monkeypatch.setattr(setup.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(setup.os, "geteuid", lambda: 1000)
    return setup


def test_missing_libraries_are_one_line_with_the_command(bare_machine: ModuleType) -> None:
    with pytest.raises(bare_machine.SetupError) as error:
        bare_machine.install_system_libraries()
    assert "Type: sudo apt-get install -y libgl1 fonts-dejavu-core" in str(error.value)
    assert "\n" not in str(error.value)


def test_what_only_the_window_needs_does_not_stop_the_tests(
    bare_machine: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bare_machine, "loads", lambda file: True)
    bare_machine.install_system_libraries()
    said = capsys.readouterr().out
    assert "sudo apt-get install -y fonts-dejavu-core" in said
    assert "the tests do not" in said


def test_root_installs_what_is_missing(
    bare_machine: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed: list[list[str]] = []
    monkeypatch.setattr(bare_machine.os, "geteuid", lambda: 0)
    monkeypatch.setattr(bare_machine.subprocess, "run", lambda words, **_: typed.append(words))
    bare_machine.install_system_libraries()
    assert [words[:2] for words in typed] == [["apt-get", "update"], ["apt-get", "install"]]
    assert typed[1][-2:] == ["libgl1", "fonts-dejavu-core"]


def plan_of(*names: str) -> str:
    return json.dumps({"install": [{"metadata": {"name": name}} for name in names]})


@pytest.mark.parametrize(
    ("names", "is_large"),
    [(("torch", "sympy"), False), (("torch", "nvidia-cublas-cu12", "triton"), True)],
)
def test_pips_plan_tells_gigabytes(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], is_large: bool
) -> None:
    monkeypatch.setattr(setup, "_pip", lambda *words, capture=False: plan_of(*names))
    assert setup._brings_cuda(["torch"]) is is_large


def test_gigabytes_are_told_before_the_download(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[str] = []

    def pip(*words: str, capture: bool = False) -> str:
        if capture:
            return plan_of("torch", "nvidia-cudnn-cu13")
        if "torch" in words:
            told.append(capsys.readouterr().out)
        return ""

    monkeypatch.setattr(setup, "_pip", pip)
    monkeypatch.setattr(setup.shutil, "which", lambda name: None)
    monkeypatch.setattr(setup.sys.stdin, "isatty", lambda: False, raising=False)
    setup._install_torch()
    assert "several gigabytes" in told[0]
    assert "TORCH_INDEX_URL" in told[0]


def test_in_a_terminal_it_asks_first(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup.shutil, "which", lambda name: None)
    monkeypatch.setattr(setup.sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: "")
    with pytest.raises(setup.SetupError, match="before the download"):
        setup._tell_about_cuda()


def test_the_index_of_the_user_is_taken(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    typed: list[tuple[str, ...]] = []
    monkeypatch.setenv("TORCH_INDEX_URL", "file:///some/index")
    monkeypatch.setattr(setup, "_pip", lambda *words, capture=False: typed.append(words))
    setup._install_torch()
    assert typed[0][-2:] == ("--extra-index-url", "file:///some/index")


def test_an_unknown_extra_is_a_sentence(
    setup: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "install_system_libraries", lambda: None)
    assert setup.main(["nosuch"]) == 1
    assert capsys.readouterr().err == "setup: pyproject.toml has no extra named nosuch.\n"


def test_every_dependency_is_pinned(setup: ModuleType, repository: Path) -> None:
    pins = {
        line.partition("==")[0].lower().replace("_", "-")
        for line in (repository / "constraints.txt").read_text().splitlines()
        if "==" in line and not line.startswith("#")
    }
    wanted = {
        re.split(r"[<>=;\[ ]", requirement)[0].lower().replace("_", "-")
        for requirement in setup._requirements({"dev", "bench"})
    }
    assert wanted <= pins


def test_pinned_versions_lie_within_the_ranges(repository: Path) -> None:
    """A torch beyond its range is one whose fast paths nobody has tried."""
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    extras = [each for group in project["optional-dependencies"].values() for each in group]
    ranges = {one.name: one for one in map(Requirement, [*project["dependencies"], *extras])}
    pins = [Requirement(line) for line in (repository / "constraints.txt").read_text().splitlines()
            if line and not line.startswith("#")]  # fmt: skip
    versions = {pin.name.lower(): next(iter(pin.specifier)).version for pin in pins}
    for name, wanted in ranges.items():
        assert wanted.specifier.contains(versions[name.lower()]), name
    assert [one.operator for one in ranges["torch"].specifier if one.operator == "<"] == ["<"]
