"""What an answer can hold: one pixel, one moment of silence, and resources."""

from __future__ import annotations

import base64
import struct
import zlib

from mcp.types import AudioContent, EmbeddedResource, ImageContent, TextResourceContents


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


PNG = (
    b"\x89PNG\r\n\x1a\n"
    + _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    + _chunk(b"IDAT", zlib.compress(b"\0\xff\0\0"))
    + _chunk(b"IEND", b"")
)
_SAMPLES = bytes(2)
WAV = (
    b"RIFF"
    + struct.pack("<I4s4sIHHIIHH", 36 + len(_SAMPLES), b"WAVE", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16)
    + struct.pack("<4sI", b"data", len(_SAMPLES))
    + _SAMPLES
)


def image() -> ImageContent:
    """A red pixel."""
    return ImageContent(type="image", data=base64.b64encode(PNG).decode(), mime_type="image/png")


def audio() -> AudioContent:
    """A sample of silence."""
    return AudioContent(type="audio", data=base64.b64encode(WAV).decode(), mime_type="audio/wav")


def embedded(uri: str, text: str, mime_type: str = "text/plain") -> EmbeddedResource:
    """A resource inside of an answer."""
    return EmbeddedResource(type="resource", resource=TextResourceContents(uri=uri, mime_type=mime_type, text=text))
