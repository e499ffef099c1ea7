"""Other ways than a scan to the nearest descriptors, for galleries that are too large for one."""
