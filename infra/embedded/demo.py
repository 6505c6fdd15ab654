"""The story of the platform, told on real parts: a picture from a prompt, its trail, its erasure, and the record that stands.

Speaks to the platform only as its users would: the OpenAI SDK, HTTP, and the command that rebuilds read models. Any step that
does not
come out as promised ends it with an error.
"""

import asyncio
import base64
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import openai

from events.errors import Corrupt
from infra.embedded.environment import process_environment
from infra.embedded.platform import running_platform
from infra.settings import Environment, project_settings
from infra.wiring import projection_digests, rebuild_projections

SUBJECT = "ada@example.org"
OTHER = "grace@example.org"
Say = Callable[[str], None]


class StoryBroken(Corrupt):
    """A step of the demonstration did not come out as promised."""

    code = "story-broken"


async def run_demo(data: Path | None, out: Path, cache: Path, say: Say) -> int:
    """Runs the whole story; 0 if every step came out as promised."""
    began = time.monotonic()
    directory = data or Path(tempfile.mkdtemp(prefix="intaglio-demo-"))
    try:
        async with running_platform(directory, api_port=0, cache=cache, announce=lambda text: say(f"  {text}")) as run:
            say(f"ready after {time.monotonic() - began:.1f} s: {run['api']}")
            await asyncio.to_thread(_story, run, out, say)
            await _rebuild(directory, say)
    finally:
        if data is None:
            shutil.rmtree(directory, ignore_errors=True)
    say(f"everything is stopped; {time.monotonic() - began:.1f} s in all")
    return 0


def _story(run: Mapping[str, Any], out: Path, say: Say) -> None:
    people = {name: _client(run, name) for name in run["credentials"]}
    generation = _draw(run, out, say)
    kept = people["client"].post("/v1/generations", json={"prompt": "a green square", "subject": OTHER}).json()["id"]
    _wait(people["client"], f"/v1/generations/{kept}", "status", "completed")
    _trail(people["auditor"], generation, say)
    _erase(people, say)
    for what in ("content", "prompt"):
        answer = people["client"].get(f"/v1/generations/{generation}/{what}")
        _expect(answer.status_code == httpx.codes.GONE, f"its {what} answers {answer.status_code} and not 410")
    say("its content and its prompt now answer 410: nobody can read them, here or in any backup of log, tables and objects")
    again = people["client"].post("/v1/generations", json={"prompt": "once more", "subject": SUBJECT})
    _expect(again.status_code == httpx.codes.GONE, "the erased person could ask again")
    other = people["client"].get(f"/v1/generations/{kept}/content")
    _expect(other.status_code == httpx.codes.OK, "another person's picture became unreadable")
    say("everybody else's pictures stay readable; the erased person is refused until an officer registers them anew")
    _trail(people["auditor"], generation, say)
    say("the record still stands")


def _client(run: Mapping[str, Any], name: str) -> httpx.Client:
    key = Path(run["credentials"][name]).read_text(encoding="utf-8").strip()
    return httpx.Client(base_url=run["api"], headers={"Authorization": f"Bearer {key}"}, timeout=60.0)


def _draw(run: Mapping[str, Any], out: Path, say: Say) -> str:
    key = Path(run["credentials"]["client"]).read_text(encoding="utf-8").strip()
    sdk = openai.OpenAI(base_url=f"{run['api']}/v1", api_key=key)
    began = time.monotonic()
    answer = sdk.images.generate(
        model="tiny",
        prompt="a red circle on a blue field",
        size="256x256",
        user=SUBJECT,
        extra_body={"seed": 7, "steps": 8},
    )
    pictures = answer.data or []
    _expect(len(pictures) == 1 and pictures[0].b64_json is not None, "no picture came back")
    out.write_bytes(base64.b64decode(pictures[0].b64_json or ""))
    generation = str((answer.model_extra or {})["generations"][0])
    say(f"the OpenAI SDK drew generation {generation} in {time.monotonic() - began:.1f} s; it is in {out}")
    return generation


def _trail(auditor: httpx.Client, generation: str, say: Say) -> None:
    lines = auditor.get("/v1/events", params={"generation": generation}).text.splitlines()
    _expect(len(lines) >= 3, "the trail of events is not whole")
    say(f"its trail, as the auditor sees it ({len(lines)} events):")
    for line in lines:
        event = httpx.Response(200, text=line).json()
        say(f"    {event['timestamp']}  {event['topic']}[{event['partition']}]@{event['offset']}  {event['type']}")


def _erase(people: Mapping[str, httpx.Client], say: Say) -> None:
    began = time.monotonic()
    wanted = {"scope": {"subject": SUBJECT}, "ground": "gdpr-17-1-b"}
    asked = people["officer"].post("/v1/erasures", json=wanted).json()
    say(f"one officer asks for the erasure of {SUBJECT}; plan {asked['plan_digest'][:16]}…")
    decision = {"plan_digest": asked["plan_digest"]}
    same = people["officer"].post(f"/v1/erasures/{asked['id']}/approval", json=decision)
    _expect(same.status_code == httpx.codes.FORBIDDEN, "the one who asked could approve")
    people["officer2"].post(f"/v1/erasures/{asked['id']}/approval", json=decision).raise_for_status()
    say("another officer approves exactly that plan; shred fences, destroys, reads back, waits out the life of open keys")
    _wait(people["officer"], f"/v1/erasures/{asked['id']}", "state", "effective")
    say(f"effective after {time.monotonic() - began:.1f} s")


def _wait(client: httpx.Client, path: str, name: str, wanted: str) -> None:
    deadline = time.monotonic() + 60.0
    while (found := client.get(path).json().get(name)) != wanted:
        _expect(time.monotonic() < deadline, f"{path} is {found} and not {wanted}")
        time.sleep(0.1)


async def _rebuild(directory: Path, say: Say) -> None:
    settings = project_settings(Environment(process_environment(str(directory), "project")))
    before = {item["name"]: item["sha256"] for item in await projection_digests(settings, None)}
    await rebuild_projections(settings, None)
    after = {item["name"]: item["sha256"] for item in await projection_digests(settings, None)}
    _expect(before == after, "the rebuilt read models differ from the live ones")
    say(f"all {len(after)} read models, folded again from offset 0, have the same digests as before")


def _expect(holds: bool, otherwise: str) -> None:  # noqa: FBT001  reads as a sentence
    if not holds:
        raise StoryBroken(otherwise)
