"""What lies inside sealed fields, and how its bytes are made.

What belongs here: the types of those contents, their schemas, their framing, and the form in which long texts fit one event.

What does not: keys and sealing (`keys.sealed`), and anything that stands in clear in an event (`events.records`).

Never: put one of these on a topic, into a log line or into an error as it is. They exist in clear only in a process that holds
the key, at the moment of use.
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
