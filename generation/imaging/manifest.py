"""The C2PA manifest of a picture file: signs one into it, and reads what one says. Whose keys sign is `storage`'s.

Signing comes last, over the finished file: whatever is changed in it afterwards is found out.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import c2pa

from generation.imaging.provenance import SOFTWARE

MIME_TYPES = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp", "svg": "image/svg+xml"}
# No thumbnail of the picture inside its own file, which would be larger than the file; and nothing is ever fetched.
_OFFLINE = {"remote_manifest_fetch": False, "ocsp_fetch": False}
_SIGNING = {
    "version": 1,
    "builder": {"thumbnail": {"enabled": False}},
    "verify": {**_OFFLINE, "verify_after_sign": False},
}
_NO_MANIFEST = (c2pa.C2paError.ManifestNotFound,)


class NotSigned(Exception):
    """The key, the certificate or the time-stamp server did not do."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who signs: certificates as PEM, the signing one first, the private key, and C2PA's name of its algorithm."""

    certificates: str
    key: str
    algorithm: str
    time_stamp_url: str = ""


class ManifestState(StrEnum):
    ABSENT = "absent"
    OURS = "ours"
    """Whole, and signed by a certificate that this site trusts."""
    UNKNOWN = "unknown"
    """Whole, but signed by a certificate that this site does not know."""
    TAMPERED = "tampered"
    """The file was changed after it was signed, or the manifest itself was."""
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a file's manifest says; the words are the signer's own, and believed only where `state` is OURS."""

    state: ManifestState
    signer: str = ""
    software: str = ""
    source_type: str = ""
    time: str = ""
    problems: tuple[str, ...] = ()

    @property
    def is_from_here(self) -> bool:
        """Whether the signature is this site's, also where the file was changed after it."""
        foreign = any(code.startswith(("signingCredential.", "claimSignature.")) for code in self.problems)
        return self.state == ManifestState.OURS or (self.state == ManifestState.TAMPERED and not foreign)


def signed(data: bytes, format: str, credentials: Credentials, source_type: str) -> bytes:
    """The file with its manifest, some 3 KB more; `format` is png, jpeg, webp or svg. The prompt is not in it.

    Raises NotSigned.
    """
    software, version = SOFTWARE.split(" ")
    action = {"action": "c2pa.created", "digitalSourceType": source_type}
    manifest = {
        "claim_generator_info": [{"name": software, "version": version}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [action]}}],
    }
    signer_info = c2pa.C2paSignerInfo(
        credentials.algorithm, credentials.certificates.encode(), credentials.key.encode(),
        credentials.time_stamp_url.encode() or None,
    )  # fmt: skip
    file = io.BytesIO()
    try:
        with (
            c2pa.Context.from_dict(_SIGNING) as context,
            c2pa.Builder(manifest, context=context) as builder,
            c2pa.Signer.from_info(signer_info) as signer,
        ):
            builder.sign(signer, MIME_TYPES[format], io.BytesIO(data), file)
    except c2pa.C2paError as error:
        raise NotSigned(str(error)) from error
    return file.getvalue()


def read_manifest(data: bytes, format: str, anchors: str) -> Manifest:
    """What the manifest inside says, and whether it holds; `anchors` are certificates as PEM that are trusted."""
    trust = {"version": 1, "trust": {"user_anchors": anchors}, "verify": {**_OFFLINE, "verify_trust": True}}
    try:
        with (
            c2pa.Context.from_dict(trust) as context,
            c2pa.Reader(MIME_TYPES[format], io.BytesIO(data), context=context) as reader,
        ):
            return _report(json.loads(reader.json()))
    except _NO_MANIFEST:
        return Manifest(ManifestState.ABSENT)
    except (c2pa.C2paError, ValueError, KeyError, TypeError) as error:
        # Not only damaged ones: of a format that it does not take apart it says no more than this.
        return Manifest(ManifestState.UNREADABLE, problems=(str(error)[:200],))


_STATES = {"Trusted": ManifestState.OURS, "Valid": ManifestState.UNKNOWN}


def _report(store: dict[str, Any]) -> Manifest:
    manifest = store["manifests"][store["active_manifest"]]
    signature = manifest.get("signature_info") or {}
    software = (manifest.get("claim_generator_info") or [{}])[0]
    actions = [
        action
        for assertion in manifest.get("assertions", [])
        if str(assertion.get("label", "")).startswith("c2pa.actions")
        for action in (assertion.get("data") or {}).get("actions", [])
    ]
    return Manifest(
        _STATES.get(store.get("validation_state", ""), ManifestState.TAMPERED),
        signer=_line(signature.get("issuer") or signature.get("common_name")),
        software=_line(f"{software.get('name', '')} {software.get('version', '')}"),
        source_type=_line(next(filter(None, (action.get("digitalSourceType") for action in actions)), "")),
        time=_line(signature.get("time")),
        problems=tuple(_line(status.get("code")) for status in store.get("validation_status", [])[:8]),
    )


def _line(text: object) -> str:
    """A stranger's words as one short line."""
    return " ".join(str(text or "").split())[:120]
