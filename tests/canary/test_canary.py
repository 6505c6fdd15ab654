"""Random markers go in as prompt, name and picture; then every byte that the platform has on disk is searched for them."""

import base64
import io
import json
import mmap
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from tests.services.fix_callers import Caller, wait_for


def spellings(marker: str) -> Iterator[bytes]:
    """A marker as UTF-8, UTF-16, base64 at its three alignments, and escaped as JSON does."""
    text = marker.encode()
    yield text
    yield marker.encode("utf-16-le")
    yield json.dumps(marker).strip('"').encode()
    for shift in range(3):
        # The first and last characters of base64 depend on the neighbours; what lies between does not.
        yield base64.b64encode(bytes(shift) + text)[4:-4]


def places_with(root: Path, needles: list[bytes]) -> list[str]:
    """The files below `root` that hold any of the needles."""
    found = []
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.stat().st_size:
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
                found += [str(path) for needle in needles if view.find(needle) >= 0]
    return found


def _pixels(png: bytes) -> list[bytes]:
    raw = Image.open(io.BytesIO(png)).convert("RGB").tobytes()
    return [raw[start : start + 48] for start in range(0, len(raw) - 48, len(raw) // 16)]


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    """A search that cannot find would pass every time."""
    marker = f"marker-{secrets.token_hex(12)}"
    for number, needle in enumerate(spellings(marker)):
        (tmp_path / str(number)).write_bytes(b"before" + needle + b"after")
    assert len({Path(name).name for name in places_with(tmp_path, list(spellings(marker)))}) == 6


def test_no_marker_is_on_any_disk_before_or_after_an_erasure(running: Mapping[str, Any], caller: Caller) -> None:
    """Prompt, name and pixels are nowhere in clear: not in the log, the tables, the keys, the objects, nor in any log file."""
    client, officer, officer2 = caller("client"), caller("officer"), caller("officer2")
    prompt, name = f"prompt-{secrets.token_hex(16)} é漢", f"name-{secrets.token_hex(16)}"
    body = {"prompt": prompt, "subject": name, "steps": 2, "size": "64x64"}
    generation = client.post("/v1/generations", json=body).raise_for_status().json()["id"]
    assert wait_for(client, f"/v1/generations/{generation}", "status", {"completed", "failed"})["status"] == "completed"
    picture = client.get(f"/v1/generations/{generation}/content").raise_for_status().content
    assert client.get(f"/v1/generations/{generation}/prompt").json()["prompt"] == prompt
    needles = [*spellings(prompt.split(maxsplit=1)[0]), *spellings(name), *_pixels(picture), picture[64:128]]
    assert places_with(Path(running["data"]), needles) == []
    asked = officer.post("/v1/erasures", json={"scope": {"subject": name}, "ground": "gdpr-17-1-b"}).raise_for_status().json()
    path = f"/v1/erasures/{asked['id']}"
    officer2.post(f"{path}/approval", json={"plan_digest": asked["plan_digest"]}).raise_for_status()
    assert wait_for(officer, path, "state", {"effective", "stopped"})["state"] == "effective"
    assert places_with(Path(running["data"]), needles) == []
    assert not [item for item in (Path(running["data"]) / "objects").rglob("*") if generation in str(item) and item.is_file()]
