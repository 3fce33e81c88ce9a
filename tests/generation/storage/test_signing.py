"""Every kept file and download is signed; one flipped bit is found out, and no trouble with keys loses a picture."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from django.core.exceptions import ImproperlyConfigured
from PIL import Image

from generation.imaging.encode import encode_image
from generation.imaging.manifest import Credentials, ManifestState, read_manifest
from generation.imaging.provenance import DRAWN_FROM_TEXT, DRAWN_OVER_A_PICTURE, source_type_in
from generation.imaging.reading import read_picture_metadata
from generation.imaging.svg_metadata import read_svg_infotext
from generation.imaging.vectorize import vectorize
from generation.storage import signing
from generation.storage.marks import converted, marked
from generation.storage.signing import own_credentials, sign, trusted_certificates
from tests.generation.imaging.test_pdq import scene

INFOTEXT = "a red apple\nSteps: 4, Sampler: Euler, CFG scale: 3, Seed: 7, Size: 192x192"


@pytest.fixture(autouse=True)
def own_authority(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


def files() -> dict[str, bytes]:
    picture = marked(scene(1, 192))
    png = picture.png(INFOTEXT)
    return {
        "png": png,
        "jpeg": converted(png, "jpeg", INFOTEXT),
        "webp": converted(png, "webp", INFOTEXT),
        "svg": sign(vectorize(scene(1, 192), infotext=INFOTEXT), "svg"),
    }


def state_of(data: bytes, format: str) -> ManifestState:
    return read_manifest(data, format, trusted_certificates()).state


def test_each_format_is_signed_and_keeps_its_infotext() -> None:
    for format, data in files().items():
        manifest = read_manifest(data, format, trusted_certificates())
        assert (manifest.state, manifest.source_type, manifest.problems) == (ManifestState.OURS, DRAWN_FROM_TEXT, ())
        assert (manifest.signer, manifest.software) == ("Tempera", "Tempera 0.1")
        assert read_picture_metadata(data).prompt == "a red apple"
        assert b"red apple" not in data or format != "png" or data.count(b"red apple") == 1
    assert read_svg_infotext(files()["svg"]) == INFOTEXT


@pytest.mark.parametrize("format", ["png", "jpeg", "webp", "svg"])
def test_one_flipped_bit_is_found_out(format: str) -> None:
    data = bytearray(files()[format])
    data[-40] ^= 1
    assert state_of(bytes(data), format) == ManifestState.TAMPERED


def test_a_small_copy_is_signed_without_the_recipe() -> None:
    small = marked(scene(1), DRAWN_OVER_A_PICTURE).small(128)
    manifest = read_manifest(small, "webp", trusted_certificates())
    assert (manifest.state, manifest.source_type) == (ManifestState.OURS, DRAWN_OVER_A_PICTURE)
    with Image.open(io.BytesIO(small)) as picture:
        assert max(picture.size) == 128
        assert source_type_in(picture.info["xmp"].decode()) == DRAWN_OVER_A_PICTURE


def test_a_download_says_of_its_making_what_the_kept_file_says() -> None:
    png = marked(scene(1, 192), DRAWN_OVER_A_PICTURE).png(INFOTEXT)
    for format in ("jpeg", "webp"):
        data = converted(png, format, INFOTEXT)
        assert read_manifest(data, format, trusted_certificates()).source_type == DRAWN_OVER_A_PICTURE
        with Image.open(io.BytesIO(data)) as picture:
            assert source_type_in(picture.info["xmp"].decode()) == DRAWN_OVER_A_PICTURE


def test_another_sites_signature_is_whole_but_unknown(settings: Any, tmp_path: Path) -> None:
    png = marked(scene(1, 192)).png(INFOTEXT)
    settings.DATA_DIR = tmp_path / "other"
    manifest = read_manifest(png, "png", trusted_certificates())
    assert manifest.state == ManifestState.UNKNOWN
    assert manifest.problems == ("signingCredential.untrusted",)


@pytest.mark.parametrize("format", ["png", "jpeg", "webp"])
def test_a_file_without_one_is_absent_and_rubbish_unreadable(format: str) -> None:
    data = encode_image(scene(1, 64), format)
    assert state_of(data, format) == ManifestState.ABSENT
    assert state_of(data[:9] + b"rubbish" * 9, format) in (ManifestState.UNREADABLE, ManifestState.ABSENT)


def test_the_authority_is_made_once_and_for_its_user_alone(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        keys = set(pool.map(lambda _: own_credentials().key, range(4)))
    assert len(keys) == 1
    assert (tmp_path / "signing" / "key.pem").stat().st_mode & 0o077 == 0
    assert (tmp_path / "signing").stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["signing"]
    assert "PRIVATE" not in trusted_certificates()


def operator(settings: Any, tmp_path: Path) -> None:
    """The settings of an operator whose certificate some other authority gave out."""
    other = signing._new_authority("Pictures Ltd")
    (tmp_path / "operator.pem").write_text(other["certificates.pem"])
    settings.SIGNING_CERTIFICATE_FILE = str(tmp_path / "operator.pem")
    settings.SIGNING_KEY = other["key.pem"]


def test_the_operators_certificate_signs_and_older_pictures_stay_known(settings: Any, tmp_path: Path) -> None:
    older = marked(scene(1, 192)).png(INFOTEXT)
    operator(settings, tmp_path)
    newer = marked(scene(1, 192)).png(INFOTEXT)
    assert read_manifest(newer, "png", trusted_certificates()).signer == "Pictures Ltd"
    assert state_of(newer, "png") == state_of(older, "png") == ManifestState.OURS


def test_keys_that_do_not_fit_are_told(settings: Any, tmp_path: Path) -> None:
    operator(settings, tmp_path)
    settings.SIGNING_KEY = signing._new_authority("Somebody else")["key.pem"]
    with pytest.raises(ImproperlyConfigured, match="is not the key"):
        own_credentials()
    settings.SIGNING_KEY = "rubbish"
    with pytest.raises(ImproperlyConfigured, match="cannot be read"):
        own_credentials()


def test_a_silent_time_stamp_server_loses_no_picture(settings: Any) -> None:
    settings.TIMESTAMP_URL = "http://127.0.0.1:9/"
    assert state_of(marked(scene(1, 192)).png(INFOTEXT), "png") == ManifestState.OURS


def test_what_cannot_be_signed_is_kept_unsigned(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Credentials("rubbish", "rubbish", "es256")
    monkeypatch.setattr(signing, "own_credentials", lambda: broken)
    data = encode_image(np.zeros((64, 64, 3), np.uint8), "png")
    assert sign(data, "png") == data


def test_the_algorithm_follows_the_key() -> None:
    assert signing.algorithm_of(ec.generate_private_key(ec.SECP384R1())) == "es384"
    assert signing.algorithm_of(rsa.generate_private_key(65537, 2048)) == "ps256"
    assert signing.algorithm_of(ed25519.Ed25519PrivateKey.generate()) == "ed25519"
    with pytest.raises(ImproperlyConfigured):
        signing.algorithm_of(dsa.generate_private_key(2048))


@pytest.mark.parametrize(
    "packet",
    [
        "<Iptc4xmpExt:DigitalSourceType>http://x/term</Iptc4xmpExt:DigitalSourceType>",
        '<rdf:Description Iptc4xmpExt:DigitalSourceType="http://x/term">',
        "<rdf:Description Iptc4xmpExt:DigitalSourceType='http://x/term'>",
        '<Iptc4xmpExt:DigitalSourceType rdf:resource="http://x/term"/>',
    ],
)
def test_the_source_type_is_read_in_every_spelling(packet: str) -> None:
    assert source_type_in(packet) == "http://x/term"
    assert source_type_in("<x/>") == ""
