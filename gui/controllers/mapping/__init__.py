"""The map of the gallery: made, offered, linked with what is searched, written."""
