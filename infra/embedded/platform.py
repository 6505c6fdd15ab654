"""A platform on one machine, from nothing to ready and back: services, set-up, processes, model, `run.json`.

The same set-up and the same processes as on any services; only the addresses come from here.
"""

import asyncio
import dataclasses
import json
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from infra.cli.context import PlatformClient
from infra.embedded.child import ChildSpec
from infra.embedded.environment import child_environment, serve_argv
from infra.embedded.jars import class_path
from infra.embedded.kafka import kafka_spec, prepare_kafka, wait_for_broker
from infra.embedded.layout import DataDirectory
from infra.embedded.leftovers import stop_leftovers, write_children
from infra.embedded.openbao import initialise, openbao_spec, prepare_openbao
from infra.embedded.postgres import admin_dsn, ensure_database, postgres_spec, prepare_postgres
from infra.embedded.supervisor import Supervisor
from infra.setup.passwords import write_private
from infra.setup.targets import Target, embedded_target
from infra.setup.whole import set_up
from keys.secrets import Secret

TENANT = "demo"
MODEL_ALIAS = "tiny"
PROCESSES = ("project", "dispatch", "shred", "work", "api")
CREDENTIALS = ("client", "auditor", "officer", "officer2", "operator")
Announce = Callable[[str], None]


@asynccontextmanager
async def running_platform(
    root: Path, *, api_port: int | None, cache: Path, announce: Announce
) -> AsyncIterator[Mapping[str, Any]]:
    """A ready platform for the length of the block; yields what is in its `run.json`.

    Raises:
        DirectoryInUse: another one runs on this directory.
        ChildFailed, SetupFailed: a part does not start; everything that did is stopped again.
    """
    data = DataDirectory(root.absolute())
    data.create()
    with data.lock():
        data.run_file.unlink(missing_ok=True)
        for name in stop_leftovers(data.children_file):
            announce(f"stopped {name}, which an earlier run left behind")
        supervisor = Supervisor(announce, lambda pids: write_children(data.children_file, pids))
        try:
            run = await _start(data, supervisor, api_port, cache, announce)
            yield run
        finally:
            data.run_file.unlink(missing_ok=True)
            await _stop(supervisor)
            data.children_file.unlink(missing_ok=True)


async def _start(
    data: DataDirectory, supervisor: Supervisor, api_port: int | None, cache: Path, announce: Announce
) -> Mapping[str, Any]:
    began = time.monotonic()
    ports = data.ports(api_port)
    token = await _start_services(data, supervisor, ports, cache, announce)
    announce(f"Kafka, PostgreSQL and OpenBao are up ({time.monotonic() - began:.1f} s)")
    addresses = {
        "api": f"http://127.0.0.1:{ports['api']}",
        "kafka": f"127.0.0.1:{ports['kafka']}",
        "vault": f"http://127.0.0.1:{ports['openbao']}",
        "objects": data.objects_url,
    }
    target = _with_token(embedded_target(data.root, addresses), token)
    await set_up(target, TENANT, data.root / "credentials", announce, subject_required=False)
    # Revoked by now, and nobody needs to find it.
    data.passwords.path("openbao-root-token").unlink(missing_ok=True)
    specs = [_process_spec(data, target, process, ports["api"]) for process in PROCESSES]
    await asyncio.gather(*(supervisor.start(spec) for spec in specs))
    announce(f"api, dispatch, work, project and shred are up ({time.monotonic() - began:.1f} s)")
    await _wait_for_credentials(addresses["api"], data)
    await asyncio.to_thread(_ensure_model, addresses["api"], data, announce)
    run = _run_file(data, addresses, ports, supervisor.pids)
    write_private(data.run_file, json.dumps(run, indent=2) + "\n")
    return run


async def _start_services(
    data: DataDirectory, supervisor: Supervisor, ports: Mapping[str, int], cache: Path, announce: Announce
) -> Secret | None:
    """Prepares and starts the three services side by side; OpenBao's root token if it is new."""
    passwords = data.passwords
    kafka_password, postgres_password = passwords.ensure("kafka-admin"), passwords.ensure("postgres-admin")
    passwords.keep("postgres-admin-dsn", admin_dsn(ports["postgres"], postgres_password))

    async def kafka() -> None:
        path = await asyncio.to_thread(class_path, cache, announce)
        await asyncio.to_thread(
            lambda: prepare_kafka(
                data.service("kafka"),
                port=ports["kafka"],
                controller_port=ports["kafka-controller"],
                password=kafka_password,
                class_path=path,
            )
        )
        await supervisor.start(kafka_spec(data.service("kafka"), port=ports["kafka"], log=data.log("kafka")))
        await wait_for_broker(f"127.0.0.1:{ports['kafka']}", kafka_password)

    async def postgres() -> None:
        directory = data.service("postgres")
        await asyncio.to_thread(lambda: prepare_postgres(directory, port=ports["postgres"], password=postgres_password))
        spec = postgres_spec(directory, port=ports["postgres"], password=postgres_password, log=data.log("postgres"))
        await supervisor.start(spec)
        await ensure_database(ports["postgres"], postgres_password)

    async def openbao() -> Secret | None:
        directory = data.service("openbao")
        prepare_openbao(directory, port=ports["openbao"], cluster_port=ports["openbao-cluster"])
        await supervisor.start(openbao_spec(directory, port=ports["openbao"], log=data.log("openbao")))
        token = await initialise(f"http://127.0.0.1:{ports['openbao']}")
        if token is not None:
            # Kept until the provisioner exists, so that a first start that was killed can be finished by the next.
            passwords.keep("openbao-root-token", token)
        return token

    async with asyncio.TaskGroup() as group:
        group.create_task(kafka())
        group.create_task(postgres())
        opening = group.create_task(openbao())
    return opening.result()


def _with_token(target: Target, token: Secret | None) -> Target:
    if token is None and target.passwords.has("openbao-root-token"):
        token = target.passwords.read("openbao-root-token")
    return dataclasses.replace(target, root_token=token)


def _process_spec(data: DataDirectory, target: Target, process: str, api_port: int) -> ChildSpec:
    log = data.log(process)
    size = log.stat().st_size if log.is_file() else 0

    async def ready() -> bool:
        if process == "api":
            return await _answers(f"http://127.0.0.1:{api_port}/health/live")
        return await asyncio.to_thread(_says, log, size, f"{process} runs")

    return ChildSpec(
        name=process,
        argv=serve_argv(process),
        env=child_environment(target, data.root, process, api_port),
        log=log,
        ready=ready,
        stop_timeout_s=6.0,
        start_timeout_s=150.0,
    )


def _says(log: Path, after: int, words: str) -> bool:
    if not log.is_file():
        return False
    with log.open("rb") as file:
        file.seek(min(after, log.stat().st_size))
        return words.encode() in file.read()


async def _answers(url: str) -> bool:
    try:
        async with httpx.AsyncClient(timeout=2.0) as client:
            return (await client.get(url)).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


async def _wait_for_credentials(url: str, data: DataDirectory) -> None:
    """Returns once the read models know the operator: set-up's events were appended before the projector ran."""
    key = data.credential("operator").read_text(encoding="utf-8").strip()
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=10.0) as client:
        deadline = time.monotonic() + 60.0
        while (await client.get(f"{url}/v1/tenants")).status_code != httpx.codes.OK:
            if time.monotonic() > deadline:
                raise TimeoutError("the read models do not come up; see the log of project")
            await asyncio.sleep(0.1)


def _ensure_model(url: str, data: DataDirectory, announce: Announce) -> None:
    """Builds and registers the tiny model if no model is registered."""
    key = data.credential("operator").read_text(encoding="utf-8").strip()
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60.0) as client:
        platform = PlatformClient(client)
        if platform.json("GET", "/v1/models")["data"]:
            return
        announce("building the tiny model: random weights, so its pictures are coloured noise")
        from inference.models.tiny import build_tiny  # noqa: PLC0415  brings torch, only at the first start
        from infra.cli.model import add_model  # noqa: PLC0415  only at the first start

        directory = data.root / "models" / MODEL_ALIAS
        build_tiny(directory)
        add_model(platform, directory, MODEL_ALIAS)


def _run_file(
    data: DataDirectory, addresses: Mapping[str, str], ports: Mapping[str, int], pids: Mapping[str, int]
) -> dict[str, Any]:
    passwords = data.passwords
    write_private(data.access("kafka.properties"), passwords.path("kafka-reader.properties").read_text(encoding="utf-8"))
    password = passwords.read("postgres-reader").reveal()
    line = f"127.0.0.1:{ports['postgres']}:intaglio:intaglio_reader:{password}\n"
    write_private(data.access("pgpass"), line)
    return {
        **addresses,
        "data": str(data.root),
        "tenant": TENANT,
        "postgres": f"postgresql://intaglio_reader@127.0.0.1:{ports['postgres']}/intaglio",
        "processes": dict(pids),
        "supervisor": os.getpid(),
        "credentials": {name: str(data.credential(name)) for name in CREDENTIALS},
        "access": {"kafka": str(data.access("kafka.properties")), "postgres": str(data.access("pgpass"))},
    }


async def _stop(supervisor: Supervisor) -> None:
    """The edge and the worker first, so that nothing new begins; then the folds; then the services."""
    for names in (["api", "work"], ["dispatch", "shred", "project"], ["openbao", "postgres", "kafka"]):
        await supervisor.stop_group(names)
    await supervisor.stop()
