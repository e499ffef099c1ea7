"""What stands around every page: the rail, the subjects, the notices and the status line."""
