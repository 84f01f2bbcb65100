"""What a page of the console is answered with, and the headers of every answer."""

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

SECURITY_HEADERS: Final = (
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
        b" connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
    (b"vary", b"accept, accept-encoding"),
)
HTML: Final = b"text/html;charset=utf-8"
PLAIN: Final = b"text/plain;charset=utf-8"
JSON: Final = b"application/json;charset=utf-8"

_GZIP_BYTES_MIN: Final = 1_024


@dataclass(frozen=True, slots=True)
class Page:
    """A page that a template makes. context: what the template is told; values are plain texts."""

    template: str
    context: Mapping[str, Any]
    status: int = 200


@dataclass(frozen=True, slots=True)
class Moved:
    """The browser goes on with a GET of another of our pages; cookie: a header's value to set."""

    location: str
    cookie: bytes | None = None


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer as it is sent."""

    status: int
    body: bytes
    content_type: bytes = PLAIN
    headers: Sequence[tuple[bytes, bytes]] = field(default_factory=tuple)


def packed(answer: Raw, accept_encoding: bytes) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """The body as it is sent, and all headers of the answer."""
    body = answer.body
    headers = [*SECURITY_HEADERS, (b"content-type", answer.content_type), *answer.headers]
    if len(body) >= _GZIP_BYTES_MIN and b"gzip" in accept_encoding.lower():
        body = gzip.compress(body, compresslevel=5, mtime=0)
        headers.append((b"content-encoding", b"gzip"))
    headers.append((b"content-length", str(len(body)).encode()))
    return body, headers
