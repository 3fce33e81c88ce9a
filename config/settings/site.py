"""What this site is called, where it is reached, and what it keeps secret."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from config.env import env_bool, env_int, env_list, env_secret, env_site_url, env_str, kept_secret, strong_secret
from config.private_files import private_folder

BASE_DIR = Path(__file__).resolve().parent.parent.parent
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

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
