"""Who may do how much: people, their plans, and the rows of the credit ledger. Only `credits.py` writes the ledger."""

from __future__ import annotations

import secrets
from typing import Any, ClassVar, NoReturn

from allauth.account.models import EmailAddress
from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models, transaction
from knox.models import AbstractAuthToken

from accounts.names import check_name, skeleton
from accounts.ratings import Rating
from accounts.scopes import every_scope


def new_code() -> str:
    """A short public handle; not a secret: no right is ever derived from knowing one."""
    return secrets.token_hex(6)


class Plan(models.Model):
    """What its holders may do: limits are numbers here, decided by `quotas.enforce_quota`."""

    name = models.CharField(max_length=40, unique=True, help_text="How people see it called.")
    sentence = models.CharField(max_length=200, blank=True, help_text="Shown to people: what this plan is for.")
    is_default = models.BooleanField(default=False, help_text="New accounts get this plan.")
    share = models.FloatField(default=1.0, help_text="Weight in the fair queue: 2 gets twice the work done.")
    daily_credits = models.PositiveIntegerField(default=100, help_text="The balance is filled up to this once a day.")
    steps_per_credit = models.FloatField(
        default=10.0,
        validators=[MinValueValidator(0.01)],
        help_text="Steps of a picture of 512×512 that one credit buys. With 10, a picture of 20 steps costs 2 credits, "
        "one of 1024×1024 four times as much. What was held before a change keeps its price.",
    )
    training_discount = models.FloatField(
        default=4.0,
        validators=[MinValueValidator(0.01)],
        help_text="How many times less the same work costs in a training, which waits whenever somebody draws. With 1 "
        "it costs as much as drawing.",
    )
    max_queued = models.PositiveIntegerField(default=50, help_text="Jobs that may wait at once.")
    max_running = models.PositiveIntegerField(default=4, help_text="Jobs that may be drawn at once.")
    max_pictures = models.PositiveIntegerField(default=8, help_text="Pictures of one submission.")
    max_grid_pictures = models.PositiveIntegerField(default=36, help_text="Pictures of one grid of the lab.")
    max_pixels = models.PositiveIntegerField(default=1_048_576, help_text="Width times height.")
    max_result_pixels = models.PositiveIntegerField(
        default=4096 * 4096,
        db_default=4096 * 4096,
        help_text="Width times height of what comes out of a second pass or an upscale.",
    )
    max_steps = models.PositiveIntegerField(default=50, help_text="Steps of one picture.")
    max_lora_uploads = models.PositiveIntegerField(default=10, help_text="LoRA files of their own that they may keep.")
    max_training_steps = models.PositiveIntegerField(default=3000, help_text="Steps of one LoRA training.")
    max_training_runs = models.PositiveIntegerField(default=2, help_text="Trainings that may wait or run at once.")
    storage_bytes = models.BigIntegerField(default=2 * 1024**3, help_text="Bytes of kept images.")
    max_sources = models.PositiveIntegerField(
        default=200, db_default=200, help_text="Pictures to start from that they may keep at once."
    )
    source_bytes = models.BigIntegerField(
        default=1024**3, db_default=1024**3, help_text="Bytes of pictures to start from, beside those of kept images."
    )
    source_days = models.PositiveIntegerField(
        default=30,
        db_default=30,
        help_text="How long a picture to start from is kept after its last use, unless a kept picture needs it.",
    )

    max_rating = models.CharField(
        max_length=9,
        choices=Rating.choices,
        default=Rating.EXPLICIT,
        db_default=Rating.EXPLICIT,
        help_text="The strongest rating that pictures of its holders may have by the automatic look at them: what is "
        "above is withheld and refunded, what is not general is veiled.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="one_default_plan"
            ),
            models.CheckConstraint(condition=models.Q(share__gt=0), name="plan_share_positive"),
            models.CheckConstraint(
                condition=models.Q(steps_per_credit__gt=0, training_discount__gt=0), name="plan_prices_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def default(cls) -> Plan:
        plan, _ = cls.objects.get_or_create(is_default=True, defaults={"name": "Free"})
        return plan


class UserManager(DjangoUserManager["User"]):
    """Whoever makes an administrator at the shell vouches for the address: no link has to be followed first."""

    use_in_migrations = False

    def create_superuser(
        self, username: str, email: str | None = None, password: str | None = None, **extra_fields: Any
    ) -> User:
        self.check_free(username)
        with transaction.atomic(using=self._db):
            user = super().create_superuser(username, (email or "").lower(), password, **extra_fields)
            if user.email:
                EmailAddress.objects.using(self._db).create(user=user, email=user.email, verified=True, primary=True)
        return user

    def check_free(self, name: str, besides: int = 0) -> None:
        """Raises ValidationError where somebody else has this name, or one that looks like it."""
        if self.filter(skeleton=skeleton(name)).exclude(pk=besides).exists():
            raise ValidationError("This name is taken, or looks like one that is. Choose another.", code="name-taken")


class User(AbstractUser):  # type: ignore[django-manager-missing]  # of the tokens, whose own manager knox makes
    """A person. `code` is the public handle, `username` the public name."""

    code = models.CharField(max_length=12, unique=True, default=new_code, editable=False)
    username = models.CharField(
        max_length=150,
        unique=True,
        help_text="Letters of one alphabet, digits and . + - _",
        validators=[AbstractUser.username_validator, check_name],
        error_messages={"unique": "This name is taken."},
    )
    skeleton = models.CharField(
        max_length=300, unique=True, editable=False, help_text="The name as the eye sees it: no two look alike."
    )
    email = models.EmailField("e-mail address", unique=True)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="holders")
    deletion_due_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Closed, and all of it is deleted from then on."
    )
    shut_out_reason = models.CharField(
        max_length=300, blank=True, default="", db_default="", editable=False, help_text="Told where they sign in."
    )
    shut_out_until = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Shut out by the staff until then; empty: until let in."
    )
    invitation = models.ForeignKey(
        "accounts.Invitation", null=True, blank=True, on_delete=models.SET_NULL, related_name="people", editable=False,
        help_text="By which they joined.",
    )  # fmt: skip
    group_grants = models.JSONField(
        null=True, blank=True, editable=False, help_text="What groups of a provider gave, and what was there before."
    )
    shown_rating = models.CharField(
        max_length=9,
        choices=Rating.choices,
        default=Rating.GENERAL,
        db_default=Rating.GENERAL,
        help_text="Pictures of a stronger rating are veiled for them until they ask to see one.",
    )

    wants_digest = models.BooleanField(
        default=False, db_default=False, help_text="Mail them once a day what is new for them."
    )
    digest_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="When they were last due for it.")

    objects: ClassVar[UserManager] = UserManager()

    class Meta(AbstractUser.Meta):
        indexes = [
            models.Index(
                fields=["deletion_due_at"], name="user_deletion_due", condition=models.Q(deletion_due_at__isnull=False)
            ),
            models.Index(fields=["digest_at", "id"], name="user_digest", condition=models.Q(wants_digest=True)),
            models.Index(
                fields=["shut_out_until"], name="user_shut_out", condition=models.Q(shut_out_until__isnull=False)
            ),
        ]
        permissions = [("suspend_user", "Can suspend accounts")]

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.plan_id is None:
            self.plan = Plan.default()
        # Set by `set_password` alone, and taken back by `save`: a hash that is only renewed is no new password.
        new_password = getattr(self, "_password", None) is not None and not self._state.adding
        self.skeleton = skeleton(self.username)
        if "username" in (kwargs.get("update_fields") or ()):
            kwargs["update_fields"] = {*kwargs["update_fields"], "skeleton"}
        super().save(*args, **kwargs)
        if new_password:
            # Whoever changes it may fear that somebody else was in, and a token would outlive that.
            self.auth_token_set.all().delete()
            self.token_set.all().delete()  # type: ignore[attr-defined]  # of programs, by OAuth

    def clean(self) -> None:
        super().clean()
        type(self).objects.check_free(self.username, self.pk or 0)


class Wallet(models.Model):
    """The balance that can be spent now; held credits have already left it. The database refuses a negative one."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="wallet")
    balance = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(balance__gte=0), name="wallet_never_negative")]

    def __str__(self) -> str:
        return f"{self.user}: {self.balance}"


class AppendOnlyQuerySet(models.QuerySet[Any]):
    """Rows that are written once: no update, no delete, not even in bulk."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise TypeError("This record is append-only: rows cannot be changed.")

    def delete(self) -> NoReturn:
        raise TypeError("This record is append-only: rows cannot be deleted.")


class CreditEntry(models.Model):
    """One movement of credits. The sum of a wallet's entries is its balance."""

    class Kind(models.TextChoices):
        GRANT = "grant", "Granted"
        HOLD = "hold", "Held"
        SETTLE = "settle", "Settled"
        RELEASE = "release", "Released"

    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    amount = models.IntegerField(help_text="Change of the balance: a hold is negative.")
    reference = models.CharField(max_length=80, help_text="What it was for: one entry of a kind for each reference.")
    note = models.CharField(max_length=200, blank=True)
    token = models.ForeignKey(
        "accounts.ApiToken", null=True, blank=True, on_delete=models.SET_NULL, related_name="entries",
        help_text="The API token whose budget it moved too.",
    )  # fmt: skip
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "credit entries"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["reference", "kind"], name="one_entry_of_a_kind_per_reference"),
            # A hold ends once: settled or released, never both.
            models.UniqueConstraint(
                fields=["reference"], condition=models.Q(kind__in=["settle", "release"]), name="one_end_per_hold"
            ),
        ]
        indexes = [models.Index(fields=["wallet", "-id"], name="entry_by_wallet")]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount:+d} ({self.reference})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("The ledger is append-only: entries cannot be changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("The ledger is append-only: entries cannot be deleted.")


class ApiToken(AbstractAuthToken):
    """A program's key to one person's account. Only its hash is kept; the key is shown once, when it is made.

    What it may use and spend is `budgets`' to say, how it is found `tokens`'. It expires at `expiry`.
    """

    name = models.CharField(max_length=60, help_text="What it is for.")
    scopes = models.JSONField(default=every_scope, blank=True, help_text="What it may do, by the names of scopes.")
    budget = models.PositiveIntegerField(null=True, blank=True, help_text="Credits it may spend; empty: no limit.")
    spent = models.PositiveIntegerField(default=0)
    spent_unlisted = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Spent on what was deleted before the ledger named tokens."
    )
    daily_credits = models.PositiveIntegerField(
        null=True, blank=True, help_text="Credits it may spend in a day of UTC; empty: no limit."
    )
    spent_today = models.PositiveIntegerField(default=0, db_default=0, help_text="Of the day `spent_on`.")
    spent_on = models.DateField(null=True, blank=True)
    allowed_checkpoints = models.JSONField(default=list, blank=True, help_text="Names; empty: all of its person's.")
    allowed_loras = models.JSONField(default=list, blank=True, help_text="Names; empty: all of its person's.")
    allowed_addresses = models.JSONField(
        default=list, blank=True, help_text="Addresses and networks it may be used from; empty: all."
    )
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="To the minute.")
    speaks_for_people = models.BooleanField(
        default=False, db_default=False, help_text="Its program says, signed with `people_secret`, which person asks."
    )
    people_secret = models.CharField(max_length=300, blank=True, default="", db_default="", help_text="Sealed.")
    options = models.JSONField(default=dict, blank=True, help_text="What its program has set for its own requests.")

    class Meta:
        ordering = ["-created"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(budget=None) | models.Q(spent__lte=models.F("budget")), name="token_within_budget"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.token_key}…)"


class SecurityEvent(models.Model):
    """Something that somebody did to an account, or as one of the staff. `security_events` alone writes these.

    The database itself refuses changes (triggers of migration 0017): whoever alters this table on SQLite loses them and
    has to lay them anew. No name stands in a row, so nothing is left of somebody but their number when they are gone.
    """

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    kind = models.CharField(max_length=40, help_text="What was done, in the words of an address.")
    # Rows of people who never finished signing up go; what happened to them stays.
    who = models.ForeignKey(
        User, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+",
        help_text="Empty: nobody signed in, the shell, or the site by itself.",
    )  # fmt: skip
    whom = models.ForeignKey(
        User, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+",
        help_text="Whose account it concerns.",
    )  # fmt: skip
    address = models.CharField(max_length=45, blank=True, help_text="Where the request came from.")
    request_id = models.CharField(max_length=64, blank=True, help_text="As the log tells it.")
    details = models.JSONField(default=dict, blank=True, help_text="Without names, addresses or secrets.")

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.kind} ({self.pk})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("The security log is append-only: events cannot be changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("The security log is append-only: events cannot be deleted.")


class SecurityLogMaintenance(models.Model):
    """While a transaction has a row here, that transaction may delete events and empty their addresses.

    It deletes the row before its end, so that nobody else ever sees one.
    """


class OutgoingMail(models.Model):
    """A mail that has not left yet. Its row goes when the mail server takes it; `mail` alone writes these."""

    recipient = models.EmailField(max_length=320)
    sender = models.CharField(max_length=320)
    subject = models.CharField(max_length=300)
    body = models.TextField(help_text="May hold a link that signs somebody in; emptied when the mail is given up.")
    created_at = models.DateTimeField(auto_now_add=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, help_text="Empty: given up.")
    error = models.CharField(max_length=300, blank=True, help_text="What the mail server said last.")

    class Meta:
        verbose_name = "mail that has not left"
        verbose_name_plural = "mail that has not left"
        ordering = ["-pk"]
        indexes = [models.Index(fields=["next_try_at"], name="mail_by_next_try")]

    def __str__(self) -> str:
        return f"{self.subject} ({self.recipient})"
