"""Runs in a Python 3 with real Caffe: how its own C++ reads, upgrades, filters and builds nets.

Standard library and caffe only. Reads JSON lines from standard input, one task each:
{"steps": ["tree", "upgrade", "build"], "text": base64, "states": {name: [phase, level, stages]}};
answers one JSON line a task. Each task has a forked child, since Caffe aborts on what it refuses.
"""

import base64
import ctypes
import json
import os
import resource
import signal
import sys
import tempfile
from pathlib import Path

N_MESSAGE_BYTES = 4096  # more than sizeof(caffe::NetParameter)
MEMORY_BYTES = 8 << 30
SECONDS = 60
ANSWER = "answer.json"


class CppString(ctypes.Structure):
    """std::string of libstdc++ with the characters outside of it."""

    _fields_ = [
        ("start", ctypes.c_char_p),
        ("length", ctypes.c_size_t),
        ("own", ctypes.c_char * 16),
    ]


def load_symbols():
    """Caffe's own functions, by their C++ names."""
    import caffe

    library = ctypes.CDLL(caffe._caffe.__file__)
    named = {
        "make_net": "_ZN5caffe12NetParameterC1EPN6google8protobuf5ArenaE",
        "make_solver": "_ZN5caffe15SolverParameterC1EPN6google8protobuf5ArenaE",
        "read_text": "_ZN5caffe21ReadProtoFromTextFileEPKcPN6google8protobuf7MessageE",
        "write_binary": "_ZN5caffe22WriteProtoToBinaryFileERKN6google8protobuf7MessageEPKc",
        "upgrade": "_ZN5caffe18UpgradeNetAsNeededERKNSt7__cxx1112basic_stringIcSt11char_traitsIcE"
        "SaIcEEEPNS_12NetParameterE",
        "filter": "_ZN5caffe3NetIfE9FilterNetERKNS_12NetParameterEPS2_",
    }
    found = {name: getattr(library, symbol) for name, symbol in named.items()}
    for function in found.values():
        function.restype = None
    found["read_text"].restype = ctypes.c_bool
    found["upgrade"].restype = ctypes.c_bool
    return found


class Reader:
    """One text, taken through the steps Caffe takes it through."""

    def __init__(self, symbols, task, folder):
        self.symbols = symbols
        self.task = task
        self.path = folder / "net.prototxt"
        self.binary = folder / "net.binaryproto"
        self.path.write_bytes(base64.b64decode(task["text"]))
        self.kind = "solver" if "solver" in task["steps"] else "net"

    def run(self):
        """Everything the task asks for."""
        message = self._new(self.kind)
        if not self.symbols["read_text"](bytes(self.path), message):
            return {"reads": False}
        answer = {"reads": True}
        if "tree" in self.task["steps"]:
            answer["tree"] = tree_of(self._as_python(message))
        if "upgrade" in self.task["steps"]:
            self._upgrade(message)
            upgraded = self._as_python(message)
            answer["upgraded"] = [describe(layer) for layer in upgraded.layer]
            if "trees" in self.task["steps"]:
                answer["upgraded_trees"] = [tree_of(layer) for layer in upgraded.layer]
            answer["states"] = {
                name: self._filtered(upgraded, *state)
                for name, state in self.task.get("states", {}).items()
            }
        if "build" in self.task["steps"]:
            answer["net"] = self._build()
        return answer

    def _new(self, kind):
        message = ctypes.create_string_buffer(N_MESSAGE_BYTES)
        self.symbols["make_" + kind](message, None)
        return message

    def _upgrade(self, message):
        name = b"net"
        path = CppString(name, len(name), b"")
        if not self.symbols["upgrade"](ctypes.byref(path), message):
            sys.stderr.write("upgrade reported an error\n")

    def _as_python(self, message):
        from caffe.proto import caffe_pb2

        self.symbols["write_binary"](message, bytes(self.binary))
        made = caffe_pb2.SolverParameter() if self.kind == "solver" else caffe_pb2.NetParameter()
        made.ParseFromString(self.binary.read_bytes())
        return made

    def _filtered(self, upgraded, phase, level, stages):
        """Names of the layers Net::FilterNet keeps."""
        from google.protobuf import text_format

        asked = type(upgraded)()
        asked.CopyFrom(upgraded)
        asked.state.phase = {"TRAIN": 0, "TEST": 1}[phase]
        asked.state.level = level
        asked.state.stage.extend(stages)
        text = self.path.with_name("state.prototxt")
        text.write_text(text_format.MessageToString(asked), encoding="utf-8")
        before, after = self._new("net"), self._new("net")
        self.symbols["read_text"](bytes(text), before)
        self.symbols["filter"](before, after)
        return [layer.name for layer in self._as_python(after).layer]

    def _build(self):
        import caffe

        phase, level, stages = self.task.get("state", ["TEST", 0, []])
        net = caffe.Net(str(self.path), getattr(caffe, phase), level, stages or None)
        return {
            "layers": [str(name) for name in net._layer_names],
            "types": [layer.type for layer in net.layers],
            "inputs": list(net.inputs),
            "outputs": list(net.outputs),
            "blobs": {name: list(blob.shape) for name, blob in net.blobs.items()},
            "parameters": {
                name: [list(blob.shape) for blob in blobs] for name, blobs in net.params.items()
            },
        }


def describe(layer):
    """Name, type, bottoms and tops of an upgraded layer."""
    return [layer.name, layer.type, list(layer.bottom), list(layer.top)]


def tree_of(message):
    """Fields that are set, in the schema's order, with every value as protobuf holds it."""
    rows = []
    for field, value in message.ListFields():
        values = value if field.label == field.LABEL_REPEATED else [value]
        if field.message_type is not None:
            rows.append([field.name, [tree_of(part) for part in values]])
        elif field.enum_type is not None:
            rows.append([field.name, [field.enum_type.values_by_number[v].name for v in values]])
        else:
            shown = [repr(v) if isinstance(v, (float, bytes)) else v for v in values]
            rows.append([field.name, shown])
    return rows


def answer_in_fork(symbols, task):
    """The answer of a forked child; what it printed when it died."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as log:
        child = os.fork()
        if child == 0:
            run_child(symbols, task, Path(folder), log)
        os.waitpid(child, 0)
        log.seek(0)
        said = log.read().decode("utf-8", "replace")
        answers = Path(folder) / ANSWER
        answer = json.loads(answers.read_text()) if answers.exists() else {"reads": None}
        answer["log"] = said[-1500:]
        return answer


def run_child(symbols, task, folder, log):
    """Never returns."""
    os.dup2(log.fileno(), 2)
    os.dup2(log.fileno(), 1)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(SECONDS)
    os.chdir(folder)
    try:
        answer = json.dumps(Reader(symbols, task, folder).run())
        (folder / ANSWER).write_text(answer)
    except BaseException as error:  # the fork must not return into the parent's loop
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        sys.stderr.flush()
    os._exit(0)


def main():
    """Answer every task of standard input."""
    symbols = load_symbols()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer_in_fork(symbols, json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
