"""Ciphertext on a real disk: written once, whole or not at all; gone when its prefix is deleted."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID

import pytest

from keys.errors import ObjectMissing, ObjectsUnavailable
from keys.objects import (
    SealedObjects,
    generation_prefix,
    model_file_path,
    model_manifest_path,
    output_path,
    subject_prefix,
)
from tests.keys.builders import OBJECT, PLACE, SUBJECT, TENANT

ROOT = Path(__file__).parents[2]
WHERE = "a/b/output"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where the store lies."""
    return tmp_path / "objects"


@pytest.fixture
def objects(directory: Path) -> SealedObjects:
    """An empty store."""
    return SealedObjects(directory.as_uri())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one MiB; skips where nobody may mount one."""
    mounted = tmp_path / "disk"
    mounted.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(mounted)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode != 0:  # noqa: S603  argv is ours
        pytest.skip("no right to mount a file system; the test with a limit on file sizes covers the same promise")
    yield mounted
    subprocess.run(["umount", str(mounted)], check=True)  # noqa: S603, S607  argv is ours


def files(directory: Path) -> list[Path]:
    """Every file below a directory, under whatever name."""
    return [path for path in directory.rglob("*") if path.is_file()]


async def test_what_was_put_comes_back(objects: SealedObjects) -> None:
    """Whole and in part."""
    assert await objects.put(WHERE, b"ciphertext")
    assert await objects.get(WHERE) == b"ciphertext"
    assert await objects.get_range(WHERE, 2, 6) == b"pher"
    assert await objects.exists(WHERE)


async def test_an_object_is_written_once(objects: SealedObjects) -> None:
    """A second worker with an old lease changes nothing, and hears that it changed nothing."""
    assert await objects.put(WHERE, b"first")
    assert not await objects.put(WHERE, b"second")
    assert await objects.get(WHERE) == b"first"


async def test_of_many_who_write_at_once_one_wins_whole(objects: SealedObjects) -> None:
    """Never a mixture."""
    contents = [bytes([number]) * 300_000 for number in range(8)]
    won = await asyncio.gather(*(objects.put(WHERE, content) for content in contents))
    assert sum(won) == 1
    assert await objects.get(WHERE) == contents[won.index(True)]


async def test_a_stream_is_written_whole(objects: SealedObjects) -> None:
    """A model's file is larger than memory."""

    async def pieces() -> AsyncIterator[bytes]:
        for number in range(5):
            yield bytes([number]) * 100_000

    assert await objects.put(WHERE, pieces())
    assert await objects.get(WHERE) == b"".join(bytes([number]) * 100_000 for number in range(5))


async def test_a_stream_that_fails_leaves_nothing(objects: SealedObjects, directory: Path) -> None:
    """The sealing may find its key expired in the middle."""

    async def pieces() -> AsyncIterator[bytes]:
        yield bytes(100_000)
        raise ZeroDivisionError

    with pytest.raises((ZeroDivisionError, ObjectsUnavailable)):
        await objects.put(WHERE, pieces())
    assert not await objects.exists(WHERE)
    assert await objects.list("a") == []


async def test_what_is_not_there_is_missing(objects: SealedObjects) -> None:
    """An outcome promised it: an alarm, not an empty picture."""
    with pytest.raises(ObjectMissing):
        await objects.get(WHERE)
    with pytest.raises(ObjectMissing):
        await objects.get_range(WHERE, 0, 10)
    assert not await objects.exists(WHERE)


async def test_a_prefix_is_deleted_with_all_below_it_and_nothing_beside_it(objects: SealedObjects) -> None:
    """The sweep of one person must not reach the next, whose lifecycle number begins alike."""
    for where in ("t/s/1/2026-11/g/1/output", "t/s/1/2026-12/h/2/output", "t/s/10/2026-11/g/1/output", "t/s2/1/x"):
        await objects.put(where, b"x")
    assert await objects.delete_prefix("t/s/1") == 2
    assert await objects.list("t/s/1") == []
    assert await objects.list("t/s/10") == ["t/s/10/2026-11/g/1/output"]
    assert await objects.list("t/s2") == ["t/s2/1/x"]


async def test_deleting_what_is_gone_is_no_error(objects: SealedObjects) -> None:
    """A resumed sweep, or two at once."""
    await objects.put(WHERE, b"x")
    await asyncio.gather(*(objects.delete_prefix("a") for _ in range(4)))
    await objects.delete(WHERE)
    assert await objects.delete_prefix("a") == 0
    assert await objects.list("never/there") == []


async def test_a_path_that_was_deleted_can_be_written_again(objects: SealedObjects) -> None:
    """Written once means once while it is there."""
    await objects.put(WHERE, b"first")
    await objects.delete(WHERE)
    assert await objects.put(WHERE, b"second")


def test_a_write_that_is_cut_off_by_the_disk_leaves_no_half_object(directory: Path) -> None:
    """A picture that ends in the middle would be counted as one."""
    argv = [sys.executable, "-m", "tests.keys.full_disk", directory.as_uri(), "100000", "400000"]
    ended = subprocess.run(argv, cwd=ROOT, check=True, capture_output=True, text=True, timeout=60)  # noqa: S603  argv is ours
    assert ended.stdout == "unavailable"
    assert not (directory / WHERE).exists()
    assert files(directory) == []


async def test_a_full_disk_is_unavailable_and_what_was_there_stays(small_disk: Path) -> None:
    """Come back when there is room; nothing half, nothing lost."""
    objects = SealedObjects(small_disk.as_uri())
    assert await objects.put("a/small", bytes(100_000))
    with pytest.raises(ObjectsUnavailable):
        await objects.put("a/large", bytes(3_000_000))
    assert not await objects.exists("a/large")
    assert await objects.list("a") == ["a/small"]
    assert await objects.get("a/small") == bytes(100_000)
    assert [path.name for path in files(small_disk)] == ["small"]
    assert await objects.put("a/large", bytes(200_000))


async def test_a_store_that_cannot_be_read_is_unavailable(objects: SealedObjects, directory: Path) -> None:
    """Not missing: the object may well be there."""
    (directory / "a").mkdir(parents=True)
    (directory / "a" / "b").write_text("a file where a folder should be")
    with pytest.raises(ObjectsUnavailable):
        await objects.put(WHERE, b"x")


async def test_the_refusal_names_what_to_look_at(objects: SealedObjects, directory: Path) -> None:
    """And no path of a person's content."""
    (directory / "a").mkdir(parents=True)
    (directory / "a" / "b").write_text("a file where a folder should be")
    with pytest.raises(ObjectsUnavailable, match="check space and access") as refused:
        await objects.put(WHERE, b"x")
    assert WHERE not in str(refused.value)


def test_paths_begin_with_whom_they_belong_to() -> None:
    """So that a sweep is a prefix, and a month or a generation too."""
    generation = UUID(int=7)
    person = f"{TENANT.hex()}/{SUBJECT.hex()}/1"
    assert subject_prefix(TENANT, SUBJECT, 1) == person
    assert generation_prefix(PLACE, generation) == f"{person}/2026-11/{generation}"
    assert output_path(PLACE, OBJECT, 3) == f"{person}/2026-11/{OBJECT}/3/output"


def test_model_files_lie_at_their_digest() -> None:
    """Nobody's content; never swept with a person."""
    assert model_file_path(b"\xab" * 32) == "models/files/" + "ab" * 32
    assert model_manifest_path(b"\xcd" * 32) == "models/manifests/" + "cd" * 32
