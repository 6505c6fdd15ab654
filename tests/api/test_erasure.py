"""A person is erased through the edge: two people, then nobody reads it, and the record stands."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
from psycopg import AsyncConnection

from tests.services.fix_callers import Caller, wait_for

GROUND = "gdpr-17-1-b"


def _draw(client: httpx.Client, subject: str, **headers: str) -> str:
    body = {"prompt": "a red door", "subject": subject, "steps": 1, "size": "64x64"}
    generation = str(client.post("/v1/generations", json=body, headers=headers).raise_for_status().json()["id"])
    assert wait_for(client, f"/v1/generations/{generation}", "status", {"completed", "failed"})["status"] == "completed"
    return generation


def _request(officer: httpx.Client, subject: str) -> dict[str, Any]:
    body = {"scope": {"subject": subject}, "ground": GROUND}
    answer: dict[str, Any] = officer.post("/v1/erasures", json=body).raise_for_status().json()
    return answer


def test_an_erased_person_is_gone_everywhere_and_others_stay(caller: Caller) -> None:
    """410 for content and prompt, `erased` in the listing, refusal of new requests, and a repeat revives nothing."""
    client, officer, officer2 = caller("client"), caller("officer"), caller("officer2")
    kept = _draw(client, "stays@example.org")
    gone = _draw(client, "goes@example.org", **{"Idempotency-Key": "before-the-end"})
    asked = _request(officer, "goes@example.org")
    path, digest = f"/v1/erasures/{asked['id']}", {"plan_digest": asked["plan_digest"]}
    assert officer.post(f"{path}/approval", json=digest).status_code == 403
    assert officer2.post(f"{path}/approval", json={"plan_digest": "00" * 32}).status_code == 409
    officer2.post(f"{path}/approval", json=digest).raise_for_status()
    assert wait_for(officer, path, "state", {"effective", "stopped"})["state"] == "effective"
    assert client.get(f"/v1/generations/{gone}/content").status_code == 410
    assert client.get(f"/v1/generations/{gone}/prompt").status_code == 410
    assert client.get(f"/v1/generations/{gone}").json()["status"] == "erased"
    assert client.get(f"/v1/generations/{kept}/content").status_code == 200
    body = {"prompt": "a red door", "subject": "goes@example.org", "steps": 1, "size": "64x64"}
    assert client.post("/v1/generations", json=body).status_code == 410
    repeated = client.post("/v1/generations", json=body, headers={"Idempotency-Key": "before-the-end"})
    assert repeated.status_code == 410
    officer.post("/v1/subjects", json={"subject": "goes@example.org", "anew": True}).raise_for_status()
    _draw(client, "goes@example.org")


async def test_a_role_that_was_changed_in_the_read_models_orders_nothing(running: Mapping[str, Any], caller: Caller) -> None:
    """The administrator of the database holds one API key and is no officer: the log says who is."""
    client = caller("client")
    _draw(client, "target@example.org")
    handle = bytes.fromhex(Path(running["credentials"]["client"]).read_text(encoding="utf-8").split("_")[1])
    dsn = (Path(running["data"]) / "secrets" / "postgres-admin-dsn").read_text(encoding="utf-8").strip()
    async with await AsyncConnection.connect(dsn, autocommit=True) as connection:
        await connection.execute("update read.credentials set role = 'officer' where credential = %s", (handle,))
        try:
            body = {"scope": {"subject": "target@example.org"}, "ground": GROUND}
            assert client.post("/v1/erasures", json=body).status_code == 403
        finally:
            await connection.execute("update read.credentials set role = 'client' where credential = %s", (handle,))
