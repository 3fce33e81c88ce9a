"""The one door for pictures that come from outside: bounded in bytes, pixels and formats before anything is decoded."""

from __future__ import annotations

import io

from PIL import Image, UnidentifiedImageError

from accounts.refusals import Refusal

MAX_FILE_BYTES = 16 * 2**20
MAX_IMAGE_PIXELS = 33_177_600
FORMATS = ("PNG", "JPEG", "WEBP")


class PictureRefused(Refusal):
    """A picture that is not read."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message, field="picture")


def check_file_size(data: bytes) -> None:
    if len(data) > MAX_FILE_BYTES:
        raise PictureRefused("picture-too-large", f"The file is larger than {MAX_FILE_BYTES >> 20} MiB.")


def open_picture(data: bytes) -> Image.Image:
    """The opened picture, header read and pixels not yet; raises PictureRefused with what is wrong.

    The pixel limit is checked here and not through Pillow's process-wide setting, which others may change.
    """
    check_file_size(data)
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except UnidentifiedImageError as error:
        raise PictureRefused("unknown-format", "Only PNG, JPEG and WebP pictures are read here.") from error
    except Exception as error:
        # A hostile header makes Pillow raise nearly any type.
        raise PictureRefused("damaged-picture", "This picture is damaged.") from error
    if image.width * image.height > MAX_IMAGE_PIXELS:
        raise _too_many_pixels()
    return image


def _too_many_pixels() -> PictureRefused:
    return PictureRefused("too-many-pixels", f"The picture has more than {MAX_IMAGE_PIXELS:,} pixels.")
