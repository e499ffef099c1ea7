"""A run of a training: its records, its history, how it is paused, watched and gone on with."""
