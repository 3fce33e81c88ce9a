"""`manage.py seed_demo`: a maker and a moderator to try the site with. Run again, it changes nothing."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group, Permission
from django.core.management.base import BaseCommand

from accounts.management.tables import require_tables
from accounts.models import User
from config.platform.demo import first_password

MODERATOR_MAY = {"gallery": ("add", "change", "view"), "generation": ("view",)}


class Command(BaseCommand):
    help = "Make the demo people, a maker and a moderator, unless they exist."

    def handle(self, *args: Any, **options: Any) -> None:
        require_tables()
        self.person("maker")
        moderator = self.person("moderator", is_staff=True)
        moderator.groups.add(self.moderators())

    def person(self, name: str, **fields: Any) -> User:
        address = f"{name}@example.org"
        if known := User.objects.filter(username=name).first():
            return known
        user = User.objects.create_user(name, address, first_password(name), **fields)
        EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
        return user

    def moderators(self) -> Group:
        """The group `moderator`: decides about posts, and sees images without changing them."""
        group, _ = Group.objects.get_or_create(name="moderator")
        for app, verbs in MODERATOR_MAY.items():
            for verb in verbs:
                group.permissions.add(
                    *Permission.objects.filter(content_type__app_label=app, codename__startswith=f"{verb}_")
                )
        return group
