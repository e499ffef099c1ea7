"""One net in Caffe: built from files, fed, stepped layer by layer, read between the steps.

Valid from Python 2.7 on; types stand in comments. Blobs and layers are named by their number,
because names repeat ("(automatic)" tops, layers of the same name).
"""

import time

import numpy as np

from core.engines.overwriting import moved, overwrite
from core.measures.formulas import apply_formula

INPUTS = -1
"""The position of a value before any layer has run."""
RECURRENT = ("LSTM", "RNN")
"""Types that carry a state from one pass into the next."""


class CaffeNet(object):
    """A net on one device. Mode and device are per thread, and another net may have another."""

    def __init__(self, caffe, request, text_path, weights_path):
        # type: (Any, Dict[str, Any], str, Optional[str]) -> None
        self._caffe = caffe
        self._gpu = request["gpu"]  # type: Optional[int]
        self._seed = int(request["seed"]) % 2**32
        self._kept = {}  # type: Dict[Tuple[int, int], np.ndarray]
        self._arguments = (caffe, text_path, request["phase"], request["level"])
        self._choose_device()
        self._net = _build(*self._arguments)
        self._carries_state = any(_text(layer.type) in RECURRENT for layer in self._net.layers)
        self._is_new = True
        if weights_path:
            self._net.copy_from(weights_path)

    def describe(self):
        # type: () -> Dict[str, Any]
        """Every layer and blob in Caffe's order, the Split layers it inserts included."""
        names = list(self._net._layer_names)
        layers = [
            {
                "name": _text(names[i]),
                "type": _text(layer.type),
                "tops": self._tops(i),
                "parameters": [list(blob.data.shape) for blob in layer.blobs],
            }
            for i, layer in enumerate(self._net.layers)
        ]
        blobs = zip(self._net._blob_names, self._net._blobs)
        described = [[_text(name), list(blob.data.shape)] for name, blob in blobs]
        return {"layers": layers, "blobs": described}

    def fill(self, layer, indices, arrays):
        # type: (int, List[int], List[np.ndarray]) -> None
        """Give some parameters of a layer their values; whoever shares them gets them too."""
        blobs = self._net.layers[layer].blobs
        for index, array in zip(indices, arrays):
            blobs[index].data[...] = array.reshape(blobs[index].data.shape)

    def take(self, request, arrays, announce):
        # type: (Dict[str, Any], List[np.ndarray], Any) -> List[np.ndarray]
        """One pass; the values at request["takes"], measured where a formula is named."""
        taken = {}  # type: Dict[int, np.ndarray]

        def look(position):
            # type: (int) -> None
            for number in wanted.get(position, ()):
                _, blob, formula = takes[number]
                taken[number] = _taken(self._net._blobs[blob].data, formula)

        takes = request["takes"]
        wanted = _by_position(takes)
        self._pass(request, arrays, announce, look)
        return [taken[number] for number in range(len(takes))]

    def run(self, request, arrays, announce):
        # type: (Dict[str, Any], List[np.ndarray], Any) -> Dict[str, Any]
        """One pass that keeps the values at request["takes"] for read()."""
        kept = {}  # type: Dict[Tuple[int, int], np.ndarray]

        def look(position):
            # type: (int) -> None
            for number in wanted.get(position, ()):
                blob = takes[number][1]
                kept[position, blob] = _taken(self._net._blobs[blob].data, None)

        takes = request["takes"]
        wanted = _by_position(takes)
        self._kept = {}
        seconds = self._pass(request, arrays, announce, look)
        self._kept = kept
        kept_bytes = sum(array.nbytes for array in kept.values())
        return {"seconds": seconds, "kept_bytes": kept_bytes, "layers": self._layer_seconds}

    def gradients(self, request, arrays, announce):
        # type: (Dict[str, Any], List[np.ndarray], Any) -> Tuple[Dict[str, Any], List[np.ndarray]]
        """One pass and back: gradients of request["wants"], then of learned arrays, then values.

        A blob's diff belongs to the version that is about to go back, so each is looked at then;
        what is not reached keeps the 0 that all begin with.
        """
        if "text" in request:
            self._rebuild(str(request["text"]))
        n_inputs = len(request["inputs"])
        read = {}  # type: Dict[int, np.ndarray]

        def look(position):
            # type: (int) -> None
            if position == INPUTS:  # not later: a HingeLoss keeps in a diff what it goes back by
                self._clear_diffs(steps, request["of"])
            for number in read_at.get(position, ()):
                blob = request["reads"][number][1]
                read[number] = _taken(self._net._blobs[blob].data, None)

        read_at = _by_position(request["reads"])
        steps = [layer for layer, _ in request["steps"]]
        self._pass(request, arrays[:n_inputs], announce, look)
        wants, norms = self._go_back(steps, request, arrays[n_inputs:])
        learned = [
            [np.array(blob.diff, np.float32) for blob in self._net.layers[layer].blobs]
            for layer in request["learned"]
            if layer >= 0
        ]
        counts = iter([len(of_layer) for of_layer in learned])
        header = {
            "n_arrays": [next(counts) if layer >= 0 else 0 for layer in request["learned"]],
            "norms": norms,
        }
        flat = [array for of_layer in learned for array in of_layer]
        return header, wants + flat + [read[number] for number in range(len(read))]

    def _clear_diffs(self, steps, of):
        # type: (List[int], List[List[int]]) -> None
        """Learned arrays add up over passes, and nobody clears what no layer writes."""
        numbers = {blob for _, blob in of}
        for layer in steps:
            numbers.update(int(n) for n in self._net._top_ids(layer))
            numbers.update(int(n) for n in self._net._bottom_ids(layer))
            for blob in self._net.layers[layer].blobs:
                blob.diff[...] = 0
        for number in numbers:
            self._net._blobs[number].diff[...] = 0

    def _go_back(self, steps, request, diffs):
        # type: (List[int], Dict[str, Any], List[np.ndarray]) -> Tuple[List[Any], List[float]]
        blobs = self._net._blobs
        found = {}  # type: Dict[int, np.ndarray]
        lengths = {}  # type: Dict[int, float]
        of_at, want_at, norm_at = [_by_position(request[k]) for k in ("of", "wants", "norms")]
        guided = set(request["guided"])
        order = sorted(steps, reverse=True)
        order.append(INPUTS)
        for layer in order:
            for number in of_at.get(layer, ()):
                diff = blobs[request["of"][number][1]].diff
                diff[...] += _as_shaped(diffs[number], diff.shape)
            for number in want_at.get(layer, ()):
                found[number] = _taken(blobs[request["wants"][number][1]].diff, None)
            for number in norm_at.get(layer, ()):
                flat = np.array(blobs[request["norms"][number][1]].diff, np.float64)
                lengths[number] = float(np.sqrt(np.square(flat).sum()))
            if layer in guided:
                for blob in self._net._top_ids(layer):
                    np.maximum(blobs[int(blob)].diff, 0, out=blobs[int(blob)].diff)
            if layer != INPUTS:
                self._net._backward(layer, layer)
        return [found[n] for n in range(len(found))], [lengths[n] for n in range(len(lengths))]

    def _rebuild(self, text_path):
        # type: (str) -> None
        """From another text of the same layers, with the arrays that they have now."""
        self._choose_device()
        _, _, phase, level = self._arguments
        self._arguments = (self._caffe, text_path, phase, level)
        before, self._net = self._net, _build(*self._arguments)
        _copy_arrays(before, self._net)
        self._is_new = True

    def read(self, position, blob):
        # type: (int, int) -> Optional[np.ndarray]
        """A value of the last run, None when that did not keep it."""
        return self._kept.get((position, blob))

    def intervene(self, request, arrays, announce):
        # type: (Dict[str, Any], List[np.ndarray], Any) -> Tuple[Dict[str, Any], List[np.ndarray]]
        """One pass in which values are written over right after their layers.

        request: "restores", [position, blob] of values that are put back as the last run kept them,
        as "copies" images; "writes", [position, blob, change, array or None]; "shared", [position,
        blob] of values whose memory has other names; "befores", [layer, position, blob] of those
        that are put back before a layer reads them; "moves", [position, blob] to hold against what
        the last run kept. Arrays: those of "inputs", then those of "writes".
        """
        n_inputs, copies = len(request["inputs"]), request["copies"]
        put, taken, differing = arrays[n_inputs:], {}, []  # type: Any, Dict[int, Any], List[Any]
        shared = {}  # type: Dict[Tuple[int, int], np.ndarray]
        restores, writes = _at(request["restores"]), _at(request["writes"])
        wanted, remembered = _by_position(request["takes"]), _at(request["shared"])
        moves = _by_position(request["moves"])
        befores = _at(request["befores"])

        def prepare(layer):
            # type: (int) -> None
            for _, position, blob in befores.get(layer, ()):
                self._net._blobs[blob].data[...] = shared[position, blob]

        def look(position):
            # type: (int) -> None
            for _, blob in restores.get(position, ()):
                kept = self._kept[position, blob]
                batch = kept if copies == 1 else np.repeat(kept, copies, axis=0)
                self._feed([blob], [batch])
            for _, blob, change, number in writes.get(position, ()):
                array = None if number is None else put[number]
                overwrite(self._net._blobs[blob].data, change, array)
            for _, blob in remembered.get(position, ()):
                shared[position, blob] = _taken(self._net._blobs[blob].data, None)
            for number in wanted.get(position, ()):
                _, blob, pooling = request["takes"][number]
                taken[number] = _taken(self._net._blobs[blob].data, pooling)
            for number in moves.get(position, ()):
                blob = request["moves"][number][1]
                before = self._kept.get((position, blob))
                after = _taken(self._net._blobs[blob].data, None)
                how = None if before is None else moved(before, after)
                if how is not None:
                    differing.append([number, how[0], how[1]])

        seconds = self._pass(request, arrays[:n_inputs], announce, look, prepare)
        given = [taken[number] for number in range(len(request["takes"]))]
        return {"seconds": seconds, "moved": differing}, given

    def _pass(self, request, arrays, announce, look, prepare=None):
        # type: (Dict[str, Any], List[np.ndarray], Any, Any, Any) -> float
        """Step through the layers asked for and return the seconds Caffe took.

        Every layer reshapes its tops just before it runs, so that layers that are not asked for
        never see the new shapes. On a GPU a step returns early; the look at its result waits.
        """
        self._choose_device()
        self._forget_state()
        self._feed(request["inputs"], arrays)
        look(INPUTS)
        seconds = 0.0
        self._layer_seconds = {}
        for layer, name in request["steps"]:
            if name is None:  # not run: what was written there before is looked at
                look(layer)
                continue
            if name:
                announce(name)
            if prepare is not None:
                prepare(layer)
            start = time.time()
            self._net._forward(layer, layer)
            taken = time.time() - start
            look(layer)
            if self._gpu is not None:
                taken = time.time() - start
            seconds += taken
            if name:
                self._layer_seconds[name] = taken
        return seconds

    def _forget_state(self):
        # type: () -> None
        """Every pass begins anew: only a net just built has no state of an earlier one."""
        if self._carries_state and not self._is_new:
            before, self._net = self._net, _build(*self._arguments)
            _copy_arrays(before, self._net)
        self._is_new = False

    def _feed(self, blobs, arrays):
        # type: (List[int], List[np.ndarray]) -> None
        for number, array in zip(blobs, arrays):
            blob = self._net._blobs[number]
            if tuple(blob.data.shape) != tuple(array.shape):
                blob.reshape(*[int(size) for size in array.shape])
            blob.data[...] = array

    def _choose_device(self):
        # type: () -> None
        """And the same random numbers for every build and every pass."""
        if self._gpu is None:
            self._caffe.set_mode_cpu()
        else:
            self._caffe.set_device(self._gpu)
            self._caffe.set_mode_gpu()
        if hasattr(self._caffe, "set_random_seed"):
            self._caffe.set_random_seed(self._seed)

    def _tops(self, layer):
        # type: (int) -> Optional[List[int]]
        """Numbers of the blobs a layer writes; None for a pycaffe too old to tell."""
        if not hasattr(self._net, "_top_ids"):
            return None
        return [int(number) for number in self._net._top_ids(layer)]


def _build(caffe, text_path, phase, level):
    # type: (Any, str, str, int) -> Any
    """The text itself says stages and level; newer Caffes want the level said again."""
    number = caffe.TRAIN if phase == "TRAIN" else caffe.TEST
    if level:
        try:
            return caffe.Net(text_path, number, level=level)
        except TypeError:  # Boost.Python: no constructor takes a level
            pass
    return caffe.Net(text_path, number)


def _copy_arrays(before, after):
    # type: (Any, Any) -> None
    for old, new in zip(before.layers, after.layers):
        for old_blob, new_blob in zip(old.blobs, new.blobs):
            new_blob.data[...] = old_blob.data


def _as_shaped(diff, shape):
    # type: (np.ndarray, Any) -> np.ndarray
    """One number stands for all values."""
    if diff.size == 1:
        return diff.reshape(())
    if diff.size != int(np.prod(shape)):
        raise ValueError("A diff of shape %s does not fit a value of %s." % (diff.shape, shape))
    return diff.reshape(shape)


def _taken(values, formula):
    # type: (np.ndarray, Optional[List[Any]]) -> np.ndarray
    """A copy, because Caffe writes there again, or what a formula makes of it."""
    if formula is None:
        return np.array(values, dtype=np.float32, order="C")
    found = apply_formula(values, formula)
    return found.copy() if np.may_share_memory(found, values) else found


def _at(rows):
    # type: (List[Any]) -> Dict[int, List[Any]]
    found = {}  # type: Dict[int, List[Any]]
    for row in rows:
        found.setdefault(row[0], []).append(row)
    return found


def _by_position(takes):
    # type: (List[Any]) -> Dict[int, List[int]]
    wanted = {}  # type: Dict[int, List[int]]
    for number, take in enumerate(takes):
        wanted.setdefault(take[0], []).append(number)
    return wanted


def _text(name):
    # type: (Any) -> Any
    """A name as JSON can carry it: bytes in Python 2."""
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else name


MYPY = False
if MYPY:
    from typing import Any, Dict, List, Optional, Tuple  # noqa: F401 - for the type comments
