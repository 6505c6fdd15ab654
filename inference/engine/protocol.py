"""What parent and child say to each other: msgpack messages behind a four-byte length, over inherited pipes."""

from typing import BinaryIO

import msgspec

_LENGTH_SIZE_BYTES = 4
LARGEST_MESSAGE_SIZE_BYTES = 256 << 20


class Draw(msgspec.Struct, tag=True, frozen=True):
    """Draw one picture with the model in that directory, whose files the child checks against the digest first."""

    model_directory: str
    model_digest: bytes
    prompt: str
    negative_prompt: str
    width_px: int
    height_px: int
    steps: int
    seed: int


class Stop(msgspec.Struct, tag=True, frozen=True):
    """Stop the present picture before its next step."""


class Ready(msgspec.Struct, tag=True, frozen=True):
    """The child has loaded its libraries."""

    environment: str


class Step(msgspec.Struct, tag=True, frozen=True):
    """So many steps are done."""

    done: int
    total: int


class Drawn(msgspec.Struct, tag=True, frozen=True):
    """The picture: height by width by 3 bytes, RGB, row by row; device time in milliseconds."""

    pixels: bytes
    width_px: int
    height_px: int
    steps: int
    device_ms: int


class Stopped(msgspec.Struct, tag=True, frozen=True):
    """Stopped as asked; nothing was decoded."""

    steps_done: int
    device_ms: int


class Failed(msgspec.Struct, tag=True, frozen=True):
    """No picture; `reason` is a code and the name of an error, never its text, which could quote the prompt."""

    reason: str


ToChild = Draw | Stop
ToParent = Ready | Step | Drawn | Stopped | Failed

to_child = msgspec.msgpack.Decoder(ToChild)
to_parent = msgspec.msgpack.Decoder(ToParent)
_encoder = msgspec.msgpack.Encoder()


def frame(message: ToChild | ToParent) -> bytes:
    """A message with its length in front."""
    body = _encoder.encode(message)
    return len(body).to_bytes(_LENGTH_SIZE_BYTES, "big") + body


def read_frame(stream: BinaryIO) -> bytes | None:
    """The next message's bytes from a blocking stream, or None at its end."""
    head = stream.read(_LENGTH_SIZE_BYTES)
    if len(head) < _LENGTH_SIZE_BYTES:
        return None
    size = int.from_bytes(head, "big")
    if size > LARGEST_MESSAGE_SIZE_BYTES:
        raise ValueError("a message larger than any picture")
    body = stream.read(size)
    return body if len(body) == size else None
