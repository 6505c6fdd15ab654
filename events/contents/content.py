"""The contents of sealed fields: Avro in the same framing as events, so that they can be read for as long as their key lives.

Never appended and never logged: whoever holds one of these bytes in clear holds a person's content.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar, overload

from events.contents.text import decode_text, encode_text
from events.errors import UndecodableRecord
from events.framing import RecordFormat, TextForm, formats_by_id, known_format, schema_id_of
from events.schemas.schema import Schema, load_schemas


@dataclass(frozen=True, slots=True)
class PromptContent:
    """What a client asked for; purpose prompt, object is the generation."""

    prompt: str
    width_px: int
    height_px: int
    steps: int
    seed: int
    negative_prompt: str = ""


@dataclass(frozen=True, slots=True)
class OutcomeContent:
    """What came of it; the tags are keyed, so they tell nothing to whoever has not the key."""

    size_bytes: int
    media_type: str
    width_px: int
    height_px: int
    seed: int
    pixels_tag: bytes
    bytes_tag: bytes


@dataclass(frozen=True, slots=True)
class IdentityContent:
    """Whom a subject handle stands for."""

    identifier: str


@dataclass(frozen=True, slots=True)
class NoteContent:
    """A note of an officer."""

    text: str


Content = PromptContent | OutcomeContent | IdentityContent | NoteContent
_C = TypeVar("_C", PromptContent, OutcomeContent, IdentityContent, NoteContent)

CONTENT_SCHEMAS: Mapping[type, tuple[Schema, ...]] = MappingProxyType(
    {
        body: load_schemas(body.__name__, 1, (schema_id,))
        for body, schema_id in (
            (PromptContent, 900),
            (OutcomeContent, 901),
            (IdentityContent, 902),
            (NoteContent, 903),
        )
    }
)
_TEXT_FORM = TextForm(encode_text, decode_text)
_FORMATS = {body: RecordFormat(body, schemas, _TEXT_FORM) for body, schemas in CONTENT_SCHEMAS.items()}
_BY_ID = formats_by_id(_FORMATS.values())


def encode_content(content: Content) -> bytes:
    """Framed Avro bytes of a content, ready to be sealed. A function: the same content, the same bytes.

    Raises:
        UnencodableText: a text holds a lone surrogate, which is no character.
        EventTooLarge: a text has more than 32,000 characters.
    """
    form = _FORMATS[type(content)]
    return form.pack(form.to_avro(content))


@overload
def decode_content(framed: bytes) -> Content: ...
@overload
def decode_content(framed: bytes, expected: type[_C]) -> _C: ...
def decode_content(framed: bytes, expected: type[_C] | None = None) -> Content:
    """The content of unsealed bytes, of the expected kind if one is given.

    Raises:
        UndecodableRecord: other bytes, or another kind of content than expected.
        UnknownSchema: written by a later release.
    """
    schema_id = schema_id_of(framed)
    form = known_format(_BY_ID, schema_id)
    if expected is not None and form.body is not expected:
        raise UndecodableRecord(f"sealed bytes hold a {form.body.__name__}, not a {expected.__name__}")
    content: Content = form.from_avro(form.unpack(schema_id, framed))
    return content
