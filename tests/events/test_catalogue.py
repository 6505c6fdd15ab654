"""The catalogue: closed, one writer for each type, ids that are never given twice."""

import dataclasses
import typing
from collections import Counter

import pytest

from events import records
from events.catalogue import EVENT_TYPES, EventType, by_name, by_schema_id, of
from events.check import published
from events.contents import CONTENT_SCHEMAS
from events.topics import ALL, CHECKPOINTS, ERASURES, MARKS, REGISTRY, Topic
from tests.events.vectors import EVENTS

PROCESSES = {"api", "dispatch", "work", "project", "shred"}


def test_the_catalogue_is_closed() -> None:
    """Every body that may be said has exactly one entry, and nothing else has."""
    assert Counter(kind.body for kind in EVENT_TYPES) == Counter(typing.get_args(records.EventBody))
    assert dict(by_name) == {kind.name: kind for kind in EVENT_TYPES}


def test_nobody_can_add_to_it_at_run_time() -> None:
    """A test or plug-in that widened it would change who can say what."""
    for mapping in (by_name, by_schema_id):
        with pytest.raises(TypeError):
            mapping["X"] = EVENT_TYPES[0]  # type: ignore[index]
    with pytest.raises(dataclasses.FrozenInstanceError):
        EVENT_TYPES[0].writer = "work"  # type: ignore[misc]


def test_a_body_outside_the_catalogue_is_no_event() -> None:
    """It has no topic, no writer and no id."""
    with pytest.raises(KeyError):
        of("hello")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", EVENT_TYPES, ids=lambda kind: str(kind.name))
def test_each_type_has_one_writer_which_is_a_process(kind: EventType) -> None:
    """The broker's permissions are made from it."""
    assert kind.writer in PROCESSES
    assert of(EVENTS[kind.name].body) is kind


def test_only_api_gives_orders() -> None:
    """Commands are signed with a key that only `api` may use."""
    commands = [kind for kind in EVENT_TYPES if "signature" in {item.name for item in dataclasses.fields(kind.body)}]
    assert {kind.writer for kind in commands} == {"api"}
    assert {kind.topic for kind in commands} == {ERASURES, REGISTRY}
    assert {kind.name for kind in EVENT_TYPES if kind.topic is REGISTRY} <= {kind.name for kind in commands}


def test_no_id_is_used_twice() -> None:
    """By no two types, nor by a type and a content."""
    ids = [schema.schema_id for kind in EVENT_TYPES for schema in kind.schemas]
    ids += [schema.schema_id for schemas in CONTENT_SCHEMAS.values() for schema in schemas]
    assert len(ids) == len(set(ids))


def test_ids_and_identities_are_those_that_were_published() -> None:
    """An id lies in records for ever; whoever reuses or changes it makes them unreadable."""
    found = {schema.schema_id: schema.sha256.hex() for kind in EVENT_TYPES for schema in kind.schemas}
    found |= {schema.schema_id: schema.sha256.hex() for schemas in CONTENT_SCHEMAS.values() for schema in schemas}
    assert found == published()


def test_wire_names_and_subjects_are_unique() -> None:
    """The registry finds a schema by its subject."""
    for names in ([kind.wire_name for kind in EVENT_TYPES], [kind.subject for kind in EVENT_TYPES]):
        assert len(names) == len(set(names))
    assert by_name["PromptSubmitted"].wire_name == "intaglio.PromptSubmitted.v1"
    assert by_name["PromptSubmitted"].subject == "intaglio.generations.PromptSubmitted"


@pytest.mark.parametrize(
    "topic", [topic for topic in ALL if topic not in {MARKS, CHECKPOINTS}], ids=lambda topic: str(topic.name)
)
def test_the_schemas_of_a_topic_bear_its_name(topic: Topic) -> None:
    """`intaglio.generations.v1` holds records of `intaglio.generations`."""
    found = {kind.schema["namespace"] for kind in EVENT_TYPES if kind.topic is topic}
    assert found == {topic.name.removesuffix(".v1")}
