"""The program that a Python layer of the tests names."""


class Mine:
    """Runs in the fake Caffe as any other layer."""
