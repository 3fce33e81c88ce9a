"""Read one environment variable and fail loudly, naming it. Nothing else looks at the environment for settings."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

WORDS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def env_str(name: str, default: str = "") -> str:
    """The text of variable `name`; unset and empty both give the default, as compose files write empty values."""
    return os.environ.get(name, "").strip() or default


def env_bool(name: str, default: bool) -> bool:
    text = env_str(name)
    if not text:
        return default
    if text.lower() not in WORDS:
        raise ImproperlyConfigured(f"{name} is “{text}”; it must be on or off.")
    return WORDS[text.lower()]


def env_int(name: str, default: int, *, low: int = 0, high: int = 2**31 - 1) -> int:
    text = env_str(name, str(default))
    try:
        number = int(text)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is “{text}”; it must be a whole number.") from None
    if not low <= number <= high:
        raise ImproperlyConfigured(f"{name} is {number}; it must lie between {low} and {high}.")
    return number


def env_list(name: str, default: str = "") -> list[str]:
    """A comma-separated list; spaces and empty items are dropped."""
    return [item.strip() for item in env_str(name, default).split(",") if item.strip()]


def env_choice(name: str, default: str, choices: tuple[str, ...]) -> str:
    text = env_str(name, default)
    if text not in choices:
        raise ImproperlyConfigured(f"{name} is “{text}”; it must be one of: {', '.join(choices)}.")
    return text


def env_words(name: str, known: tuple[str, ...]) -> list[str]:
    """A list as of `env_list`, of these words alone."""
    words = env_list(name)
    if wrong := [word for word in words if word not in known]:
        raise ImproperlyConfigured(f"{name} names “{wrong[0]}”; it may name: {', '.join(known)}.")
    return words


def env_time(name: str) -> tuple[int, int] | None:
    """A time of the day as hour and minute, from `03:30`; None where it is unset."""
    text = env_str(name)
    if not text:
        return None
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise ImproperlyConfigured(f"{name} is “{text}”; it must be a time of the day, as in 03:30.")
    hour, minute = text.split(":")
    return int(hour), int(minute)


def env_mail_tls(name: str, default: str) -> str:
    """How mail is encrypted: `starttls`, `implicit` (from the first byte), `off`, or `auto`, which goes by the port.

    A word for yes is `starttls`, a word for no is `off`.
    """
    text = env_str(name, default).lower()
    if text in WORDS:
        return "starttls" if WORDS[text] else "off"
    if text not in ("auto", "starttls", "implicit"):
        raise ImproperlyConfigured(f"{name} is “{text}”; it must be one of: auto, starttls, implicit, off.")
    return text


def env_site_url(name: str, default: str) -> str:
    """The address of a site: `http://host` or `https://host`, with a port where it is not the usual one.

    In the form in which browsers send it as the origin: small letters, no usual port, no slash at the end.
    """
    text = env_str(name, default)
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is “{text}”, which is no address ({error}).") from None
    if parts.scheme not in ("http", "https") or not host:
        reason = "it must begin with https:// or http:// and name a host"
    elif parts.username is not None or not host.isascii() or re.search(r"[^a-z0-9.:_-]", host):
        reason = "its host must be a plain name in ASCII, as browsers send it (xn--... for other letters)"
    elif parts.path not in ("", "/") or parts.query or parts.fragment:
        reason = "it must end with the host or port, since Tempera does not work below a path"
    else:
        host = f"[{host}]" if ":" in host else host
        usual = {"http": 80, "https": 443}[parts.scheme]
        return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, usual) else "")
    raise ImproperlyConfigured(f"{name} is “{text}”; {reason}, as in https://pictures.example.org.")


def env_secret(name: str, default: str = "") -> str:
    """A secret from variable `name`, or from the file that `name`_FILE points to (Docker and systemd secrets)."""
    path = env_str(f"{name}_FILE")
    if not path:
        return env_str(name, default)
    if env_str(name):
        raise ImproperlyConfigured(f"Set {name} or {name}_FILE, not both.")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE points to {path}, which cannot be read: {error.strerror}.") from None


def strong_secret(name: str, secret: str) -> str:
    """The secret, if it can sign for a public site: one that is short, of few characters or a repeated word is refused.

    Length and characters are those that Django's own deployment check asks for.
    """
    unit = (secret + secret).find(secret, 1)
    if len(secret) < 50 or len(set(secret)) < 5 or 0 < unit < 16 or secret.startswith("django-insecure-"):
        raise ImproperlyConfigured(
            f"{name} can be guessed: a public site needs at least 50 random characters, as `python -c "
            "'import secrets; print(secrets.token_urlsafe(48))'` prints."
        )
    return secret


def kept_secret(path: Path, make: Callable[[], str] = lambda: secrets.token_urlsafe(48)) -> str:
    """The secret kept in `path`; the first caller makes it, and of several at once exactly one wins."""
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
                file.write(make())
        except OSError as error:
            raise ImproperlyConfigured(
                f"The data folder {path.parent} is not writable ({error.strerror}); set DATA_DIR to one that is."
            ) from None
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii")


def rsa_key() -> str:
    """A new private key as PEM, for what others are to verify by its public half."""
    # Only a provider of OAuth that has no key yet needs it, and every process reads the settings.
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
