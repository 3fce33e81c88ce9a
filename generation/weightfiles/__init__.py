"""What a weight file is, read from its header alone."""
