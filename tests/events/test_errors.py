"""The families of errors: what a caller can do is decided by them alone."""

import inspect

import pytest

from events import errors
from events.append import NotTheWriter
from events.errors import Corrupt, Misconfigured, PlatformError, Pushback, Refused, Shredded

FAMILIES = (Refused, Shredded, Pushback, Corrupt, Misconfigured)
ALL: list[type[PlatformError]] = [
    found for found in vars(errors).values() if inspect.isclass(found) and issubclass(found, PlatformError)
]


@pytest.mark.parametrize("error", [found for found in ALL if found is not PlatformError], ids=lambda error: str(error.__name__))
def test_every_error_is_of_exactly_one_family(error: type[PlatformError]) -> None:
    """It is retriable if and only if waiting helps."""
    assert sum(issubclass(error, family) for family in FAMILIES) == 1
    assert error.retriable is issubclass(error, Pushback)


def test_codes_are_unique() -> None:
    """They are public and stand for one cause each."""
    codes = [*(error.code for error in ALL), NotTheWriter.code]
    assert len(codes) == len(set(codes))
    assert all(code == code.lower() and " " not in code for code in codes)
