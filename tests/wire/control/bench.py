"""What the tests of the control plane share: a server that has one, and raw requests to it."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from moyeu.storage.contract import Store
from moyeu.testing.client import ControlClient
from tests.conftest import Clock

TOKEN = "control-token-of-the-tests"
HOST = "bench.example"
V1 = "/_moyeu/v1"


@dataclass(frozen=True, slots=True)
class Answered:
    """Status, headers by names in lower case, and body of an answer."""

    status: int
    headers: Mapping[str, str]
    text: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.text)

    @property
    def refusal(self) -> tuple[int, str, str | None]:
        """Status, message and category of an error envelope that has nothing else of note."""
        body = self.json
        assert body["status"] == "error"
        assert body["correlationId"] == self.headers["x-hubspot-correlation-id"]
        assert set(body) <= {"status", "message", "correlationId", "category", "context"}
        return self.status, body["message"], body.get("category")


@dataclass(frozen=True, slots=True)
class Bench:
    """A server with a control plane."""

    url: str
    store: Store
    clock: Clock

    @property
    def control(self) -> ControlClient:
        """The client that is shipped."""
        return ControlClient(self.url, TOKEN)

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str | None] | None = None,
    ) -> Answered:
        """One request with the control token and a JSON type; a header that is None is left out."""
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
        sent: dict[str, str | None] = {"Authorization": f"Bearer {TOKEN}"}
        if body is not None:
            sent["Content-Type"] = "application/json"
        sent |= headers or {}
        text = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        connection.request(
            method, path, text, {name: value for name, value in sent.items() if value is not None}
        )
        answer = connection.getresponse()
        read = answer.read()
        connection.close()
        return Answered(
            answer.status, {name.lower(): value for name, value in answer.getheaders()}, read
        )
