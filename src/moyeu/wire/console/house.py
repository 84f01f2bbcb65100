"""The console as a whole: which page a path is, who may see it, and what is answered."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

import msgspec

from moyeu import __version__
from moyeu.operations.portals import list_portals
from moyeu.storage.contract import (
    ObjectTypeGoneError,
    Portal,
    Store,
    StoreError,
    StoreUnavailableError,
)
from moyeu.wire.asgi import ClientDisconnectedError, Receive, Scope, Send, read_body
from moyeu.wire.console import guard as rules
from moyeu.wire.console.answers import HTML, JSON, Moved, Page, Raw, packed
from moyeu.wire.console.guard import Guard
from moyeu.wire.console.html import render
from moyeu.wire.console.options import ConsoleOptions
from moyeu.wire.console.routes import NAVIGATION, ROUTES, Route
from moyeu.wire.console.visits import Visit, link
from moyeu.wire.exchange import Query

_log = logging.getLogger("moyeu.wire.console")

_STATIC: Final = {
    "console.css": b"text/css;charset=utf-8",
    "console.js": b"text/javascript;charset=utf-8",
    "icon.svg": b"image/svg+xml",
}
_FORM: Final = b"application/x-www-form-urlencoded"
_FORM_BYTES_MAX: Final = 1_048_576

Headers = Mapping[bytes, bytes]


class Console:
    """Answers the paths of the console over a store."""

    def __init__(self, store: Store, options: ConsoleOptions) -> None:
        self._store = store
        self._options = options
        self._guard = Guard(options)
        folder = files("moyeu.wire.console").joinpath("static")
        self._static = {
            name: Raw(200, folder.joinpath(name).read_bytes(), media_type)
            for name, media_type in _STATIC.items()
        }

    @staticmethod
    def has(path: str) -> bool:
        """Whether a path is the console's."""
        return path in ("/", "/console") or path.startswith("/console/")

    async def answer(
        self, scope: Scope, receive: Receive, send: Send, now_ms: int, correlation_id: str
    ) -> None:
        """Answers one request for a path of the console."""
        headers = dict(scope["headers"])
        answer = await self._answer(scope, receive, headers, now_ms, correlation_id)
        body, sent = packed(answer, headers.get(b"accept-encoding", b""))
        await send({"type": "http.response.start", "status": answer.status, "headers": sent})
        is_head = scope["method"] == "HEAD"
        await send({"type": "http.response.body", "body": b"" if is_head else body})

    async def _answer(
        self, scope: Scope, receive: Receive, headers: Headers, now_ms: int, correlation_id: str
    ) -> Raw:
        if not rules.is_known_host(headers, self._options.hosts):
            text = (
                "This console does not answer to that name.\n"
                "Use localhost or 127.0.0.1, or name it in the setting console_hosts.\n"
            )
            return Raw(403, text.encode())
        segments = [unquote(each) for each in scope["raw_path"].decode("latin-1").split("/")[1:]]
        if segments == [""] and not _wants_html(headers):
            return self._for_clients()
        if segments[:2] == ["console", "static"]:
            static = self._static.get("/".join(segments[2:]))
            return static or Raw(404, b"There is no such file.\n")
        visitor = _Visitor(self, scope, receive, headers, now_ms, correlation_id)
        try:
            return await visitor.answer(segments)
        except ClientDisconnectedError:
            raise
        except ObjectTypeGoneError:
            return visitor.plain_page(404, "This object type was removed meanwhile.")
        except StoreUnavailableError:
            return visitor.plain_page(503, "The database cannot be reached now. Try again later.")
        except StoreError:
            # Logged by the store, once, with its cause.
            return visitor.plain_page(500, f"internal error, correlation id {correlation_id}")
        except Exception:  # noqa: BLE001 — what nobody asked for is a page that says so; as the API
            _log.exception("page failed, correlation id %s", correlation_id)
            return visitor.plain_page(500, f"internal error, correlation id {correlation_id}")

    def _for_clients(self) -> Raw:
        body = {
            "name": "moyeu",
            "version": __version__,
            "console": link(),
            "notice": "compatible with HubSpot's API, not affiliated",
        }
        return Raw(200, msgspec.json.encode(body), JSON)

    @property
    def store(self) -> Store:
        """What the pages are about."""
        return self._store

    @property
    def options(self) -> ConsoleOptions:
        """How the console is run."""
        return self._options

    @property
    def guard(self) -> Guard:
        """Sessions and tokens."""
        return self._guard


class _Match(NamedTuple):
    route: Route
    path: Mapping[str, str]


class _Visitor:
    """One request for a page: who sent it, which page it is, and what is answered."""

    def __init__(
        self,
        console: Console,
        scope: Scope,
        receive: Receive,
        headers: Headers,
        now_ms: int,
        correlation_id: str,
    ) -> None:
        self._console = console
        self._guard = console.guard
        self._scope = scope
        self._receive = receive
        self._headers = headers
        self._now_ms = now_ms
        self._correlation_id = correlation_id
        self._method = "GET" if scope["method"] == "HEAD" else scope["method"]

    async def answer(self, segments: Sequence[str]) -> Raw:
        """The answer to the request."""
        if self._method not in ("GET", "POST"):
            return Raw(405, b"", headers=((b"allow", b"GET, HEAD, POST"),))
        form = Query(())
        if self._method == "POST":
            read = await self._form()
            if isinstance(read, Raw):
                return read
            form = read
        if segments == ["console", "login"]:
            return self._login(form)
        session = self._guard.session_of(self._headers, self._now_ms)
        if session is None:
            return self._stranger()
        if self._method == "POST":
            if not self._guard.is_token(session, form.last("token") or ""):
                text = "This form is no longer good: go back, load the page anew, send it again."
                return self.plain_page(403, text)
            if segments == ["console", "logout"]:
                self._guard.log_out(session)
                cookie = rules.session_cookie("", secure=self._is_secure)
                return _raw(Moved(link("login"), cookie))
        return await self._page(segments, session, form)

    async def _form(self) -> Query | Raw:
        """The fields of a form that one of our pages sent, or the refusal of it."""
        if not rules.comes_from_our_pages(self._headers):
            return self.plain_page(403, "Changes are taken from the console's own pages only.")
        media_type = self._headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if media_type != _FORM:
            return self.plain_page(415, "A form is expected.")
        body = await read_body(self._scope, self._receive)
        if len(body) > _FORM_BYTES_MAX:
            return self.plain_page(413, "The form is too large.")
        return Query.parse(body.decode("utf-8", "replace"))

    def _login(self, form: Query) -> Raw:
        """The page behind the link that is printed at start: it takes one click, and a code."""
        if not self._guard.needs_login:
            return _raw(Moved(link()))
        if self._method == "POST":
            session = self._guard.log_in(form.last("code") or "", self._now_ms)
            if session is not None:
                cookie = rules.session_cookie(session, secure=self._is_secure)
                return _raw(Moved(link(), cookie))
        query = Query.parse(self._scope["query_string"].decode("latin-1"))
        context = {"code": query.last("code") or "", "is_wrong": self._method == "POST"}
        status = 403 if self._method == "POST" else 200
        return _raw(Page("login.html", _bare(context), status))

    def _stranger(self) -> Raw:
        if self._method == "POST":
            return self.plain_page(403, "Log in first.")
        return _raw(Moved(link("login")))

    async def _page(self, segments: Sequence[str], session: str, form: Query) -> Raw:
        match = _find(segments)
        portals = await list_portals(self._console.store)
        query = Query.parse(self._scope["query_string"].decode("latin-1"))
        visit = Visit(
            store=self._console.store,
            options=self._console.options,
            portals=portals,
            portal=_portal_of(portals, query),
            path={} if match is None else match.path,
            query=query,
            form=form,
            now_ms=self._now_ms,
            correlation_id=self._correlation_id,
            base_url=f"{self._scope.get('scheme', 'http')}://{self._host}",
            session=session,
            token=self._guard.token(session),
        )
        if match is None:
            return _in_frame(visit, _missing("There is no such page."))
        route = match.route
        if self._method == "POST" and not route.takes_posts:
            return Raw(405, b"", headers=((b"allow", b"GET, HEAD"),))
        if route.needs_portal and visit.portal is None:
            if portals:
                return _in_frame(visit, _missing("There is no portal with that id."))
            return _in_frame(visit, Page("empty.html", {}), route)
        answer = await route.handler(visit)
        return _raw(answer) if isinstance(answer, Moved) else _in_frame(visit, answer, route)

    @property
    def _host(self) -> str:
        return self._headers.get(b"host", b"localhost").decode("latin-1")

    @property
    def _is_secure(self) -> bool:
        """Whether the browser came by TLS, which a proxy before us ends."""
        scheme = self._headers.get(b"x-forwarded-proto", b"").decode("latin-1")
        return "https" in (scheme, self._scope.get("scheme", "http"))

    def plain_page(self, status: int, text: str) -> Raw:
        """A page with one sentence and no data."""
        return _raw(Page("plain.html", _bare({"sentence": text}), status))


def _wants_html(headers: Headers) -> bool:
    return b"text/html" in headers.get(b"accept", b"")


def _portal_of(portals: Sequence[Portal], query: Query) -> Portal | None:
    """The portal that the address names; the first one where it names none."""
    text = query.last("portal")
    if text is None:
        return portals[0] if portals else None
    return next((each for each in portals if str(each.id) == text), None)


def _find(segments: Sequence[str]) -> _Match | None:
    for route in ROUTES:
        if len(route.segments) != len(segments):
            continue
        path = {}
        for pattern, segment in zip(route.segments, segments, strict=True):
            if pattern.startswith("{"):
                path[pattern.strip("{}")] = segment
            elif pattern != segment:
                break
        else:
            return _Match(route, path)
    return None


def _missing(sentence: str) -> Page:
    return Page("missing.html", {"sentence": sentence}, 404)


def _bare(context: dict[str, Any]) -> dict[str, Any]:
    return {**context, "visit": None, "link": link, "navigation": (), "here": ""}


def _in_frame(visit: Visit, page: Page, route: Route | None = None) -> Raw:
    """The page with what all pages show."""
    context = {
        **page.context,
        "visit": visit,
        "link": visit.link,
        "now_ms": visit.now_ms,
        "navigation": NAVIGATION,
        "here": "" if route is None else route.section,
    }
    return _raw(replace(page, context=context))


def _raw(answer: Page | Moved) -> Raw:
    if isinstance(answer, Page):
        return Raw(answer.status, render(answer.template, dict(answer.context)), HTML)
    headers = [(b"location", answer.location.encode())]
    if answer.cookie is not None:
        headers.append((b"set-cookie", answer.cookie))
    return Raw(303, b"", headers=headers)
