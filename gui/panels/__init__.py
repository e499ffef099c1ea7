"""Panels: plain values in through show_* methods, wishes out through signals."""
