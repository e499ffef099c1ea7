"""The net as trained: reading, writing and binding of weights."""
