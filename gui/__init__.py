"""The window: everything here may use Qt, nothing in core does."""
