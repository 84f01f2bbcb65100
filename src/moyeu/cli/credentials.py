"""The file that tells scripts and tests how to reach a demo portal."""

import os
from pathlib import Path

import msgspec

from moyeu.demo.portal import DemoPortal


def write_credentials(path: Path, url: str, portal: DemoPortal, control_token: str) -> None:
    """Writes how to reach a demo as JSON, readable by the owner alone.

    `url, portal_id, token, limited_token, control_token`, the last null where there is none.

    The file appears whole or not at all: it is written under another name and then renamed.
    """
    body = msgspec.json.encode(
        {
            "url": url,
            "portal_id": portal.portal_id,
            "token": portal.token,
            "limited_token": portal.limited_token,
            "control_token": control_token or None,
        }
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(body, indent=2) + b"\n")
    part.replace(path)
