"""One HTML file of what was found, with nothing fetched from anywhere."""
