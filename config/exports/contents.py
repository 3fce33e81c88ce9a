"""What is in a copy: JSON documents, one a subject, and the files that lie beside them.

Whatever a row of the site's tells about somebody belongs here; a test goes over all tables that name a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Any, cast

from allauth.account.models import EmailAddress
from allauth.idp.oidc.models import Token
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.files.storage import default_storage

from accounts.credits import wallet_of
from accounts.models import ApiToken, CreditEntry, User
from config.exports.documents import ROWS_AT_ONCE, Document, KeptFile, table
from gallery.models import (
    Appeal,
    Collection,
    Comment,
    CommentDecision,
    CommentReport,
    Decision,
    Follow,
    Like,
    ModerationAct,
    Notification,
    Post,
    Release,
    ReleaseDecision,
    Report,
    Sanction,
)
from generation.catalog import bucket
from generation.catalog.loras.files import path_of_row
from generation.models import (
    Album,
    AlbumPicture,
    DataPicture,
    DataSet,
    Draft,
    GeneratedImage,
    Job,
    LabGrid,
    Lora,
    LoraMerge,
    NamedPerson,
    OwnStyle,
    SafeguardRecord,
    ShareLink,
    Snapshot,
    SourcePicture,
    TrainingRun,
    TrainingSearch,
    Webhook,
    Wildcard,
)


def account(user: User) -> Iterator[dict[str, Any]]:
    draft = Draft.objects.filter(owner=user).first()
    yield {
        "name": user.get_username(),
        "email": user.email,
        "addresses": list(EmailAddress.objects.filter(user=user).values("email", "verified", "primary")),
        "first_name": user.first_name,
        "last_name": user.last_name,
        "joined_at": user.date_joined,
        "last_sign_in_at": user.last_login,
        "plan": user.plan.name,
        "wants_digest": user.wants_digest,
        "credits": wallet_of(user).balance,
        "groups": list(user.groups.values_list("name", flat=True)),
        "names_in_other_programs": list(NamedPerson.objects.filter(person=user).values("subject", "created_at")),
        "draft_of_the_create_page": draft.fields if draft else {},
    }


def second_factors(user: User) -> Iterator[dict[str, Any]]:
    """What there is, and never the secrets."""
    for factor in Authenticator.objects.filter(user=user).order_by("pk"):
        yield {
            "kind": factor.type, "name": str(factor), "made_at": factor.created_at, "last_used_at": factor.last_used_at
        }  # fmt: skip


def pictures(user: User) -> Iterator[dict[str, Any]]:
    for image in GeneratedImage.objects.of(user).order_by("pk").iterator(chunk_size=ROWS_AT_ONCE):
        kept = image.deleted_at is None
        yield {
            "code": image.code,
            "files": [name for name, _ in files_of_image(image)] if kept else [],
            **{name: getattr(image, name) for name in (
                "prompt", "recipe_json", "infotext", "width", "height", "seed", "sha256", "rating", "is_starred",
                "created_at", "deleted_at",
            )},
        }  # fmt: skip


def albums(user: User) -> Iterator[dict[str, Any]]:
    for album in Album.objects.of(user).order_by("pk"):
        entries = AlbumPicture.objects.filter(album=album).order_by("pk")
        pictures = list(entries.values_list("image__code", flat=True))
        yield {"code": album.code, "title": album.title, "created_at": album.created_at, "pictures": pictures}


def posts(user: User) -> Iterator[dict[str, Any]]:
    rows = Post.objects.of(user).select_related("image", "made_from").prefetch_related("tags", "decisions")
    for post in rows.order_by("pk").iterator(chunk_size=ROWS_AT_ONCE):
        yield {
            "code": post.code,
            "picture": post.image.code if post.image else None,
            "title": post.title,
            "tags": [tag.name for tag in post.tags.all()],
            "state": post.state,
            "shares": post.shares,
            "made_from": post.made_from.code if post.made_from else None,
            "submitted_at": post.submitted_at,
            "approved_at": post.approved_at,
            "decisions": decisions_about(post, user),
        }


def collections(user: User) -> Iterator[dict[str, Any]]:
    """One's own, and what one put into others'."""
    for each in Collection.objects.filled_by(user).order_by("pk"):
        entries = each.entries.order_by("pk") if each.owner_id == user.pk else each.entries.filter(added_by=user)
        yield {
            "code": each.code,
            "title": each.title,
            "is_yours": each.owner_id == user.pk,
            "visibility": each.visibility,
            "created_at": each.created_at,
            "posts": list(entries.values_list("post__code", flat=True)),
        }


def releases(user: User) -> Iterator[dict[str, Any]]:
    for release in Release.objects.of(user).select_related("lora").prefetch_related("decisions").order_by("pk"):
        yield {
            "code": release.code,
            "lora": release.lora.name if release.lora else None,
            "title": release.title,
            "licence": release.licence,
            "trigger_words": release.trigger_words,
            "state": release.state,
            "submitted_at": release.submitted_at,
            "approved_at": release.approved_at,
            "decisions": decisions_about(release, user),
        }


def decisions_about(thing: Post | Release, user: User) -> list[dict[str, Any]]:
    """What was decided, oldest first. Who the moderators were is not told, nor why they kept what was reported."""
    return [
        {
            "verb": each.verb,
            "by": "you" if each.who_id == user.pk else "a moderator",
            "reason": "" if each.verb == Decision.Verb.KEEP else each.reason,
            "to_state": each.to_state,
            "at": each.at,
        }
        for each in reversed(list(thing.decisions.all()))
    ]


DOCUMENTS = (
    Document("account", "Your account: name, addresses, plan, and what you had typed on the Create page.", account),
    Document("second_factors", "Your passkeys and codes by name, without their secrets.", second_factors),
    Document(
        "sessions", "Where you are signed in.",
        table(UserSession, "user", "ip", "user_agent", "created_at", "last_seen_at"),
    ),
    Document(
        "tokens", "Your API tokens by name, without their keys.",
        table(
            ApiToken, "user", "name", "scopes", "created", "expiry", "last_used_at", "budget", "spent", "daily_credits",
            "allowed_checkpoints", "allowed_loras", "allowed_addresses", "speaks_for_people", "options",
        ),
    ),
    Document(
        "programs", "Third-party programs that you have let in, without their keys.",
        table(Token, "user", "type", "scopes", "created_at", "expires_at", program="client__name"),
    ),
    Document(
        "credits", "The ledger: every credit that came, was held, spent or returned.",
        table(
            CreditEntry, "wallet__user", "created_at", "kind", "amount", "reference", "note", token_name="token__name"
        ),
    ),
    Document(
        "jobs", "Every recipe that you sent, with what became of it.",
        table(
            Job, "owner", "code", "submission", "position", "prompt", "recipe_json", "state", "credits", "cancel_cost",
            "error_message", "made_from", "created_at", "started_at", "finished_at", picture="image__code",
        ),
    ),
    Document("pictures", "Your pictures with their recipes; the files are in the folder pictures.", pictures),
    Document("albums", "Your albums, with the codes of their pictures.", albums),
    Document(
        "links", "Links by which you showed pictures to others.",
        table(
            ShareLink, "owner", "code", "with_recipe", "created_at", "expires_at", "revoked_at", picture="image__code",
            album_code="album__code",
        ),
    ),
    Document(
        "safeguards", "What the site's rules refused or noted of your prompts and pictures.",
        table(SafeguardRecord, "user", "at", "effect", "field", "words", "text", "job", "score"),
    ),
    Document(
        "grids", "Grids of the lab.",
        table(LabGrid, "owner", "code", "prompt", "plan_json", "credits", "state", "created_at", picture="image__code"),
    ),
    Document("posts", "What you sent to the gallery, and what was decided about it.", posts),
    Document("releases", "LoRAs that you sent in for everybody, and what was decided about them.", releases),
    Document(
        "reports", "What you reported to the moderators.",
        table(Report, "user", "reason", "words", "at", "closed_at", post_code="post__code"),
    ),
    Document(
        "comments", "What you wrote about pictures; the words of what you deleted are gone.",
        table(Comment, "author", "code", "words", "state", "submitted_at", post_code="post__code"),
    ),
    Document(
        "comment_reports", "Comments that you reported to the moderators.",
        table(CommentReport, "user", "reason", "words", "at", "closed_at", comment_code="comment__code"),
    ),
    Document(
        "comment_decisions", "Comments: what you wrote, deleted or decided, as a moderator too.",
        table(CommentDecision, "who", "verb", "reason", "from_state", "to_state", "at", comment_code="comment__code"),
    ),
    Document(
        "notifications", "What others did that the bell told you of.",
        table(Notification, "person", "kind", "number", "at", "read_at", post_code="post__code"),
    ),
    Document("collections", "Your collections, with the codes of their posts.", collections),
    Document("follows", "Whom you follow.", table(Follow, "follower", "at", name="person__username")),
    Document("likes", "Public pictures that you like.", table(Like, "user", "at", post_code="post__code")),
    Document(
        "decisions", "Posts: what you sent in, took back or decided, as a moderator too.",
        table(Decision, "who", "verb", "reason", "from_state", "to_state", "at", post_code="post__code"),
    ),
    Document(
        "release_decisions", "The same of LoRAs.",
        table(ReleaseDecision, "who", "verb", "reason", "from_state", "to_state", "at", release_code="release__code"),
    ),
    Document(
        "sanctions", "Strikes, suspensions and bans, with their reasons.",
        table(Sanction, "person", "code", "kind", "state", "reason", "at", "ends_at"),
    ),
    Document(
        "appeals", "What you said against decisions about you, and the answers.",
        table(Appeal, "author", "code", "subject", "words", "state", "answer", "at", "closed_at"),
    ),
    Document(
        "moderation", "What you did as a moderator besides decisions: notes, notices, sanctions, appeals.",
        table(ModerationAct, "who", "verb", "subject", "words", "at"),
    ),
    Document(
        "loras", "Your LoRAs: uploaded, trained or merged; the files are in the folder loras.",
        table(
            Lora, "owner", "name", "title", "family", "sha256", "size_bytes", "licence", "description", "trigger_words",
            "version", "is_public", "may_download", "downloads", "created_at",
        ),
    ),
    Document(
        "merges", "LoRAs that you had merged.",
        table(LoraMerge, "owner", "code", "title", "rank", "parents", "state", "created_at", "finished_at"),
    ),
    Document(
        "datasets", "Your data sets.",
        table(DataSet, "owner", "code", "title", "trigger", "consented_at", "created_at", "expires_at"),
    ),
    Document(
        "dataset_pictures", "Their pictures with captions; the files are in the folder datasets.",
        table(
            DataPicture, "dataset__owner", "code", "name", "caption", "crop", "focus", "width", "height", "sha256",
            "created_at", dataset_code="dataset__code",
        ),
    ),
    Document(
        "sources", "Pictures that you brought to start from; the files are in the folder sources.",
        table(
            SourcePicture, "owner", "code", "name", "width", "height", "sha256", "source_type", "prompt", "created_at",
            "expires_at",
        ),
    ),
    Document(
        "trainings", "Your trainings with their recipes and curves.",
        table(
            TrainingRun, "owner", "code", "name", "recipe_json", "state", "credits", "step", "steps", "curve",
            "best_step", "best_reason", "error_message", "created_at", "started_at", "finished_at",
        ),
    ),
    Document(
        "snapshots", "What your trainings kept on the way; the files are in the folder trainings.",
        table(
            Snapshot, "run__owner", "step", "training_loss", "validation_loss", "similarity_training",
            "similarity_validation", "closest", "memorised", "sha256", "created_at", training="run__code",
        ),
    ),
    Document(
        "searches", "Searches over several trainings.",
        table(
            TrainingSearch, "owner", "code", "name", "axes", "recipe_json", "budget", "credits", "state", "created_at",
            "finished_at",
        ),
    ),
    Document("webhooks", "Programs that are told.", table(Webhook, "owner", "code", "url", "events", "is_enabled")),
    Document("styles", "Your styles.", table(OwnStyle, "owner", "name", "prompt", "negative_prompt", "family")),
    Document("wildcards", "Your wildcard lists.", table(Wildcard, "owner", "name", "lines", "is_enabled")),
)  # fmt: skip

FOLDERS = (
    ("pictures", "what you drew, as it was kept: PNG with its recipe inside, SVG where it was traced"),
    ("loras", "your LoRA files"),
    ("datasets", "a folder for each data set, with its pictures"),
    ("sources", "the pictures that you brought to start from"),
    ("trainings", "a folder for each training, with the LoRA and the samples at each step that was kept"),
)


def readme(user: User, now: datetime) -> str:
    """What each file is, for whoever opens the copy."""
    width = max(len(document.name) for document in DOCUMENTS) + 5
    documents = "\n".join(f"{document.name + '.json':<{width}}  {document.about}" for document in DOCUMENTS)
    folders = "\n".join(f"{name + '/':<{width}}  {about}" for name, about in FOLDERS)
    return (
        f"What {user.get_username()} keeps on {settings.SITE_NAME} ({settings.SITE_URL}), as it was on "
        f"{now:%-d %B %Y}, {now:%H:%M} UTC.\n\n"
        "Each .json file is a list with one entry a line; times are in UTC. Codes name the same thing in all of "
        "them.\n\n"
        f"{documents}\n\nFolders:\n\n{folders}\n\n"
        "missing.json is there only if a file could not be read; it names those.\n"
    )


def files_of(user: User) -> Iterator[KeptFile]:
    images = GeneratedImage.objects.of(user).kept().exclude(file="").order_by("pk")
    for image in images.iterator(chunk_size=ROWS_AT_ONCE):
        yield from (KeptFile(name, stored(kept)) for name, kept in files_of_image(image))
    for lora in Lora.objects.filter(owner=user).order_by("pk"):
        yield KeptFile(f"loras/{lora.name}.safetensors", weights(lora))
    pictures = DataPicture.objects.filter(dataset__owner=user).select_related("dataset").order_by("pk")
    for picture in pictures.iterator(chunk_size=ROWS_AT_ONCE):
        yield KeptFile(f"datasets/{picture.dataset.code}/{picture.code}.png", stored(picture.file))
    for source in SourcePicture.objects.of(user).order_by("pk").iterator(chunk_size=ROWS_AT_ONCE):
        yield KeptFile(f"sources/{source.code}.png", stored(source.file))
    for snapshot in Snapshot.objects.filter(run__owner=user).select_related("run").order_by("pk"):
        folder = f"trainings/{snapshot.run.code}/{snapshot.step}"
        if snapshot.file:
            yield KeptFile(f"{folder}.safetensors", stored(snapshot.file))
        for number, sample in enumerate(snapshot.samples):
            yield KeptFile(f"{folder}-{number}.{sample.rpartition('.')[2]}", stored(sample))


def count_of_files(user: User) -> int:
    """About so many files: without tracings and samples, which are few."""
    return (
        GeneratedImage.objects.of(user).kept().exclude(file="").count()
        + Lora.objects.filter(owner=user).count()
        + DataPicture.objects.filter(dataset__owner=user).count()
        + SourcePicture.objects.of(user).count()
        + Snapshot.objects.filter(run__owner=user).count()
    )


def files_of_image(image: GeneratedImage) -> Iterator[tuple[str, str]]:
    """Name in the copy and stored name."""
    if image.file:
        yield f"pictures/{image.code}.png", image.file
    if image.svg_file:
        yield f"pictures/{image.code}.svg", image.svg_file
    if image.film_file:
        yield f"pictures/{image.code}.mp4", image.film_file
    if image.animation_file:
        yield f"pictures/{image.code}-moving.webp", image.animation_file


def stored(name: str) -> Callable[[], IO[bytes]]:
    return lambda: cast("IO[bytes]", default_storage.open(name))


def weights(lora: Lora) -> Callable[[], IO[bytes]]:
    def opened() -> IO[bytes]:
        # A row whose file is gone is told as such when it is opened.
        path = path_of_row(lora)
        if path is None and (name := bucket.name_of_file(lora.sha256)):
            return stored(name)()
        return (path or Path(lora.path)).open("rb")

    return opened
