"""Files that arrive over the pipe, in a folder that goes when this process ends, however it ends.

Valid from Python 2.7 on; types stand in comments.
"""

import os
import shutil
import tempfile


class ReceivedFiles(object):
    """A net's text and weights, as Caffe wants them: on disk."""

    def __init__(self):
        # type: () -> None
        self._folder = tempfile.mkdtemp(prefix="blobscope-")
        self._next = 1
        _sweep_after_death(self._folder)

    def add(self, suffix):
        # type: (str) -> str
        """The path of a new, empty file; one file follows the other."""
        path = os.path.join(self._folder, "%d%s" % (self._next, suffix))
        self._next += 1
        open(path, "wb").close()
        return path

    def append(self, path, array):
        # type: (str, Any) -> None
        """Write an array's bytes at the end of a file of ours."""
        if os.path.dirname(path) != self._folder:
            raise ValueError("%s is no file of this child" % path)
        with open(path, "ab") as stream:
            stream.write(array.tobytes())

    def forget(self, paths):
        # type: (Any) -> None
        """Delete files of ours."""
        for path in paths:
            if path and os.path.dirname(path) == self._folder and os.path.exists(path):
                os.remove(path)

    def leave(self):
        # type: () -> None
        """Delete the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)


def _sweep_after_death(folder):
    # type: (str) -> None
    """Leave a small process behind that deletes the folder when this one is gone.

    Caffe aborts on bad input, which runs no clean-up of ours; the end of a pipe tells the other
    process. Where processes can't fork (Windows) an abort leaves the folder behind.
    """
    if not hasattr(os, "fork"):
        return
    waits, stays_open = os.pipe()
    if os.fork():
        os.close(waits)
        return
    try:
        os.close(stays_open)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):  # or ssh would wait for this process too
            os.dup2(nowhere, number)
        while os.read(waits, 1):
            pass
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os._exit(0)


MYPY = False
if MYPY:
    from typing import Any  # noqa: F401 - for the type comments
