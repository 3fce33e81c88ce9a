"""The one settings file: every setting is one line, and the defaults run on one machine with nothing else installed.

`SITE_URL` decides what kind of site this is: an https address makes every cookie secure, redirects http and demands
`SECRET_KEY`; the default is a local install on plain http, reachable from this machine only.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
import django_stubs_ext
from django.core.exceptions import ImproperlyConfigured
from redis import BlockingConnectionPool

from config.appearance import ADMIN
from config.env import (
    env_bool,
    env_choice,
    env_int,
    env_list,
    env_mail_tls,
    env_secret,
    env_site_url,
    env_str,
    kept_secret,
    rsa_key,
    strong_secret,
)
from config.logs import logging_config
from config.openapi import description
from config.policies import content_policy
from config.private_files import private_folder
from config.rest import rest_framework
from generation.worker.render_settings import RenderSettings

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = private_folder(Path(env_str("DATA_DIR", str(BASE_DIR / "data"))).resolve())

# The site
PORT = env_int("PORT", 8000, low=1, high=65535)
BIND = env_str("BIND", "127.0.0.1")
SITE_URL = env_site_url("SITE_URL", f"http://localhost:{PORT}")
SITE_NAME = env_str("SITE_NAME", "Tempera")
HTTPS = SITE_URL.startswith("https://")
DEBUG = env_bool("DEBUG", False)
HOST = str(urlsplit(SITE_URL).hostname)
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", HOST if HTTPS else f"{HOST},localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS", SITE_URL)
# A host of their own from which pictures are shown; empty: the site's.
MEDIA_ORIGIN = env_site_url("MEDIA_URL", "") if env_str("MEDIA_URL") else ""
ALLOWED_HOSTS += [str(urlsplit(MEDIA_ORIGIN).hostname)] if MEDIA_ORIGIN else []
PROXY_COUNT = env_int("PROXY_COUNT", 0, high=8)
SIGNUP_OPEN = env_bool("SIGNUP_OPEN", True)
DEMO = env_bool("DEMO", not HTTPS)
# Who only tries the site on their own machine need not find a phone first.
STAFF_SECOND_FACTOR = env_bool("STAFF_SECOND_FACTOR", not (DEMO and HOST in ("localhost", "127.0.0.1", "::1")))

# Secrets: a local install keeps its own key in the data folder; a public site must bring one.
SECRET_KEY = env_secret("SECRET_KEY")
SECRET_KEY_FALLBACKS = env_list("SECRET_KEY_FALLBACKS")
if HTTPS and not SECRET_KEY:
    raise ImproperlyConfigured("SITE_URL is an https address, so SECRET_KEY (or SECRET_KEY_FILE) must be set.")
if HTTPS:
    strong_secret("SECRET_KEY", SECRET_KEY)
    # A former key is believed as much as the present one.
    for former in SECRET_KEY_FALLBACKS:
        strong_secret("One of SECRET_KEY_FALLBACKS", former)
SECRET_KEY = SECRET_KEY or kept_secret(DATA_DIR / "secret_key")

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
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.idp.oidc",
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
    "config.path_keys.KeyInPath",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.policies.scoped_policies",
    "config.input_limits.NoNul",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.compression.CompressedTexts",
    "config.answer_headers.AnswerHeaders",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
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
                "generation.web.page_context.frame",
            ]
        },
    }
]
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"

# Database: SQLite for one machine, anything with a URL otherwise. IMMEDIATE takes the write lock at BEGIN and waits
# for it; a deferred transaction that reads and then writes is refused at once, and no timeout can help it.
DATABASE_URL = env_secret("DATABASE_URL")
SQLITE = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": DATA_DIR / "tempera.sqlite3",
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA busy_timeout=20000;"
        "PRAGMA temp_store=MEMORY;PRAGMA cache_size=-20000;PRAGMA journal_size_limit=67108864;",
    },
    # A file and not memory: the live server and the workers of a test are other processes.
    "TEST": {"NAME": DATA_DIR / "test.sqlite3"},
}
DATABASES = {"default": dj_database_url.parse(DATABASE_URL) if DATABASE_URL else SQLITE}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Broker, cache and channel layer: an own Valkey on this machine unless REDIS_URL names another. Its password is
# derived, so that no other user of the machine can put messages into the queue.
REDIS_URL = env_secret("REDIS_URL")
EMBEDDED_VALKEY = not REDIS_URL
VALKEY_PORT = env_int("VALKEY_PORT", 6390, low=1, high=65535)
VALKEY_PASSWORD = hashlib.sha256(f"valkey:{SECRET_KEY}".encode()).hexdigest()[:32]
REDIS_URL = REDIS_URL or f"redis://:{VALKEY_PASSWORD}@127.0.0.1:{VALKEY_PORT}/0"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "cache",
        # Blocking, so that a burst waits for a connection where the plain pool raises.
        "OPTIONS": {"pool_class": BlockingConnectionPool, "max_connections": 64},
    }
}
# redis-py gives up on an idle socket after 5 s and on the 101st connection by default: both kill websockets.
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": None, "max_connections": 4096}]},
    }
}

# Celery: rows are the truth and messages are hints, so a lost or repeated message costs nothing; see config/celery.py.
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
# Longer than any job: a shorter one makes Redis deliver a running job's message again.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 6 * 3600,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "socket_keepalive": True,
}

RENDERING = RenderSettings(
    devices=tuple(env_list("RENDER_DEVICE", "auto") or ["auto"]),
    threads=env_int("RENDER_THREADS", 0, high=256) or None,
    slots=env_int("GPU_SLOTS", 0, high=64) or None,
    checkpoint_budget_bytes=env_int("CHECKPOINT_MEMORY_MB", 8192, low=64) * 1024**2,
    lora_budget_bytes=env_int("LORA_MEMORY_MB", 1024, low=16) * 1024**2,
    stop_grace_seconds=env_int("STOP_GRACE_SECONDS", 3, high=600),
)

# Safeguards: from which score on, in percent, a drawn picture is rated sensitive or explicit.
PICTURE_SCORER = env_choice("PICTURE_SCORER", "opennsfw", ("opennsfw", "none"))
PICTURE_SENSITIVE_PERCENT = env_int("PICTURE_SENSITIVE_PERCENT", 40, high=100)
PICTURE_EXPLICIT_PERCENT = env_int("PICTURE_EXPLICIT_PERCENT", 80, high=100)

# Moderation: reports that hide a post or a comment until a moderator looks (0: never), and how long things hold.
REPORTS_TO_HIDE = env_int("REPORTS_TO_HIDE", 3, high=1000)
NOTICE_HOURS = env_int("NOTICE_HOURS", 72, low=1, high=720)
NOTICE_RATE = env_str("NOTICE_RATE", "10/h")
# Hours before a notice is due at which moderators are mailed once more, if nobody has it in hand (0: never).
NOTICE_REMINDER_HOURS = env_int("NOTICE_REMINDER_HOURS", 12, high=240)
STRIKE_DAYS = env_int("STRIKE_DAYS", 90, low=1, high=3650)
BANS_NEED_TWO = env_bool("BANS_NEED_TWO", True)

# Files
MEDIA_ROOT = DATA_DIR / "media"
# The pictures that somebody teaches with are not kept for ever.
DATASET_DAYS = env_int("DATASET_DAYS", 90, low=1, high=3650)
# Copies of all that somebody keeps, and how long closed accounts may be taken back.
EXPORTS_DIR = DATA_DIR / "exports"
EXPORT_DAYS = env_int("EXPORT_DAYS", 7, low=1, high=365)
DELETION_DAYS = env_int("DELETION_DAYS", 14, low=1, high=365)
# Where weight files are looked for: first what this site's people and operator added, then what comes with it.
WEIGHTS_DIRS = [DATA_DIR / "weights", BASE_DIR / "generation" / "bundled"]
LORA_UPLOAD_MB = env_int("LORA_UPLOAD_MB", 512, low=1, high=1024)
S3_BUCKET = env_str("S3_BUCKET")
S3_OPTIONS = {
    "bucket_name": S3_BUCKET,
    "endpoint_url": env_str("S3_ENDPOINT_URL") or None,
    "region_name": env_str("S3_REGION") or None,
    "access_key": env_secret("S3_ACCESS_KEY") or None,
    "secret_key": env_secret("S3_SECRET_KEY") or None,
    "file_overwrite": False,
}
# What signs pictures; without a certificate an authority of the site's own, made at first use.
SIGNING_CERTIFICATE_FILE = env_str("SIGNING_CERTIFICATE_FILE")
SIGNING_KEY = env_secret("SIGNING_KEY")
TIMESTAMP_URL = env_str("TIMESTAMP_URL")
WATERMARK = env_bool("WATERMARK", True)
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Tests and DEBUG serve the sources as they are; a running site serves the collected files under their hashed names.
STATIC_SOURCES = DEBUG or env_bool("STATIC_SOURCES", False)
WHITENOISE_USE_FINDERS = STATIC_SOURCES
WHITENOISE_AUTOREFRESH = STATIC_SOURCES
WHITENOISE_ALLOW_ALL_ORIGINS = False
STORAGES = {
    "default": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": S3_OPTIONS}
    if S3_BUCKET
    else {"BACKEND": "generation.storage.files.DurableStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if STATIC_SOURCES
        else "config.stylesheets.JoiningStorage"
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
DATA_UPLOAD_MAX_NUMBER_FILES = 200
FILE_UPLOAD_PERMISSIONS = 0o600
# What is being sent: on the disk of the data, since the system's folder for such files may lie in memory.
FILE_UPLOAD_TEMP_DIR = DATA_DIR / "incoming"

# People
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "create"
LOGOUT_REDIRECT_URL = "home"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}Validator"}
    for name in ("UserAttributeSimilarity", "MinimumLength", "CommonPassword", "NumericPassword")
]
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_FORMS = {"signup": "accounts.forms.SignUpForm", "reset_password": "accounts.forms.ResetPasswordForm"}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {"add_webauthn": "accounts.forms.PasskeyForm"}
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
MFA_TOTP_ISSUER = SITE_NAME
# Tracking would write a row with every request, pictures included.
USERSESSIONS_TRACK_ACTIVITY = False

# Third-party programs may sign people in here and act for them, each with their consent. Where several machines serve
# the site they share a key.
OAUTH_PROVIDER = env_bool("OAUTH_PROVIDER", False)
OAUTH_KEY = env_secret("OAUTH_PRIVATE_KEY")
IDP_OIDC_PRIVATE_KEY = (OAUTH_KEY or kept_secret(DATA_DIR / "oauth_key", rsa_key)) if OAUTH_PROVIDER else ""
IDP_OIDC_ADAPTER = "accounts.adapters.ProviderAdapter"
IDP_OIDC_REFRESH_TOKEN_EXPIRES_IN = 30 * 24 * 3600
# Whether a program may make itself known, as clients of MCP do, or the operator alone does that in the admin.
IDP_OIDC_DCR_ENABLED = env_bool("OAUTH_REGISTRATION", False)
IDP_OIDC_DCR_REQUIRES_INITIAL_ACCESS_TOKEN = False

# Mail is written to the log until a server is named. At port 465 servers speak TLS from the first byte.
EMAIL_HOST = env_str("SMTP_HOST")
SMTP_TLS = env_mail_tls("SMTP_TLS", "auto")
EMAIL_PORT = env_int("SMTP_PORT", 465 if SMTP_TLS == "implicit" else 587, low=1, high=65535)
EMAIL_USE_SSL = SMTP_TLS == "implicit" or (SMTP_TLS == "auto" and EMAIL_PORT == 465)
EMAIL_USE_TLS = SMTP_TLS in ("auto", "starttls") and not EMAIL_USE_SSL
EMAIL_HOST_USER = env_str("SMTP_USER")
EMAIL_HOST_PASSWORD = env_secret("SMTP_PASSWORD")
EMAIL_TIMEOUT = 10
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
DEFAULT_FROM_EMAIL = env_str("MAIL_FROM", f"{SITE_NAME} <studio@{HOST}>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# How often pages may be asked for; of their files five times as many.
PAGE_RATE = env_str("PAGE_RATE", "600/min")
PAGE_RATE_ANONYMOUS = env_str("PAGE_RATE_ANONYMOUS", "300/min")
# Pictures that are looked at for their marks, on the page and over the API: of each a second of work.
VERIFY_RATE = env_str("VERIFY_RATE", "20/min")

# API, and the hosts that people's webhooks may go to; without one there are none.
WEBHOOK_HOSTS = env_list("WEBHOOK_HOSTS")
REST_FRAMEWORK = rest_framework(
    anon=env_str("API_RATE_ANONYMOUS", "60/min"),
    user=env_str("API_RATE", "600/min"),
    verify=VERIFY_RATE,
    notice=NOTICE_RATE,
)
KNOX_TOKEN_MODEL = "accounts.ApiToken"
MIGRATION_MODULES = {"knox": None}  # its tables would be empty, and unknown to any model
REST_KNOX = {
    "TOKEN_PREFIX": "tmp_",
    "TOKEN_TTL": timedelta(days=env_int("API_TOKEN_DAYS", 365, low=1, high=3650)),
    "TOKEN_LIMIT_PER_USER": None,
    "AUTO_REFRESH": False,
    "AUTH_HEADER_PREFIX": "Bearer",
}
SPECTACULAR_SETTINGS = description(SITE_NAME)
# Whom a program names that speaks for people: somebody with a confirmed address here, or else one who is made then.
NAMED_PEOPLE = env_choice("NAMED_PEOPLE", "match", ("match", "make"))
NAMED_PEOPLE_PLAN = env_str("NAMED_PEOPLE_PLAN")

# Safety of pages: nothing inline, nothing evaluated, nothing foreign. The few pages that need more get it by path.
CONTENT_SECURITY_POLICY = content_policy([MEDIA_ORIGIN] if MEDIA_ORIGIN else [])
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 30 * 24 * 3600
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"

# Logs
LOG_LEVEL = env_choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOG_FORMAT = env_choice("LOG_FORMAT", "console", ("console", "json"))
LOGGING = logging_config(LOG_LEVEL, LOG_FORMAT)
DJANGO_STRUCTLOG_CELERY_ENABLED = True
# Which config/answer_headers.py has looked at.
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True
# The address in the log, as config/proxies.py left it.
IPWARE_META_PRECEDENCE_ORDER = ("REMOTE_ADDR",)
# One line for a request; what became of a job is said by the worker itself.
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_CELERY_DEFAULT_LOG_LEVEL = logging.DEBUG

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
UNFOLD = ADMIN
