"""What programs ask before they open a live line."""
