"""What the README says is not there yet: it answers so, and the list is whole."""

import io
from collections.abc import Mapping
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.native.later import _PATHS
from infra.cli.later import _LATER
from infra.cli.main import main
from tests.docs.markdown import REPOSITORY, read

MISSING = read(REPOSITORY / "README.md").section("What it does not do yet")
VERBS = [span for span in MISSING.spans if span.startswith("intaglio ") and span != "intaglio up"]
ROUTES = [span for span in MISSING.spans if span.split()[0] in {"GET", "POST"} and span != "GET /v1/events"]


@pytest.mark.parametrize("verb", VERBS)
def test_a_promised_verb_refuses(verb: str) -> None:
    """With one sentence and a failure, so that no script takes silence for success."""
    said = io.StringIO()
    with redirect_stderr(said):
        code = main(verb.split()[1:])
    assert code == 1
    assert "not available yet" in said.getvalue()


@pytest.mark.parametrize("route", ROUTES)
def test_a_promised_route_answers_501(route: str, running: Mapping[str, Any]) -> None:
    """To whoever holds a credential; the type is stable."""
    method, path = route.split()
    key = Path(running["credentials"]["officer"]).read_text(encoding="utf-8").strip()
    answer = httpx.request(method, f"{running['api']}{path}", headers={"Authorization": f"Bearer {key}"}, timeout=10.0)
    assert answer.status_code == httpx.codes.NOT_IMPLEMENTED
    assert "not-available-yet" in answer.text.replace("_", "-")


def test_every_promised_noun_is_in_the_list() -> None:
    """Whoever builds one takes it out of both."""
    named = {verb.split()[1] for verb in VERBS}
    assert set(_LATER) <= named


def test_routes_in_the_list_are_promised_ones() -> None:
    """Or subjects of them; a route that was built must leave the list."""
    prefixes = {path.split("{")[0].rstrip("/") for path in _PATHS}
    assert all(any(route.split()[1].startswith(prefix) for prefix in prefixes) for route in ROUTES)


def test_scopes_of_erasures_in_the_list_refuse() -> None:
    """One generation, a month, a tenant: refused before anything is asked of a platform."""
    for scope in (["--generation", "x"], ["--month", "ada", "2026-10"], ["--tenant", "acme"]):
        said = io.StringIO()
        with redirect_stderr(said):
            assert main(["erasure", "request", *scope, "--ground", "gdpr-17-1-b"]) == 1
        assert "not available yet" in said.getvalue()


def test_marks_are_empty_as_the_list_says(running: Mapping[str, Any]) -> None:
    """A finished generation has the field, and nothing in it."""
    key = Path(running["credentials"]["client"]).read_text(encoding="utf-8").strip()
    with httpx.Client(base_url=running["api"], headers={"Authorization": f"Bearer {key}"}, timeout=60.0) as client:
        body = {"prompt": "a grey line", "user": "marks@example.org", "size": "64x64"}
        answer = client.post("/v1/images/generations", json=body)
        assert answer.status_code == httpx.codes.OK
        generation = client.get(f"/v1/generations/{answer.json()['generations'][0]}").json()
    assert generation["status"] == "completed"
    assert generation["marks"] == []
