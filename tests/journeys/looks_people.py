"""What the pages of the gallery and its people show: pictures, what others did with them, complaints and answers."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from PIL import Image

from accounts.models import User
from gallery import appeals, collecting, commenting, following, liking, moderation, notices, sanctions
from gallery.claims import claim
from gallery.models import Comment, Notice, Post, Sanction, Subject
from gallery.publishing import publish_image
from generation.catalog.safeguards.versions import install_shipped
from generation.jobs.albums import add_to_album, create_album
from generation.jobs.sharing import share, token_of
from generation.models import AccountExport, GeneratedImage, Job, PromptRule, SafeguardRecord
from generation.storage.files import write
from tests.conftest import join
from tests.gallery.conftest import Finish
from tests.generation.imaging.test_pdq import scene

PROMPTS = (
    "a harbour at dusk, oil on canvas", "two boats in the rain", "a lighthouse on a cliff, long exposure",
    "an orchard in May, gouache", "a glass of water on a red table", "a fox in tall grass",
    "paper lanterns over a river", "an empty platform at night",
)  # fmt: skip
SHAPES = ((512, 512), (768, 512), (512, 768), (896, 512))
TAGS = (["harbour", "sea"], ["still life"], ["night", "sea"])


class Life:
    """A gallery that has been open for a while. `named` is what addresses name."""

    def __init__(self, finish: Finish, alice: User, bob: User, charlie: User) -> None:
        self.finish, self.alice, self.bob, self.charlie = finish, alice, bob, charlie
        self.others = [join(name) for name in ("emil", "frida", "georg")]
        self.named: dict[str, Any] = {}

    def live(self) -> dict[str, Any]:
        posts = [self.public(self.alice if number % 3 else self.charlie, number) for number in range(16)]
        self.talk(posts)
        self.gather(posts)
        self.complain(posts)
        self.guard()
        self.take_along()
        return self.named

    def drawn(self, owner: User, number: int, seed: int | None = None) -> GeneratedImage:
        width, height = SHAPES[number % len(SHAPES)]
        image = self.finish(owner, PROMPTS[number % len(PROMPTS)], width=width, height=height)
        drawn = scene(number if seed is None else seed, max(width, height)).crop((0, 0, width, height))
        files = {"file": write(f"images/{image.code}-drawn.png", encoded(drawn, "PNG"))}
        drawn.thumbnail((256, 256))
        files["thumbnail"] = write(f"images/{image.code}-drawn.webp", encoded(drawn, "WEBP"))
        GeneratedImage.objects.filter(pk=image.pk).update(**files)
        image.refresh_from_db()
        return image

    def public(self, author: User, number: int, seed: int | None = None) -> Post:
        title = PROMPTS[number % len(PROMPTS)].partition(",")[0].capitalize()
        post = publish_image(author, self.drawn(author, number, seed), title, TAGS[number % len(TAGS)])
        moderation.approve(self.bob, post)
        return post

    def talk(self, posts: list[Post]) -> None:
        """Likes, comments, followers, and two remixes one after the other."""
        hers = next(post for post in posts if post.author == self.alice)
        for person in (self.charlie, *self.others):
            liking.like(person, hers)
            following.follow(person, self.alice)
        following.follow(self.alice, self.charlie)
        words = ("The light on the water!", "How many steps did it take? I get mud with twenty.\n\nWith forty, too.")
        comments = [commenting.write_comment(self.others[place], hers, text) for place, text in enumerate(words)]
        origin = hers
        for number, person in ((20, self.charlie), (21, self.alice)):
            image = self.drawn(person, number)
            Job.objects.filter(pk=image.job_id).update(made_from=origin.code)
            image.refresh_from_db()
            remix = publish_image(person, image, "The harbour again", ["harbour"])
            moderation.approve(self.bob, remix)
            origin = remix
        Post.objects.filter(pk=posts[4].pk).update(rating="sensitive")
        self.named |= {"post": hers.code, "comment": comments[1].code, "remix": origin.code}
        self.named |= {"mine": hers.image.code if hers.image else "", "theirs": posts[0].code}

    def gather(self, posts: list[Post]) -> None:
        """Collections of each visibility, an album, and a link."""
        names = {"public": "Boats and harbours", "link": "For the calendar", "private": "To try"}
        made = {kind: collecting.make_collection(self.alice, title, kind) for kind, title in names.items()}
        for post in posts[:7]:
            collecting.collect(self.alice, made["public"], post)
        collecting.collect(self.alice, made["link"], posts[1])
        collecting.add_contributor(self.alice, made["public"], "emil")
        self.named |= {"collection": made["public"].code, "linked": made["link"].code, "key": made["link"].key}
        self.named |= {"empty_collection": made["private"].code}
        album = create_album(self.alice, "By the sea")
        images = [post.image for post in posts if post.author == self.alice and post.image]
        add_to_album(album, [image.code for image in images])
        self.named |= {"album": album.code, "image": images[0].code}
        self.named |= {"shared": token_of(share(self.alice, album, 7, with_recipe=True))}

    def complain(self, posts: list[Post]) -> None:
        """One case of each kind at the desk, and what their authors see of it."""
        hidden, down = posts[5], posts[7]
        for person in (self.charlie, *self.others)[: settings.REPORTS_TO_HIDE]:
            moderation.report(person, hidden, "copied", "I painted this last year.")
        moderation.take_down(self.bob, down, "It shows a real person who did not agree.")
        appeal = appeals.send_appeal(self.alice, down, "That is my own mother, and she likes it.")
        copy = self.public(self.charlie, 1, seed=1)
        waiting = publish_image(self.charlie, self.drawn(self.charlie, 9, seed=1), "Two boats, once more", ["sea"])
        rude = commenting.write_comment(self.charlie, posts[1], "Nobody asked you.")
        moderation.report_comment(self.alice, rude, "hateful", "Every day.")
        host = settings.SITE_URL
        notice = notices.send_notice(notices.NoticeInput(
            kind=Notice.Kind.INTIMATE, email="doe@example.net", addresses=f"{host}/gallery/{copy.code}/",
            statement="It shows me at a lake. I never agreed to any picture of it.", name="Dora Doe",
            signature="Dora Doe", is_in_good_faith=True,
        ))  # fmt: skip
        late = notices.send_notice(notices.NoticeInput(
            kind=Notice.Kind.ILLEGAL, email="office@example.net", addresses=f"{host}/gallery/{posts[2].code}/",
            statement="It is our trade mark.", name="Meier & Sons", is_in_good_faith=True,
        ))  # fmt: skip
        Notice.objects.filter(pk=late.pk).update(due_at=timezone.now() - timedelta(hours=3))
        strike = sanctions.strike(self.bob, self.charlie, "Three rude comments in a day.")
        sanctions.suspend(self.bob, self.alice, "The same picture was sent in four times.", 7)
        sanctions.ban(self.bob, self.others[2], "Only adverts.")
        ban = Sanction.objects.get(person=self.others[2])
        claim(self.bob, Subject.APPEAL, appeal.pk)
        self.named |= {"waiting": waiting.pk, "hidden": hidden.pk, "hidden_code": hidden.code, "down": down.code}
        self.named |= {"rude": Comment.objects.get(pk=rude.pk).pk, "notice": notice.pk, "appeal": appeal.pk}
        self.named |= {"person": self.charlie.pk, "ban": ban.pk, "token": sanctions.appeal_token(strike)}

    def guard(self) -> None:
        """The shipped rules, what they noted, and an operator who keeps them."""
        install_shipped()
        record = SafeguardRecord.objects.create(
            user=self.charlie, effect="review", field="prompt", words=["naked", "photo of"],
            text="a naked statue, photo of marble",
        )  # fmt: skip
        join("olga", is_staff=True, is_superuser=True)
        self.named |= {"rule": PromptRule.objects.earliest("pk").pk}
        self.named |= {"record": record.pk}

    def take_along(self) -> None:
        """A copy of alice's data that is ready."""
        AccountExport.objects.create(
            owner=self.alice, state="done", files_done=42, files_total=42, file="copy.zip", size_bytes=73_400_320,
            finished_at=timezone.now(), expires_at=timezone.now() + timedelta(days=7),
        )  # fmt: skip


def encoded(picture: Image.Image, form: str) -> bytes:
    file = io.BytesIO()
    picture.save(file, form)
    return file.getvalue()
