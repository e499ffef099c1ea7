"""The program that a foreign Python gets over its standard input.

That Python is started as `... python -E -S -u -i`, which takes statements from its standard input
one by one as they come. So nothing has to be installed there and no program text stands in the
command line, where `ssh` and `docker` would hand it to a shell once more.

Nothing of the folder where it starts is run. `-i` alone puts that folder first on Python's path
and then imports readline and rlcompleter, and runs the file that PYTHONSTARTUP names; an empty
entry of PYTHONPATH names the folder too. `-E` and `-S` put all that off, in Python 2.7 and 3
alike (`-I` is unknown to 2.7): the first statement, which needs only what is built in, takes the
folder from the path; then we add the absolute entries of PYTHONPATH and let `site` add its own.
Seen with 2.7 and 3.6 to 3.12; 3.13 imports linecache before the first statement, which an empty
folder to start in keeps harmless (see link).
"""

from __future__ import annotations

import os
from pathlib import Path

INTERPRETER_OPTIONS = ("-E", "-S", "-u", "-i")
MARK = b"blobscope:"
"""Begins each line that is for us; whatever else a login or a module prints is passed over."""

_CORE = Path(__file__).resolve().parents[2]
_PACKAGES = ("core", "core.measures", "core.engines", "core.engines.caffe_child")
_MODULES = (
    "core.frames",
    "core.measures.region_grid",
    "core.measures.places",
    "core.measures.peaks",
    "core.measures.spread",
    "core.measures.formulas",
    "core.engines.overwriting",
    "core.engines.caffe_child.files",
    "core.engines.caffe_child.machine",
    "core.engines.caffe_child.programs",
    "core.engines.caffe_child.nets",
    "core.engines.caffe_child.training",
    "core.engines.caffe_child.main",
)
"""In the order they import one another."""

# The mark is never written whole here: a terminal would echo it, and look like an answer.
_ASK_FOR_SOURCE = """
import sys
sys.path[:] = [entry for entry in sys.path if entry not in ('', '.')]
import os, traceback
def tell(text):
    os.write(1, b'\\nblob' + b'scope:' + text + b'\\n')
os.write(2, b'\\n')
try:
    if os.isatty(0):
        tell(b'{"failed": "terminal"}')
        os._exit(1)
    if os.name == 'nt':
        import msvcrt
        msvcrt.setmode(0, os.O_BINARY)
        msvcrt.setmode(1, os.O_BINARY)
    tell(b'{"asks": "source"}')
    source, n_bytes = b'', %d
    while len(source) < n_bytes:
        part = os.read(0, n_bytes - len(source))
        if not part:
            os._exit(0)
        source += part
    exec(compile(source, 'blobscope', 'exec'), {'tell': tell})
except BaseException:
    traceback.print_exc()
    os._exit(1)
"""

# What -E and -S put off; `import site` does it by itself in Python 2 only. Our names go from
# sys.modules, where the user's may be called alike; Python 2 empties a module that nobody keeps.
_LOAD_MODULES = """
import os, sys
named = os.environ.get('PYTHONPATH', '').split(os.pathsep)
sys.path[:0] = [entry for entry in named if os.path.isabs(entry)]
if sys.flags.no_site:
    import site
    if os.environ.get('PYTHONNOUSERSITE'):
        site.ENABLE_USER_SITE = False
    if sys.version_info[0] > 2:
        site.main()
import json, platform, types
for name in {packages!r}:
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = []
    above, _, last = name.rpartition('.')
    if above:
        setattr(sys.modules[above], last, sys.modules[name])
try:
    for name, source in {modules!r}:
        module = sys.modules[name] = types.ModuleType(name)
        exec(compile(source, name, 'exec', 0, True), module.__dict__)
        above, _, last = name.rpartition('.')
        setattr(sys.modules[above], last, module)
except ImportError as error:
    told = dict(failed='import', sentence=str(error), python=platform.python_version())
    tell(json.dumps(told).encode('utf-8'))
    raise
serve = module.serve
kept = [sys.modules.pop(n) for n in list(sys.modules) if n.split('.')[0] == 'core']
serve(b'blob' + b'scope:', {folder!r})
"""


def source_text(folder: Path | None) -> bytes:
    """Every module of the child and what loads them, as one ASCII program.

    folder: where it works once all is imported, None where it starts.
    """
    modules = [(name, _source_of(name)) for name in _MODULES]
    there = None if folder is None else os.fsencode(folder)
    text = _LOAD_MODULES.format(packages=_PACKAGES, modules=modules, folder=there)
    return text.encode("ascii")


def machine_source() -> str:
    """The module whose describe(caffe) tells what a Caffe is, to be run by itself."""
    return _source_of("core.engines.caffe_child.machine")


def first_statement(n_source_bytes: int) -> bytes:
    """One line that reads so many bytes and runs them; no shell ever sees it."""
    return f"exec({_ASK_FOR_SOURCE % n_source_bytes!r})\n".encode("ascii")


def module_paths() -> tuple[Path, ...]:
    """The files that travel."""
    return tuple(_path_of(name) for name in _MODULES)


def _source_of(name: str) -> str:
    return _path_of(name).read_text(encoding="ascii")


def _path_of(name: str) -> Path:
    return _CORE.joinpath(*name.split(".")[1:]).with_suffix(".py")
