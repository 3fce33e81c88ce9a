"""Copies of all that a person keeps on the site: asked for, made by a worker, kept for some days, downloaded."""
