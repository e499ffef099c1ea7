"""What a gallery's rows are, in a word: lists and collections made of others are of no use."""

from __future__ import annotations

import zlib
from hashlib import sha256

from core.retrieval.block_checksums import BLOCK_ROWS, crc_of, read_checksums
from core.retrieval.gallery import Gallery
from core.retrieval.gallery_contents import stamp_of
from core.retrieval.gallery_database import GalleryDatabase
from core.retrieval.gallery_rows import DESCRIPTORS_NAME
from core.retrieval.representations import representation_name


def content_of(gallery: Gallery, n_rows: int | None = None) -> str:
    """What tells that the recipe and the rows are the same: of these their checksums, or the file's
    size and time where it has none.

    n_rows: of the first rows alone, others being behind them; "" where this can't be told.
    """
    noted = {**gallery.recipe.to_json(), "preprocess": None}  # whose files may lie elsewhere now
    recipe = sha256(repr(sorted(noted.items())).encode()).hexdigest()[:16]
    stored = gallery.cosines.stored
    n_rows = len(stored) if n_rows is None else n_rows
    blocks = None
    if gallery.number == 0:
        with GalleryDatabase(gallery.folder).reading() as db:
            blocks = read_checksums(db, len(stored))
    if blocks is None:
        if n_rows < len(stored):
            return ""
        name = representation_name(gallery.number) if gallery.number else DESCRIPTORS_NAME
        stamp = stamp_of(gallery.folder / name)
        return f"{recipe} {n_rows} {stamp.n_bytes} {stamp.changed}"
    if n_rows < len(stored):
        whole = n_rows // BLOCK_ROWS
        blocks = {number: crc for number, crc in blocks.items() if number < whole}
        if n_rows % BLOCK_ROWS:  # its checksum of then is that of its first rows
            blocks[whole] = crc_of(stored[whole * BLOCK_ROWS : n_rows])
    return f"{recipe} {n_rows} {zlib.crc32(repr(sorted(blocks.items())).encode())}"
