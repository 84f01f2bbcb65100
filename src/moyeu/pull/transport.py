"""Requests over the network: one host, no redirects, no proxies, every wait bounded."""

import asyncio
import time
from collections.abc import Mapping
from typing import Final

import urllib3

from moyeu.pull.client import OtherSideError, RawAnswer, UnreachableError

_CONNECT_S: Final = 10.0
_SILENCE_S: Final = 60.0
"""Longest pause between two parts of an answer."""

_ANSWER_S: Final = 180.0
_ANSWER_BYTES_MAX: Final = 256 * 1024 * 1024
_PART_BYTES: Final = 256 * 1024


class Transport:
    """Sends requests over one kept connection. Certificates are checked by the system's list."""

    def __init__(self) -> None:
        self._pool = urllib3.PoolManager(
            num_pools=1, maxsize=1, timeout=urllib3.Timeout(connect=_CONNECT_S, read=_SILENCE_S)
        )

    async def __call__(
        self, method: str, address: str, headers: Mapping[str, str], body: bytes | None
    ) -> RawAnswer:
        """See `Send`."""
        return await asyncio.to_thread(self._send, method, address, headers, body)

    def _send(
        self, method: str, address: str, headers: Mapping[str, str], body: bytes | None
    ) -> RawAnswer:
        try:
            answer = self._pool.request(
                method,
                address,
                body=body,
                headers={**headers, "accept-encoding": "gzip"},
                retries=False,
                redirect=False,
                preload_content=False,
            )
            try:
                whole = _read(answer)
            except BaseException:
                answer.close()
                raise
            answer.release_conn()
        except urllib3.exceptions.SSLError as error:
            raise OtherSideError(f"no safe connection: {error}") from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise UnreachableError(f"no whole answer: {error}") from error
        names = {name.lower(): value for name, value in answer.headers.items()}
        return RawAnswer(answer.status, names, whole)


def _read(answer: urllib3.BaseHTTPResponse) -> bytes:
    until_s = time.monotonic() + _ANSWER_S
    parts, size = [], 0
    for part in answer.stream(_PART_BYTES, decode_content=True):
        parts.append(part)
        size += len(part)
        if size > _ANSWER_BYTES_MAX:
            raise OtherSideError("an answer of more than 256 MiB")
        if time.monotonic() > until_s:
            raise UnreachableError(f"an answer that takes more than {_ANSWER_S:.0f} s")
    return b"".join(parts)
