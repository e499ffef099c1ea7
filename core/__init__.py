"""Everything Blobscope knows about Caffe nets and retrieval, without a window."""

__version__ = "0.1.0"
