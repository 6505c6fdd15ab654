"""Give each process a name and password on Kafka and exactly the rights that its work needs.

The right to append follows the catalogue: a process may write a topic only if the catalogue names it as the writer of a type
there. Reading the broker's password back is impossible, so a password file that was lost means a new password, shown as a change.
"""

import asyncio
from collections.abc import Iterable, Mapping

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from events.catalogue import EVENT_TYPES
from events.topics import ACCESSES, ALL, ERASURES, GENERATIONS, REGISTRY, Topic
from infra.setup.changes import Change, SetupFailed
from infra.setup.passwords import PasswordDirectory

REQUEST_TIMEOUT_S = 30.0
SCRAM_ITERATIONS = 4096

# What each process has to read. `api` streams every topic to auditors and reads registry and erasures to their ends.
READS: Mapping[str, tuple[Topic, ...]] = {
    "api": ALL,
    "dispatch": (GENERATIONS, ERASURES),
    "work": (),
    "project": (GENERATIONS, ACCESSES, ERASURES, REGISTRY),
    "shred": (ERASURES,),
    "reader": ALL,
}
# Consumer groups are named intaglio-<process>…; only these processes join one (the others assign partitions themselves).
GROUPED = ("dispatch", "project", "shred")


def writes(process: str) -> set[str]:
    """The topics on which the catalogue lets that process append."""
    return {kind.topic.name for kind in EVENT_TYPES if kind.writer == process}


def desired_acls(process: str) -> set[AclBinding]:
    """Every permission of one process, and nothing more."""
    principal = f"User:{process}"

    def allow(resource: ResourceType, name: str, pattern: ResourcePatternType, *operations: AclOperation) -> list[AclBinding]:
        return [
            AclBinding(resource, name, pattern, principal, "*", operation, AclPermissionType.ALLOW) for operation in operations
        ]

    bindings: list[AclBinding] = []
    for topic in writes(process):
        bindings += allow(ResourceType.TOPIC, topic, ResourcePatternType.LITERAL, AclOperation.WRITE, AclOperation.DESCRIBE)
    for read in READS[process]:
        bindings += allow(
            ResourceType.TOPIC,
            read.name,
            ResourcePatternType.LITERAL,
            AclOperation.READ,
            AclOperation.DESCRIBE,
        )
    if process in GROUPED:
        bindings += allow(
            ResourceType.GROUP,
            f"intaglio-{process}",
            ResourcePatternType.PREFIXED,
            AclOperation.READ,
            AclOperation.DESCRIBE,
        )
    return set(bindings)


async def plan_users(admin: AdminClient, passwords: PasswordDirectory) -> list[Change]:
    """The users, passwords and permissions that are missing, and permissions that our users should not have."""
    existing = await _users_with_password(admin)
    changes = [
        _upsert(admin, process, passwords)
        for process in READS
        if process not in existing or not passwords.has(f"kafka-{process}")
    ]
    for process in READS:
        held, wanted = await _acls(admin, process), desired_acls(process)
        if wanted - held:
            changes.append(_grant(admin, process, wanted - held))
        if held - wanted:
            changes.append(_revoke(admin, process, held - wanted))
    return changes


async def _users_with_password(admin: AdminClient) -> set[str]:
    future = admin.describe_user_scram_credentials(request_timeout=REQUEST_TIMEOUT_S)
    described = await asyncio.to_thread(future.result, REQUEST_TIMEOUT_S)
    return set(described)


def _upsert(admin: AdminClient, process: str, passwords: PasswordDirectory) -> Change:
    async def apply() -> None:
        password = passwords.ensure(f"kafka-{process}")
        request = UserScramCredentialUpsertion(
            process,
            ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, SCRAM_ITERATIONS),
            password.reveal().encode(),
        )
        future = admin.alter_user_scram_credentials([request], request_timeout=REQUEST_TIMEOUT_S)[process]
        try:
            await asyncio.to_thread(future.result, REQUEST_TIMEOUT_S)
        except KafkaException as refused:
            raise SetupFailed(f"the broker refused user {process}: {refused.args[0].str()}") from refused

    return Change(f"give Kafka user {process} a password", apply)


async def _acls(admin: AdminClient, process: str) -> set[AclBinding]:
    query = AclBindingFilter(
        ResourceType.ANY,
        None,
        ResourcePatternType.ANY,
        f"User:{process}",
        None,
        AclOperation.ANY,
        AclPermissionType.ANY,
    )
    future = admin.describe_acls(query, request_timeout=REQUEST_TIMEOUT_S)
    return set(await asyncio.to_thread(future.result, REQUEST_TIMEOUT_S))


def _grant(admin: AdminClient, process: str, bindings: Iterable[AclBinding]) -> Change:
    missing = list(bindings)

    async def apply() -> None:
        for binding, future in admin.create_acls(missing, request_timeout=REQUEST_TIMEOUT_S).items():
            try:
                await asyncio.to_thread(future.result, REQUEST_TIMEOUT_S)
            except KafkaException as refused:
                raise SetupFailed(
                    f"the broker refused {binding.operation.name} on {binding.name} for {process}: {refused.args[0].str()}"
                ) from refused

    return Change(f"allow Kafka user {process} {len(missing)} operations", apply)


def _revoke(admin: AdminClient, process: str, bindings: Iterable[AclBinding]) -> Change:
    surplus = list(bindings)

    async def apply() -> None:
        filters = [
            AclBindingFilter(
                binding.restype,
                binding.name,
                binding.resource_pattern_type,
                binding.principal,
                binding.host,
                binding.operation,
                binding.permission_type,
            )
            for binding in surplus
        ]
        for future in admin.delete_acls(filters, request_timeout=REQUEST_TIMEOUT_S).values():
            await asyncio.to_thread(future.result, REQUEST_TIMEOUT_S)

    return Change(f"take {len(surplus)} operations from Kafka user {process} that it has no need of", apply)
