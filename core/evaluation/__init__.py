"""How good rankings are: each protocol as its publishers define it, as NumPy on ranks."""
