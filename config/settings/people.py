"""How people sign in, and what programs may do for them."""

from __future__ import annotations

from datetime import timedelta

from config.env import env_bool, env_choice, env_int, env_list, env_secret, env_str, kept_secret, rsa_key
from config.settings.site import DATA_DIR, HTTPS, SITE_NAME

# Who may join: anybody, who brings an invitation, or nobody. SIGNUP_OPEN=off closes it whatever this says.
SIGNUP = env_choice("SIGNUP", "open", ("open", "invited", "closed"))
# Only with an address at one of these; empty: at any.
SIGNUP_DOMAINS = [domain.lower().removeprefix("@") for domain in env_list("SIGNUP_DOMAINS")]
# How long one of the staff may look at the pages of somebody for support, at a time.
VISIT_MINUTES = env_int("VISIT_MINUTES", 30, low=1, high=240)

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
ACCOUNT_FORMS = {
    "signup": "accounts.entrance_forms.SignUpForm",
    "add_email": "accounts.entrance_forms.AddressForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
MFA_ADAPTER = "accounts.factors.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {"add_webauthn": "accounts.forms.PasskeyForm"}
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
MFA_TOTP_ISSUER = SITE_NAME
# How long the log of sign-ins, changes to accounts and acts of the staff is kept.
SECURITY_LOG_DAYS = env_int("SECURITY_LOG_DAYS", 365, low=30, high=3650)
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

KNOX_TOKEN_MODEL = "accounts.ApiToken"
REST_KNOX = {
    "TOKEN_PREFIX": "tmp_",
    "TOKEN_TTL": timedelta(days=env_int("API_TOKEN_DAYS", 365, low=1, high=3650)),
    "TOKEN_LIMIT_PER_USER": None,
    "AUTO_REFRESH": False,
    "AUTH_HEADER_PREFIX": "Bearer",
}
# Whom a program names that speaks for people: somebody with a confirmed address here, or else one who is made then.
NAMED_PEOPLE = env_choice("NAMED_PEOPLE", "match", ("match", "make"))
NAMED_PEOPLE_PLAN = env_str("NAMED_PEOPLE_PLAN")
