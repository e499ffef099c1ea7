"""One solver in Caffe: fed pass by pass, stepped one iteration at a time, tested and kept.

Valid from Python 2.7 on; types stand in comments.
"""

import os

import numpy as np


class CaffeTraining(object):
    """A solver with its net; the net takes its batches from us, whatever its text said."""

    def __init__(self, caffe, request):
        # type: (Any, Dict[str, Any]) -> None
        self._caffe = caffe
        self._gpu = request["gpu"]  # type: Optional[int]
        self._choose_device()
        self._solver = caffe.get_solver(str(request["solver"]))
        self._net = self._solver.net
        self._net.copy_from(str(request["weights"]))
        self._prefix = str(request["prefix"])
        self._losses, self._outputs = request["losses"], request["outputs"]
        numbers = {}  # type: Dict[Any, int]
        for number, name in enumerate(self._net._layer_names):
            numbers.setdefault(_text(name), number)
        self._blobs = [
            self._net.layers[numbers[layer]].blobs[index] for layer, index in request["learned"]
        ]
        self._tests = []  # type: List[Any]
        self._waiting = []  # type: List[Dict[Any, Any]]
        self._passes = []  # type: List[Any]
        self._first = []  # type: List[Any]
        self._updates = []  # type: List[Any]
        self._squares, self._is_running = 0.0, False
        self._has_hooks = hasattr(self._net, "before_forward")
        if self._has_hooks:
            self._net.before_forward(self._before_layer)
        if hasattr(self._solver, "add_callback"):
            self._solver.add_callback(_nothing, self._look_at_gradients)

    def iterate(self, request, arrays):
        # type: (Dict[str, Any], List[Any]) -> Dict[str, Any]
        """One iteration over request["n_batches"] batches of request["inputs"]."""
        names, n_batches = request["inputs"], request["n_batches"]
        if n_batches > 1 and not self._has_hooks:
            raise ValueError("this pycaffe can't be given another batch within an iteration")
        self._choose_device()
        starts = range(0, n_batches * len(names), len(names)) if names else [0] * n_batches
        self._waiting = [dict(zip(names, arrays[i : i + len(names)])) for i in starts]
        self._passes, self._first, self._updates, self._squares = [], [], [], 0.0
        if not self._has_hooks:
            _feed(self._net, self._waiting.pop(0))
        is_first, self._is_running = self._solver.iter == 0, False
        self._solver.step(1)
        self._passes.append(self._told(self._net))
        if is_first:
            self._updates = self._diffs()
        return {"passes": self._passes, "squares": self._squares}

    def read(self, what):
        # type: (str) -> List[Any]
        """The weights, or what the first iteration found and subtracted."""
        if what == "weights":
            return [np.array(blob.data, np.float32) for blob in self._blobs]
        return self._first if what == "first_gradients" else self._updates

    def state(self):
        # type: () -> Any
        """The bytes of a .solverstate of now."""
        self._solver.snapshot()
        written = "%s_iter_%d" % (self._prefix, self._solver.iter)
        try:
            with open(written + ".solverstate", "rb") as stream:
                return np.frombuffer(stream.read(), np.uint8)
        finally:
            for suffix in (".solverstate", ".caffemodel"):
                if os.path.exists(written + suffix):
                    os.remove(written + suffix)

    def restore(self, path):
        # type: (str) -> None
        """Go on from a .solverstate."""
        self._choose_device()
        self._solver.restore(str(path))

    def add_test(self, request):
        # type: (Dict[str, Any]) -> int
        """Build a net that shares the arrays of this one; its number."""
        self._choose_device()
        net = self._caffe.Net(str(request["text"]), self._caffe.TEST)
        if request["weights"]:
            net.copy_from(str(request["weights"]))
        net.share_with(self._net)
        self._tests.append((net, request["losses"], request["outputs"]))
        return len(self._tests) - 1

    def test(self, request, arrays):
        # type: (Dict[str, Any], List[Any]) -> Any
        """One pass of a test net."""
        self._choose_device()
        net, losses, outputs = self._tests[request["test"]]
        _feed(net, dict(zip(request["inputs"], arrays)))
        net._forward(0, len(net.layers) - 1)
        return _told(net, losses, outputs)

    def _before_layer(self, number):
        # type: (int) -> None
        """Caffe calls this in each pass before each layer runs."""
        if number or not self._waiting:
            return
        if self._is_running:
            self._passes.append(self._told(self._net))
        self._is_running = True
        _feed(self._net, self._waiting.pop(0))

    def _look_at_gradients(self):
        # type: () -> None
        """Caffe calls this once gradients are summed, before they are clipped and applied."""
        self._squares = float(
            sum(np.square(np.asarray(blob.diff, np.float64)).sum() for blob in self._blobs)
        )
        if self._solver.iter == 0:
            self._first = self._diffs()

    def _diffs(self):
        # type: () -> List[Any]
        return [np.array(blob.diff, np.float32) for blob in self._blobs]

    def _told(self, net):
        # type: (Any) -> Any
        return _told(net, self._losses, self._outputs)

    def _choose_device(self):
        # type: () -> None
        if self._gpu is None:
            self._caffe.set_mode_cpu()
        else:
            self._caffe.set_device(self._gpu)
            self._caffe.set_mode_gpu()


def _feed(net, batch):
    # type: (Any, Dict[Any, Any]) -> None
    for name, array in batch.items():
        blob = net.blobs[name]
        if tuple(blob.data.shape) != tuple(array.shape):
            raise ValueError("'%s' is %s here" % (name, tuple(blob.data.shape)))
        blob.data[...] = array


def _told(net, losses, outputs):
    # type: (Any, List[Any], List[Any]) -> Any
    """The weighted loss, and each output as a list of numbers; long ones are left out."""
    loss = sum(
        weight * float(np.asarray(net.blobs[blob].data, np.float64).sum())
        for blob, weight in losses
    )
    told = {}
    for blob in outputs:
        values = net.blobs[blob].data
        if values.size <= 100:
            told[blob] = [float(value) for value in np.ravel(values)]
    return [loss, told]


def _nothing():
    # type: () -> None
    pass


def _text(name):
    # type: (Any) -> Any
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else name


MYPY = False
if MYPY:
    from typing import Any, Dict, List, Optional  # noqa: F401 - for the type comments
