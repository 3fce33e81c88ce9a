"""Phrases found in prompts however they are spelled, and rules made of lists of them. Pure."""
