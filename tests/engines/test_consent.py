"""Programs of Python layers run as the user saw them, or not at all."""

from __future__ import annotations

import os
import shlex
import sys
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from core.engines.base import EngineProcess, EngineSpec, Value
from core.engines.caffe_child import programs
from core.engines.consent import PythonLayersRefused, PythonPrograms
from core.engines.host import EngineHost, NetToRun
from core.engines.registry import start_engine
from core.errors import EngineError
from tests.engines.test_caffe_link import FAKE, IMAGE, NET, PYTHON_NET, program

P = Value("p", "p")
HERE = PYTHON_NET.replace('"mine"', '"here"')


class User:
    """Is asked, and remembers what about; agrees to the fingerprints it was told."""

    def __init__(self, *, agrees: bool = True) -> None:
        self.asked: list[PythonPrograms] = []
        self.agrees = agrees

    def __call__(self, programs: PythonPrograms) -> bool:
        self.asked.append(programs)
        return self.agrees

    @property
    def kinds(self) -> list[str]:
        return [file.kind for file in self.asked[-1].files]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[str, ...]:
    """A Python with the stand-in for pycaffe, started in an empty folder."""
    monkeypatch.setenv("PYTHONPATH", str(FAKE))
    monkeypatch.setenv("FAKE_CAFFE", "")
    monkeypatch.chdir(tmp_path)
    return (sys.executable,)


def start(command: tuple[str, ...], user: User) -> EngineProcess:
    return start_engine(EngineSpec("caffe", command), agree=user)


def marking(marker: str) -> str:
    """A module that says that it ran."""
    return f"open('ran', 'a').write({marker!r})\nclass Mine: pass\n"


def ran() -> str:
    return Path("ran").read_text(encoding="utf-8") if Path("ran").exists() else ""


def test_nothing_is_imported_before_the_user_agrees(command: tuple[str, ...]) -> None:
    Path("here.py").write_text(marking("1"), encoding="utf-8")
    user = User(agrees=False)
    with start(command, user) as process:
        untrusted = process.open(HERE)
        with pytest.raises(PythonLayersRefused) as caught:
            untrusted.forward(IMAGE, [P])
        assert caught.value.layers == (("p", "here.Mine"),)
        assert "p (here.Mine)" in caught.value.sentence
        assert caught.value.programs == user.asked[0]
        assert untrusted.forward(IMAGE, [Value("b", "b")])
        assert ran() == ""
        (file,) = user.asked[0].files
        assert (file.module, file.kind) == ("here", "source")
        assert Path(file.path) == Path("here.py").absolute()
        user.agrees = True
        assert P in process.open(HERE).forward(IMAGE, [P])
        assert ran() == "1"


@pytest.mark.parametrize(
    "change",
    [
        lambda net: Path("here.py").write_text(marking("2"), encoding="utf-8"),
        lambda net: net.replace('layer: "Mine"', 'layer: "Mine" param_str: "other"'),
        lambda net: net.replace('layer: "Mine"', 'layer: "Other"'),
    ],
    ids=["file", "param_str", "class"],
)
def test_other_content_is_asked_for_again(command: tuple[str, ...], change) -> None:
    Path("here.py").write_text(marking("1") + "Other = Mine\n", encoding="utf-8")
    user = User()
    with start(command, user) as process:
        process.open(HERE)
        agreed = user.asked[0].fingerprint
        changed = change(HERE)
        process.open(changed if isinstance(changed, str) else HERE)
        assert user.asked[1].fingerprint != agreed
        assert ran() in ("1", "12")


@pytest.mark.parametrize(
    "change",
    [
        lambda net: net.replace('top: "p"', 'top: "q"').replace('bottom: "b"', 'bottom: "a"'),
        lambda net: "# a comment\n" + net,
        lambda net: os.utime("here.py", (1, 1)) or net,
    ],
    ids=["rename", "comment", "touched"],
)
def test_the_same_programs_are_not_asked_for_again(command: tuple[str, ...], change) -> None:
    Path("here.py").write_text(marking("1"), encoding="utf-8")
    user = User()
    with start(command, user) as process:
        process.open(HERE)
        process.open(change(HERE))
        first, second = user.asked
        assert first.fingerprint == second.fingerprint
        assert ran() == "1"


def test_a_file_that_changes_after_the_answer_does_not_run(command: tuple[str, ...]) -> None:
    Path("here.py").write_text(marking("1"), encoding="utf-8")

    def agree_and_change(programs: PythonPrograms) -> bool:
        Path("here.py").write_text(marking("2"), encoding="utf-8")
        return True

    with start_engine(EngineSpec("caffe", command), agree=agree_and_change) as process:
        engine = process.open(HERE)
        with pytest.raises(PythonLayersRefused):
            engine.forward(IMAGE, [P])
        assert ran() == ""


def test_a_net_built_late_compares_once_more(command: tuple[str, ...]) -> None:
    """The sizes of its input come with the first picture; the file has changed by then."""
    lines = [line for line in HERE.splitlines() if not line.startswith("input")]
    late = 'layer { name: "data" type: "Data" top: "data" }\n' + "\n".join(lines)
    net = NetToRun(late, Path("net.prototxt"), engine=EngineSpec("caffe", command))
    agreed: set[str] = set()

    def agrees(programs: PythonPrograms) -> bool:
        return programs.fingerprint in agreed

    Path("here.py").write_text(marking("0"), encoding="utf-8")
    with EngineHost(lambda spec: start_engine(spec, agree=agrees)) as host:
        for marker in ("1", "2"):
            with host.opened(net) as engine:
                Path("here.py").write_text(marking(marker), encoding="utf-8")
                with pytest.raises(PythonLayersRefused) as caught:
                    engine.forward(IMAGE, [P])
                assert ran() == ""
            agreed.add(caught.value.programs.fingerprint)
        with host.opened(net) as engine, pytest.raises(PythonLayersRefused) as caught:
            engine.forward(IMAGE, [P])
        agreed.add(caught.value.programs.fingerprint)
        with host.opened(net) as engine:
            assert P in engine.forward(IMAGE, [P])
            assert ran() == "2"


def test_a_new_version_runs_in_place_of_the_old_one(command: tuple[str, ...]) -> None:
    user = User()
    with start(command, user) as process:
        for marker in ("1", "2", "1"):
            Path("here.py").write_text(marking(marker), encoding="utf-8")
            process.open(HERE)
        assert ran() == "121"


def test_packages_are_found_without_running_them(command: tuple[str, ...]) -> None:
    inner = Path("pack/deep")
    inner.mkdir(parents=True)
    Path("pack/__init__.py").write_text(marking("p"), encoding="utf-8")
    Path("pack/deep/__init__.py").write_text(marking("d"), encoding="utf-8")
    text = "from . import beside\nfrom .. import deep\n" + marking("m")
    Path("pack/deep/module.py").write_text(text, encoding="utf-8")
    Path("pack/deep/beside.py").write_text(marking("b"), encoding="utf-8")
    user = User(agrees=False)
    with start(command, user) as process:
        net = PYTHON_NET.replace('"mine"', '"pack.deep.module"')
        process.open(net)
        assert [file.module for file in user.asked[0].files] == [
            "pack", "pack.deep", "pack.deep.module",
        ]  # fmt: skip
        assert ran() == ""
        user.agrees = True
        process.open(net)
        assert ran() == "pdbm"
        process.open(net)
        assert ran() == "pdbm"


def test_a_folder_without_init_is_a_package_too(command: tuple[str, ...]) -> None:
    Path("loose").mkdir()
    Path("loose/module.py").write_text(marking("m"), encoding="utf-8")
    user = User()
    with start(command, user) as process:
        process.open(PYTHON_NET.replace('"mine"', '"loose.module"'))
        assert user.kinds == ["folder", "source"]
        assert ran() == "m"


@pytest.mark.parametrize(
    ("module", "kind"),
    [("gone", "missing"), ("../here", "missing"), ("", "missing"), ("a..b", "missing"),
     ("json", "loaded"), ("marshal", "loaded"), ("pipe", "unreadable"), ("dir.py", "missing")],
)  # fmt: skip
def test_what_can_not_be_bound_is_said(command: tuple[str, ...], module: str, kind: str) -> None:
    os.mkfifo("pipe.py")
    Path("here.py").write_text(marking("1"), encoding="utf-8")
    user = User(agrees=False)
    with start(command, user) as process:
        process.open(PYTHON_NET.replace('"mine"', f'"{module}"'))
        assert user.kinds[-1] == kind
        assert user.asked[-1].files[-1].sentence


def test_a_compiled_module_is_bound_to_its_own_content(command: tuple[str, ...]) -> None:
    import py_compile

    Path("here.py").write_text(marking("1"), encoding="utf-8")
    py_compile.compile("here.py", "here.pyc")
    Path("here.py").unlink()
    user = User()
    with start(command, user) as process:
        process.open(HERE)
        assert user.kinds == ["compiled"]
        assert ran() == "1"


def test_source_wins_over_a_stale_cache(command: tuple[str, ...]) -> None:
    """A __pycache__ of another version may say that it belongs to this source."""
    import importlib.util
    import py_compile

    Path("here.py").write_text(marking("2"), encoding="utf-8")
    cached = importlib.util.cache_from_source("here.py")
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    py_compile.compile("here.py", cached, invalidation_mode=mode)
    Path("here.py").write_text(marking("1"), encoding="utf-8")
    with start(command, User()) as process:
        process.open(HERE)
        assert ran() == "1"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PYTHON_NET.replace('"mine"', '"gone"'), "No module named 'gone'"),
        (PYTHON_NET.replace('"Mine"', '"Gone"'), "has no attribute 'Gone'"),
    ],
)
def test_a_python_layer_without_its_program_says_so(
    command: tuple[str, ...], text: str, said: str
) -> None:
    with start(command, User()) as process:
        with pytest.raises(EngineError, match=said):
            process.open(text)
        assert process.open(NET).run(IMAGE).n_images == 1


def test_a_program_that_fails_is_not_left_half_imported(command: tuple[str, ...]) -> None:
    Path("here.py").write_text(marking("1") + "raise ValueError('broken')\n", encoding="utf-8")
    with start(command, User()) as process:
        for _ in range(2):
            with pytest.raises(EngineError, match="broken"):
                process.open(HERE)
        assert ran() == "11"


def test_a_net_that_is_open_runs_its_programs_once_the_user_agrees(
    command: tuple[str, ...],
) -> None:
    user = User(agrees=False)
    spec = EngineSpec("caffe", command)
    net = NetToRun(PYTHON_NET, Path("net.prototxt"), engine=spec)
    with EngineHost(lambda spec: start_engine(spec, agree=user)) as host:
        with host.opened(net) as engine, pytest.raises(PythonLayersRefused):
            engine.forward(IMAGE, [P])
        user.agrees = True
        with host.opened(net) as engine:
            assert P in engine.forward(IMAGE, [P])


def test_it_works_in_the_folder_of_the_user(command: tuple[str, ...], tmp_path: Path) -> None:
    """And a tool's Python in the folder where that starts it."""
    Path("here.py").write_text(marking("1"), encoding="utf-8")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "here.py").write_text(marking("far"), encoding="utf-8")
    text = f'#!/bin/sh\ncd {shlex.quote(str(elsewhere))}\nexec {shlex.quote(sys.executable)} "$@"\n'
    with start(command, User()) as process:
        process.open(HERE)
    assert ran() == "1"
    with start(program(tmp_path / "docker", text), User()) as process:
        process.open(HERE)
    assert (elsewhere / "ran").read_text(encoding="utf-8") == "far"


REAL_NET = """
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 1 dim: 2 dim: 2 dim: 2 } } }
layer { name: "p" type: "Python" bottom: "data" top: "p"
        python_param { module: "here" layer: "Times" param_str: "{'by': 3}  \\"\\303\\251\\\\n" } }
"""
TIMES = """
import caffe
class Times(caffe.Layer):
    def setup(self, bottom, top):
        self.by = {by}
    def reshape(self, bottom, top):
        top[0].reshape(*bottom[0].data.shape)
    def forward(self, bottom, top):
        top[0].data[...] = self.by * bottom[0].data
    def backward(self, top, propagate_down, bottom):
        pass
"""


@pytest.fixture
def real(caffe_python: tuple[str, ...], tmp_path: Path) -> tuple[tuple[str, ...], Path]:
    """Real Caffe, and a file that its Python imports as `here`."""
    python = caffe_python[-1]
    root = Path(caffe_python[1]) if caffe_python[0] == "chroot" else Path("/")
    folder = tmp_path if root == Path("/") else root / "tmp" / tmp_path.name
    folder.mkdir(exist_ok=True)
    there = "/" / folder.relative_to(root) if root != Path("/") else folder
    command = (*caffe_python[:-1], "env", f"PYTHONPATH={there}", python)
    return command, folder / "here.py"


def test_real_caffe_runs_what_was_agreed_to(real: tuple[tuple[str, ...], Path]) -> None:
    command, path = real
    user = User()
    with start(command, user) as process:
        for by in (3, 4):
            path.write_text(TIMES.format(by=by), encoding="utf-8")
            found = process.open(REAL_NET).forward({"data": IMAGE["data"]}, [P])
            np.testing.assert_array_equal(found[P], by * IMAGE["data"])
        first, second = user.asked
        assert [file.kind for file in first.files] == ["source"]
        assert first.fingerprint != second.fingerprint
        user.agrees = False
        with pytest.raises(PythonLayersRefused):
            process.open(REAL_NET).forward({"data": IMAGE["data"]}, [P])
    path.unlink()


@pytest.mark.parametrize("written", ['"\\120ython"', "'Pyth' 'on'", '"Python" # }'])
def test_no_spelling_of_the_type_gets_past_the_question(
    real: tuple[tuple[str, ...], Path], written: str
) -> None:
    command, path = real
    path.write_text("open('/ran', 'w')\n" + TIMES.format(by=3), encoding="utf-8")
    user = User(agrees=False)
    with start(command, user) as process:
        engine = process.open(REAL_NET.replace('"Python"', written + "\n"))
        with pytest.raises(EngineError):
            engine.forward({"data": IMAGE["data"]}, [P])
    assert user.asked
    path.unlink()


@pytest.mark.parametrize(
    ("seen", "agreed", "is_refused"),
    [
        ([("m", "C", "x")], [["m", "C", "x"]], False),
        ([("m", "C", "x")], [["m", "C", "y"]], True),
        ([("m", "C", "x")], [], True),
        ([], [], False),
        (None, [["m", "C", "x"]], False),
        (None, [], True),
    ],
)
def test_caffes_own_parser_has_the_last_word(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, seen, agreed, is_refused: bool
) -> None:
    """As if our reader had missed a layer of the text; None: there is no schema to ask."""
    monkeypatch.setattr(programs, "_python_layers", lambda text: seen)
    path = tmp_path / "net.prototxt"
    path.write_text(PYTHON_NET, encoding="utf-8")
    expected = pytest.raises(ValueError, match="nobody") if is_refused else nullcontext()
    with expected:
        programs.check_text(str(path), agreed)
