"""What comes in: how often pages and the API may be asked, what a page may load, and what cookies are like."""

from __future__ import annotations

from config.env import env_list, env_str
from config.openapi import description
from config.policies import content_policy
from config.rest import rest_framework
from config.settings.buckets import BUCKET_ORIGIN
from config.settings.site import HTTPS, MEDIA_ORIGIN, SITE_NAME
from config.settings.studio import NOTICE_RATE

# How often pages may be asked for; of their files five times as many.
PAGE_RATE = env_str("PAGE_RATE", "600/min")
PAGE_RATE_ANONYMOUS = env_str("PAGE_RATE_ANONYMOUS", "300/min")
# Pictures that are looked at for their marks, on the page and over the API: of each a second of work.
VERIFY_RATE = env_str("VERIFY_RATE", "20/min")

# What the operator bounds besides, by how an address begins.
ROUTE_RATES = env_list("ROUTE_RATES")

# API, and the hosts that people's webhooks may go to; without one there are none.
WEBHOOK_HOSTS = env_list("WEBHOOK_HOSTS")
REST_FRAMEWORK = rest_framework(
    anon=env_str("API_RATE_ANONYMOUS", "60/min"),
    user=env_str("API_RATE", "600/min"),
    verify=VERIFY_RATE,
    notice=NOTICE_RATE,
)
SPECTACULAR_SETTINGS = description(SITE_NAME)

# Safety of pages: nothing inline, nothing evaluated, nothing foreign. The few pages that need more get it by path.
CONTENT_SECURITY_POLICY = content_policy([host for host in (MEDIA_ORIGIN, BUCKET_ORIGIN) if host])
SECURE_SSL_REDIRECT = HTTPS
# Asked by machines beside this one, past any proxy.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 30 * 24 * 3600
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
