"""What runs before a moderator looks: the block list, and whether the picture was seen before. No more is decided."""

from __future__ import annotations

import io

from PIL import Image

from accounts.models import User
from accounts.refusals import Refusal
from gallery.models import BlockedPhrase, Post
from gallery.words import folded_words, spaced
from generation.catalog.safeguards.screening import Screened, breaches_of, screen
from generation.prompting.phrases.rules import Effect
from generation.storage.files import read_kept

ALIKE = 3
"""Hashes of 64 bits that differ in at most so many show the same picture, or nearly."""


def flags_of_words(*texts: str) -> list[str]:
    """What moderators should know about these texts. Raises Refusal where the block list refuses them."""
    text = spaced([word for part in texts for word in (*folded_words(part), "·")])
    rules = [
        rule
        for rule in BlockedPhrase.objects.filter(is_active=True)
        if (words := folded_words(rule.phrase)) and spaced(words) in text
    ]
    for rule in rules:
        if rule.effect == BlockedPhrase.Effect.REFUSE:
            raise Refusal("blocked-words", f"Pictures about “{rule.phrase}” are not taken into this gallery.")
    return [f"Says “{rule.phrase}”" + (f": {rule.note}" if rule.note else "") for rule in rules]


def flags_of_rules(user: User, prompt: str, negative_prompt: str) -> list[str]:
    """What the rules about prompts ask moderators to look at: they may have changed since the picture was made.

    `prompt` is all that the public reads beside the picture. Raises Refusal where a rule blocks it.
    """
    text = Screened(prompt, negative_prompt, field="words")
    screen(user, [text])
    return [
        f"{breach.rule.title}: {', '.join(f'“{word}”' for word in breach.words)}"
        for breach in breaches_of(text)
        if breach.rule.effect is Effect.REVIEW
    ]


def flags_of_picture(dhash: str, *, besides: int | None = None) -> list[str]:
    """Posts that show nearly the same picture, whatever became of them; `besides` leaves one post out."""
    if not dhash:
        return []
    others = Post.objects.exclude(dhash="").exclude(pk=besides or 0).values_list("dhash", "title", "state")
    mine = int(dhash, 16)
    alike = [
        (title, state) for other, title, state in others.iterator() if (mine ^ int(other, 16)).bit_count() <= ALIKE
    ]
    return [f"Looks like “{title}” ({Post.State(state).label.lower()})" for title, state in alike[:3]]


def difference_hash(name: str) -> str:
    """64 bits in hex: where each of 8 × 8 cells is darker than its right neighbour. `name` is a stored WebP or PNG.

    Raises NotFound where the file is gone.
    """
    with Image.open(io.BytesIO(read_kept(name)), formats=("PNG", "WEBP")) as picture:
        grey = picture.convert("L").resize((9, 8), Image.Resampling.BOX).tobytes()
    rows = (grey[start : start + 9] for start in range(0, 72, 9))
    bits = "".join("1" if left < right else "0" for row in rows for left, right in zip(row, row[1:], strict=False))
    return f"{int(bits, 2):016x}"
