"""The files that Python layers name: found without running any, and run as they were agreed to.

Valid from Python 2.7 on; types stand in comments. Python's own finders import the packages above a
module to find it, so the search is ours: each entry of the path, a package before a module, and
suffixes in Python's own order. What the user has agreed to is compiled from the very bytes that
were compared; no file is read a second time, and no .pyc stands in for one.
"""

import hashlib
import importlib
import os
import re
import stat
import sys
import types

try:
    from importlib import machinery, util

    _SUFFIXES = [(suffix, False) for suffix in machinery.EXTENSION_SUFFIXES]
    _SUFFIXES += [(suffix, True) for suffix in machinery.SOURCE_SUFFIXES]
    _SUFFIXES += [(suffix, False) for suffix in machinery.BYTECODE_SUFFIXES]
except ImportError:  # Python 2
    import imp

    util = None
    _SUFFIXES = [(row[0], row[2] == imp.PY_SOURCE) for row in imp.get_suffixes()]

MAX_BYTES = 64 * 1024 * 1024
SOURCE, COMPILED, FOLDER = "source", "compiled", "folder"
LOADED, BUILT_IN, UNREADABLE, MISSING = "loaded", "built-in", "unreadable", "missing"


class Programs(object):
    """Finds modules, and remembers which it has imported itself."""

    def __init__(self):
        # type: () -> None
        self._ours = {}  # type: Dict[str, Tuple[str, str]]

    def describe(self, modules):
        # type: (List[str]) -> List[Dict[str, Any]]
        """Each file that importing the modules would run, packages before what lies in them."""
        return [found.row for found in self._find_all(modules)]

    def run(self, modules, agreed):
        # type: (List[str], List[Dict[str, Any]]) -> List[Dict[str, Any]]
        """Import the modules if their files still are what was agreed to; else [] and nothing.

        agreed: rows of `describe`. Raises what the programs raise, ImportError for one not found.
        """
        found = self._find_all(modules)
        rows = [one.row for one in found]
        if [_content(row) for row in rows] != [_content(row) for row in agreed]:
            return rows
        if "" not in sys.path:
            sys.path.append("")  # what they import in turn may lie beside the net
        for one in found:
            self._import(one)
        return []

    def _find_all(self, modules):
        # type: (List[str]) -> List[Found]
        found = {}  # type: Dict[str, Found]
        order = []
        for module in modules:
            above = None
            for name in _with_packages(module):
                if name not in found:
                    found[name] = self._find(name, above)
                    order.append(found[name])
                above = found[name]
        return order

    def _find(self, name, above):
        # type: (str, Optional[Found]) -> Found
        last = name.rpartition(".")[2]
        if not re.match(r"[^\W\d]\w*$", last, re.UNICODE):
            return Found(name, MISSING)
        if sys.modules.get(name) is not None and name not in self._ours:
            return _loaded(name)
        if above is None and name in sys.builtin_module_names:
            return Found(name, BUILT_IN)
        return _search(name, last, _path() if above is None else above.folders)

    def _import(self, found):
        # type: (Found) -> None
        name, kind = found.row["module"], found.row["kind"]
        content = (found.row["path"], found.row["sha256"])
        if kind == SOURCE:
            if self._ours.pop(name, None) != content or name not in sys.modules:
                _execute(name, found)
            self._ours[name] = content
        elif kind == FOLDER:
            if name not in sys.modules:
                self._ours[name] = content
                _install(name, types.ModuleType(name)).__path__ = found.folders
        elif kind in (COMPILED, BUILT_IN):
            importlib.import_module(name)
        elif kind != LOADED:
            raise ImportError("No module named '%s'" % name)


class Found(object):
    """One module: what is told of it, its folders if it is a package, its source."""

    def __init__(self, name, kind, path="", folders=None, status=None, content=b""):
        # type: (str, str, str, Optional[List[str]], Any, bytes) -> None
        self.folders = folders or []
        self.is_package = folders is not None
        self.content = content
        self.row = {
            "module": name,
            "kind": kind,
            "path": path,
            "sha256": hashlib.sha256(content).hexdigest() if status else "",
            "n_bytes": len(content),
            "changed": float(status.st_mtime) if status else 0.0,
        }


def check_text(path, calls):
    # type: (str, List[List[str]]) -> None
    """Refuse a text in which Caffe's own parser sees a Python layer that nobody has agreed to.

    It may read a text otherwise than we did. Where it can't be asked, the field that every such
    layer needs must not stand there at all; a field's name has one spelling.
    """
    with open(path, "rb") as stream:
        text = stream.read().decode("utf-8")
    if "python_param" not in text:
        return
    agreed = {tuple(call) for call in calls}
    seen = _python_layers(text)
    if not (agreed if seen is None else agreed.issuperset(seen)):
        raise ValueError("Caffe reads a Python layer in this net that nobody has agreed to run")


def _python_layers(text):
    # type: (Any) -> Optional[List[Tuple[str, str, str]]]
    """Module, class and parameters of each, as Caffe's schema has it; None where it is not here."""
    try:
        from caffe.proto import caffe_pb2
        from google.protobuf import text_format

        net = text_format.Merge(text, caffe_pb2.NetParameter())
    except Exception:
        return None
    layers = [layer for layer in net.layer if layer.type == "Python"]
    params = [layer.python_param for layer in layers]
    return [(param.module, param.layer, param.param_str) for param in params]


def _with_packages(module):
    # type: (str) -> List[str]
    """ "a.b.c" -> a, a.b, a.b.c."""
    parts = module.split(".")
    return [".".join(parts[: n + 1]) for n in range(len(parts))]


def _path():
    # type: () -> List[str]
    """The current folder last, as it will stand when programs run."""
    path = list(sys.path)
    path.append("")
    return path


def _loaded(name):
    # type: (str) -> Found
    """What Caffe's Python has imported before, of its own path, stays as it is."""
    module = sys.modules[name]
    path = getattr(module, "__file__", None) or ""
    folders = getattr(module, "__path__", None)
    path = path[:-1] if path.endswith((".pyc", ".pyo")) else path
    status, content = _read(path)
    return Found(name, LOADED, path, None if folders is None else list(folders), status, content)


def _search(name, last, places):
    # type: (str, str, List[str]) -> Found
    folders = []  # without __init__: Python 3 takes all of them as one package
    for place in places:
        folder = place or os.getcwd()
        inside = _entries(folder)
        if last in inside:
            package = os.path.join(folder, last)
            entries = _entries(package)
            for suffix, is_source in _SUFFIXES:
                if "__init__" + suffix in entries:
                    path = os.path.join(package, "__init__" + suffix)
                    return _file(name, path, is_source, [package])
            if entries and util is not None:
                folders.append(package)
        for suffix, is_source in _SUFFIXES:
            if last + suffix in inside:
                return _file(name, os.path.join(folder, last + suffix), is_source, None)
    return Found(name, FOLDER, folders[0], folders) if folders else Found(name, MISSING)


def _entries(folder):
    # type: (str) -> List[str]
    """Names in a folder, in their own case, whatever the disk takes for the same."""
    try:
        return os.listdir(folder) if isinstance(folder, (str, type(""))) else []
    except (OSError, ValueError):
        return []


def _file(name, path, is_source, folders):
    # type: (str, str, bool, Optional[List[str]]) -> Found
    status, content = _read(path)
    if status is None:
        return Found(name, UNREADABLE, path, folders)
    return Found(name, SOURCE if is_source else COMPILED, path, folders, status, content)


def _read(path):
    # type: (str) -> Tuple[Any, bytes]
    """Status and bytes of a regular file; (None, b"") for anything else, or one beyond bounds."""
    try:
        if not path or not stat.S_ISREG(os.stat(path).st_mode):
            return None, b""
        with open(path, "rb") as stream:
            content = stream.read(MAX_BYTES + 1)
            return (None, b"") if len(content) > MAX_BYTES else (os.fstat(stream.fileno()), content)
    except (IOError, OSError, ValueError):
        return None, b""


def _content(row):
    # type: (Dict[str, Any]) -> Tuple[Any, ...]
    """What consent is bound to: not the time, which a copy changes."""
    return tuple(row[key] for key in ("module", "kind", "path", "sha256"))


def _execute(name, found):
    # type: (str, Found) -> None
    """Import a module from the bytes that were read."""
    path = found.row["path"]
    if util is not None:
        spec = util.spec_from_file_location(
            name, path, submodule_search_locations=found.folders if found.is_package else None
        )
        module = util.module_from_spec(spec)
    else:
        module = types.ModuleType(name)
        module.__file__ = path
        module.__package__ = name if found.is_package else name.rpartition(".")[0]
        if found.is_package:
            module.__path__ = found.folders
    _install(name, module)
    try:
        exec(compile(found.content, path, "exec", 0, True), module.__dict__)
    except BaseException:
        sys.modules.pop(name, None)
        raise


def _install(name, module):
    # type: (str, Any) -> Any
    sys.modules[name] = module
    above, _, last = name.rpartition(".")
    if above:
        setattr(sys.modules[above], last, module)
    return module


MYPY = False
if MYPY:
    pass
