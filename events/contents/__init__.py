"""What lies inside sealed fields, and how its bytes are made.

These bytes exist in clear only inside a process that holds the key, at the moment of use. What belongs here: their types, their
framing
and the form of long texts. What does not: any key. Nothing here is ever on a topic as it is.
"""

from events.contents.content import (
    CONTENT_SCHEMAS,
    Content,
    IdentityContent,
    NoteContent,
    OutcomeContent,
    PromptContent,
    decode_content,
    encode_content,
)

__all__ = [
    "CONTENT_SCHEMAS",
    "Content",
    "IdentityContent",
    "NoteContent",
    "OutcomeContent",
    "PromptContent",
    "decode_content",
    "encode_content",
]
