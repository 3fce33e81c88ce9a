"""Data sets: the verbs that make them, fill them, caption them, crop them and take them away."""
