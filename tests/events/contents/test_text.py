"""Compact text: the longest prompt of any script fits, every text comes back, and a few bytes never grow into gigabytes."""

import random
import time
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.contents.text import MOST_CHARACTERS, decode_text, encode_text
from events.errors import EventTooLarge, UndecodableRecord, UnencodableText
from tests.events.scripts import FITTING_SIZE_BYTES, LONGEST_PROMPTS

CHARACTERS = st.characters(exclude_categories=["Cs"])


@settings(max_examples=300, deadline=None)
@given(st.text(CHARACTERS, max_size=600))
def test_every_text_comes_back(text: str) -> None:
    """Of any mixture of scripts."""
    assert decode_text(encode_text(text)) == text


@settings(max_examples=150, deadline=None)
@given(alphabet=st.text(CHARACTERS, min_size=1, max_size=50), count=st.integers(1, 3000), seed=st.integers(0, 1000))
def test_long_texts_over_any_alphabet_come_back(alphabet: str, count: int, seed: int) -> None:
    """Where all four forms compete."""
    text = "".join(random.Random(seed).choices(alphabet, k=count))
    assert decode_text(encode_text(text)) == text


@pytest.mark.parametrize("count", [1, 255, 256, 257, 512, 1000])
def test_numbers_of_every_group_size_come_back(count: int) -> None:
    """A last group of one character, a whole one, and one character more."""
    text = "".join(random.Random(count).choices([chr(point) for point in range(0x4E00, 0x9FA0)], k=count))
    encoded = encode_text(text)
    assert decode_text(encoded) == text
    assert encoded[0] == (3 if count > 1 else 0)


@pytest.mark.parametrize("script", sorted(LONGEST_PROMPTS))
def test_the_longest_prompt_fits_in_any_script(script: str) -> None:
    """Into what a record leaves, once it is padded and sealed; quickly enough for a request."""
    text = LONGEST_PROMPTS[script]
    assert len(text) == MOST_CHARACTERS
    began = time.process_time()
    encoded = encode_text(text)
    assert decode_text(encoded) == text
    assert time.process_time() - began < 3.0
    assert len(encoded) < FITTING_SIZE_BYTES


def test_a_short_text_is_left_as_it_is() -> None:
    """The common prompt costs one byte more than its UTF-8."""
    assert encode_text("A lighthouse at night") == b"\x00A lighthouse at night"
    assert encode_text("") == b"\x00"


def test_the_shortest_form_is_taken() -> None:
    """Each of the four wins somewhere."""
    latin, ideographs = "one more time, " * 40, "".join(chr(0x4E00 + place % 7) for place in range(300))
    mixed = LONGEST_PROMPTS["cjk"][:500]
    assert [encode_text(text)[0] for text in ("short", latin, ideographs, mixed)] == [0, 1, 2, 3]


@pytest.mark.parametrize("text", ["a\ud800", "\udfff", "x" * 300 + "\ud83d"])
def test_a_lone_surrogate_is_refused_without_being_shown(text: str) -> None:
    """No encoding can carry it; the error says where it is and not what stands around it."""
    with pytest.raises(UnencodableText, match=str(len(text) - 1)) as caught:
        encode_text(text)
    assert caught.value.__suppress_context__
    assert "x" * 10 not in str(caught.value)


def test_a_text_that_could_not_be_read_again_is_not_written() -> None:
    """The reader's bound is the writer's too, or a sealed note would be lost for ever."""
    assert decode_text(encode_text("a" * MOST_CHARACTERS)) == "a" * MOST_CHARACTERS
    with pytest.raises(EventTooLarge, match="32001"):
        encode_text("a" * (MOST_CHARACTERS + 1))


def _numbers(runs: list[tuple[int, int]], count: int, numbers: bytes) -> bytes:
    table = b"".join(first.to_bytes(3, "big") + length.to_bytes(3, "big") for first, length in runs)
    return b"\x03" + len(runs).to_bytes(2, "big") + table + count.to_bytes(4, "big") + numbers


def test_the_hand_made_form_is_what_a_reader_takes() -> None:
    """The next test breaks it, so it has to be right first: digits 1, 0, 2 in base 3 are 11."""
    assert decode_text(_numbers([(97, 2), (0x4E00, 1)], 3, b"\x0b")) == "ba一"


@pytest.mark.parametrize(
    "encoded",
    [
        b"",
        b"\x04text",
        b"\x00\xff",
        b"\x01not zlib",
        b"\x01" + zlib.compress(b"text")[:-1],
        b"\x01" + zlib.compress(b"text") + b"more",
        b"\x01" + zlib.compress(b"\xff"),
        b"\x02" + zlib.compress(b"\x00"),
        b"\x02" + zlib.compress("\ud800".encode("utf-16-be", "surrogatepass")),
        b"\x00" + b"a" * (MOST_CHARACTERS + 1),
        b"\x01" + zlib.compress(b"a" * (MOST_CHARACTERS + 1)),
        b"\x03",
        _numbers([], 1, b"\x00"),
        _numbers([(97, 2), (0x4E00, 1)], 0, b""),
        _numbers([(97, 2), (0x4E00, 1)], 3, b"\x1b"),
        _numbers([(97, 2), (0x4E00, 1)], 3, b"\x0b\x00"),
        _numbers([(97, 2), (98, 1)], 3, b"\x0b"),
        _numbers([(97, 0)], 3, b"\x0b"),
        _numbers([(0x10FFFF, 2)], 1, b"\x00"),
        _numbers([(0xD800, 1)], 1, b"\x00"),
        _numbers([(0, 65_537)], 1, b"\x00\x00\x00"),
        _numbers([(97, 1)], MOST_CHARACTERS + 1, b""),
    ],
    ids=[
        "nothing", "unknown form", "no UTF-8", "no zlib", "cut short", "followed by more", "inflates to no UTF-8",
        "half a character", "inflates to a surrogate", "too much UTF-8", "inflates to too much",
        "no table", "no alphabet", "no characters", "number too large",
        "number too long", "runs overlap", "empty run", "beyond Unicode", "alphabet of a surrogate", "alphabet too large",
        "too many characters",
    ],
)  # fmt: skip
def test_what_is_not_valid_is_undecodable(encoded: bytes) -> None:
    """And its error shows nothing of the text."""
    with pytest.raises(UndecodableRecord) as caught:
        decode_text(encoded)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("form", [1, 2])
def test_a_bomb_is_refused_before_it_grows(form: int) -> None:
    """A hundred kilobytes that inflate to a hundred megabytes."""
    bomb = bytes([form]) + zlib.compress(b"\x00a" * 50_000_000, 9)
    began = time.process_time()
    with pytest.raises(UndecodableRecord):
        decode_text(bomb)
    assert time.process_time() - began < 0.2


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_noise_is_undecodable_or_text(encoded: bytes) -> None:
    """Never another error."""
    try:
        text = decode_text(encoded)
    except UndecodableRecord:
        return
    assert decode_text(encode_text(text)) == text
