"""Where people may come from: providers of OpenID Connect, SAML and social logins, each there once its id is set."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from config.env import env_list, env_secret, env_site_url, env_str

SOCIALACCOUNT_ADAPTER = "accounts.social.SocialAdapter"
SOCIALACCOUNT_FORMS = {
    "signup": "accounts.entrance_forms.SocialSignUpForm",
    "disconnect": "accounts.entrance_forms.DisconnectForm",
}
# A confirmed address joins the account that has confirmed the same one; see the adapter for who is left out.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
# A stolen session must not give itself another way in.
SOCIALACCOUNT_REAUTHENTICATION_REQUIRED = True

# Addresses that a provider of OpenID Connect or SAML tells without saying that they are confirmed, and that count as
# confirmed all the same; `*`: all of them. Only for a provider that gives nobody an address they do not have.
SSO_TRUSTED_DOMAINS = [domain.lower().removeprefix("@") for domain in env_list("SSO_TRUSTED_DOMAINS")]
SSO_GROUPS_CLAIM = env_str("SSO_GROUPS_CLAIM", "groups")


def group_rules(text: str) -> list[tuple[str, str]]:
    """`artists=studio;mods=moderators` as pairs of a provider's group and what it gives, in their order."""
    rules = []
    for rule in filter(None, (part.strip() for part in text.split(";"))):
        group, found, given = (word.strip() for word in rule.rpartition("="))
        if not (found and group and given):
            raise ImproperlyConfigured(f"SSO_GROUPS holds “{rule}”; each rule is group=plan, or group=moderators.")
        rules.append((group, given))
    return rules


SSO_GROUPS = group_rules(env_str("SSO_GROUPS"))

# By their id with allauth. Those of OpenID Connect and SAML are `sso` in addresses.
OIDC_SERVER = env_str("OIDC_SERVER")
WELL_KNOWN = "/.well-known/openid-configuration"
# To the letter what the provider calls itself: a slash at its end belongs to it, and not to where its metadata are.
OIDC_ISSUER = OIDC_SERVER.removesuffix(WELL_KNOWN)
if "/.well-known/" in OIDC_ISSUER or "?" in OIDC_ISSUER:
    raise ImproperlyConfigured("OIDC_SERVER is the provider's own address, such as https://login.example.org.")
SAML_METADATA_URL, SAML_SSO_URL = env_str("SAML_METADATA_URL"), env_str("SAML_SSO_URL")
SAML_ENTITY_ID, SAML_CERTIFICATE = env_str("SAML_ENTITY_ID"), env_secret("SAML_CERTIFICATE")
if (SAML_METADATA_URL or SAML_SSO_URL) and not SAML_ENTITY_ID:
    raise ImproperlyConfigured("SAML_ENTITY_ID is not set: it is what the SAML provider calls itself.")
if SAML_SSO_URL and not (SAML_METADATA_URL or SAML_CERTIFICATE):
    raise ImproperlyConfigured("SAML_CERTIFICATE is not set: without it nobody knows what the SAML provider signed.")
SAML_NAMES = {
    "uid": ["urn:oasis:names:tc:SAML:attribute:subject-id"],
    "email": [
        "urn:oid:0.9.2342.19200300.100.1.3",
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
        "email",
        "mail",
    ],
    "email_verified": ["http://schemas.auth0.com/email_verified", "email_verified"],
    "username": ["http://schemas.auth0.com/nickname", "username", "uid"],
}

OPENID_CONNECT: dict[str, Any] = {
    "client_id": env_str("OIDC_CLIENT_ID"),
    "secret": env_secret("OIDC_CLIENT_SECRET"),
    "name": env_str("OIDC_NAME", "Single sign-on"),
    "provider_id": "sso",
    "settings": {
        "server_url": OIDC_ISSUER.removesuffix("/") + WELL_KNOWN, "issuer": OIDC_ISSUER, "oauth_pkce_enabled": True,
    },
}  # fmt: skip
SAML: dict[str, Any] = {
    "client_id": "sso" if SAML_METADATA_URL or SAML_SSO_URL else "",
    "name": env_str("SAML_NAME", "Single sign-on"),
    "provider_id": "saml-sso",
    "settings": {
        "idp": {
            "entity_id": SAML_ENTITY_ID, "metadata_url": SAML_METADATA_URL, "sso_url": SAML_SSO_URL,
            "x509cert": SAML_CERTIFICATE,
        },
        "attribute_mapping": SAML_NAMES,
        # An unsigned answer is refused whatever these say: one of the message and the assertion is signed.
        "advanced": {"strict": True, "reject_idp_initiated_sso": True, "reject_deprecated_algorithm": True},
    },
}  # fmt: skip
SOCIAL: dict[str, dict[str, Any]] = {
    "google": {"client_id": env_str("GOOGLE_CLIENT_ID"), "secret": env_secret("GOOGLE_CLIENT_SECRET")},
    "github": {"client_id": env_str("GITHUB_CLIENT_ID"), "secret": env_secret("GITHUB_CLIENT_SECRET")},
    "gitlab": {
        "client_id": env_str("GITLAB_CLIENT_ID"),
        "secret": env_secret("GITLAB_CLIENT_SECRET"),
        "settings": {"gitlab_url": env_site_url("GITLAB_URL", "https://gitlab.com")},
    },
    "microsoft": {
        "client_id": env_str("MICROSOFT_CLIENT_ID"),
        "secret": env_secret("MICROSOFT_CLIENT_SECRET"),
        "settings": {"tenant": env_str("MICROSOFT_TENANT", "organizations")},
    },
    "discord": {"client_id": env_str("DISCORD_CLIENT_ID"), "secret": env_secret("DISCORD_CLIENT_SECRET")},
    "apple": {
        "client_id": env_str("APPLE_CLIENT_ID"),
        "secret": env_str("APPLE_KEY_ID"),
        "key": env_str("APPLE_TEAM_ID"),
        "settings": {"certificate_key": env_secret("APPLE_PRIVATE_KEY")},
    },
}


def offered() -> dict[str, dict[str, Any]]:
    """What allauth is told of each provider that has an id here."""
    apps = {"openid_connect": OPENID_CONNECT if OIDC_SERVER else {}, "saml": SAML, **SOCIAL}
    return {name: {"APPS": [app]} for name, app in apps.items() if app.get("client_id")}


SOCIALACCOUNT_PROVIDERS = offered()
# OpenID Connect answers 404 where it has no provider; the others would have addresses that lead nowhere.
PROVIDER_APPS = [f"allauth.socialaccount.providers.{name}" for name in sorted({"openid_connect", *offered()})]
