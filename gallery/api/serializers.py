"""The shapes of posts in the API. What may be published, and by whom, is decided by the verbs."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from accounts.ratings import Rating
from gallery.models import Post
from gallery.publishing import MOST_TAGS, TITLE_CHARS
from generation.api.native.fields import TextField
from generation.api.native.recipe_fields import Fields, output_fields
from generation.recipes.picture import UNTOLD_PROMPT, Recipe


class PostInput(serializers.Serializer[Any]):
    """A picture of yours to be published. The title and each tag are one line."""

    image = TextField(max_length=16, help_text="The code of the picture.")
    title = TextField(max_length=TITLE_CHARS)
    tags = serializers.ListField(
        child=TextField(max_length=100), default=list, max_length=MOST_TAGS, help_text="Up to 10 words."
    )
    rating = serializers.ChoiceField(
        Rating.choices, default=Rating.GENERAL, help_text="What it shows; the picture's own where that is stronger."
    )
    shares = serializers.ChoiceField(
        Post.Shares.choices, default=Post.Shares.RECIPE, help_text="What others see of its recipe."
    )


class PostLora(serializers.Serializer[Any]):
    name = serializers.CharField()
    weight = serializers.FloatField()
    text_weight = serializers.FloatField(allow_null=True)


class PostRecipe(serializers.Serializer[Recipe]):
    """The recipe of a post, as the public reads it."""

    loras = PostLora(many=True)

    def get_fields(self) -> Fields:
        return output_fields() | super().get_fields()

    def to_representation(self, recipe: Recipe) -> dict[str, Any]:
        data = super().to_representation(recipe)
        return {**data, "prompt": "" if recipe.prompt == UNTOLD_PROMPT else data["prompt"]}


class PostOutput(serializers.ModelSerializer[Post]):
    author = serializers.CharField(source="author.username")
    tags = serializers.SlugRelatedField[Any](slug_field="name", many=True, read_only=True)
    width = serializers.IntegerField(source="image.width")
    height = serializers.IntegerField(source="image.height")
    recipe = PostRecipe(source="shown_recipe", allow_null=True, help_text="As far as its author shares it.")
    made_from = serializers.SerializerMethodField()
    page = serializers.SerializerMethodField()
    picture = serializers.SerializerMethodField()
    thumbnail = serializers.SerializerMethodField()

    class Meta:
        model = Post
        fields = [
            "code", "state", "title", "author", "tags", "rating", "points", "shares", "width", "height", "recipe",
            "made_from", "page", "picture", "thumbnail", "submitted_at", "approved_at",
        ]  # fmt: skip

    def get_made_from(self, post: Post) -> str | None:
        """The code of the public post whose recipe it began with."""
        parent = post.made_from
        return parent.code if parent and parent.state == Post.State.APPROVED else None

    def get_page(self, post: Post) -> str:
        return reverse("post", args=[post.code])

    def get_picture(self, post: Post) -> str:
        """The PNG, with as much of its recipe inside as its author shares."""
        return reverse("post-picture", args=[post.code])

    def get_thumbnail(self, post: Post) -> str:
        return reverse("post-thumbnail", args=[post.code])


class OwnPostOutput(PostOutput):
    """A post as its author sees it: with the reason why it is not public."""

    reason = serializers.CharField(source="told_reason", read_only=True)

    class Meta(PostOutput.Meta):
        fields = [*PostOutput.Meta.fields, "reason"]
