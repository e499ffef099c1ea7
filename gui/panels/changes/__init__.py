"""What renaming changes in the text."""
