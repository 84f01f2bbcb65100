"""What a page shows to be pasted: the call of the API that does the same."""

import shlex
from typing import Any

import msgspec

from moyeu.wire.console.visits import Visit


def curl(visit: Visit, method: str, path: str, body: dict[str, Any] | None = None) -> str:
    """A `curl` for a POSIX shell; the token is that of a demo, else `$TOKEN`."""
    token = visit.options.demo_token
    header = '"Authorization: Bearer $TOKEN"'
    if token is not None:
        header = shlex.quote(f"Authorization: Bearer {token}")
    verb = "" if method == "GET" else f"-X {method} "
    lines = [f"curl {verb}{shlex.quote(visit.base_url + path)}", f"  -H {header}"]
    if body is not None:
        text = msgspec.json.encode(body).decode()
        lines += ["  -H 'Content-Type: application/json'", f"  -d {shlex.quote(text)}"]
    return " \\\n".join(lines)
