"""A page opens with its head's entry and with nothing else."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.blob import TreeId, open_page, seal_page
from keys.blob.pages import is_orphan, page_id
from keys.coordinates import Purpose
from keys.errors import KeyMissing, WrongKey
from keys.tree import fresh
from tests.keys.builders import NOVEMBER, ROOT, wide

PATH = "aa/bb/1"
KEY = bytes(range(32, 64))
ID = page_id(7, b"\x01\x02\x03\x04")
TREES = {TreeId(NOVEMBER, 0, Purpose.MEDIA): wide(20), TreeId(NOVEMBER, 0, Purpose.PROMPT): fresh(ROOT)}
ENTRY, CIPHERTEXT = seal_page(PATH, ID, KEY, TREES)


def test_what_was_sealed_comes_back() -> None:
    """All trees, whatever their order."""
    assert open_page(PATH, ENTRY, CIPHERTEXT) == TREES
    assert ENTRY.trees == tuple(sorted(TREES))


@given(st.integers(0, len(CIPHERTEXT) - 1), st.integers(1, 255))
def test_a_changed_byte_is_a_wrong_key(at: int, by: int) -> None:
    """Never an erasure, never other keys."""
    changed = bytearray(CIPHERTEXT)
    changed[at] ^= by
    with pytest.raises(WrongKey):
        open_page(PATH, ENTRY, bytes(changed))


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, len(CIPHERTEXT) - 1])
def test_a_truncated_page_is_a_wrong_key(size: int) -> None:
    """Also when less than a tag is left."""
    with pytest.raises(WrongKey):
        open_page(PATH, ENTRY, CIPHERTEXT[:size])


def test_a_page_of_another_blob_is_a_wrong_key() -> None:
    """The path is authenticated: an entry that was copied between blobs opens nothing."""
    with pytest.raises(WrongKey):
        open_page("aa/bb/2", ENTRY, CIPHERTEXT)


def test_a_page_under_another_id_is_a_wrong_key() -> None:
    """So is the id."""
    with pytest.raises(WrongKey):
        open_page(PATH, replace(ENTRY, id=page_id(8, b"\x01\x02\x03\x04")), CIPHERTEXT)


def test_another_key_is_a_wrong_key() -> None:
    """The digest alone does not open it."""
    with pytest.raises(WrongKey):
        open_page(PATH, replace(ENTRY, key=bytes(32)), CIPHERTEXT)


def test_a_page_that_was_sealed_anew_is_refused() -> None:
    """The head names one sequence of bytes; even the same key cannot put another in its place."""
    _, other = seal_page(PATH, ID, KEY, {TreeId(NOVEMBER, 0, Purpose.MEDIA): fresh(ROOT)})
    with pytest.raises(WrongKey):
        open_page(PATH, ENTRY, other)


def test_other_trees_than_the_head_names_are_an_alarm() -> None:
    """Head and page were written by one writer and must agree."""
    with pytest.raises(KeyMissing):
        open_page(PATH, replace(ENTRY, trees=ENTRY.trees[:1]), CIPHERTEXT)


def test_an_id_tells_the_write_that_made_it() -> None:
    """A page of a write that is over is an orphan; one of a write that may be under way is not touched."""
    assert [is_orphan(ID, generation) for generation in (6, 7, 8)] == [False, True, True]


def test_refusals_show_no_key() -> None:
    """They are logged."""
    with pytest.raises(WrongKey) as refused:
        open_page(PATH, ENTRY, b"")
    assert KEY.hex() not in str(refused.value)
    assert repr(KEY) not in repr(ENTRY)
