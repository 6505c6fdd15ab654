"""Size classes: few, never much larger than the content, and never smaller."""

from hypothesis import given
from hypothesis import strategies as st

from keys.padding import LENGTH_SIZE_BYTES, pad, padded_size_bytes

sizes = st.one_of(st.integers(0, 4096), st.integers(0, 1 << 40))


@given(sizes)
def test_adds_at_most_twelve_percent(size: int) -> None:
    """The bound that the paper proves: 11.1 % for the worst size, less for large ones."""
    padded = padded_size_bytes(size)
    assert size <= padded <= size * 1.12


@given(sizes)
def test_a_padded_size_is_its_own_class(size: int) -> None:
    """Padding twice would otherwise tell the two apart."""
    assert padded_size_bytes(padded_size_bytes(size)) == padded_size_bytes(size)


@given(sizes, sizes)
def test_a_longer_content_is_never_in_a_smaller_class(first: int, second: int) -> None:
    """Classes are intervals."""
    low, high = sorted((first, second))
    assert padded_size_bytes(low) <= padded_size_bytes(high)


def test_there_are_few_classes() -> None:
    """What an observer learns of a prompt's length: one of this many classes for all sizes up to 64 KiB."""
    assert len({padded_size_bytes(size) for size in range(1, 65537)}) <= 256


def test_known_sizes() -> None:
    """Values worked out by hand from the paper's definition."""
    assert [padded_size_bytes(size) for size in (0, 1, 2, 8, 9, 100, 1000, 65537)] == [0, 1, 2, 8, 10, 104, 1024, 67584]


@given(st.binary(max_size=3000))
def test_content_comes_back_from_its_length(content: bytes) -> None:
    """Length in eight bytes, content, zeros."""
    padded = pad(content)
    size = int.from_bytes(padded[:LENGTH_SIZE_BYTES], "big")
    assert padded[LENGTH_SIZE_BYTES : LENGTH_SIZE_BYTES + size] == content
    assert not any(padded[LENGTH_SIZE_BYTES + size :])
    assert len(padded) == padded_size_bytes(LENGTH_SIZE_BYTES + len(content))
