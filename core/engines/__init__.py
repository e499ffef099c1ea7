"""The net when run: engines in child processes behind one protocol."""
