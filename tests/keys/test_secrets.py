"""A secret shows itself to `reveal` only."""

import copy
import logging
import pickle
import traceback

import pytest

from keys.secrets import Secret

TEXT = "a-password-nobody-may-see"


@pytest.mark.parametrize("written", [repr, str, "{}".format, "{!r}".format, "%s".__mod__, lambda secret: f"{secret}"])
def test_no_way_of_writing_it_shows_the_text(written: object) -> None:
    """Log lines and messages are made by these."""
    assert callable(written)
    assert TEXT not in written(Secret(TEXT))


def test_reveals_the_text_at_the_moment_of_use() -> None:
    """Somebody has to log in with it."""
    assert Secret(TEXT).reveal() == TEXT


def test_an_exception_that_carries_one_shows_nothing() -> None:
    """A traceback with arguments goes to the log of whoever runs the platform."""
    error = RuntimeError(Secret(TEXT), {"password": Secret(TEXT)})
    shown = "".join(traceback.format_exception(error))
    assert TEXT not in shown


def test_a_log_record_with_one_shows_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Arguments of log calls are formatted late and by others."""
    logging.getLogger("tests").warning("logging in with %s and %r", Secret(TEXT), [Secret(TEXT)])
    assert TEXT not in caplog.text
    assert "Secret" in caplog.text


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_is_not_pickled(protocol: int) -> None:
    """A pickle is how a secret would reach a queue, a cache or another process."""
    with pytest.raises(TypeError, match="not written out"):
        pickle.dumps(Secret(TEXT), protocol)


def test_is_not_copied_behind_our_back() -> None:
    """`dataclasses.asdict` copies deeply, and what it makes is often printed."""
    with pytest.raises(TypeError):
        copy.deepcopy({"password": Secret(TEXT)})


def test_has_no_place_for_more() -> None:
    """No `__dict__`, so `vars` and debuggers that use it find nothing to print."""
    assert not hasattr(Secret(TEXT), "__dict__")
