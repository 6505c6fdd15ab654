"""Identifiers: random, ordered by birth where they should be, and months that everybody counts alike."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from events.identifiers import HANDLE_SIZE_BYTES, NO_SUBJECT, PLATFORM, Month, month_of, month_text, new_handle, new_uuid7

MOMENTS = st.datetimes(min_value=datetime(1970, 1, 2), timezones=st.just(UTC))  # noqa: DTZ001  hypothesis adds the zone


def test_handles_are_sixteen_bytes_and_never_the_same() -> None:
    """A handle that repeats would join two people."""
    handles = {new_handle() for _ in range(1000)}
    assert len(handles) == 1000
    assert {len(handle) for handle in handles} == {HANDLE_SIZE_BYTES}


def test_nobody_and_the_platform_are_zero_bytes() -> None:
    """They are written into keys for ever."""
    assert [bytes(NO_SUBJECT), bytes(PLATFORM)] == [bytes(16)] * 2


@given(MOMENTS)
def test_an_id_is_a_uuid_of_version_7_that_tells_its_time(moment: datetime) -> None:
    """RFC 9562: 48 bits of Unix milliseconds, version 7, variant 2."""
    found = new_uuid7(moment)
    assert (found.version, found.variant) == (7, "specified in RFC 4122")
    assert found.int >> 80 == int(moment.timestamp() * 1000)


def test_ids_sort_by_birth() -> None:
    """An index on them grows at its end."""
    moments = [datetime(2026, 11, 24, tzinfo=UTC) + timedelta(milliseconds=number) for number in range(100)]
    ids = [new_uuid7(moment) for moment in moments]
    assert ids == sorted(ids)
    assert [str(found) for found in ids] == sorted(str(found) for found in ids)


def test_ids_of_one_millisecond_differ() -> None:
    """74 bits of chance."""
    moment = datetime(2026, 11, 24, tzinfo=UTC)
    assert len({new_uuid7(moment) for _ in range(1000)}) == 1000


def test_an_id_of_now_bears_the_present_time() -> None:
    """Within a second."""
    unix_ms = new_uuid7().int >> 80
    assert abs(unix_ms - datetime.now(UTC).timestamp() * 1000) < 1000


def test_a_month_is_counted_in_utc() -> None:
    """Midnight in Berlin is still the month before."""
    berlin = timezone(timedelta(hours=1))
    assert month_of(datetime(2026, 12, 1, 0, 30, tzinfo=berlin)) == month_of(datetime(2026, 11, 30, tzinfo=UTC)) == 24322


@given(st.integers(12, 0xFFFF))
def test_a_month_as_text_is_the_month(number: int) -> None:
    """`2026-11`, sorted as text like the numbers, for paths."""
    year, month = month_text(Month(number)).split("-")
    assert month_of(datetime(int(year), int(month), 15, tzinfo=UTC)) == number
    assert month_text(Month(24322)) == "2026-11"
