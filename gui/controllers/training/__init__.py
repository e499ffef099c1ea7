"""The Training page: what its steps share, and a controller for each."""
