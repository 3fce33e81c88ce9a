"""Training runs from submission to the finished LoRA: verbs on rows, no torch."""
