"""The program that travels to a foreign Python is valid from Python 2.7 on."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from core.engines.base import EngineSpec, Value
from core.engines.caffe import bundle
from core.engines.consent import PythonPrograms
from core.engines.registry import start_engine
from core.measures.measure import Pool
from tests.engines.test_caffe_link import FAKE, IMAGE, NET, PYTHON_NET

ALLOWED_IMPORTS = {
    "caffe", "core", "google", "hashlib", "imp", "importlib", "io", "json", "msvcrt", "numpy", "os",
    "platform", "re", "resource", "shutil", "signal", "stat", "struct", "subprocess", "sys",
    "tempfile", "time", "traceback", "types", "typing",
}  # fmt: skip
TOO_NEW = (
    ast.AnnAssign, ast.JoinedStr, ast.Nonlocal, ast.NamedExpr, ast.YieldFrom, ast.AsyncFunctionDef,
    ast.Await, ast.MatMult, ast.Match, ast.TryStar,
)  # fmt: skip


def travelling() -> tuple[Path, ...]:
    return (*bundle.module_paths(), FAKE / "caffe.py")


@pytest.mark.parametrize("path", travelling(), ids=lambda path: path.stem)
def test_no_syntax_is_newer_than_python_2_7(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="ascii"))
    for node in ast.walk(tree):
        assert not isinstance(node, TOO_NEW), ast.unparse(node)
        if isinstance(node, ast.FunctionDef):
            given = (*node.args.args, node.args.vararg, node.args.kwarg)
            assert node.returns is None
            assert not any(argument.annotation for argument in given if argument)
            assert not node.args.kwonlyargs
            assert not node.args.posonlyargs
        if isinstance(node, ast.Raise):
            assert node.cause is None
        if isinstance(node, ast.ClassDef):
            assert not node.keywords
        if isinstance(node, ast.Dict):
            assert None not in node.keys, "a dictionary unpacked"
        if isinstance(node, (ast.Tuple, ast.List)):
            assert not any(isinstance(element, ast.Starred) for element in node.elts)


@pytest.mark.parametrize("path", bundle.module_paths(), ids=lambda path: path.stem)
def test_only_the_standard_library_numpy_and_caffe_are_imported(path: Path) -> None:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="ascii"))):
        if isinstance(node, ast.Import):
            found.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    assert found <= ALLOWED_IMPORTS


def old_python() -> str:
    """A Python 2.7 of this machine: BLOBSCOPE_PYTHON27 or python2.7; skips without one."""
    named = os.environ.get("BLOBSCOPE_PYTHON27") or shutil.which("python2.7") or ""
    asked = [named, "-c", "import sys; print(sys.version_info[:2] == (2, 7))"]
    try:
        told = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    except OSError:
        told = ""
    if told.strip() != "True":
        pytest.skip("no Python 2.7: install python2.7, or name one by BLOBSCOPE_PYTHON27")
    return named


def test_python_2_7_compiles_it() -> None:
    python = old_python()
    program = "import sys; compile(sys.stdin.read(), 'travelling', 'exec')"
    texts = [path.read_bytes() for path in travelling()]
    texts += [bundle.source_text(Path("café")), bundle.first_statement(100)]
    for text in texts:
        subprocess.run([python, "-c", program], input=text, check=True)


def test_python_2_7_runs_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    python = old_python()
    probe = [python, "-c", "import numpy"]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip(f"{python} has no numpy")
    path = os.pathsep.join(filter(None, [str(FAKE), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("PYTHONPATH", path)
    monkeypatch.chdir(tmp_path)
    Path("pack").mkdir()
    Path("pack/__init__.py").write_text("", encoding="utf-8")
    Path("pack/module.py").write_text("import beside\nMine = beside.Mine\n", encoding="utf-8")
    Path("pack/beside.py").write_text("class Mine: pass\n", encoding="utf-8")
    asked: list[PythonPrograms] = []
    agree = lambda programs: not asked.append(programs)  # noqa: E731
    with start_engine(EngineSpec("caffe", (python,)), agree=agree) as process:
        assert process.versions()["python"].startswith("2.7")
        process.open(PYTHON_NET.replace('"mine"', '"pack.module"'))
        assert [file.kind for file in asked[0].files] == ["source", "source"]
        engine = process.open(NET)
        assert engine.forward(IMAGE, [Value("r", "a")])[Value("r", "a")].min() == 0
        engine.run(IMAGE)
        np.testing.assert_array_equal(engine.read(Value("a", "a")), 2 * IMAGE["data"])
        (pooled,) = engine.measure(IMAGE, {Value("b", "b"): [Pool("gap")]}).values()
        np.testing.assert_array_equal(pooled, [[0, 6]])
