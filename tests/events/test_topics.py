"""Topics: what is fixed for life."""

import pytest

from events.topics import ALL, ERASURES, GENERATIONS, REGISTRY, KeyedBy, Topic


def test_names_and_counts_are_fixed_for_life() -> None:
    """Another count would move every key to another partition."""
    assert {topic.name: topic.partitions for topic in ALL} == {
        "intaglio.generations.v1": 12,
        "intaglio.accesses.v1": 12,
        "intaglio.erasures.v1": 1,
        "intaglio.registry.v1": 1,
        "intaglio.marks.v1": 1,
        "intaglio.checkpoints.v1": 1,
        "intaglio.quarantine.v1": 1,
    }


@pytest.mark.parametrize("topic", ALL, ids=lambda topic: str(topic.name))
def test_nothing_expires_or_is_compacted(topic: Topic) -> None:
    """The log is the record; whoever lets it forget loses the proof."""
    assert topic.settings["cleanup.policy"] == "delete"
    assert (topic.settings["retention.ms"], topic.settings["retention.bytes"]) == ("-1", "-1")
    assert topic.settings["message.timestamp.type"] == "LogAppendTime"


@pytest.mark.parametrize("topic", ALL, ids=lambda topic: str(topic.name))
def test_only_commands_are_flushed_one_by_one(topic: Topic) -> None:
    """A power cut must not take back an order; for pictures replication has to do."""
    assert (topic.settings.get("flush.messages") == "1") is (topic in {ERASURES, REGISTRY})


def test_settings_cannot_be_changed_at_run_time() -> None:
    """They are shared by all who ask."""
    with pytest.raises(TypeError):
        GENERATIONS.settings["retention.ms"] = "1"  # type: ignore[index]


def test_a_topic_with_one_order_has_one_partition() -> None:
    """Commands of one tenant, and all commands together, need one order."""
    assert {topic.name for topic in ALL if topic.keyed_by is KeyedBy.TENANT} == {ERASURES.name, REGISTRY.name}
    assert {topic.partitions for topic in ALL if topic.keyed_by is not KeyedBy.TENANT_AND_SUBJECT} == {1}
