"""Training runs from submission to the finished LoRA, and the searches that try several: verbs on rows, no torch."""
