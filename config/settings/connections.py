"""What runs beside the site: the database, the broker with cache and channel layer, Celery, and the mail server."""

from __future__ import annotations

import hashlib

import dj_database_url
from redis import BlockingConnectionPool

from config.env import env_int, env_mail_tls, env_secret, env_str
from config.settings.site import DATA_DIR, HOST, SECRET_KEY, SITE_NAME

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
CELERY_BEAT_SCHEDULER = "config.heartbeat:Clock"
# Touched by a worker and by the clock every few seconds, for who watches containers.
HEARTBEAT_FILE = env_str("HEARTBEAT_FILE")
# Longer than any job: a shorter one makes Redis deliver a running job's message again.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 6 * 3600,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "socket_keepalive": True,
}

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
