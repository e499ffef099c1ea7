"""The Compare page: its files, its runs, and two engines."""
