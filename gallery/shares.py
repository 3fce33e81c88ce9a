"""What a post shows of its recipe beside its page: its infotext, and the file that others get."""

from __future__ import annotations

from gallery.models import Post
from generation.imaging.infotext import write_infotext
from generation.recipes.picture import UNTOLD_PROMPT
from generation.storage.files import read_kept
from generation.storage.marks import converted


def infotext_shown(post: Post) -> str:
    """Empty where nothing of the recipe is shared."""
    if post.image is not None and post.shares == Post.Shares.RECIPE:
        return post.image.infotext
    recipe = post.shown_recipe
    return write_infotext(recipe).removeprefix(f"{UNTOLD_PROMPT}\n") if recipe else ""


def picture_shown(post: Post) -> bytes:
    """The PNG made anew with what is shared of its recipe; its marks stay. NotFound where the file is gone."""
    assert post.image is not None
    return converted(read_kept(post.image.file), "png", infotext_shown(post))
