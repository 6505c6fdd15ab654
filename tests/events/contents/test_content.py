"""Contents: what is sealed comes back whole, as what it was, and only as that."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.contents import (
    CONTENT_SCHEMAS,
    Content,
    IdentityContent,
    NoteContent,
    PromptContent,
    decode_content,
    encode_content,
)
from events.errors import EventTooLarge, UndecodableRecord, UnencodableText, UnknownSchema
from tests.events.strategies import contents_of
from tests.events.vectors import CONTENTS

BODIES = pytest.mark.parametrize("body", list(CONTENT_SCHEMAS), ids=lambda body: str(body.__name__))
BY_NAME = pytest.mark.parametrize("name", sorted(CONTENTS))


@BODIES
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_every_content_comes_back(body: type, data: st.DataObject) -> None:
    """Of the same type, and again with the same bytes."""
    content = data.draw(contents_of(body))
    encoded = encode_content(content)
    assert decode_content(encoded) == content
    assert encode_content(content) == encoded


@BY_NAME
def test_another_kind_than_expected_is_refused(name: str) -> None:
    """A note that was moved to the place of a prompt is no prompt."""
    content = CONTENTS[name]
    encoded = encode_content(content)
    assert decode_content(encoded, type(content)) == content
    for other in set(map(type, CONTENTS.values())) - {type(content)}:
        with pytest.raises(UndecodableRecord, match=type(content).__name__):
            decode_content(encoded, other)


@BY_NAME
def test_a_content_cut_short_or_gone_on_is_refused(name: str) -> None:
    """At every byte."""
    encoded = encode_content(CONTENTS[name])
    for broken in [*(encoded[:size_bytes] for size_bytes in range(len(encoded))), encoded + b"\x00"]:
        with pytest.raises(UndecodableRecord):
            decode_content(broken)


def test_a_content_of_a_later_release_is_unknown() -> None:
    """It is there and sealed well; this release cannot read it. An event's id is none of a content."""
    for schema_id in (999, 100):
        with pytest.raises(UnknownSchema):
            decode_content(b"\x00" + schema_id.to_bytes(4, "big") + b"\x00")


@pytest.mark.parametrize(
    "content",
    [PromptContent("secret\ud800", 64, 64, 1, 1), PromptContent("a", 64, 64, 1, 1, "secret\udc00"), NoteContent("secret\ud800"),
     IdentityContent("secret\ud800")],
    ids=["prompt", "negative prompt", "note", "identifier"],
)  # fmt: skip
def test_a_lone_surrogate_is_refused_in_every_field(content: Content) -> None:
    """With an error that a caller can be told, and that shows nothing of the text."""
    with pytest.raises(UnencodableText) as caught:
        encode_content(content)
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_text_that_is_too_long_is_refused() -> None:
    """Before it is sealed."""
    with pytest.raises(EventTooLarge):
        encode_content(NoteContent("n" * 32_001))


def test_errors_about_a_content_never_show_it() -> None:
    """They end in logs that no erasure reaches."""
    encoded = encode_content(IdentityContent("maria@example.org")).replace(b"maria", b"mari\xff")
    with pytest.raises(UndecodableRecord) as caught:
        decode_content(encoded)
    assert "example.org" not in repr(caught.value)
    assert caught.value.__suppress_context__
