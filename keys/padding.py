"""Size classes for what is sealed, so that a ciphertext says little about the length of its content. Pure.

Padmé (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs", 2019): at most 12 % are
added,
and sizes up to n fall into O(log log n) classes.
"""

LENGTH_SIZE_BYTES = 8


def padded_size_bytes(size_bytes: int) -> int:
    """The size class of a length."""
    if size_bytes < 2:
        return size_bytes
    exponent = size_bytes.bit_length() - 1
    mask = (1 << (exponent - exponent.bit_length())) - 1
    return size_bytes + mask & ~mask


def pad(content: bytes) -> bytes:
    """Length in eight bytes, content, zeros up to the size class."""
    whole = LENGTH_SIZE_BYTES + len(content)
    return len(content).to_bytes(LENGTH_SIZE_BYTES, "big") + content + bytes(padded_size_bytes(whole) - whole)
