"""All kinds of bad and odd pictures, each made from the repository alone and always the same."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from tests.soak.bad_images.damage import DAMAGES
from tests.soak.bad_images.good import GOOD
from tests.soak.bad_images.lies import lies
from tests.soak.bad_images.strangers import PLACES, STRANGERS

Maker = Callable[[Path], None]
HEAVY_WORDS = (
    "64_megapixels bomb scans endless zeros spaces without_end sparse growing 100000 200_profiles"
    " many_ million flood kernel memory"
).split()


def bad_images() -> dict[str, Maker]:
    """Name of each kind -> what makes it at a path of that name; a few choose another name."""
    made: dict[str, Maker] = {}
    for name, content in {**lies(), **STRANGERS}.items():
        made[name] = partial(_write, content)
    for name, content in GOOD.items():
        stem, suffix = name.split(".")
        for damage in DAMAGES:
            made[f"{stem}_{damage}.{suffix}"] = partial(_write_damaged, content, damage)
    return {**made, **PLACES}


def quick_kinds() -> dict[str, Maker]:
    """Kinds that are made and read in no time: one damage of each way of storing, most lies."""
    every = bad_images()
    damages = list(DAMAGES)
    kept = {f"_{damages[n % len(damages)]}." + suffix: stem
            for n, (stem, suffix) in enumerate(name.split(".") for name in GOOD)}  # fmt: skip
    chosen = {f"{stem}{rest}" for rest, stem in kept.items()}
    alone = {*lies(), *STRANGERS, *PLACES}
    light = {name for name in alone if not any(word in name for word in HEAVY_WORDS)}
    return {name: make for name, make in every.items() if name in chosen | light}


def make_all(folder: Path, kinds: dict[str, Maker]) -> list[tuple[str, Path]]:
    """Make every kind in a folder of its own, so that each has its path: (kind, path)."""
    made = []
    for number, (name, make) in enumerate(kinds.items()):
        place = folder / f"{number:03}"
        place.mkdir(parents=True)
        make(place / name)
        made.append((name, next(iter(place.iterdir()))))
    return made


def remove_all(made: Sequence[tuple[str, Path]]) -> None:
    """Let a file that grows come to its end, and give the rest back to who clears the folder."""
    for _, path in made:
        if not path.is_symlink() and path.is_file():
            path.chmod(0o600)
            path.unlink()


def good_images(folder: Path, count: int) -> Iterator[Path]:
    """Some good ones beside them, so that there is something to find."""
    for number, (name, content) in enumerate(list(GOOD.items())[:count]):
        path = folder / f"good_{number}_{name}"
        path.write_bytes(content())
        yield path


def _write(content: Callable[[], bytes], path: Path) -> None:
    path.write_bytes(content())


def _write_damaged(content: Callable[[], bytes], damage: str, path: Path) -> None:
    path.write_bytes(DAMAGES[damage](content(), random.Random(path.name)))
