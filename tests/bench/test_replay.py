"""What it costs to understand the log and not only to receive it."""

from aiokafka import AIOKafkaConsumer, TopicPartition

from events.codec import Event, encode
from events.read import LogReader, decode_record
from events.topics import Topic
from tests.bench.ratios import Report, Side, interleaved
from tests.bench.sample import generations
from tests.events.positions.harness import Broker

COUNT = 20_000


async def fill(broker: Broker, log: Topic, events: list[Event]) -> dict[int, tuple[int, int]]:
    """Appends events and gives the ranges that they take up."""
    async with broker.producer(linger_ms=5) as producer:
        for event in events:
            encoded = encode(event)
            await producer.send(log.name, encoded.value, encoded.key, headers=encoded.headers)
        await producer.flush()
    reader = LogReader(bootstrap=broker.bootstrap, security=broker.security)
    return {partition: (0, end) for partition, end in (await reader.end_offsets(log)).items()}


async def test_replaying_events_against_raw_reads(report: Report, broker: Broker, log: Topic) -> None:
    """Every record read in order, decoded, its headers, key and topic compared with its value; B only fetches the records."""
    ranges = await fill(broker, log, generations(COUNT))
    count = sum(end for _, end in ranges.values())
    reader = LogReader(bootstrap=broker.bootstrap, security=broker.security)

    async def replay() -> None:
        async for record in reader.read(log, ranges):
            decode_record(record)

    async def read_raw() -> None:
        left = count
        async with AIOKafkaConsumer(
            bootstrap_servers=broker.bootstrap, group_id=None, auto_offset_reset="earliest", **broker.security.client_kwargs()
        ) as consumer:
            consumer.assign([TopicPartition(log.name, partition) for partition in ranges])
            while left > 0:
                batches = await consumer.getmany(timeout_ms=200, max_records=2_000)
                left -= sum(len(records) for records in batches.values())

    ratio = await interleaved("replay", "events", count, Side("decoded", replay), Side("read raw", read_raw), rounds=5)
    report.ratio(ratio, wanted=0.3)
