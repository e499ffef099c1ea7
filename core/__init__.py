"""Everything Blobscope knows about Caffe nets and retrieval, without a window."""

import logging

__version__ = "0.1.0"

# Without a log that core.log starts, Python would print warnings on the terminal.
logging.getLogger(__name__).addHandler(logging.NullHandler())
