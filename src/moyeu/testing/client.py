"""A client of the control plane for tests and scripts: synchronous, of the standard library alone.

    control = ControlClient("http://127.0.0.1:8080", "moyeu-control-…")
    portal = control.create_portal()
    portal.create_records("partner_services", [{"hs_name": "SEO"}])
    portal.snapshot("before")
    …
    portal.restore("before")
    portal.delete()

Answers are the JSON of the control plane as dictionaries; what it refuses is a ControlError.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import OpenerDirector, ProxyHandler, Request, build_opener

Json = dict[str, Any]
"""A JSON object of the control plane, fields in camelCase."""


class ControlError(Exception):
    """The control plane refused a request.

    status: of HTTP. body: the error envelope, empty where the answer was no JSON.
    """

    def __init__(self, status: int, body: Json, what: str) -> None:
        super().__init__(f"{what}: {status} {body.get('message', '')}".rstrip())
        self.status = status
        self.body = body


class ControlClient:
    """The control plane of one server; may be shared by threads.

    url: of the server, such as `http://127.0.0.1:8080`. token: the control token. timeout_s: for
    each request. headers: what else is sent with each. No proxy is used, whatever the environment
    says.
    """

    def __init__(self, url: str, token: str, timeout_s: float = 30.0) -> None:
        self.url = url.rstrip("/")
        self._token = token
        self._timeout_s = timeout_s
        self.headers: dict[str, str] = {}
        self._opener: OpenerDirector = build_opener(ProxyHandler({}))

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of any route, None for an answer without content; path: below `/_moyeu/v1`.

        Refused: ControlError.
        """
        headers = {"Authorization": f"Bearer {self._token}", **self.headers}
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        request = Request(  # noqa: S310 — the caller says which server
            f"{self.url}/_moyeu/v1{path}", data, headers, method=method
        )
        try:
            with self._opener.open(request, timeout=self._timeout_s) as answer:
                text = answer.read()
        except HTTPError as error:
            with error:
                raise ControlError(error.code, _object(error.read()), f"{method} {path}") from None
        return json.loads(text) if text else None

    def routes(self) -> list[Json]:
        """What the control plane can do: `method`, `path` and `summary` of each route."""
        return _results(self.call("GET", "/"))

    def portals(self) -> list[Json]:
        """All portals."""
        return _results(self.call("GET", "/portals"))

    def portal(self, portal_id: int, token: str = "") -> "ControlledPortal":
        """A portal that exists; token: one of its own, where it is known."""
        return ControlledPortal(self, portal_id, token)

    def create_portal(
        self,
        name: str = "Portal",
        *,
        template: str | None = None,
        portal_id: int | None = None,
        ttl_s: float | None = None,
    ) -> "ControlledPortal":
        """A new portal with a token that has every scope.

        template: what it begins with, nothing by default. ttl_s: seconds after which the server
        removes it by itself.
        """
        wanted = {
            "name": name,
            "template": template,
            "portalId": portal_id,
            "ttlSeconds": ttl_s,
        }
        made = self.call("POST", "/portals", wanted)
        return ControlledPortal(self, made["portalId"], made["token"])

    def templates(self) -> list[Json]:
        """What portals can be made of: `name`, `recordCount`."""
        return _results(self.call("GET", "/templates"))


@dataclass(frozen=True, slots=True)
class ControlledPortal:
    """One portal. token: of the API, with every scope where the client made the portal."""

    control: ControlClient
    portal_id: int
    token: str = field(repr=False)

    @property
    def url(self) -> str:
        """Of the server: what an API client takes as its base."""
        return self.control.url

    def call(self, method: str, path: str = "", body: Any = None) -> Any:
        """The JSON of a route of this portal; path: below `/portals/{portalId}`."""
        return self.control.call(method, f"/portals/{self.portal_id}{path}", body)

    def read(self) -> Json:
        """`portalId`, `name`, `appId`, `createdAt`, `expiresAt`."""
        return _known(self.call("GET"))

    def delete(self) -> None:
        """Removes the portal with all that it has."""
        self.call("DELETE")

    def set_ttl(self, ttl_s: float | None) -> None:
        """Has the server remove the portal after so many seconds, or never."""
        self.call("PUT", "/ttl", {"ttlSeconds": ttl_s})

    # -- tokens -----------------------------------------------------------------------------------

    def tokens(self) -> list[Json]:
        """Its tokens by their beginnings, oldest first."""
        return _results(self.call("GET", "/tokens"))

    def create_token(
        self,
        scopes: Sequence[str],
        user_id: int | None = None,
        *,
        may_edit_associations: bool = True,
    ) -> str:
        """A token with these scopes; `all` and `read` stand for many."""
        wanted = {
            "scopes": list(scopes),
            "userId": user_id,
            "mayEditAssociations": may_edit_associations,
        }
        return str(self.call("POST", "/tokens", wanted)["token"])

    def revoke_token(self, hint: str) -> None:
        """Revokes the token that begins so."""
        self.call("DELETE", f"/tokens/{quote(hint, safe='')}")

    # -- contents ---------------------------------------------------------------------------------

    def create_records(self, object_type: str, records: Sequence[Mapping[str, str]]) -> list[Json]:
        """Records of any type from their properties, in order; 100 at most.

        Refused: ControlError when one of them is.
        """
        return self.create_records_from(object_type, [{"properties": dict(e)} for e in records])

    def create_records_from(self, object_type: str, inputs: Sequence[Json]) -> list[Json]:
        """The same from inputs of the API's batch create, which may have `associations`."""
        path = f"/records/{quote(object_type, safe='')}"
        answer = self.call("POST", path, {"inputs": list(inputs)})
        if answer.get("errors"):
            raise ControlError(207, {"message": json.dumps(answer["errors"])}, f"POST {path}")
        return _results(answer)

    def snapshots(self) -> list[Json]:
        """Its snapshots by name: `name`, `recordCount`, `createdAt`."""
        return _results(self.call("GET", "/snapshots"))

    def snapshot(self, name: str) -> Json:
        """Keeps all that it has under a name, in place of what had the name."""
        return _known(self.call("PUT", _snapshot(name)))

    def restore(self, name: str) -> Json:
        """Gives it what a snapshot has."""
        return _known(self.call("POST", f"{_snapshot(name)}/restore"))

    def delete_snapshot(self, name: str) -> None:
        """Removes a snapshot."""
        self.call("DELETE", _snapshot(name))

    def reset(self) -> Json:
        """Restores it as it was when it was made."""
        return _known(self.call("POST", "/reset"))

    def keep_as_template(self, name: str) -> Json:
        """Makes a template of it."""
        path = f"/templates/{quote(name, safe='')}"
        return _known(self.control.call("PUT", path, {"portalId": self.portal_id}))

    # -- requests ---------------------------------------------------------------------------------

    def requests(self, **wanted: str | int | bool) -> list[Json]:
        """What was asked of it, newest first.

        wanted: the parameters of the route, such as `status="4xx"`, `method="POST"`,
        `path="batch"`, `objectType="deals"`, `limit=10`, `bodies=True`.
        """
        return _results(self.call("GET", f"/requests{_query(wanted)}"))

    def each_request(self, **wanted: str | int | bool) -> Iterator[Json]:
        """The same page after page, until there are no more."""
        while True:
            page = self.call("GET", f"/requests{_query(wanted)}")
            yield from _results(page)
            if "paging" not in page:
                return
            wanted["after"] = page["paging"]["next"]["after"]

    def request(self, correlation_id: str) -> Json:
        """A request and its answer, with headers and bodies."""
        return _known(self.call("GET", f"/requests/{quote(correlation_id, safe='')}"))

    def explain(self, correlation_id: str) -> Json:
        """Why it was answered so: `reasons`, `inputs` and `changes`, rules with their sources."""
        path = f"/requests/{quote(correlation_id, safe='')}/explanation"
        return _known(self.call("GET", path))

    def clear_requests(self) -> None:
        """Forgets what was asked of it."""
        self.call("DELETE", "/requests")


def _snapshot(name: str) -> str:
    return f"/snapshots/{quote(name, safe='')}"


def _query(wanted: Mapping[str, str | int | bool]) -> str:
    pairs = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in wanted.items()
    }
    return f"?{urlencode(pairs)}" if pairs else ""


def _results(answer: Any) -> list[Json]:
    found: list[Json] = answer["results"]
    return found


def _known(answer: Any) -> Json:
    found: Json = answer
    return found


def _object(text: bytes) -> Json:
    """The object in a body; empty for any other."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
