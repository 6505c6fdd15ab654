"""Text inside sealed contents, in few bytes, so that the longest prompt of any script in use fits one event.

The first byte says how the rest is written; the shortest form is taken, the first of equals. A content is compressed by itself
only, never beside another person's, and padded to a size class afterwards, so its size says nothing of others and little of
itself.

    0  UTF-8      1  zlib of UTF-8      2  zlib of UTF-16, big endian
    3  numbers over an alphabet, for what does not compress: a list of runs of code points, then for every 256 characters one
       number in the base of the alphabet's size. 32,000 unrelated ideographs take 57.4 kB, where UTF-8 takes 96.

`docs/formats.md`, section 6, fixes every byte. What fits no form (uniform noise over all of Unicode) is left to the size limit
of events to refuse.
"""

import zlib
from collections.abc import Callable, Mapping
from itertools import pairwise

from events.errors import EventTooLarge, UndecodableRecord, UnencodableText

MOST_CHARACTERS = 32_000
_LEVEL = 6
_GROUP = 256
# Two code points this far apart or less share a run: a run costs six bytes, and unused places cost a little for every character.
_GAPS = (1, 16, 256, 4096)
_MOST_RUNS = 4096
# A larger alphabet could not make the longest prompt fit, and would only cost time.
_LARGEST_ALPHABET = 65_536
# Below this nothing is worth compressing, and the common prompt is encoded in a microsecond.
_SMALL_SIZE_BYTES = 256
_LARGEST_SIZE_BYTES = 4 * MOST_CHARACTERS

_Runs = list[tuple[int, int]]


def encode_text(text: str) -> bytes:
    """The shortest form.

    Raises:
        UnencodableText: a lone surrogate, which no form can hold.
        EventTooLarge: more than 32,000 characters, which `decode_text` would refuse.
    """
    if len(text) > MOST_CHARACTERS:
        raise EventTooLarge(f"a text has {len(text)} characters of {MOST_CHARACTERS}; send less text")
    try:
        utf8 = text.encode("utf-8")
    except UnicodeEncodeError as error:
        place = error.start
        # Not chained: the error holds the whole text.
        raise UnencodableText(f"character {place} is a lone surrogate, which is no character") from None
    forms = [b"\x00" + utf8]
    if len(utf8) > _SMALL_SIZE_BYTES:
        forms.append(b"\x01" + zlib.compress(utf8, _LEVEL))
        forms.append(b"\x02" + zlib.compress(text.encode("utf-16-be"), _LEVEL))
        if (runs := _cheapest_runs(text)) is not None:
            forms.append(b"\x03" + _to_numbers(text, runs))
    return min(forms, key=len)


def decode_text(encoded: bytes) -> str:
    """The text again.

    Raises:
        UndecodableRecord: a form that does not exist, bytes that are not valid in it, or more text than any content holds.
    """
    form, rest = encoded[:1], encoded[1:]
    reader = _READERS.get(form)
    if reader is None:
        raise UndecodableRecord("a text in a form that this release does not know")
    try:
        text = reader(rest)
    except (ValueError, zlib.error):
        # Not chained: the reason may quote the text.
        raise UndecodableRecord("a text that is not valid in the form that it names") from None
    if len(text) > MOST_CHARACTERS:
        raise UndecodableRecord("a text with more characters than any content holds")
    return text


def _inflate(compressed: bytes) -> bytes:
    inflater = zlib.decompressobj()
    # Bounded, so that a few bytes cannot grow into gigabytes.
    text = inflater.decompress(compressed, _LARGEST_SIZE_BYTES + 1)
    if len(text) > _LARGEST_SIZE_BYTES or not inflater.eof or inflater.unused_data:
        raise ValueError("too long, cut short, or followed by more")
    return text


def _number_size_bytes(base: int, digits: int) -> int:
    largest: int = base**digits - 1
    return (largest.bit_length() + 7) // 8


def _runs(points: list[int], gap: int) -> _Runs:
    """The distinct, sorted code points as runs of first and length, with gaps up to `gap` closed."""
    starts = [points[0]] + [right for left, right in pairwise(points) if right - left > gap]
    ends = [left for left, right in pairwise(points) if right - left > gap] + [points[-1]]
    return [(start, end - start + 1) for start, end in zip(starts, ends, strict=True)]


def _cheapest_runs(text: str) -> _Runs | None:
    """The alphabet that costs the fewest bits, if any is small enough."""
    points = sorted(set(map(ord, text)))
    candidates = [_runs(points, gap) for gap in _GAPS]
    fitting = [runs for runs in candidates if len(runs) <= _MOST_RUNS and _base(runs) <= _LARGEST_ALPHABET]
    if not fitting:
        return None
    # By whole numbers, so that every machine chooses the same alphabet.
    return min(fitting, key=lambda runs: 48 * len(runs) + len(text) * (_base(runs) ** 64).bit_length() // 64)


def _base(runs: _Runs) -> int:
    return sum(length for _, length in runs)


def _to_numbers(text: str, runs: _Runs) -> bytes:
    alphabet = [chr(first + place) for first, length in runs for place in range(length)]
    base, digit_of = len(alphabet), {character: digit for digit, character in enumerate(alphabet)}
    out = [len(runs).to_bytes(2, "big")]
    out += [first.to_bytes(3, "big") + length.to_bytes(3, "big") for first, length in runs]
    out.append(len(text).to_bytes(4, "big"))
    for start in range(0, len(text), _GROUP):
        group = text[start : start + _GROUP]
        number = 0
        for character in group:
            number = number * base + digit_of[character]
        out.append(number.to_bytes(_number_size_bytes(base, len(group)), "big"))
    return b"".join(out)


def _from_numbers(packed: bytes) -> str:
    run_count = int.from_bytes(packed[:2], "big")
    table, numbers = packed[2 : 2 + 6 * run_count], packed[6 + 6 * run_count :]
    count = int.from_bytes(packed[2 + 6 * run_count : 6 + 6 * run_count], "big")
    alphabet = _alphabet(table)
    base = len(alphabet)
    if not 0 < count <= MOST_CHARACTERS or not base:
        raise ValueError("an empty alphabet, or a count that no content has")
    characters: list[str] = []
    for start in range(0, count, _GROUP):
        digits = min(_GROUP, count - start)
        size_bytes = _number_size_bytes(base, digits)
        number, numbers = int.from_bytes(numbers[:size_bytes], "big"), numbers[size_bytes:]
        group = []
        for _ in range(digits):
            number, digit = divmod(number, base)
            group.append(alphabet[digit])
        if number:
            raise ValueError("a number with more digits than its group")
        characters += reversed(group)
    if numbers:
        raise ValueError("more numbers than characters")
    text = "".join(characters)
    text.encode("utf-8")
    return text


def _alphabet(table: bytes) -> list[str]:
    alphabet: list[str] = []
    last = -1
    for place in range(0, len(table), 6):
        first = int.from_bytes(table[place : place + 3], "big")
        length = int.from_bytes(table[place + 3 : place + 6], "big")
        if first <= last or not 0 < length <= 0x110000 - first or len(alphabet) + length > _LARGEST_ALPHABET:
            raise ValueError("runs that overlap, are empty, leave Unicode, or are too many")
        last = first + length - 1
        alphabet += map(chr, range(first, last + 1))
    return alphabet


_READERS: Mapping[bytes, Callable[[bytes], str]] = {
    b"\x00": lambda rest: rest.decode("utf-8"),
    b"\x01": lambda rest: _inflate(rest).decode("utf-8"),
    b"\x02": lambda rest: _inflate(rest).decode("utf-16-be"),
    b"\x03": _from_numbers,
}
