"""One request and its answer, as the handlers see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from moyeu.catalog.object_types import ObjectType
from moyeu.catalog.versions import ApiVersion
from moyeu.crm.callers import Caller, Occasion
from moyeu.storage.contract import Store
from moyeu.wire.traces import Trace

JSON_TYPE = b"application/json;charset=utf-8"
HTML_TYPE = b"text/html;charset=iso-8859-1"


@dataclass(frozen=True, slots=True)
class Query:
    """The query of a request: pairs in their order, decoded; names may repeat."""

    pairs: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, text: str) -> "Query":
        """Pairs of a query string; `+` is a blank, an empty value stays."""
        return cls(tuple(parse_qsl(text, keep_blank_values=True))) if text else cls(())

    def last(self, name: str) -> str | None:
        """The last value of that name."""
        for key, value in reversed(self.pairs):
            if key == name:
                return value
        return None

    def names(self, name: str) -> tuple[str, ...]:
        """A list that comes repeated, comma-joined, or both; blanks around and empty parts go."""
        parts = (
            part.strip() for key, value in self.pairs if key == name for part in value.split(",")
        )
        return tuple(dict.fromkeys(part for part in parts if part))

    def flag(self, name: str) -> bool:
        """Whether the value is `true` in any case."""
        return (self.last(name) or "").lower() == "true"


@dataclass(slots=True)
class Request:
    """A request whose route, caller and object type are known.

    named_type: the object type that the path names, None where it names none. named_to_type: the
    second one, which `{toObjectType}` names. path: the variable
    segments of the route by name, percent-decoded. headers: names in lower case.
    base_url: scheme and host that the client called, for links. trace: of a request that is logged.
    """

    store: Store
    caller: Caller
    version: ApiVersion
    named_type: ObjectType | None
    named_to_type: ObjectType | None
    path: Mapping[str, str]
    query: Query
    query_text: str
    headers: Mapping[bytes, bytes]
    body: bytes
    now_ms: int
    correlation_id: str
    base_url: str
    trace: Trace | None = None

    @property
    def object_type(self) -> ObjectType:
        """The object type that the path names, on routes that name one."""
        assert self.named_type is not None
        return self.named_type

    @property
    def to_type(self) -> ObjectType:
        """The object type on the other side, on routes that name two."""
        assert self.named_to_type is not None
        return self.named_to_type

    def occasion(self) -> Occasion:
        """What a write is told about this request."""
        return Occasion(self.caller, self.now_ms, self.correlation_id)

    def accepts_html(self) -> bool:
        """Whether `Accept` is missing or admits HTML: then HubSpot answers missing things so."""
        accept = self.headers.get(b"accept")
        return accept is None or b"*/*" in accept or b"text/html" in accept or b"text/*" in accept


@dataclass(slots=True)
class Answer:
    """Status, body and the headers beside those of every answer."""

    status: int
    body: bytes = b""
    content_type: bytes | None = JSON_TYPE
    headers: Sequence[tuple[bytes, bytes]] = field(default_factory=tuple)


NO_CONTENT = Answer(204, b"", None)
"""An answer without content: neither a body nor a content type."""
