"""Decoders: what a file can do to one, and what it can't do to the program that asked."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import ImageError
from core.images import decoding, picture_file
from core.images.decoders import pool as pools
from core.images.decoders import process as processes
from core.images.decoders.messages import Answer, Request, is_sound, preparing
from core.images.decoders.pool import Decoded, DecoderPool, Task
from core.images.decoders.process import DecoderProcess, DecoderUnavailableError
from core.images.formats import image_suffixes
from core.images.picture_file import opened_picture_file
from core.images.preprocess import Preprocess
from core.reading import ReadCancelled, cancelled_when
from core.surveys.pictures import prepare_images

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs signals")
RECIPE = Preprocess(width=8, height=8)
POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(program-ran) (w) file closefile\n"
PATIENCE_SECONDS = 20.0
"""For what takes a moment, on a machine that is busy with other things."""


@pytest.fixture
def pool() -> Iterator[DecoderPool]:
    """One decoder of the test's own, which it may kill."""
    pool = DecoderPool(1)
    yield pool
    pool.close()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    values = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    Image.fromarray(values).save(tmp_path / "photo.jpg")
    return tmp_path / "photo.jpg"


def ask(pool: DecoderPool, path: Path, recipe: Preprocess = RECIPE) -> Decoded:
    """The answer, and the values that its pixels stand for."""
    answer, arrays = pool.submit(path, preparing("prepare", path, recipe)).result()
    return answer, [recipe.pixels(array).values() for array in arrays]


def problem(pool: DecoderPool, path: Path, recipe: Preprocess = RECIPE) -> str:
    return ask(pool, path, recipe)[0].problem


def pid_of(pool: DecoderPool, photo: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """The process id of the pool's decoder, which is started for it."""
    asked: list[int] = []
    ask_it = DecoderProcess.ask
    with monkeypatch.context() as patched:
        patched.setattr(
            DecoderProcess,
            "ask",
            lambda self, *words: asked.append(self.pid) or ask_it(self, *words),
        )
        assert not problem(pool, photo)
    return asked[-1]


def wait_until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.02)


def is_gone(pid: int) -> bool:
    """Dead, and no zombie either."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_picture_comes_as_it_is_decoded_here(pool: DecoderPool, photo: Path) -> None:
    answer, (values,) = ask(pool, photo)
    assert (answer.size, answer.problem) == ((60, 40), "")
    np.testing.assert_array_equal(values, RECIPE.apply(decoding.decode_image(photo)))
    answer, (rgb,) = pool.submit(photo, Request("thumbnail", str(photo), side=16)).result()
    np.testing.assert_array_equal(rgb, decoding.thumbnail(photo, 16))


@pytest.mark.parametrize("suffix", sorted(image_suffixes() & {*Image.registered_extensions()}))
def test_every_format_is_decoded_within_the_limits(
    pool: DecoderPool, tmp_path: Path, photo: Path, suffix: str
) -> None:
    """A library may want threads, files or addresses that a decoder has not."""
    path = tmp_path / f"a{suffix}"
    try:
        with Image.open(photo) as image:
            image.save(path)
    except (KeyError, OSError):
        pytest.skip(f"Pillow does not write {suffix}")
    _, (values,) = ask(pool, path)
    np.testing.assert_array_equal(values, RECIPE.apply(decoding.decode_image(path)))


def test_paths_are_those_of_the_asking_folder(
    pool: DecoderPool, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(photo.parent)
    np.save("mean.npy", np.full((3, 8, 8), 7, np.float32))
    recipe = Preprocess(width=8, height=8, mean_image="mean.npy")
    _, (values,) = ask(pool, Path("photo.jpg"), recipe)
    np.testing.assert_array_equal(values, ask(pool, photo)[1][0] - 7)


def test_what_is_no_file_is_never_waited_for(
    pool: DecoderPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path may have 107 bytes
    os.mkfifo("pipe.jpg")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.jpg")
    (tmp_path / "device.jpg").symlink_to("/dev/zero")
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "circle.jpg").symlink_to("circle.jpg")
    (tmp_path / "gone.jpg").symlink_to("nowhere")
    assert problem(pool, tmp_path / "pipe.jpg") == "'pipe.jpg' is a pipe, no image."
    assert problem(pool, tmp_path / "socket.jpg") == "'socket.jpg' is a socket, no image."
    assert problem(pool, tmp_path / "device.jpg") == "'device.jpg' is a device, no image."
    assert problem(pool, tmp_path / "folder.jpg") == "'folder.jpg' is a folder, not an image."
    assert problem(pool, tmp_path / "circle.jpg").startswith("'circle.jpg' can't be read")
    assert problem(pool, tmp_path / "gone.jpg") == "There is no image 'gone.jpg'."
    assert problem(pool, tmp_path / ("x" * 5000)).endswith("can't be read: File name too long.")
    assert "leads to no image" in problem(pool, Path("/" + "x" * 100_000))


def test_a_pipe_in_the_place_of_a_file_is_no_trap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was a file when it was looked at, and is a pipe when it is opened."""
    os.mkfifo(tmp_path / "a.jpg")
    monkeypatch.setattr(picture_file, "describe_other_kind", lambda path: None)
    with pytest.raises(ImageError, match="is a pipe"), opened_picture_file(tmp_path / "a.jpg"):
        pass


def test_a_file_that_grows_ends_where_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"0123456789")
    with opened_picture_file(path) as file, path.open("ab") as more:
        more.write(b"x" * 100_000)
        more.flush()
        assert file.read(4) == b"0123"
        assert file.read() == b"456789"
        assert file.seek(-3, os.SEEK_END) == 7
        assert file.read(100) == b"789"


def test_a_file_beyond_the_bound_is_not_read(pool: DecoderPool, tmp_path: Path) -> None:
    with (tmp_path / "a.png").open("wb") as file:
        file.truncate(3 << 30)
    assert problem(pool, tmp_path / "a.png").startswith("'a.png' has 3.2 GB, more than the limit")


@pytest.mark.parametrize(
    ("name", "options"),
    [("a.png", {}), ("a.gif", {}), ("a.tif", {"compression": "group4"}), ("a.bmp", {})],
)
def test_too_many_pixels_in_a_small_file(
    pool: DecoderPool, tmp_path: Path, name: str, options: dict[str, str]
) -> None:
    Image.new("1", (9000, 9000)).save(tmp_path / name, **options)
    assert "more than the limit of 64 million" in problem(pool, tmp_path / name)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_64_million_pixels_stay_below_a_gibibyte(
    pool: DecoderPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, photo: Path
) -> None:
    """They took 1.8 GB, twice at once, in the program itself."""
    pid = pid_of(pool, photo, monkeypatch)
    Image.new("L", (8000, 8000), 200).save(tmp_path / "bomb.png")
    assert (tmp_path / "bomb.png").stat().st_size < 100_000
    answer, (values,) = ask(pool, tmp_path / "bomb.png")
    assert (answer.size, values.shape) == ((8000, 8000), (3, 8, 8))
    status = Path(f"/proc/{pid}/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    assert int(peak.split()[1]) < 600_000  # kB


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS does not hold to a limit on memory")
def test_without_enough_memory_the_picture_is_left_out(pool: DecoderPool, photo: Path) -> None:
    huge = Preprocess(width=16_384, height=16_384)
    assert problem(pool, photo, huge) == "There is not enough memory to read 'photo.jpg'."
    assert not problem(pool, photo)


def test_a_decoder_short_of_memory_is_renewed(
    pool: DecoderPool, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it has kept of other pictures must not cost those that come after."""
    pid = pid_of(pool, photo, monkeypatch)
    assert problem(pool, photo, Preprocess(width=16_384, height=16_384))
    assert is_gone(pid)


def test_an_answer_that_lacks_what_was_asked_for_is_none(photo: Path) -> None:
    request = preparing("prepare", photo, RECIPE)
    small, floats = Request("thumbnail", str(photo), side=4), np.zeros((3, 8, 8), np.float32)
    answer = Answer((60, 40))
    assert is_sound(request, answer, [floats])
    assert is_sound(small, answer, [np.zeros((4, 3, 3), np.uint8)])
    assert not is_sound(request, answer, [])
    assert not is_sound(request, answer, [floats, floats])
    assert not is_sound(request, answer, [floats[0]])
    assert is_sound(request, answer, [floats.astype(np.uint8)])
    assert not is_sound(request, answer, [floats.astype(np.float64)])
    assert not is_sound(request, Answer((60, -1)), [floats])
    assert not is_sound(small, answer, [floats])
    assert not is_sound(request, Answer(problem="It is damaged."), [floats])


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_a_picture_that_ends_its_decoder_is_named(
    pool: DecoderPool, photo: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    killed: list[int] = []
    ask_it = DecoderProcess.ask

    def kill_and_ask(self: DecoderProcess, *words: object) -> Decoded:
        killed.append(self.pid)
        os.kill(self.pid, number)
        return ask_it(self, *words)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(DecoderProcess, "ask", kill_and_ask)
        assert problem(pool, photo) == f"'photo.jpg' made the decoder stop ({number.name})."
    assert len(killed) == 2  # it was given a second one
    assert all(map(is_gone, killed))
    assert not problem(pool, photo)


def test_who_kills_a_decoder_from_outside_costs_no_picture(
    pool: DecoderPool, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = pid_of(pool, photo, monkeypatch)
    os.kill(pid, signal.SIGSTOP)
    task = pool.submit(photo, preparing("prepare", photo, RECIPE))
    assert not task.is_done(0.1)
    os.kill(pid, signal.SIGKILL)
    assert not task.result()[0].problem
    wait_until(lambda: is_gone(pid))


def test_a_decoder_that_hangs_is_given_up(
    pool: DecoderPool, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = pid_of(pool, photo, monkeypatch)
    os.kill(pid, signal.SIGSTOP)  # as a disk holds it up that does not answer
    monkeypatch.setattr(pools, "DECODE_SECONDS", 0.5)
    assert "was not decoded within" in problem(pool, photo)
    wait_until(lambda: is_gone(pid))
    monkeypatch.setattr(pools, "DECODE_SECONDS", PATIENCE_SECONDS)
    assert not problem(pool, photo)


def test_cancelling_waits_for_nothing(
    pool: DecoderPool, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = pid_of(pool, photo, monkeypatch)
    os.kill(pid, signal.SIGSTOP)
    images = prepare_images([photo] * 9, RECIPE, pool=pool, n_ahead=4)
    assert next(images) is None
    started = time.monotonic()
    images.close()
    assert time.monotonic() - started < PATIENCE_SECONDS / 2
    wait_until(lambda: is_gone(pid))
    assert not problem(pool, photo)  # none of those that were dropped is in its way


def test_a_job_that_is_cancelled_hears_of_it(
    pool: DecoderPool, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = pid_of(pool, photo, monkeypatch)
    os.kill(pid, signal.SIGSTOP)
    started = time.monotonic()
    with cancelled_when(lambda: True), pytest.raises(ReadCancelled):
        ask(pool, photo)
    assert time.monotonic() - started < PATIENCE_SECONDS / 2
    wait_until(lambda: is_gone(pid))


def test_who_waits_goes_before_what_is_decoded_ahead(
    pool: DecoderPool, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = pid_of(pool, photo, monkeypatch)
    os.kill(pid, signal.SIGSTOP)
    order: list[Task] = []
    monkeypatch.setattr(Task, "end", lambda task, found: order.append(task))
    request = preparing("prepare", photo, RECIPE)
    ahead = [pool.submit(photo, request, is_ahead=True) for _ in range(3)]
    wait_until(lambda: len(pool._running) == 1)
    wanted = pool.submit(photo, request)
    os.kill(pid, signal.SIGCONT)
    wait_until(lambda: len(order) == 4)
    assert order == [ahead[0], wanted, ahead[1], ahead[2]]


def test_closing_ends_what_hangs(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = DecoderPool(1)
    pid = pid_of(pool, photo, monkeypatch)
    os.kill(pid, signal.SIGSTOP)
    tasks = [pool.submit(photo, preparing("prepare", photo, RECIPE)) for _ in range(3)]
    pool.close()
    for task in tasks:
        with pytest.raises(ReadCancelled):
            task.result()
    wait_until(lambda: is_gone(pid) and not any(thread.is_alive() for thread in pool.threads))


def test_a_machine_without_decoders_is_no_picture_s_fault(
    pool: DecoderPool, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes.sys, "executable", "/nowhere/python")
    with pytest.raises(DecoderUnavailableError, match="can't start: No such file"):
        ask(pool, photo)


def test_a_decoder_that_fails_at_its_start_says_why(
    pool: DecoderPool, photo: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "numpy.py").write_text("raise ImportError('no numpy here')")
    monkeypatch.setattr(
        processes, "child_environment", lambda settings: {"PYTHONPATH": str(tmp_path)}
    )
    with pytest.raises(DecoderUnavailableError, match="no numpy here"):
        ask(pool, photo)


PARENT = """
import sys, time
from pathlib import Path
from core.images.formats import image_suffixes
from core.images.decoders.messages import preparing
from core.images.decoders.pool import DecoderPool
from core.images.preprocess import Preprocess
pool = DecoderPool(2)
path = Path(sys.argv[1])
tasks = [pool.submit(path, preparing("prepare", path, Preprocess())) for _ in range(40)]
assert not any(task.result()[0].problem for task in tasks)
print("decoded", flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_decoder_outlives_a_parent_that_is_killed(photo: Path, repository: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, photo], cwd=repository, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "decoded\n"
        tasks = Path(f"/proc/{parent.pid}/task").glob("*/children")
        children = [int(word) for task in tasks for word in task.read_text().split()]
        assert len(children) == 2
        os.kill(children[0], signal.SIGSTOP)  # one that could not notice by itself
        parent.kill()
    wait_until(lambda: all(map(is_dead, children)))


def is_dead(pid: int) -> bool:
    """Gone, or a zombie that nobody but the system can take away."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_postscript_starts_no_program(
    pool: DecoderPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.jpg").write_bytes(POSTSCRIPT)
    assert problem(pool, tmp_path / "a.jpg") == "'a.jpg' is no image: it is PostScript."
    assert [path.name for path in tmp_path.iterdir()] == ["a.jpg"]


def test_hostile_postscript_is_named(pool: DecoderPool, material: Callable[[str], Path]) -> None:
    paths = sorted(material("hostile/eps").iterdir())
    assert paths
    for path in paths:
        assert "PostScript" in problem(pool, path)
