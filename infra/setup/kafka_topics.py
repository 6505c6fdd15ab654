"""Make the topics of the log, with the partition counts and settings that are fixed for life.

Never changes a partition count and never deletes: a topic whose count differs from the catalogue is an error, because the order
of every key would change with it. Settings that drifted are put back and shown as a change.
"""

import asyncio
from collections.abc import Mapping

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)
from confluent_kafka.cimpl import NewTopic

from events.topics import ALL, Topic
from infra.setup.changes import Change, SetupFailed

REQUEST_TIMEOUT_S = 30.0


async def plan_topics(admin: AdminClient, *, replication: int) -> list[Change]:
    """The topics and settings that are missing on the broker.

    Raises:
        SetupFailed: a topic exists with another number of partitions.
    """
    existing = (await asyncio.to_thread(admin.list_topics, timeout=REQUEST_TIMEOUT_S)).topics
    changes = []
    for topic in ALL:
        if topic.name not in existing:
            changes.append(_creation(admin, topic, replication))
            continue
        count = len(existing[topic.name].partitions)
        if count != topic.partitions:
            raise SetupFailed(
                f"topic {topic.name} has {count} partitions, but {topic.partitions} are fixed for life; "
                "point INTAGLIO_KAFKA at the right cluster or remove that topic by hand"
            )
        drift = await _drift(admin, topic)
        if drift:
            changes.append(_settings(admin, topic, drift))
    return changes


def _creation(admin: AdminClient, topic: Topic, replication: int) -> Change:
    async def apply() -> None:
        request = NewTopic(
            topic.name,
            num_partitions=topic.partitions,
            replication_factor=replication,
            config=dict(topic.settings),
        )
        future = admin.create_topics([request], request_timeout=REQUEST_TIMEOUT_S)[topic.name]
        try:
            await asyncio.to_thread(future.result, REQUEST_TIMEOUT_S)
        except KafkaException as refused:
            # Two set-ups side by side: the other one made it, with the same settings.
            if refused.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise SetupFailed(f"the broker refused to make topic {topic.name}: {refused.args[0].str()}") from refused

    return Change(f"make topic {topic.name} with {topic.partitions} partitions", apply)


async def _drift(admin: AdminClient, topic: Topic) -> Mapping[str, str]:
    resource = ConfigResource(ResourceType.TOPIC, topic.name)
    future = admin.describe_configs([resource], request_timeout=REQUEST_TIMEOUT_S)[resource]
    found = await asyncio.to_thread(future.result, REQUEST_TIMEOUT_S)
    return {name: value for name, value in topic.settings.items() if name not in found or found[name].value != value}


def _settings(admin: AdminClient, topic: Topic, drift: Mapping[str, str]) -> Change:
    async def apply() -> None:
        resource = ConfigResource(
            ResourceType.TOPIC,
            topic.name,
            incremental_configs=[
                ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in drift.items()
            ],
        )
        future = admin.incremental_alter_configs([resource], request_timeout=REQUEST_TIMEOUT_S)[resource]
        try:
            await asyncio.to_thread(future.result, REQUEST_TIMEOUT_S)
        except KafkaException as refused:
            raise SetupFailed(f"the broker refused settings of topic {topic.name}: {refused.args[0].str()}") from refused

    shown = ", ".join(f"{name}={value}" for name, value in sorted(drift.items()))
    return Change(f"set {shown} on topic {topic.name}", apply)
