"""Who may see the console and change things through it.

The name that a browser called must be one of ours, or a page of a stranger's domain could be made
to point here (DNS rebinding). A change needs a token that only our own pages carry, and a browser
that says it comes from them.
"""

import hashlib
import hmac
import ipaddress
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Final

from moyeu.wire.console.options import ConsoleOptions

COOKIE: Final = "moyeu_console"
SESSION_MS: Final = 12 * 3_600_000
LOGIN_CODE_MS: Final = 600_000

_MASK_BYTES: Final = 16

Headers = Mapping[bytes, bytes]
"""Names in lower case."""


def host_name(headers: Headers) -> str:
    """The name or address in `Host`, lower case, without the port; "" where there is none."""
    host = headers.get(b"host", b"").decode("latin-1").strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def is_known_host(headers: Headers, allowed: frozenset[str]) -> bool:
    """Whether the name that was called is this machine's own or an allowed one."""
    name = host_name(headers)
    if name in allowed or name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def comes_from_our_pages(headers: Headers) -> bool:
    """Whether the browser says that a page of this very origin sent the request.

    Our pages send no referrer, so `Origin` may be `null`; then the browser has to say it the other
    way. Who says nothing is refused.
    """
    site = headers.get(b"sec-fetch-site")
    origin = headers.get(b"origin")
    if site is not None and site != b"same-origin":
        return False
    if origin is None or (origin == b"null" and site is not None):
        return site is not None
    _, separator, host = origin.decode("latin-1").lower().partition("://")
    return bool(separator) and host == headers.get(b"host", b"").decode("latin-1").lower()


class Guard:
    """Sessions and tokens of one process; nothing of it is stored."""

    def __init__(self, options: ConsoleOptions) -> None:
        self._bits = options.secret_bits
        self._key = self._secret_bytes()
        self._code = options.login_code
        self._code_until_ms = options.started_ms + LOGIN_CODE_MS
        self._sessions: dict[str, int] = {}
        self.needs_login = options.login_code is not None

    def _secret_bytes(self) -> bytes:
        return self._bits(8 * _MASK_BYTES).to_bytes(_MASK_BYTES, "big")

    def session_of(self, headers: Headers, now_ms: int) -> str | None:
        """The visitor's session, None for who has to log in."""
        if not self.needs_login:
            return ""
        found = _cookie(headers)
        if found is None or self._sessions.get(found, 0) <= now_ms:
            return None
        return found

    def log_in(self, code: str, now_ms: int) -> str | None:
        """A new session for who brings the code, which is used up; None for a wrong or old one."""
        if self._code is None or now_ms >= self._code_until_ms:
            return None
        if not hmac.compare_digest(code.encode(), self._code.encode()):
            return None
        self._code = None
        session = self._secret_bytes().hex()
        self._sessions = {session: now_ms + SESSION_MS}
        return session

    def log_out(self, session: str) -> None:
        """Ends a session."""
        self._sessions.pop(session, None)

    def token(self, session: str) -> str:
        """What the forms of a page carry; another text each time, so that lengths tell nothing."""
        mask = self._secret_bytes()
        return (mask + _masked(self._plain(session), mask)).hex()

    def is_token(self, session: str, text: str) -> bool:
        """Whether a form carries a token of this session."""
        try:
            given = bytes.fromhex(text)
        except ValueError:
            return False
        mask, hidden = given[:_MASK_BYTES], given[_MASK_BYTES:]
        if len(hidden) != _MASK_BYTES:
            return False
        return hmac.compare_digest(_masked(hidden, mask), self._plain(session))

    def _plain(self, session: str) -> bytes:
        return hmac.digest(self._key, session.encode(), hashlib.sha256)[:_MASK_BYTES]


def _masked(text: bytes, mask: bytes) -> bytes:
    return bytes(each ^ other for each, other in zip(text, mask, strict=True))


def _cookie(headers: Headers) -> str | None:
    try:
        cookies = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1"))
    except CookieError:
        return None
    return cookies[COOKIE].value if COOKIE in cookies else None


def session_cookie(session: str, *, secure: bool) -> bytes:
    """The header that gives a browser its session; an empty one takes it away."""
    parts = [f"{COOKIE}={session}", "Path=/", "HttpOnly", "SameSite=Strict"]
    parts.append(f"Max-Age={SESSION_MS // 1000 if session else 0}")
    if secure:
        parts.append("Secure")
    return "; ".join(parts).encode()
