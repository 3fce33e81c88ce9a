"""Prompts to conditioning: tokens, CLIP, embeddings, emphasis, and the cache of encodings."""
