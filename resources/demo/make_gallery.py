"""Render the demo gallery: `python -m resources.demo.make_gallery` from the repository root."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from PIL import Image

from resources.demo.objects import OBJECTS
from resources.demo.scenes import picture

HERE = Path(__file__).resolve().parent
GALLERY_SEED = 2024
QUERY_SEED = 7
N_PER_GROUP = 12
SIDE = 160
SAMPLES = 3
QUALITY = 90
QUERIES = (("gear", 3), ("lighthouse", 1), ("mushroom", 0), ("rocket", 2))
"""Pictures of a series of their own, to search with from outside the gallery."""

Job = tuple[Path, str, int, int]


def gallery_jobs(folder: Path) -> Iterator[Job]:
    """File, kind, series and number of every picture."""
    for kind in OBJECTS:
        for number in range(N_PER_GROUP):
            yield (
                folder / "gallery" / kind / f"{kind}_{number + 1:02d}.jpg",
                kind,
                GALLERY_SEED,
                number,
            )
    for kind, number in QUERIES:
        yield folder / "queries" / f"{kind}.jpg", kind, QUERY_SEED, number


def write_picture(job: Job) -> Path:
    """Render one picture and write it as JPEG."""
    path, kind, seed, number = job
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(picture(kind, seed, number, SIDE, samples=SAMPLES))
    image.save(path, quality=QUALITY, subsampling=0, optimize=True)
    return path


def main() -> int:
    """Write gallery/ and queries/ beside this file, or under --out."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write into")
    arguments = parser.parse_args()
    jobs = list(gallery_jobs(arguments.out))
    with ProcessPoolExecutor() as pool:
        for done, path in enumerate(pool.map(write_picture, jobs, chunksize=4), start=1):
            print(f"\r{done} of {len(jobs)}  {path.name:24}", end="", file=sys.stderr)
    print(file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
