"""What a prompt costs from its subject's handle to the acknowledged event, its key opened for it alone."""

import secrets
from datetime import UTC, datetime
from itertools import cycle, islice

import pytest
from aiokafka import AIOKafkaProducer

from events.append import Appender
from events.codec import EncodedEvent, Event, encode
from events.contents import encode_content
from events.envelope import new_envelope
from events.identifiers import GenerationId, TenantHandle, month_of, new_uuid7
from events.records import PromptSubmitted
from events.topics import Topic
from keys.allocation import LeafAllocator
from keys.coordinates import Coordinates, Expectation, Kind, Purpose
from keys.directory import DirectoryEntry, register
from keys.opening import open_leaf
from keys.sealed import seal
from keys.vault import Vault
from tests.bench.ratios import Report, Side, Stopwatch, in_flight, interleaved
from tests.bench.sample import prompt_content, prompts
from tests.events.positions.harness import Broker

COUNT = 320
PEOPLE = 20
IN_FLIGHT = 16


class _Client:
    """Does for each event what `api` does between directory and log."""

    def __init__(self, vault: Vault, appender: Appender, tenant: TenantHandle, watch: Stopwatch) -> None:
        self._vault, self._tenant = vault, tenant
        self._allocator = LeafAllocator(vault)
        self._append = watch.timed("append: encode, headers, acks=all", appender.append)
        self._seal = watch.timed_plain("seal", seal)

    async def submit(self, person: DirectoryEntry) -> None:
        """One prompt of one person."""
        month = month_of(datetime.now(UTC))
        (place,) = await self._allocator.reserve(self._tenant, person.subject, person.lifecycle, month)
        await self._append(await self._event(place))

    async def _event(self, place: Coordinates) -> Event:
        generation = GenerationId(new_uuid7())
        async with open_leaf(self._vault, place, Purpose.PROMPT) as leaf:
            expectation = Expectation(place, Purpose.PROMPT, generation, Kind.PROMPT)
            sealed = self._seal(leaf, expectation, encode_content(prompt_content()))
        body = PromptSubmitted(
            generation=generation, batch=new_uuid7(), kind="image", model_digest=b"m" * 32,
            adapter="diffusers.StableDiffusionPipeline", shape_bucket="512x512", month=place.month, tree=place.tree,
            leaf=place.leaf, sealed=sealed,
        )  # fmt: skip
        envelope = new_envelope(
            source="api", tenant=self._tenant, subject=place.subject, lifecycle=place.lifecycle, purpose="generation"
        )
        return Event(envelope, body)


@pytest.fixture
def watch(api_vault: Vault, monkeypatch: pytest.MonkeyPatch) -> Stopwatch:
    """Counts each round trip to the key store by its kind."""
    made = Stopwatch()
    parts = {
        "kv_read": "KV read",
        "decrypt": "transit decrypt",
        "encrypt": "transit encrypt",
        "kv_write": "KV write",
    }
    for name, part in parts.items():
        monkeypatch.setattr(api_vault, name, made.timed(part, getattr(api_vault, name)))
    return made


async def test_appending_with_a_key_opened_for_each_event_against_raw_sends(
    report: Report, broker: Broker, log: Topic, api_vault: Vault, tenant: TenantHandle, watch: Stopwatch
) -> None:
    """Leaves by runs of sixteen, one leaf opened and one prompt sealed an event; B sends records of the same size."""
    people = [(await register(api_vault, tenant, secrets.token_hex(8), datetime.now(UTC))).entry for _ in range(PEOPLE)]
    encoded = [encode(event) for event in prompts(COUNT)]
    appender = Appender(bootstrap=broker.bootstrap, security=broker.security, process="api")
    producer = AIOKafkaProducer(
        bootstrap_servers=broker.bootstrap, acks="all", enable_idempotence=True, **broker.security.client_kwargs()
    )
    await appender.start()
    await producer.start()
    client = _Client(api_vault, appender, tenant, watch)

    async def send(record: EncodedEvent) -> None:
        await producer.send_and_wait(log.name, record.value, record.key, headers=record.headers)

    async def submit_all() -> None:
        watch.clear()
        await in_flight(IN_FLIGHT, islice(cycle(people), COUNT), client.submit)

    try:
        ratio = await interleaved(
            "append path with keys",
            "events",
            COUNT,
            Side("keys opened, sealed, appended", submit_all),
            Side("sent raw", lambda: in_flight(IN_FLIGHT, encoded, send)),
        )
        report.ratio(ratio, breakdown_ms=watch.per_item_ms(COUNT))
        watch.clear()
        await in_flight(1, islice(cycle(people), COUNT), client.submit)
        alone = watch.per_item_ms(COUNT)
        total_ms = sum(alone.values())
        report.take(
            f"one event alone, its key opened: {total_ms:.1f} ms",
            {"name": "append path with keys, one at a time", "total_ms": round(total_ms, 2)},
            alone,
        )
    finally:
        await appender.stop()
        await producer.stop()
