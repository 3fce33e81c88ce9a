"""What Django is made of here: its apps, its middleware in their order, its templates."""

from __future__ import annotations

from config.appearance import ADMIN
from config.settings.sign_in import PROVIDER_APPS
from config.settings.site import BASE_DIR

INSTALLED_APPS = [
    "daphne",
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "allauth",
    "config.apps.EmailAddressesConfig",  # allauth.account
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.idp.oidc",
    "allauth.socialaccount",
    *PROVIDER_APPS,
    "channels",
    "csp",
    "django_htmx",
    "django_structlog",
    "knox",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "accounts",
    "generation",
    "gallery",
    "config",
]

MIDDLEWARE = [
    "config.metrics.requests.Counted",
    "config.path_keys.KeyInPath",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.policies.scoped_policies",
    "config.input_limits.NoNul",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.compression.CompressedTexts",
    "config.answer_headers.AnswerHeaders",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "config.signed_out.SignedOut",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.visits.Visits",
    "config.media_host.MediaHost",
    "config.page_rate.PageRate",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "config.problems.LastRefusal",
    "config.outage.Outages",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.appearance.site",
                "accounts.page_context.entrance",
                "generation.web.page_context.frame",
            ]
        },
    }
]
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"
UNFOLD = ADMIN
MIGRATION_MODULES = {"knox": None}  # its tables would be empty, and unknown to any model
