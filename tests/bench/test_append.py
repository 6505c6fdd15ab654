"""What our own append path costs on top of the Kafka client that it stands on."""

from aiokafka import AIOKafkaProducer

from events.append import Appender
from events.codec import EncodedEvent, encode
from events.topics import Topic
from tests.bench.ratios import Report, Side, in_flight, interleaved
from tests.bench.sample import prompts
from tests.events.positions.harness import Broker

COUNT = 2_000
IN_FLIGHT = 16


async def test_appending_events_against_raw_sends_of_the_same_bytes(report: Report, broker: Broker, log: Topic) -> None:
    """Encode, headers, bounds, acks=all; B sends the very same keys, headers and values with the very same guarantees."""
    # Few enough for the processor's cache: an event that is appended was made a moment ago.
    events = prompts(250) * (COUNT // 250)
    encoded = [encode(event) for event in events]
    appender = Appender(bootstrap=broker.bootstrap, security=broker.security, process="api")
    producer = AIOKafkaProducer(
        bootstrap_servers=broker.bootstrap, acks="all", enable_idempotence=True, **broker.security.client_kwargs()
    )
    await appender.start()
    await producer.start()

    async def send(record: EncodedEvent) -> None:
        await producer.send_and_wait(log.name, record.value, record.key, headers=record.headers)

    try:
        ratio = await interleaved(
            "append path",
            "events",
            COUNT,
            Side("appended", lambda: in_flight(IN_FLIGHT, events, appender.append)),
            Side("sent raw", lambda: in_flight(IN_FLIGHT, encoded, send)),
            rounds=31,
        )
    finally:
        await appender.stop()
        await producer.stop()
    report.ratio(ratio, wanted=0.8)
