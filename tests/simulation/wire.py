"""The application without a server: one request as ASGI events in memory."""

import json
from typing import Any

from moyeu.crm.values.moment import read_iso
from moyeu.wire.application import Application
from moyeu.wire.asgi import Message
from tests.simulation.answers import (
    LOCKED_STATUS,
    UNAVAILABLE_STATUS,
    Answer,
    Failed,
    Refused,
    Shown,
    Told,
)


async def call(
    app: Application, token: str, method: str, path: str, body: object = None, query: str = ""
) -> tuple[int, Any]:
    """Status and decoded body of the answer."""
    content = b"" if body is None else json.dumps(body).encode()
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "scheme": "http",
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [
            (b"authorization", f"Bearer {token}".encode()),
            (b"content-type", b"application/json"),
            (b"accept", b"application/json"),
        ],
    }
    await app(scope, receive, send)
    start, end = sent
    return start["status"], json.loads(end["body"]) if end["body"] else None


def told(status: int, body: Any) -> Answer:
    """The answer to a call on records."""
    if status >= 500:
        return Failed(is_sure=status == UNAVAILABLE_STATUS, words=str(body))
    if status >= 400:
        kind = "RecordsLocked" if status == LOCKED_STATUS else ""
        return Refused(kind, status)
    if body is None:
        return Told()
    if "results" not in body:
        return Told((_shown(body),))
    missing: list[str] = []
    problems: list[str] = []
    for entry in body.get("errors", ()):
        trace_ids = entry["context"].get("objectWriteTraceId")
        if trace_ids:
            problems += trace_ids
        else:
            missing += entry["context"]["ids"]
    return Told(
        tuple(map(_shown, body["results"])),
        tuple(missing),
        tuple(sorted(problems)),
        body.get("total"),
    )


def _shown(record: dict[str, Any]) -> Shown:
    updated_at_ms = read_iso(record["updatedAt"])
    assert updated_at_ms is not None, record
    values = {name: text or "" for name, text in record["properties"].items()}
    return Shown(int(record["id"]), values, updated_at_ms, record.get("new"))
