"""The longest prompts that a client may send, in scripts that need most: at random, so that nothing compresses well."""

import random

from events.contents.text import MOST_CHARACTERS

# What a record of 60,000 bytes leaves for one text, after the envelope, sealing and padding (59,392 is a size class).
FITTING_SIZE_BYTES = 59_000

_EMOJI = [
    *map(chr, range(0x1F300, 0x1F650)),
    *map(chr, range(0x1F680, 0x1F6FD)),
    *map(chr, range(0x1F900, 0x1FA00)),
    *map(chr, range(0x1F3FB, 0x1F400)),
    "\u200d",
    "\ufe0f",
]
_ALPHABETS: dict[str, list[str]] = {
    "latin": [*map(chr, range(0x20, 0x7F)), *map(chr, range(0xA0, 0x250))],
    "arabic": [" ", *map(chr, range(0x600, 0x700)), *map(chr, range(0x750, 0x780))],
    "cjk": list(map(chr, range(0x4E00, 0x9FFF))),
    "emoji": _EMOJI,
    "hangul": list(map(chr, range(0xAC00, 0xD7A4))),
    "devanagari": [" ", *map(chr, range(0x900, 0x980))],
}


def _noise(alphabet: list[str]) -> str:
    return "".join(random.Random(7).choices(alphabet, k=MOST_CHARACTERS))


LONGEST_PROMPTS: dict[str, str] = {name: _noise(alphabet) for name, alphabet in _ALPHABETS.items()} | {
    "prose": ("Ein Leuchtturm bei Nacht, 灯塔, منارة. " * 1000)[:MOST_CHARACTERS],
    "all at once": _noise([*_ALPHABETS["cjk"], *_ALPHABETS["latin"], *_EMOJI]),
}
