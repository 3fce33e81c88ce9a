"""Names become weight files that a user may use: import, resolving, inspection, and what a picture's recipe matches."""
