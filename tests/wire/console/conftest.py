"""The console over the store of the usual server, in a server of its own, and who visits it."""

import http.client
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import pytest

from moyeu.app import build_app
from moyeu.storage.contract import Store
from moyeu.wire.console.house import Console
from moyeu.wire.console.options import ConsoleOptions, ShownSetting
from moyeu.wire.edge import running
from tests.conftest import Clock, PortalUnderTest, Server

_secrets: Final = random.Random(7)

OPTIONS: Final = ConsoleOptions(
    hosts=frozenset({"crm.example"}),
    login_code=None,
    started_ms=0,
    secret_bits=_secrets.getrandbits,
    engine="an engine",
    database="a database",
    settings=(ShownSetting("port", "8080", "default"), ShownSetting("host", "::1", "flag")),
)


@dataclass(slots=True)
class Reply:
    """An answer; headers in lower case, the last of a name."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def page(self) -> "ParsedPage":
        """The answer as elements and text."""
        parsed = ParsedPage()
        parsed.feed(self.text)
        parsed.close()
        return parsed


class ParsedPage(HTMLParser):
    """What a browser makes of a page: its elements with their attributes, and its text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self._texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        """Notes an element."""
        self.elements.append((tag, {name: text or "" for name, text in attrs}))

    def handle_data(self, data: str) -> None:
        """Notes text."""
        self._texts.append(data)

    @property
    def text(self) -> str:
        """All text, with the values of fields, which are text to a reader too."""
        fields = [given.get("value", "") for tag, given in self.elements if tag == "input"]
        return "".join((*self._texts, *fields))

    def links(self) -> list[str]:
        """Where the links lead, in order."""
        return [given["href"] for tag, given in self.elements if tag == "a"]


@dataclass(slots=True)
class Visitor:
    """A browser without script, which says where its requests come from."""

    url: str
    portal: PortalUnderTest | None = None
    cookies: dict[str, str] = field(default_factory=dict)

    def get(
        self, path: str, headers: Mapping[str, str] | None = None, method: str = "GET"
    ) -> Reply:
        """Asks for a page of the portal."""
        sent = {"Accept": "text/html", "Sec-Fetch-Site": "none"} | dict(headers or {})
        return self._send(method, self._here(path), sent, None)

    def post(
        self, path: str, headers: Mapping[str, str] | None = None, /, **fields: str | None
    ) -> Reply:
        """Sends a form of our pages, with its token.

        A header that is "" and a field that is None are left out.
        """
        if "token" not in fields:
            fields["token"] = self.token()
        sent = {"Sec-Fetch-Site": "same-origin", "Content-Type": _FORM} | dict(headers or {})
        body = urlencode({name: text for name, text in fields.items() if text is not None})
        return self._send("POST", self._here(path), sent, body)

    def token(self) -> str:
        """What a form of the portal's page carries."""
        assert self.portal is not None
        page = self.get(f"/console/portals/{self.portal.portal_id}").text
        found = re.search(r'name="token" value="([0-9a-f]+)"', page)
        assert found is not None
        return found[1]

    def _here(self, path: str) -> str:
        if self.portal is None or "portal=" in path:
            return path
        path, mark, place = path.partition("#")
        sign = "&" if "?" in path else "?"
        return f"{path}{sign}portal={self.portal.portal_id}{mark}{place}"

    def _send(self, method: str, path: str, headers: Mapping[str, str], body: str | None) -> Reply:
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
        sent = {name: text for name, text in headers.items() if text}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={text}" for name, text in self.cookies.items())
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        read = answer.read().decode()
        connection.close()
        told = {name.lower(): text for name, text in answer.getheaders()}
        if "set-cookie" in told:
            name, _, rest = told["set-cookie"].partition("=")
            self.cookies[name] = rest.partition(";")[0]
        return Reply(answer.status, told, read)


_FORM: Final = "application/x-www-form-urlencoded"


@contextmanager
def serving(server: Server, **changes: Any) -> Iterator[str]:
    """The address of a console over the store of a server; changes: of its options."""
    options = replace(OPTIONS, started_ms=server.clock.now_ms, **changes)
    bits = random.Random(3).getrandbits
    pages = Console(server.store, options)
    with running(build_app(server.store, server.clock, bits, pages=pages)) as url:
        yield url


@pytest.fixture(scope="session")
def console_url(server: Server) -> Iterator[str]:
    """A console that nobody has to log in to."""
    with serving(server) as url:
        yield url


@pytest.fixture
def alone(open_store: Callable[[Path], Store], tmp_path: Path) -> Iterator[Visitor]:
    """A browser before a store of its own, where it may make portals."""
    server = Server("", open_store(tmp_path), Clock())
    with serving(server) as url:
        yield Visitor(url, PortalUnderTest(server))
    server.close()


@pytest.fixture
def visitor(console_url: str, portal: PortalUnderTest) -> Visitor:
    """A browser that looks at an empty portal."""
    return Visitor(console_url, portal)
