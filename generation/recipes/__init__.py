"""What decides a picture or a training, as values: standard library and our own prompting only."""
