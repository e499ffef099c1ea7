"""What a gallery's rows are, in a word: lists and collections made of others are of no use."""

from __future__ import annotations

import zlib
from hashlib import sha256

from core.retrieval.block_checksums import read_checksums
from core.retrieval.gallery import Gallery
from core.retrieval.gallery_contents import stamp_of
from core.retrieval.gallery_database import GalleryDatabase
from core.retrieval.gallery_rows import DESCRIPTORS_NAME
from core.retrieval.representations import representation_name


def content_of(gallery: Gallery) -> str:
    """What tells that the recipe and the rows are the same: of these their checksums, or the file's
    size and time where it has none."""
    noted = {**gallery.recipe.to_json(), "preprocess": None}  # whose files may lie elsewhere now
    recipe = sha256(repr(sorted(noted.items())).encode()).hexdigest()[:16]
    n_rows = len(gallery.cosines.stored)
    blocks = None
    if gallery.number == 0:
        with GalleryDatabase(gallery.folder).reading() as db:
            blocks = read_checksums(db, n_rows)
    if blocks is None:
        name = representation_name(gallery.number) if gallery.number else DESCRIPTORS_NAME
        stamp = stamp_of(gallery.folder / name)
        return f"{recipe} {n_rows} {stamp.n_bytes} {stamp.changed}"
    return f"{recipe} {n_rows} {zlib.crc32(repr(sorted(blocks.items())).encode())}"
