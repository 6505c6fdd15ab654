"""What must not be accepted: each gets a clear refusal, and the log does not grow by it."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.services.fix_callers import Caller

SUBJECT = "refusals@example.org"


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"prompt": ""}, "prompt"),
        ({"prompt": " \n"}, "prompt"),
        ({"prompt": "x" * 32_001}, "prompt"),
        ({"size": "0x0"}, "size"),
        ({"size": "1024x"}, "size"),
        ({"size": "100x100"}, "size"),
        ({"size": "99999x99999"}, "size"),
        ({"steps": 0}, "steps"),
        ({"seed": -1}, "seed"),
        ({"subject": ""}, "subject"),
    ],
)
def test_a_wrong_field_is_named_and_not_repeated(caller: Caller, change: dict[str, Any], param: str) -> None:
    """A person can act on it, and no content comes back in an error."""
    body = {"prompt": "a house of glass", "subject": SUBJECT, **change}
    answer = caller("client").post("/v1/generations", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["param"] == param
    assert "house of glass" not in answer.text


def test_a_lone_surrogate_is_refused(caller: Caller) -> None:
    """Half a character cannot be stored, and must not end a process."""
    content = b'{"prompt": "half \\ud800", "subject": "refusals@example.org"}'
    answer = caller("client").post("/v1/generations", content=content, headers={"content-type": "application/json"})
    assert answer.status_code in {400, 422}


@pytest.mark.parametrize("count", [0, 11])
def test_openai_counts_out_of_bounds_are_its_own_kind_of_error(caller: Caller, count: int) -> None:
    """OpenAI's clients read `error.param`."""
    answer = caller("client").post("/v1/images/generations", json={"prompt": "x", "n": count})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "n"
    assert answer.headers["x-request-id"]


def test_an_unknown_model_is_not_substituted(caller: Caller) -> None:
    """Another model than the one that was asked for would be another picture."""
    answer = caller("client").post("/v1/images/generations", json={"prompt": "x", "model": "no-such-model"})
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "model_not_found"


@pytest.mark.parametrize(
    ("role", "method", "path", "status"),
    [
        ("nobody", "GET", "/v1/generations", 401),
        ("auditor", "GET", "/v1/generations", 403),
        ("client", "GET", "/v1/events", 403),
        ("client", "GET", "/v1/erasures", 403),
        ("officer", "GET", "/v1/credentials", 403),
        ("client", "GET", "/v1/generations/0198c0de-0000-7000-8000-000000000000", 404),
        ("client", "GET", "/v1/holds", 501),
    ],
)
def test_the_default_of_every_route_is_refusal(caller: Caller, role: str, method: str, path: str, status: int) -> None:
    """A role gets what it is named for and nothing else; what is not built says so."""
    assert caller(role).request(method, path).status_code == status


def test_a_body_over_the_limit_is_refused_before_it_is_parsed(caller: Caller) -> None:
    """Nobody fills the memory of the edge."""
    answer = caller("client").post("/v1/generations", json={"prompt": "x" * (2 << 20)})
    assert answer.status_code == 413


def test_one_idempotency_key_from_two_clients_is_one_generation(caller: Caller) -> None:
    """At the same moment with the same body: one picture; with another body: a conflict."""
    body = {"prompt": "one only", "subject": SUBJECT, "steps": 1, "size": "64x64"}
    headers = {"Idempotency-Key": "the-same-moment"}
    with ThreadPoolExecutor(2) as both:
        clients = [caller("client"), caller("client")]
        answers = list(both.map(lambda client: client.post("/v1/generations", json=body, headers=headers), clients))
    assert [answer.status_code for answer in answers] == [202, 202]
    assert len({answer.json()["id"] for answer in answers}) == 1
    other = caller("client").post("/v1/generations", json={**body, "prompt": "another"}, headers=headers)
    assert other.status_code == 409


def test_the_description_of_the_interface_is_open(caller: Caller) -> None:
    """Whoever writes a client begins there."""
    answer = caller("nobody").get("/schema/openapi.json")
    assert answer.status_code == 200
    assert "/v1/generations" in json.loads(answer.text)["paths"]
