"""Who may reach the control plane.

Whoever reaches it owns every portal, so it asks for more than a token: a page of another site that
runs in somebody's browser can reach loopback addresses, and can give any name of its own such an
address. A name that is not ours is answered 421, since the request came to the wrong server,
whoever sent it. What a proxy says about its client (`X-Forwarded-For`) means nothing here.
"""

import hmac
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from moyeu.wire.errors import UNAUTHENTICATED, Refusal

_HOST: Final = re.compile(r"(\[[0-9a-f:.]+\]|[^:\[\]@/\s]+)(?::[0-9]{1,5})?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ControlAccess:
    """Who may call.

    token: the one bearer token. hosts: names in `Host`, lower case and without a port, that are
    ours beside those of loopback.
    """

    token: str
    hosts: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"ControlAccess(hosts={sorted(self.hosts)})"

    def refusal(self, headers: Mapping[bytes, bytes]) -> Refusal | None:
        """Why a request with these headers is not heard, None if it is."""
        host = headers.get(b"host", b"").decode("latin-1")
        if not self._is_ours(host):
            return _misdirected(host)
        origin = headers.get(b"origin")
        if origin is not None and not _is_same(origin.decode("latin-1"), host):
            return CROSS_ORIGIN
        scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
        is_known = hmac.compare_digest(token.strip(), self.token.encode())
        return None if is_known and scheme.lower() == b"bearer" else UNAUTHENTICATED

    def _is_ours(self, host: str) -> bool:
        name = host_name(host)
        return name is not None and (name in self.hosts or _is_loopback(name))


def host_name(host: str) -> str | None:
    """The name in a `Host` header, lower case and without port and brackets; None if it is none."""
    found = _HOST.fullmatch(host)
    return None if found is None else found[1].lower().strip("[]")


def _is_loopback(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _is_same(origin: str, host: str) -> bool:
    """Whether a page of that origin was served under the name and port that it calls."""
    scheme, separator, place = origin.partition("://")
    return bool(separator) and scheme in ("http", "https") and place.lower() == host.lower()


def _misdirected(host: str) -> Refusal:
    return Refusal(
        421,
        f"The control plane does not answer to the name '{host}'."
        " The setting control_hosts lists the names that it answers to.",
        "MISDIRECTED_REQUEST",
    )


CROSS_ORIGIN: Final = Refusal(
    403, "The control plane takes no requests from pages of other origins.", "CROSS_ORIGIN"
)
