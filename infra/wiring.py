"""Builds each process from its settings: the one place where services, keys and rules meet.

Every builder is an async context manager, so that whatever it opened is closed in reverse order. Nothing here decides anything.
"""

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from events.append import Appender
from events.read import LogReader
from infra.settings import (
    ApiSettings,
    DispatchSettings,
    KafkaSettings,
    ProjectSettings,
    ShredSettings,
    VaultSettings,
    WorkSettings,
)
from keys.secrets import Secret

Pool = AsyncConnectionPool[AsyncConnection[Any]]
Run = Callable[[], Awaitable[None]]
"""Works until cancelled, or ends with the error that ends the process."""


@asynccontextmanager
async def open_pool(dsn: Secret, size: int) -> AsyncIterator[Pool]:
    """A pool of connections, each checked before it is handed out, so that a restarted PostgreSQL is found again."""
    pool: Pool = AsyncConnectionPool(
        dsn.reveal(),
        min_size=1,
        max_size=size,
        timeout=5.0,
        open=False,
        check=AsyncConnectionPool.check_connection,
        kwargs={"prepare_threshold": 0},
    )
    async with pool:
        yield pool


@asynccontextmanager
async def open_appender(kafka: KafkaSettings, process: str) -> AsyncIterator[Appender]:
    """A started appender of that process."""
    appender = Appender(bootstrap=kafka.bootstrap, security=kafka.security, process=process)
    await appender.start()
    try:
        yield appender
    finally:
        await appender.stop()


@asynccontextmanager
async def _open_vault(settings: VaultSettings) -> AsyncIterator[Any]:
    from keys.vault import Vault  # noqa: PLC0415  brings hvac, which dispatch and project do not need

    vault = Vault(address=settings.address, role_id=settings.role_id, secret_id=settings.secret_id)
    await vault.start()
    try:
        yield vault
    finally:
        await vault.stop()


@asynccontextmanager
async def build_api(settings: ApiSettings) -> AsyncIterator[Run]:
    """`api`: the HTTP application under uvicorn."""
    import uvicorn  # noqa: PLC0415  each process brings only what it needs

    from api.application import build_application  # noqa: PLC0415
    from api.forgetting import forget_requests  # noqa: PLC0415
    from api.parts import ApiLimits, ApiParts  # noqa: PLC0415
    from infra.setup.changes import SetupFailed  # noqa: PLC0415
    from keys.allocation import LeafAllocator  # noqa: PLC0415
    from keys.objects import SealedObjects  # noqa: PLC0415
    from keys.signing import CommandSigner  # noqa: PLC0415

    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(open_pool(settings.postgres, 12))
        vault = await stack.enter_async_context(_open_vault(settings.vault))
        appender = await stack.enter_async_context(open_appender(settings.kafka, "api"))
        pepper = await vault.kv_read("platform", "credential-pepper")
        if pepper is None:
            raise SetupFailed("the pepper of API keys is not in OpenBao; run `intaglio setup` first")
        parts = ApiParts(
            appender=appender,
            reader=LogReader(bootstrap=settings.kafka.bootstrap, security=settings.kafka.security),
            vault=vault,
            signer=CommandSigner(vault),
            allocator=LeafAllocator(vault),
            objects=SealedObjects(settings.objects),
            pool=pool,
            pepper=base64.b64decode(pepper.data["pepper"]),
            key_life_s=settings.key_life_s,
            limits=ApiLimits(queue_limit=settings.queue_limit),
        )
        config = uvicorn.Config(
            build_application(parts),
            host=settings.host,
            port=settings.port,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=3,
        )
        server = uvicorn.Server(config)
        forgetting = asyncio.create_task(forget_requests(pool), name="forget requests")
        stack.push_async_callback(_end, forgetting)
        # `serve` would take the signals, which this process handles itself.
        yield server._serve  # noqa: SLF001  as above


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def build_dispatch(settings: DispatchSettings) -> AsyncIterator[Run]:
    """`dispatch`: the folds into the job table, and the canceller."""
    from events.positions.application import build_fold_app  # noqa: PLC0415
    from inference.dispatch.canceller import cancel_for_ever  # noqa: PLC0415
    from inference.dispatch.fences import FenceFold  # noqa: PLC0415
    from inference.dispatch.jobs import JobFold  # noqa: PLC0415

    async with open_pool(settings.postgres, 6) as pool, open_appender(settings.kafka, "dispatch") as appender:
        app = build_fold_app(
            name="intaglio-dispatch",
            process="dispatch",
            bootstrap=settings.kafka.bootstrap,
            security=settings.kafka.security,
            pool=pool,
            schema="work",
            folds=(JobFold(), FenceFold()),
        )
        async with app.running():
            yield lambda: _first_end(_failure(app), cancel_for_ever(pool, appender))


@asynccontextmanager
async def build_worker(settings: WorkSettings) -> AsyncIterator[Run]:
    """`work`: leases, engine, output, sweep."""
    from inference.engine.process import Engine  # noqa: PLC0415
    from inference.work.sweep import sweep_for_ever  # noqa: PLC0415
    from inference.work.worker import Worker  # noqa: PLC0415
    from keys.objects import SealedObjects  # noqa: PLC0415

    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(open_pool(settings.postgres, 4))
        vault = await stack.enter_async_context(_open_vault(settings.vault))
        appender = await stack.enter_async_context(open_appender(settings.kafka, "work"))
        objects = SealedObjects(settings.objects)
        settings.cache_directory.mkdir(parents=True, exist_ok=True)
        engine = Engine(home=settings.cache_directory, device=settings.device)
        await engine.start()
        stack.push_async_callback(engine.stop)
        worker = Worker(
            pool=pool,
            appender=appender,
            vault=vault,
            objects=objects,
            engine=engine,
            cache=settings.cache_directory,
            key_life_s=settings.key_life_s,
        )
        yield lambda: _first_end(worker.run(), sweep_for_ever(pool, objects))


@asynccontextmanager
async def build_projector(settings: ProjectSettings) -> AsyncIterator[Run]:
    """`project`: the read models."""
    from projections.agent import build_projector as build  # noqa: PLC0415

    async with open_pool(settings.postgres, 6) as pool, open_appender(settings.kafka, "project") as appender:
        app = build(bootstrap=settings.kafka.bootstrap, security=settings.kafka.security, pool=pool, appender=appender)
        async with app.running():
            yield lambda: _failure(app)


@asynccontextmanager
async def build_shredder(settings: ShredSettings) -> AsyncIterator[Run]:
    """`shred`: the fold of erasures, and the executor."""
    from events.positions.application import build_fold_app  # noqa: PLC0415
    from keys.erasure.agent import ErasureFold  # noqa: PLC0415
    from keys.erasure.executor import ErasureExecutor  # noqa: PLC0415
    from keys.erasure.work import Tools  # noqa: PLC0415
    from keys.objects import SealedObjects  # noqa: PLC0415
    from keys.signing import CommandVerifier  # noqa: PLC0415

    async def no_point(_name: str) -> None:
        return

    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(open_pool(settings.postgres, 8))
        vault = await stack.enter_async_context(_open_vault(settings.vault))
        appender = await stack.enter_async_context(open_appender(settings.kafka, "shred"))
        tools = Tools(
            pool=pool,
            vault=vault,
            verifier=CommandVerifier(vault),
            objects=SealedObjects(settings.objects),
            appender=appender,
            reader=LogReader(bootstrap=settings.kafka.bootstrap, security=settings.kafka.security),
            key_life_s=settings.key_life_s,
            reach=no_point,
        )
        app = build_fold_app(
            name="intaglio-shred",
            process="shred",
            bootstrap=settings.kafka.bootstrap,
            security=settings.kafka.security,
            pool=pool,
            schema="erasure",
            folds=(ErasureFold(),),
        )
        await stack.enter_async_context(app.running())
        yield lambda: _first_end(_failure(app), ErasureExecutor(tools).run())


async def projection_digests(settings: ProjectSettings, name: str | None) -> list[dict[str, Any]]:
    """Name, positions and SHA-256 of the rows of one projection or all."""
    from projections.digest import digest  # noqa: PLC0415
    from projections.folds import PROJECTIONS  # noqa: PLC0415

    names = [fold.projection for fold in PROJECTIONS] if name is None else [name]
    async with await AsyncConnection.connect(settings.postgres.reveal(), autocommit=True) as connection:
        found = [await digest(connection, item) for item in names]
    return [{"name": item.name, "positions": item.positions, "sha256": item.sha256} for item in found]


async def rebuild_projections(settings: ProjectSettings, name: str | None) -> list[dict[str, Any]]:
    """Folds one projection or all again from offset 0 and swaps the results in."""
    from projections.folds import PROJECTIONS  # noqa: PLC0415
    from projections.rebuild import rebuild  # noqa: PLC0415

    names = [fold.projection for fold in PROJECTIONS] if name is None else [name]
    reader = LogReader(bootstrap=settings.kafka.bootstrap, security=settings.kafka.security)
    results = []
    async with await AsyncConnection.connect(settings.postgres.reveal(), autocommit=True) as connection:
        for item in names:
            began = time.monotonic()
            rebuilt = await rebuild(connection, reader, item)
            seconds = round(time.monotonic() - began, 3)
            results.append({"name": item, "events": rebuilt.records, "seconds": seconds})
    return results


async def _failure(app: Any) -> None:
    raise await app.failure


async def _first_end(*runs: Awaitable[None]) -> None:
    """Runs several until one ends or fails, then cancels the others; its error is the outcome."""
    tasks = [asyncio.ensure_future(run) for run in runs]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
