"""Pixels to a file: PNG, without any metadata."""

import io

from PIL import Image

PNG_LEVEL = 1
PNG_MEDIA_TYPE = "image/png"


def encode_png(pixels: bytes, width_px: int, height_px: int) -> bytes:
    """A PNG of RGB pixels given row by row. Level 1: three times as fast as the default for a tenth more bytes."""
    buffer = io.BytesIO()
    Image.frombytes("RGB", (width_px, height_px), pixels).save(buffer, "PNG", compress_level=PNG_LEVEL)
    return buffer.getvalue()
