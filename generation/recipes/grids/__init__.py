"""Axes, plans and tags of comparison grids, as values."""
