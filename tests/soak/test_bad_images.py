"""Two hundred kinds of bad pictures, quickly: each has a sentence, and an index gets past them all.

`python -m tests.soak.bad_images.run` has all kinds, the heavy ones too, with their memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.commands.command_line import run_command
from core.images.checking import check_image
from tests.soak.bad_images.kinds import bad_images, good_images, make_all, quick_kinds, remove_all

DEMO = Path(__file__).resolve().parents[2] / "resources" / "demo"
LEAST_KINDS = 200
# as core.images.decoding has it outside of tests
pytestmark = pytest.mark.filterwarnings(r"ignore:.*:Warning:PIL\.")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[str, Path]]]:
    kinds = make_all(tmp_path_factory.mktemp("bad"), quick_kinds())
    yield kinds
    remove_all(kinds)


def test_the_kinds_are_many_and_always_the_same(tmp_path: Path) -> None:
    assert len(bad_images()) >= len(quick_kinds()) >= LEAST_KINDS
    name, make = next((n, m) for n, m in quick_kinds().items() if "flipped_bits" in n)
    make(tmp_path / name)
    content = (tmp_path / name).read_bytes()
    make(tmp_path / name)
    assert (tmp_path / name).read_bytes() == content


def test_each_is_a_picture_or_has_a_sentence(made: list[tuple[str, Path]]) -> None:
    told = {kind: check_image(path).problem for kind, path in made}
    refused = {kind: problem for kind, problem in told.items() if problem is not None}
    assert len(refused) > LEAST_KINDS / 2
    for kind, problem in refused.items():
        assert problem.endswith("."), (kind, problem)
        assert "Traceback" not in problem, kind


def test_an_index_gets_past_all_of_them(
    made: list[tuple[str, Path]], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = made[0][1].parents[1]
    good = list(good_images(folder, 3))
    words = ["--net", DEMO / "demo_deploy.prototxt", "--weights", DEMO / "demo.caffemodel"]
    words += [
        "--layer",
        "pool1",
        "--pool",
        "mac",
        "--images",
        folder,
        "--out",
        tmp_path / "gallery",
    ]
    code = run_command("index", [str(word) for word in (*words, "--json")])
    said = capsys.readouterr()
    assert code == 0, said.err
    assert "Traceback" not in said.out + said.err
    found = json.loads(said.out)
    refused = {problem["path"]: problem["reason"] for problem in found["unreadable"]}
    assert not {path.name for path in good} & set(refused)
    assert found["images"] >= len(good)
    assert len(refused) > LEAST_KINDS / 2
    assert all(reason.endswith(".") for reason in refused.values())
