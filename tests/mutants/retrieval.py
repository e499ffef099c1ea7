"""Faults in search, evaluation, galleries, pictures and weights."""

from __future__ import annotations

from tests.mutants.mutation import Faults

EVALUATION = ("tests/core/retrieval/test_retrieval_evaluation.py",)
SEARCH = ("tests/core/retrieval/test_retrieval_search.py", *EVALUATION)
COSINES = ("tests/core/retrieval/test_exact_cosines.py",)
PROTOCOLS = (
    "tests/core/evaluation/test_protocols.py",
    "tests/core/evaluation/test_intervals.py",
)
AFTER = "tests/core/representations/test_after.py"
MEASURES = ("tests/core/measures/test_measures.py",)
GALLERY = (
    "tests/core/retrieval/test_gallery_store.py",
    "tests/core/retrieval/test_retrieval_indexing.py",
    "tests/core/retrieval/test_unfinished_galleries.py",
)
PICTURES = ("tests/core/images/test_image_preprocess.py",)
CHECKING = ("tests/core/images/test_image_decoding.py", "tests/core/images/test_jpeg_end.py")
BINDING = (
    "tests/core/weights/test_weights_binding.py",
    "tests/core/weights/test_repeated_names.py",
)

FAULTS = [
    Faults("core/evaluation/scores.py", *SEARCH)
    .plant(
        "ranks begin at 0",
        "np.flatnonzero(np.asarray(is_relevant, dtype=bool)) + 1",
        "np.flatnonzero(np.asarray(is_relevant, dtype=bool)) + 2",
    )
    .plant(
        "relevant images that the ranking misses are forgotten",
        "ranks.size if n_relevant is None else n_relevant",
        "ranks.size",
    )
    .plant(
        "a query without relevant images has AP 0",
        'return float("nan")\n    return float((np',
        "return 0.0\n    return float((np",
    )
    .plant(
        "precision at k divides by the length",
        "return float(np.count_nonzero(ranks <= k) / k)",
        "return float(np.count_nonzero(ranks <= k) / max(1, min(k, ranks.max(initial=0))))",
    )
    .plant(
        "R-precision takes one too many",
        "_precision_at(ranks, n_relevant) if",
        "_precision_at(ranks, n_relevant + 1) if",
    )
    .plant("the first wrong image counts from 0", "n_right_at_first + 1 if", "n_right_at_first if"),
    Faults("core/retrieval/search.py", *SEARCH)
    .plant("images without a label match", "if query_label is None:", "if query_label == '':")
    .plant("the query finds itself", "order = order[~np.isin(order, exclude)]", "pass")
    .plant(
        "a query of another dimension is taken",
        "if query.shape != (gallery.dimension,):",
        "if query.ndim != 1:",
    ),
    Faults("core/retrieval/duplicates.py", "tests/core/retrieval/test_duplicates.py")
    .plant("an image without a label stays", "labels[number] is None, number", "number")
    .plant("copies of the query are answers", "own is not None and own in others", "False"),
    Faults("core/retrieval/cosines.py", *COSINES)
    .plant(
        "scores are summed in float32",
        "else queries @ block.T\n",
        "else queries.astype(np.float32) @ block.T.astype(np.float32)\n",
    )
    .plant(
        "blocks overlap",
        "here = slice(start, start + n)",
        "here = slice(0, n)",
    )
    .plant("float32 sums are taken for exact", "len(self)))) - 2 * error", "len(self))))")
    .plant(
        "copies of the query itself are kept out too",
        "images[~np.isin(images, exclude)]",
        "images[1:]",
    )
    .plant("vectors keep their length", "products /= of_rows[here]", "pass")
    .plant("queries keep their length", "of_queries[:, None], out=", "1.0, out=")
    .plant("zeros have no cosine", "np.where(lengths == 0, 1.0, lengths)", "lengths")
    .plant(
        "scores stay in the order of the rows",
        "of_one[:n] = of_one[self._rows]",
        "pass",
    ),
    Faults("core/retrieval/relevant_ranks.py", *COSINES)
    .plant(
        "lowest first",
        "falling = np.where(bits >> 31, bits, ~(bits | np.uint32(1 << 31)))",
        "falling = bits",
    )
    .plant(
        "-0 and 0 are no tie",
        "(scores.astype(np.float32) + np.float32(0))",
        "(scores.astype(np.float32))",
    )
    .plant(
        "ties by falling number",
        "keys |= indices.astype(np.uint64)",
        "keys |= np.uint64(0xFFFFFFFF) - indices.astype(np.uint64)",
    )
    .plant(
        "ranks count the relevant images only",
        " + n_passed[bins[order[places]]] + 1",
        " + 1",
    )
    .plant(
        "images of a relevant one's bin are counted twice",
        "np.where(has_relevant, 0, counts)",
        "counts",
    )
    .plant("half of the ties are counted", "    in_tie[:-1] |= is_same\n", "")
    .plant("rounded scores are ties", "np.lexsort((-exact, number))", "np.arange(images.size)")
    .plant("the noise of sums decides", "<= _NOISE", "<= 0"),
    Faults("core/retrieval/copies.py", *COSINES).plant(
        "the query's own copy counts", "return self._n_shared > 2", "return self._n_shared > 0"
    ),
    Faults("core/retrieval/query_scores.py", *EVALUATION).plant(
        "the query is in its own ranking",
        "    scores[own] = _BEHIND\n",
        "",
    ),
    Faults("core/retrieval/evaluation.py", *EVALUATION)
    .plant("an image alone under its label is a query", "counts[label] > 1]", "counts[label] > 0]")
    .plant(
        "images without a label are a class",
        "[-1 if label is None else numbers[label]",
        "[0 if label is None else numbers[label]",
    )
    .plant(
        "the macro mean is the micro mean",
        "mean_ap_macro=float(np.mean([c.mean_ap for c in classes])),",
        "mean_ap_macro=float(precisions.mean()),",
    )
    .plant(
        "an odd number of labels passes",
        "if len(labels) != len(gallery):",
        "if len(labels) > len(gallery):",
    )
    .plant("copies are not counted", "n_ties=found.n_copies", "n_ties=0"),
    Faults("core/evaluation/intervals.py", *EVALUATION, *PROTOCOLS)
    .plant("the interval is of 90 %", "[2.5, 97.5]", "[5.0, 95.0]")
    .plant(
        "the interval follows the clock",
        "rng = np.random.default_rng(seed)\n    n_at_once = max(1, _AT_ONCE // values.size)",
        "rng = np.random.default_rng()\n    n_at_once = max(1, _AT_ONCE // values.size)",
    )
    .plant(
        "the observed order is not counted", "(n_as_far + 1) / (n_signs + 1)", "n_as_far / n_signs"
    )
    .plant("one side alone counts", "np.abs(signs @ differences)", "(signs @ differences)"),
    Faults("core/evaluation/trapezoid.py", *PROTOCOLS)
    .plant("junk takes a rank", "if item not in ignored]", "]")
    .plant("the first precision is 0", "np.where(ranks == 0, 1.0,", "np.where(ranks == 0, 0.0,")
    .plant("junk wins over relevant", "set(junk) - wanted", "set(junk)"),
    Faults("core/evaluation/revisited.py", *PROTOCOLS)
    .plant("hard images count as easy", "return easy, junk | hard", "return easy | hard, junk")
    .plant("precision at k is the textbook's", "most = min(last, k)", "most = k")
    .plant("junk takes a rank", "places - (np.cumsum(is_junk) - is_junk)[places]", "places")
    .plant(
        "a positive that is junk passes itself",
        "(np.cumsum(is_junk) - is_junk)[places]",
        "np.cumsum(is_junk)[places]",
    ),
    Faults("core/evaluation/ukbench.py", "tests/core/evaluation/test_official_measures.py").plant(
        "the query does not count", "ranking[:GROUP_SIZE]", "ranking[1 : GROUP_SIZE + 1]"
    ),
    Faults("core/evaluation/holidays.py", *PROTOCOLS).plant(
        "the query is its own answer", "if name != query and group_of", "if group_of"
    ),
    Faults("core/evaluation/sanity.py", *PROTOCOLS).plant(
        "nothing is misaligned", "cosines[best] - TOLERANCE", "cosines[best] - 9"
    ),
    Faults("core/representations/pca.py", AFTER)
    .plant(
        "too many dimensions pass unsaid", "dimension <= self.sensible", "dimension <= self.most"
    )
    .plant("axes of noise stay", "values > LEAST_EIGENVALUE * max(", "values > 0 * max(")
    .plant("whitening divides by the variance", "/ np.sqrt(self.eigenvalues", "/ (self.eigenvalues")
    .plant(
        "the mean stays in the spread",
        "self.n * np.outer(offset, offset)",
        "0 * np.outer(offset, offset)",
    ),
    Faults("core/representations/after.py", AFTER)
    .plant(
        "power after length",
        "unit_length(signed_power(exact) if self.has_power else exact)",
        "signed_power(unit_length(exact)) if self.has_power else unit_length(exact)",
    )
    .plant("no length at the end", "return unit_length(turned).astype", "return turned.astype")
    .plant(
        "zeros stand where the mean is", "turned[is_zero] = 0", "turned[is_zero] = turned[is_zero]"
    ),
    Faults("core/retrieval/expansion.py", "tests/core/retrieval/test_expansion.py")
    .plant(
        "a query finds itself",
        "exact[part], expansion.k, own[part])",
        "exact[part], expansion.k, [None] * len(own[part]))",
    )
    .plant("answers keep their length", "best = unit_length(np.asarray(", "best = (np.asarray("),
    Faults("core/measures/region_grid.py", *MEASURES)
    .plant("another overlap", "_WANTED_OVERLAP = 0.4", "_WANTED_OVERLAP = 0.6")
    .plant("levels are one off", "2 * short // (level + 1)", "2 * short // level")
    .plant("more of both ways", "more if height > width else 0", "more"),
    Faults("core/measures/places.py", *MEASURES)
    .plant("places do not weigh", "* of_places[:, None, :]", "* (of_places[:, None, :] > 0)")
    .plant("the prior is as wide as the map", "/ 2.0 / 3.0", "/ 2.0")
    .plant("regions keep their length", "if not with_mac:", "if with_mac:")
    .plant("no ReLU first", "exact = np.maximum(exact, 0.0)", "pass"),
    Faults("core/retrieval/absence.py", "tests/core/retrieval/test_absent_files.py")
    .plant("most may go", "len(missing) > MOST_SHARE * len(known)", "len(missing) > len(known)")
    .plant(
        "an error of the listing counts for its own folder only",
        "if any(one.is_loss for one in listing.skipped):",
        "if not listing:",
    )
    .plant(
        "files under a mount point are believed",
        "if name in absent_before and reasons[name] == _PLAIN:",
        "if name is None:",
    ),
    Faults("core/retrieval/gallery_rows.py", "tests/core/retrieval/test_damaged_descriptors.py")
    .plant("a block is taken for what it is", "wanted[number] == crc_of(block)", "True")
    .plant(
        "NaN is a descriptor",
        "bad = np.flatnonzero(~np.isfinite(block).all(axis=1))",
        "bad = np.zeros(0, np.int64)",
    ),
    Faults("core/retrieval/gallery_database.py", *GALLERY).plant(
        "a kill leaves half a change", 'db.execute("ROLLBACK")', 'db.execute("COMMIT")'
    ),
    Faults("core/retrieval/gallery_meta.py", *GALLERY).plant(
        "another format is read", "if schema not in READABLE:", "if schema == 77777:"
    ),
    Faults("core/retrieval/gallery_rows.py", *GALLERY).plant(
        "descriptors of another dimension are added",
        "if n_rows and dimension != descriptors.shape[1]:",
        "if n_rows < 0:",
    ),
    Faults("core/retrieval/gallery_store.py", *GALLERY)
    .plant(
        "a bad file keeps its old descriptor",
        'db.execute("DELETE FROM images WHERE path = ?", (problem.path,))',
        "pass",
    )
    .plant(
        "a mended file stays a problem",
        'db.execute("DELETE FROM problems WHERE path = ?", (image.path,))',
        "pass",
    )
    .plant(
        "a folder of something else is taken",
        "        if foreign:\n",
        "        if foreign and False:\n",
    )
    .plant(
        "rows count from the beginning again",
        "for row, image in enumerate(images, start=first):",
        "for row, image in enumerate(images, start=0):",
    )
    .plant(
        "a killed index has ended",
        'set_meta(db, "run", {"n_expected": n_expected, "has_ended": False})',
        'set_meta(db, "run", {"n_expected": n_expected, "has_ended": True})',
    )
    .plant(
        "outdated images count as done",
        "n_done = len(images) + len(problems) - n_outdated",
        "n_done = len(images) + len(problems)",
    ),
    Faults("core/images/resizing.py", *PICTURES).plant(
        "a picture of the right size is resized",
        "if image.size == (sizing.width, sizing.height):",
        "if image.size == (sizing.height, sizing.width):",
    ),
    Faults("core/images/preprocess.py", *PICTURES)
    .plant(
        "RGB takes the mean in BGR order",
        'return _red_and_blue_swapped(mean) if self.colour_order.startswith("RGB") else mean',
        "return mean",
    )
    .plant(
        "RGB takes the scale in BGR order",
        'return _red_and_blue_swapped(scale) if self.colour_order.startswith("RGB") else scale',
        "return scale",
    )
    .plant(
        "a crop larger than its side passes",
        "if recipe.width > recipe.side or recipe.height > side_height:",
        "if recipe.width > 10**9:",
    )
    .plant("a scale of 0 passes", "if 0 in scales:", "if False:")
    .plant(
        "a mean that is no number passes",
        "if not all(abs(number) <= _MOST_FLOAT32 for number in (*recipe.mean, *scales)):",
        "if False:",
    )
    .plant(
        "the digest forgets the mean image's content",
        "hashlib.sha256(mean_image_of(self.mean_image).tobytes())",
        "hashlib.sha256(b'')",
    ),
    Faults("core/images/mean_image.py", *PICTURES).plant(
        "a changed mean image is not read again",
        "    return _mean_image_as_of(path, changed_at(path))",
        "    return _mean_image_as_of(path, 0)",
    ),
    Faults("core/images/jpeg_end.py", CHECKING[1])
    .plant("bytes may wait for ever", "if any(waiting[_N_READ_AHEAD:]):", "if False:")
    .plant("restarts are not counted", "< scan.n_restarts:", "< 0:"),
    Faults("core/images/checking.py", *CHECKING)
    .plant(
        "no JPEG is cut off",
        "if not picture.is_cut:",
        "if True:",
    )
    .plant(
        "grey rows are counted from the top",
        "n_kept = int(coloured[-1]) + 1 if coloured.size else 0",
        "n_kept = int(coloured[0]) + 1 if coloured.size else 0",
    )
    .plant(
        "a whole JPEG with padding is cut off",
        "return n_zeros if is_suspect and find_jpeg_end(data) is None else 0",
        "return n_zeros if is_suspect else 0",
    ),
    Faults("core/weights/binding.py", *BINDING)
    .plant("wrong shapes bind", "        if wrong:\n", "        if wrong and False:\n")
    .plant(
        "a layer with one of two arrays is bound",
        "if row.is_complete and lacking:",
        "if row.is_complete and len(lacking) == len(keys):",
    )
    .plant(
        "unused layers go untold",
        "if layer.blobs and layer.name not in names)",
        "if layer.blobs and layer.name is None)",
    )
    .plant(
        "layers left to fillers are complete",
        "return not self.unbound and not self.wrong",
        "return not self.wrong",
    )
    .plant(
        "values are counted once a layer",
        "self.n_values += sum(blob.n_values for blob in source.blobs) if source else 0",
        "self.n_values += len(source.blobs) if source else 0",
    ),
    Faults(
        "core/retrieval/fit_at_hand.py",
        "tests/core/jobs/test_fitting.py",
        "tests/core/jobs/test_sweep_job.py",
    )
    .plant(
        "a set is fitted on that holds the very images",
        "len(self.files & files) <= MOST_SHARED * min(len(self.files), len(files))",
        "True",
    )
    .plant(
        "the smallest set is fitted on",
        "return max(found, key=lambda one: len(one.gallery), default=None)",
        "return min(found, key=lambda one: len(one.gallery), default=None)",
    ),
    Faults("core/retrieval/held_out.py", "tests/core/jobs/test_sweep_job.py").plant(
        "queries are of the labels that are fitted on",
        "tuple(label if label in measured else None for label in labels)",
        "tuple(labels)",
    ),
    Faults("core/retrieval/rank_moves.py", "tests/core/retrieval/test_benchmark_queries.py").plant(
        "junk takes a rank in moves",
        "return np.where((own == NOWHERE) | (other == NOWHERE), 0, own - other)",
        "return np.arange(1, own.size + 1) - self.in_second",
    ),
    Faults("core/retrieval/why_parts.py", "tests/core/retrieval/test_why.py")
    .plant(
        "joined layers carry what they would alone",
        "whole = math.sqrt(n_there) if len(rows) > 1 else 1.0",
        "whole = 1.0",
    )
    .plant(
        "shares beyond the finest grid are lost",
        "    others[0], others[-1] = min(others[0], edges[0]), max(others[-1], edges[-1])\n",
        "",
    ),
]
