"""The net as written: text, layers, blob versions, renaming and layout."""
