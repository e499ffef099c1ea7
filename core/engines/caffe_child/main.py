"""The loop of the foreign Python: say what is here, then answer requests until the pipe closes.

Valid from Python 2.7 on; types stand in comments.
"""

import io
import json
import os
import platform
import signal
import sys
import traceback

from core import frames
from core.engines.caffe_child import files, machine, nets, programs, training

PROTOCOL = 1


def serve(mark, folder):
    # type: (bytes, Optional[bytes]) -> None
    """Take over the pipes, greet with a line that begins with `mark`, answer; never returns.

    folder: where nets name their files from; nothing that we import comes from there.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the program that started us
    requests, replies = _take_pipes()
    received = files.ReceivedFiles()
    try:
        greeting = dict(machine.describe(_import_caffe()), ready=PROTOCOL)
        _work_in(folder)
        _tell(replies, mark, greeting)
        child = Child(sys.modules["caffe"], received, replies)
        while True:
            child.answer(*frames.read_frame(requests))
    except (frames.StreamEnded, IOError, OSError):
        code = 0  # nobody listens any more
    except ImportError as error:
        _tell(replies, mark, dict(_interpreter(), failed="import", sentence=str(error)))
        code = 1
    except BaseException:
        traceback.print_exc()
        code = 1
    received.leave()
    os._exit(code)


class Child(object):
    """The open nets and what can be asked of them."""

    def __init__(self, caffe, received, replies):
        # type: (Any, files.ReceivedFiles, Any) -> None
        self._caffe = caffe
        self._received = received
        self._programs = programs.Programs()
        self._replies = replies
        self._nets = {}  # type: Dict[int, nets.CaffeNet]
        self._texts = {}  # type: Dict[int, str]
        self._trainings = {}  # type: Dict[int, training.CaffeTraining]
        self._next_net = 1

    def answer(self, request, arrays):
        # type: (Dict[str, Any], List[Any]) -> None
        """Do one request and write its reply; an exception becomes an error reply."""
        try:
            header, given = getattr(self, "_do_" + request["op"])(request, arrays)
        except Exception as error:
            sentence = "%s: %s" % (type(error).__name__, error)
            details = traceback.format_exc()
            header, given = {"error": {"sentence": sentence, "details": details}}, []
        frames.write_frame(self._replies, header, given)

    def _announce(self, layer_name):
        # type: (str) -> None
        try:
            frames.write_frame(self._replies, {"running": layer_name})
        except (IOError, OSError):
            self._received.leave()
            os._exit(0)

    def _do_add_file(self, request, arrays):
        # type: (Dict[str, Any], List[Any]) -> Answer
        return {"path": self._received.add(str(request["suffix"]))}, []

    def _do_append(self, request, arrays):
        # type: (Dict[str, Any], List[Any]) -> Answer
        self._received.append(str(request["path"]), arrays[0])
        return {}, []

    def _do_parse(self, request, arrays):
        # type: (Dict[str, Any], List[Any]) -> Answer
        """What this Caffe can't read in a text, "" if nothing; building it would abort."""
        try:
            from caffe.proto import caffe_pb2
            from google.protobuf import text_format
        except (ImportError, AttributeError):  # a pycaffe without its own schema
            return {"refused": ""}, []
        with io.open(str(request["text"]), encoding="utf-8") as stream:
            text = stream.read()
        try:
            text_format.Merge(text, caffe_pb2.NetParameter())
        except Exception as error:
            return {"refused": "%s" % (error,)}, []
        return {"refused": ""}, []

    def _do_find_programs(self, request, arrays):
        # type: (Dict[str, Any], List[Any]) -> Answer
        """The files that importing these modules would run; none is run."""
        return {"files": self._programs.describe(_modules(request["calls"]))}, []

    def _do_open(self, request, arrays):
        # type: (Dict[str, Any], List[Any]) -> Answer
        """Build a net; or say which programs are others than those agreed to, and build nothing."""
        text, weights = str(request["text"]), request["weights"] and str(request["weights"])
        calls = request["calls"]
        changed = self._programs.run(_modules(calls), request["agreed"])
        if changed:
            return {"changed": changed}, []
        programs.check_text(text, calls)
        for module, name, _ in calls:  # Caffe would lose the reason in a SystemError
            getattr(sys.modules[module], name)
        try:
            net = nets.CaffeNet(self._caffe, request, text, weights)
        finally:
            self._received.forget([weights])
        number = self._next_net
        self._next_net += 1
        self._nets[number], self._texts[number] = net, text
        return dict(net.describe(), net=number), []

    def _do_fill(self, request, arrays):
        # type: (Dict[str, Any], List[Any]) -> Answer
        self._nets[request["net"]].fill(request["layer"], request["indices"], arrays)
        return {}, []

    def _do_take(self, request, arrays):
        # type: (Dict[str, Any], List[Any]) -> Answer
        return {}, self._nets[request["net"]].take(request, arrays, self._announce)

    def _do_intervene(self, request, arrays):
        # type: (Dict[str, Any], List[Any]) -> Answer
        return self._nets[request["net"]].intervene(request, arrays, self._announce)

    def _do_run(self, request, arrays):
        # type: (Dict[str, Any], List[Any]) -> Answer
        return self._nets[request["net"]].run(request, arrays, self._announce), []

    def _do_gradients(self, request, arrays):
        # type: (Dict[str, Any], List[Any]) -> Answer
        number = request["net"]
        if "text" in request:
            self._received.forget([self._texts[number]])
            self._texts[number] = str(request["text"])
        return self._nets[number].gradients(request, arrays, self._announce)

    def _do_read(self, request, arrays):
        # type: (Dict[str, Any], List[Any]) -> Answer
        kept = self._nets[request["net"]].read(request["position"], request["blob"])
        return {}, [] if kept is None else [kept]

    def _do_train(self, request, arrays):
        # type: (Dict[str, Any], List[Any]) -> Answer
        """Build a solver and its net; no program of a user's runs in it."""
        programs.check_text(str(request["text"]), [])
        number = self._next_net
        self._next_net += 1
        self._trainings[number] = training.CaffeTraining(self._caffe, request)
        return {"net": number}, []

    def _do_iterate(self, request, arrays):
        # type: (Dict[str, Any], List[Any]) -> Answer
        return self._trainings[request["net"]].iterate(request, arrays), []

    def _do_read_training(self, request, arrays):
        # type: (Dict[str, Any], List[Any]) -> Answer
        return {}, self._trainings[request["net"]].read(request["what"])

    def _do_state(self, request, arrays):
        # type: (Dict[str, Any], List[Any]) -> Answer
        return {}, [self._trainings[request["net"]].state()]

    def _do_restore(self, request, arrays):
        # type: (Dict[str, Any], List[Any]) -> Answer
        self._trainings[request["net"]].restore(request["path"])
        self._received.forget([str(request["path"])])
        return {}, []

    def _do_add_test(self, request, arrays):
        # type: (Dict[str, Any], List[Any]) -> Answer
        programs.check_text(str(request["text"]), [])
        return {"test": self._trainings[request["net"]].add_test(request)}, []

    def _do_test(self, request, arrays):
        # type: (Dict[str, Any], List[Any]) -> Answer
        return {"told": self._trainings[request["net"]].test(request, arrays)}, []

    def _do_close(self, request, arrays):
        # type: (Dict[str, Any], List[Any]) -> Answer
        self._trainings.pop(request["net"], None)
        self._nets.pop(request["net"], None)
        self._received.forget([self._texts.pop(request["net"], None)])
        return {}, []


def _modules(calls):
    # type: (List[List[str]]) -> List[str]
    return [str(module) for module, _, _ in calls]


def _take_pipes():
    # type: () -> Tuple[Any, Any]
    """Keep both pipes for frames; whatever else prints goes to stderr, and reads nothing."""
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    return requests, replies


def _import_caffe():
    # type: () -> Any
    """Only errors are logged, unless the user has asked for more."""
    os.environ.setdefault("GLOG_minloglevel", "2")
    import caffe

    return caffe


def _work_in(folder):
    # type: (Optional[bytes]) -> None
    """Away from the folder where this process began, which is deleted now."""
    if folder is not None:
        try:
            os.chdir(folder)
        except OSError:  # not mounted where this Python runs
            os.chdir(os.sep)


def _tell(replies, mark, fields):
    # type: (Any, bytes, Dict[str, Any]) -> None
    replies.write(b"\n" + mark + json.dumps(fields).encode("utf-8") + b"\n")
    replies.flush()


def _interpreter():
    # type: () -> Dict[str, Any]
    return {"python": platform.python_version(), "executable": sys.executable or ""}


MYPY = False
if MYPY:
    from typing import Any, Dict, List, Tuple

    Answer = Tuple[Dict[str, Any], List[Any]]
