"""A SAML provider of tests: it reads what the site asks, and signs what it is told to answer with a key of its own."""

from __future__ import annotations

import base64
import secrets
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from lxml import etree
from onelogin.saml2.utils import OneLogin_Saml2_Utils

ENTITY, SSO = "https://idp.example.org", "http://127.0.0.1:9/sso"
MAIL = "urn:oid:0.9.2342.19200300.100.1.3"
RESPONSE = """<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_{response}" Version="2.0"
 IssueInstant="{now}" Destination="{acs}"{answers}><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"
>{entity}</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/>
</samlp:Status>{assertion}</samlp:Response>"""
ASSERTION = """<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_{assertion}" Version="2.0"
 IssueInstant="{now}"><saml:Issuer>{entity}</saml:Issuer><saml:Subject><saml:NameID
 Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{name}</saml:NameID><saml:SubjectConfirmation
 Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="{until}"
 Recipient="{acs}"{answers}/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="{since}"
 NotOnOrAfter="{until}"><saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience>
</saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="{now}"><saml:AuthnContext>
<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef>
</saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement>{attributes}</saml:AttributeStatement>
</saml:Assertion>"""
SIGN_OUT = """<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_a" Version="2.0"
 IssueInstant="{now}"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">{entity}</saml:Issuer>
<saml:NameID xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">nora-at-work</saml:NameID></samlp:LogoutRequest>"""
ATTRIBUTE = '<saml:Attribute Name="{name}">{values}</saml:Attribute>'
VALUE = "<saml:AttributeValue>{value}</saml:AttributeValue>"


@dataclass
class Asked:
    """What the site asks for, read from the address to which it sends the browser."""

    number: str
    acs: str
    audience: str

    @classmethod
    def read(cls, address: str) -> Asked:
        assert address.startswith(SSO), address
        packed = parse_qs(urlsplit(address).query)["SAMLRequest"][0]
        root = etree.fromstring(zlib.decompress(base64.b64decode(packed), -15))
        issuer = root.findtext("{urn:oasis:names:tc:SAML:2.0:assertion}Issuer")
        return cls(root.get("ID"), root.get("AssertionConsumerServiceURL"), str(issuer))


@dataclass
class Identity:
    """The provider's key and the certificate by which its word is known."""

    key: str = field(init=False)
    certificate: str = field(init=False)

    def __post_init__(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp")]), datetime.now(UTC)
        made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1)).sign(
            key, hashes.SHA256()
        )
        self.key = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        self.certificate = made.public_bytes(Encoding.PEM).decode()

    def answer(
        self,
        asked: Asked,
        attributes: dict[str, list[str]],
        *,
        name: str = "nora-at-work",
        signed: bool = True,
        solicited: bool = True,
        minutes: int = 5,
    ) -> str:
        """A response in base64, whose assertion is good until `minutes` from now."""
        now = datetime.now(UTC)
        told = {
            "now": _stamp(now), "since": _stamp(now - timedelta(minutes=10)), "acs": asked.acs, "entity": ENTITY,
            "until": _stamp(now + timedelta(minutes=minutes)), "audience": asked.audience, "name": name,
            "answers": f' InResponseTo="{asked.number}"' if solicited else "",
            "response": secrets.token_hex(16), "assertion": secrets.token_hex(16),
        }  # fmt: skip
        rows = (
            ATTRIBUTE.format(name=key, values="".join(VALUE.format(value=value) for value in values))
            for key, values in attributes.items()
        )
        assertion = ASSERTION.format(**told, attributes="".join(rows))
        if signed:
            assertion = OneLogin_Saml2_Utils.add_sign(assertion, self.key, self.certificate).decode()
        return base64.b64encode(RESPONSE.format(**{**told, "assertion": assertion}).encode()).decode()


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def unsigned_sign_out() -> str:
    """What anybody could put into a link: the provider's request that its person is signed out, without its word."""
    text = SIGN_OUT.format(now=_stamp(datetime.now(UTC)), entity=ENTITY)
    return base64.b64encode(zlib.compress(text.encode())[2:-4]).decode()
