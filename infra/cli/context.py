"""What a verb needs besides its arguments: the environment, and a connection to a platform.

A platform is found by `--data DIR` (its `run.json` and a credential file) or by INTAGLIO_URL and INTAGLIO_API_KEY. Keys are read
from files or variables, never from the argument list, where every user of the machine could see them.
"""

import argparse
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from events.errors import Misconfigured, Pushback, Refused
from infra.settings import Environment

REQUEST_TIMEOUT_S = 60.0
DEFAULT_DATA = "data"


class PlatformRefused(Refused):
    """The platform answered with an error; the message is the one that it gave."""

    code = "platform-refused"


class PlatformAway(Pushback):
    """No platform answers at that address."""

    code = "platform-away"


@dataclass(frozen=True, slots=True)
class Context:
    """The environment of one call."""

    variables: Mapping[str, str] = field(repr=False)

    @property
    def environment(self) -> Environment:
        """The variables, with the rules of `infra.settings`."""
        return Environment(self.variables)

    def run_file(self, arguments: argparse.Namespace) -> dict[str, Any]:
        """What `run.json` says about the platform of `--data`.

        Raises:
            Misconfigured: there is none, so nothing runs there.
        """
        path = Path(arguments.data or DEFAULT_DATA) / "run.json"
        if not path.is_file():
            raise Misconfigured(f"no platform runs on {path.parent}; start one with `intaglio up --data {path.parent}`")
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found

    @contextmanager
    def client(self, arguments: argparse.Namespace, role: str) -> Iterator["PlatformClient"]:
        """A connection with the credential of `--as`, else of the role that the verb usually needs."""
        url, key = self._address(arguments, role)
        headers = {"Authorization": f"Bearer {key}"}
        with httpx.Client(base_url=url, headers=headers, timeout=REQUEST_TIMEOUT_S) as client:
            yield PlatformClient(client)

    def _address(self, arguments: argparse.Namespace, role: str) -> tuple[str, str]:
        if arguments.data is None and self.variables.get("INTAGLIO_URL"):
            return self.environment.text("INTAGLIO_URL"), self.environment.secret("INTAGLIO_API_KEY").reveal()
        run = self.run_file(arguments)
        wanted = arguments.as_role or role
        if wanted not in run["credentials"]:
            raise Misconfigured(f"--as {wanted} is not one of {', '.join(sorted(run['credentials']))}")
        return run["api"], Path(run["credentials"][wanted]).read_text(encoding="utf-8").strip()


class PlatformClient:
    """HTTP to a platform, with its errors as sentences."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request.

        Raises:
            PlatformRefused: the platform answered with an error.
            PlatformAway: nothing answers.
        """
        try:
            response = self._client.request(method, path, **options)
        except httpx.TransportError as error:
            raise PlatformAway(f"no platform answers at {self._client.base_url} ({type(error).__name__})") from error
        if response.is_error:
            raise PlatformRefused(explain(response))
        return response

    def json(self, method: str, path: str, **options: Any) -> Any:
        """One request whose answer is JSON."""
        return self.request(method, path, **options).json()

    @contextmanager
    def stream(self, method: str, path: str, **options: Any) -> Iterator[httpx.Response]:
        """One request whose answer is read as it comes."""
        try:
            with self._client.stream(method, path, **options) as response:
                if response.is_error:
                    response.read()
                    raise PlatformRefused(explain(response))
                yield response
        except httpx.TransportError as error:
            raise PlatformAway(f"no platform answers at {self._client.base_url} ({type(error).__name__})") from error


def explain(response: httpx.Response) -> str:
    """The sentence in an error answer, with its code, for a person."""
    try:
        problem = response.json()
    except ValueError:
        return f"the platform answered {response.status_code}"
    detail = problem.get("detail") or problem.get("title") or problem.get("error", {}).get("message", "")
    return f"{detail} ({response.status_code})"


def add_connection(parser: argparse.ArgumentParser) -> None:
    """The options of every verb that talks to a platform."""
    parser.add_argument("--data", metavar="DIR", help="data directory of an embedded platform (default: data)")
    parser.add_argument("--as", dest="as_role", metavar="ROLE", help="which credential of the embedded platform to use")
    parser.add_argument("--json", action="store_true", help="print JSON")
