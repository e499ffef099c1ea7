"""Dialogs: plain values in, wishes out."""
