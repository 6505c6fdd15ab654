"""The bytes of the log are fixed: every release makes and reads the same ones, the docs show them, and others can read them.

The files in `tests/golden/events` were written once. For a new type, and only for that, add its event to `vectors.py` and run
`python -m tests.events.test_golden` by hand: it writes the files that are not there and never touches one that is. A file that is
there stays for ever, since bytes like its own lie in logs.
"""

import dataclasses
import hashlib
import json
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from events.catalogue import EVENT_TYPES, by_name
from events.codec import decode, encode, encode_body_for_signing, is_command
from events.contents import CONTENT_SCHEMAS, decode_content, encode_content
from events.contents.text import decode_text, encode_text
from events.schemas.schema import Schema
from events.topics import Topic
from tests.events.plain_avro import Reader
from tests.events.vectors import CONTENTS, EVENTS, SIGNATURE, TEXTS

REPOSITORY = Path(__file__).parents[2]
GOLDEN = REPOSITORY / "tests" / "golden" / "events"
DOCS = REPOSITORY / "docs" / "formats.md"
COMMANDS = sorted(name for name, event in EVENTS.items() if is_command(event.body))
SHOWN_EVENT, SHOWN_COMMAND = "CancellationRequested", "TenantCreated"


def event_vector(name: str) -> dict[str, Any]:
    """What the code makes of one event now."""
    encoded = encode(EVENTS[name])
    vector: dict[str, Any] = {
        "topic": encoded.topic.name,
        "schema_id": encoded.kind.schema_id,
        "schema_sha256": encoded.kind.schema_sha256.hex(),
        "key": None if encoded.key is None else encoded.key.hex(),
        "headers": [[header, value.decode()] for header, value in encoded.headers],
        "value": encoded.value.hex(),
    }
    if is_command(EVENTS[name].body):
        vector["signed_bytes"] = encode_body_for_signing(EVENTS[name]).hex()
    return vector


def all_vectors() -> dict[str, dict[str, Any]]:
    """By file name."""
    return {
        **{name: event_vector(name) for name in EVENTS},
        "contents": {name: encode_content(content).hex() for name, content in CONTENTS.items()},
        "texts": {form: {"text": text, "encoded": encode_text(text).hex()} for form, text in TEXTS.items()},
    }


def golden(name: str) -> dict[str, Any]:
    """The vector as it was first written down."""
    found: dict[str, Any] = json.loads((GOLDEN / f"{name}.json").read_text("utf-8"))
    return found


def golden_headers(name: str) -> list[tuple[str, bytes]]:
    """The headers of an event's vector."""
    return [(header, value.encode()) for header, value in golden(name)["headers"]]


def docs() -> str:
    """The specification without any white space, so that a long number may be broken over lines."""
    return re.sub(r"\s", "", DOCS.read_text("utf-8"))


def table_bytes(heading: str) -> bytes:
    """All bytes of the first table after a heading whose first column is `bytes`, one after another."""
    section = DOCS.read_text("utf-8").split(heading, 1)[1]
    rows = re.findall(r"^\| `([0-9a-f ]+)` \|", section.split("\n## ", 1)[0], re.MULTILINE)
    return bytes.fromhex("".join(rows))


def plain(value: Any) -> Any:
    """A body as it is written: ids as text, times as microseconds."""
    if dataclasses.is_dataclass(value):
        return {item.name: plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return (value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    return str(value) if isinstance(value, UUID) else value


def test_there_is_a_vector_for_every_type_and_content() -> None:
    """A type without fixed bytes could change them unnoticed."""
    assert {kind.name for kind in EVENT_TYPES} == set(EVENTS)
    assert {body.__name__ for body in CONTENT_SCHEMAS} == set(CONTENTS)
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(all_vectors())


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_an_event_still_gives_the_same_bytes(name: str) -> None:
    """A retry appends the same record, and a signature is checked years later."""
    assert event_vector(name) == golden(name)


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_old_bytes_still_give_the_event(name: str) -> None:
    """The log outlives the code."""
    assert decode(bytes.fromhex(golden(name)["value"]), golden_headers(name)) == EVENTS[name]


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_another_reader_finds_the_same_fields(name: str) -> None:
    """Written from the text alone: magic, id, then the fields of the schema in its order, and nothing after them."""
    value = bytes.fromhex(golden(name)["value"])
    assert (value[0], int.from_bytes(value[1:5], "big")) == (0, golden(name)["schema_id"])
    reader = Reader(value[5:])
    found = reader.read(by_name[name].schema)
    assert reader.rest == b""
    assert found["envelope"]["schema_sha256"].hex() == golden(name)["schema_sha256"]
    assert found["envelope"]["time"] == 1_795_479_125_123_456
    del found["envelope"]
    assert found == plain(EVENTS[name].body)


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_an_identity_can_be_recomputed_from_the_text(name: str) -> None:
    """SHA-256 of the JSON with sorted keys and no spaces; by someone who has only the file of the schema."""
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    parsed = json.loads((REPOSITORY / "events" / "schemas" / f"{snake}.v1.avsc").read_text("utf-8"))
    canonical = json.dumps(parsed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(canonical.encode()).hexdigest() == golden(name)["schema_sha256"]


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_signed_can_be_recomputed_from_the_record(name: str) -> None:
    """Label, topic, zero byte, identity, and the value with its signature cut to nothing; every command ends with it."""
    vector = golden(name)
    value = bytes.fromhex(vector["value"])
    assert value.endswith(b"\x88\x01" + SIGNATURE)
    unsigned = value[: -len(SIGNATURE) - 2] + b"\x00"
    topic = vector["topic"].encode()
    whole = b"intaglio/v1/command\x00" + topic + b"\x00" + bytes.fromhex(vector["schema_sha256"]) + unsigned
    assert whole.hex() == vector["signed_bytes"]


@pytest.mark.parametrize("name", sorted(CONTENTS))
def test_a_content_still_gives_the_same_bytes(name: str) -> None:
    """What is sealed today is opened for as long as its key lives."""
    encoded = bytes.fromhex(golden("contents")[name])
    assert encode_content(CONTENTS[name]) == encoded
    assert decode_content(encoded) == CONTENTS[name]


@pytest.mark.parametrize("form", sorted(TEXTS))
def test_old_texts_are_still_read(form: str) -> None:
    """Each of the four forms."""
    vector = golden("texts")[form]
    assert vector["encoded"].startswith(f"0{form}")
    assert decode_text(bytes.fromhex(vector["encoded"])) == vector["text"] == TEXTS[form]


@pytest.mark.parametrize("form", ["0", "3"])
def test_the_forms_without_a_compressor_have_fixed_bytes(form: str) -> None:
    """On every machine; what a compressor makes of a text is its own choice."""
    assert encode_text(TEXTS[form]).hex() == golden("texts")[form]["encoded"]


def test_numbers_over_an_alphabet_can_be_read_from_the_text() -> None:
    """By another reader: runs, count, then one number for every 256 characters."""
    packed = bytes.fromhex(golden("texts")["3"]["encoded"])[1:]
    runs = int.from_bytes(packed[:2], "big")
    alphabet: list[int] = []
    for start in range(2, 2 + 6 * runs, 6):
        first, length = (int.from_bytes(packed[place : place + 3], "big") for place in (start, start + 3))
        alphabet += range(first, first + length)
    rest = packed[2 + 6 * runs :]
    count, number = int.from_bytes(rest[:4], "big"), int.from_bytes(rest[4:], "big")
    assert count <= 256
    digits = [number // len(alphabet) ** place % len(alphabet) for place in reversed(range(count))]
    assert "".join(chr(alphabet[digit]) for digit in digits) == TEXTS["3"]


def test_the_docs_show_the_bytes_of_an_event() -> None:
    """The table takes the value apart; put together again it is the vector."""
    vector = golden(SHOWN_EVENT)
    assert table_bytes("## 2. Event framing").hex() == vector["value"]
    assert vector["key"] in docs()
    for header, value in vector["headers"]:
        assert f"|`{header}`|`{value}`|" in docs()


def test_the_docs_show_what_is_signed() -> None:
    """The table of section 5 is the whole message."""
    assert table_bytes("## 5. Command signatures").hex() == golden(SHOWN_COMMAND)["signed_bytes"]
    assert SIGNATURE.hex() in docs()


@pytest.mark.parametrize("name", ["contents", "texts"])
def test_the_docs_show_the_bytes_of_contents(name: str) -> None:
    """The text is the specification; it must not say something else than the code."""
    shown = [vector if isinstance(vector, str) else vector["encoded"] for vector in golden(name).values()]
    assert [vector for vector in shown if vector not in docs()] == []


@pytest.mark.parametrize("kind", EVENT_TYPES, ids=lambda kind: str(kind.name))
def test_the_docs_list_every_type(kind: Any) -> None:
    """With its id, topic and writer, so that a reader needs nothing else."""
    row = f"|{kind.schema_id}|`{kind.name}`|`{_short(kind.topic)}`|`{kind.writer}`|"
    assert row in docs()


@pytest.mark.parametrize("schema", [item[-1] for item in CONTENT_SCHEMAS.values()], ids=lambda schema: str(schema.full_name))
def test_the_docs_list_every_content(schema: Schema) -> None:
    """The types that are sealed."""
    assert f"|{schema.schema_id}|`{schema.definition['name']}`|" in docs()


def _short(topic: Topic) -> str:
    return topic.name.removeprefix("intaglio.").removesuffix(".v1")


def main() -> int:
    """Writes the vectors that are not there yet. Run by hand, once for each new type."""
    for name, vector in all_vectors().items():
        path = GOLDEN / f"{name}.json"
        if path.exists():
            continue
        path.write_text(json.dumps(vector, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        sys.stdout.write(f"wrote {path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
