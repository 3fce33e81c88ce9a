"""The verbs about collections: make, fill, show and delete them, and ask others to fill them too."""

from __future__ import annotations

from django.db import transaction

from accounts.models import User
from accounts.quotas import hold_account
from accounts.refusals import Conflict, NotFound, QuotaExceeded, Refusal
from gallery.models import CollectedPost, Collection, Post
from gallery.publishing import clean_title
from gallery.screening import flags_of_words

MOST_COLLECTIONS = 100
MOST_POSTS = 2000
MOST_CONTRIBUTORS = 20


def make_collection(user: User, title: str, visibility: str = Collection.Visibility.PRIVATE) -> Collection:
    """Raises Refusal for the words, QuotaExceeded past MOST_COLLECTIONS."""
    fields = _checked(title, visibility)
    with transaction.atomic():
        hold_account(user)
        if Collection.objects.of(user).count() >= MOST_COLLECTIONS:
            raise QuotaExceeded(
                "too-many-collections", f"You have {MOST_COLLECTIONS} collections, and that is the most."
            )
        collection: Collection = Collection.objects.create(owner=user, **fields)
    return collection


def change_collection(user: User, collection: Collection, title: str, visibility: str) -> None:
    """Its owner's to do."""
    _only_owner(user, collection)
    fields = _checked(title, visibility)
    Collection.objects.filter(pk=collection.pk).update(**fields)
    collection.refresh_from_db()


def delete_collection(user: User, collection: Collection) -> None:
    """The posts stay where they are."""
    _only_owner(user, collection)
    collection.delete()


def collect(user: User, collection: Collection, post: Post) -> bool:
    """Put a public post in; whether it is new there."""
    _only_fillers(user, collection)
    if not post.is_public:
        raise Conflict("not-public", "This picture is no longer in the gallery.")
    with transaction.atomic():
        Collection.objects.select_for_update().get(pk=collection.pk)  # of many at once none passes the limit
        entries = CollectedPost.objects.filter(collection=collection)
        if entries.filter(post=post).exists():
            return False
        if entries.count() >= MOST_POSTS:
            raise QuotaExceeded("collection-full", f"A collection holds {MOST_POSTS:,} pictures.")
        CollectedPost.objects.create(collection=collection, post=post, added_by=user)
    return True


def take_out(user: User, collection: Collection, post: Post) -> bool:
    """Whether it was there."""
    _only_fillers(user, collection)
    return bool(CollectedPost.objects.filter(collection=collection, post=post).delete()[0])


def add_contributor(user: User, collection: Collection, username: str) -> User:
    """Let somebody fill one's collection. Refusal where there is nobody by that name."""
    _only_owner(user, collection)
    person = User.objects.filter(username=username.strip(), is_active=True).first()
    if person is None:
        raise Refusal("no-such-person", "There is nobody by that name.", field="username")
    if person.pk == user.pk:
        raise Refusal("own-self", "It is yours already.", field="username")
    with transaction.atomic():
        Collection.objects.select_for_update().get(pk=collection.pk)
        if collection.contributors.count() >= MOST_CONTRIBUTORS:
            raise QuotaExceeded("too-many-people", f"At most {MOST_CONTRIBUTORS} people fill one collection.")
        collection.contributors.add(person)
    return person


def remove_contributor(user: User, collection: Collection, username: str) -> None:
    """By its owner, or by the person themselves. What they added stays."""
    person = collection.contributors.filter(username=username).first()
    if person is None or user.pk not in (collection.owner_id, person.pk):
        raise NotFound("not-found", "They do not fill this collection.")
    collection.contributors.remove(person)


def hide_collections(user: User) -> None:
    """Nobody but their owner sees them, and they fill no others'."""
    Collection.objects.of(user).update(visibility=Collection.Visibility.PRIVATE)
    Collection.contributors.through.objects.filter(collection__owner=user).delete()
    Collection.contributors.through.objects.filter(user=user).delete()


def _checked(title: str, visibility: str) -> dict[str, str]:
    if visibility not in Collection.Visibility.values:
        raise Refusal("bad-visibility", "Choose who sees it.", field="visibility")
    title = clean_title(title)
    flags_of_words(title)  # refuses blocked words; nothing waits for a moderator here
    return {"title": title, "visibility": visibility}


def _only_owner(user: User, collection: Collection) -> None:
    if collection.owner_id != user.pk:
        raise NotFound("not-found", "There is no such collection, or it is not yours.")


def _only_fillers(user: User, collection: Collection) -> None:
    if not collection.is_filled_by(user):
        raise NotFound("not-found", "There is no such collection, or you do not fill it.")
