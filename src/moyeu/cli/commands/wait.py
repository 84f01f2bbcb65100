"""`moyeu wait`."""

import http.client
import time
import urllib.parse
from typing import Annotated, Final

from cyclopts import Parameter

from moyeu.cli.exits import USAGE, CommandError

_PAUSE_S: Final = 0.05
_ANSWER_MAX_S: Final = 5.0


def wait(
    *,
    url: Annotated[str, Parameter(help="The base URL of the server.")] = "http://127.0.0.1:8080",
    timeout: Annotated[float, Parameter(help="Seconds after which to give up.")] = 30.0,
) -> None:
    """Wait until a server answers.

    Ends with 0 as soon as it answers anything, with 1 when the time is over.

    Example: moyeu wait --timeout 5 && echo ready
    """
    parts = urllib.parse.urlsplit(url)
    if not _names_a_server(parts):
        raise CommandError(f"--url is {url!r}: expected http://HOST:PORT", USAGE)
    deadline_s = time.monotonic() + timeout
    while not _answers(parts, deadline_s):
        if time.monotonic() >= deadline_s:
            raise CommandError(f"{url} did not answer within {timeout:g} s")
        time.sleep(_PAUSE_S)


def _names_a_server(parts: urllib.parse.SplitResult) -> bool:
    try:
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False  # The port is no number.


def _answers(parts: urllib.parse.SplitResult, deadline_s: float) -> bool:
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    assert parts.hostname is not None
    patience_s = min(_ANSWER_MAX_S, max(_PAUSE_S, deadline_s - time.monotonic()))
    connection = kind(parts.hostname, parts.port, timeout=patience_s)
    try:
        connection.request("GET", parts.path or "/")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False  # Not listening yet, or still starting: the caller asks again.
    finally:
        connection.close()
    return True
