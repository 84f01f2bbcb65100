"""Where the HTTP edge listens: its socket, and the URL by which clients find it."""

import ipaddress
import socket
from typing import Final

BACKLOG: Final = 2048
"""Connections that may wait to be accepted."""


def bind(host: str, port: int) -> socket.socket:
    """A socket that has the address and does not listen yet.

    host: a name or an address; a name with both kinds of address means the IPv4 one. port: 0 lets
    the system choose.
    Raises OSError if the address cannot be bound.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
    bound = socket.socket(family, kind, protocol)
    try:
        # A restarted server takes its port back while old connections are still in TIME_WAIT.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound


def url_of(bound: socket.socket) -> str:
    """Where a client on this machine finds the server, without a slash at the end."""
    host, port = bound.getsockname()[:2]
    address = ipaddress.ip_address(host)
    if address.is_unspecified:
        address = ipaddress.ip_address("127.0.0.1" if address.version == 4 else "::1")
    shown = f"[{address}]" if address.version == 6 else f"{address}"
    return f"http://{shown}:{port}"
