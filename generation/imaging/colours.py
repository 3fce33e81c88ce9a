"""The main colours of a picture, for a palette."""

from __future__ import annotations

from PIL import Image

LOOKED_AT = 128
"""Pixels of the longer side that are looked at. Picked and not mixed: mixtures at edges are no colours of it."""
KMEANS_ROUNDS = 3


def main_colours(picture: Image.Image, most: int) -> list[str]:
    """At most so many colours of an RGB picture as `#rrggbb`, the most common one first; fewer where it has fewer."""
    small = picture.copy()
    small.thumbnail((LOOKED_AT, LOOKED_AT), Image.Resampling.NEAREST)
    reduced = small.quantize(most, method=Image.Quantize.MEDIANCUT, kmeans=KMEANS_ROUNDS, dither=Image.Dither.NONE)
    table = reduced.getpalette() or []
    places = [place for _, place in sorted(reduced.getcolors() or [], reverse=True) if isinstance(place, int)]
    return list(dict.fromkeys("#{:02x}{:02x}{:02x}".format(*table[3 * place : 3 * place + 3]) for place in places))
