"""Where files lie and how they are served: pictures, weights, copies for their owners, and what pages bring along."""

from __future__ import annotations

from config.env import env_bool, env_int, env_secret, env_str
from config.settings.buckets import BUCKET_STORAGE, IN_BUCKET
from config.settings.site import BASE_DIR, DATA_DIR, DEBUG

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
# Weights in the bucket: whoever brings them writes them there too, and workers fetch what they draw with, once.
WEIGHTS_IN_BUCKET = env_bool("WEIGHTS_IN_BUCKET", False)
WEIGHTS_CACHE_DIR = DATA_DIR / "weights-cache"
WEIGHTS_CACHE_GB = env_int("WEIGHTS_CACHE_GB", 50, low=1, high=100_000)
LORA_UPLOAD_MB = env_int("LORA_UPLOAD_MB", 512, low=1, high=1024)
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
    "default": BUCKET_STORAGE if IN_BUCKET else {"BACKEND": "generation.storage.files.DurableStorage"},
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
