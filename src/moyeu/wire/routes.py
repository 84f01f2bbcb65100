"""What a row of the endpoint table is."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from moyeu.catalog.capabilities import Operation
from moyeu.catalog.versions import ApiVersion
from moyeu.wire.errors import Refusal
from moyeu.wire.exchange import Answer, Request

Clock = Callable[[], int]
"""Tells milliseconds since 1970, UTC."""

Handler = Callable[[Request, Clock], Awaitable[Answer]]
"""Takes the request, and the clock for the moment when the answer is ready."""

AccessCheck = Callable[[Request], Refusal | None]
"""Whether the caller may call the route; the refusal if not."""


@dataclass(frozen=True, slots=True)
class ObjectRoute:
    """A route of records: whether a type has it in a version is a matter of the catalog."""

    method: str
    template: str
    operation: Operation
    handler: Handler

    @property
    def reads_body(self) -> bool:
        """Whether it has a body where its method can."""
        return True


@dataclass(frozen=True, slots=True)
class DefinitionRoute:
    """A route of another API; where the template names `{objectType}`, every type has it.

    check: who may call it. reads_body: whether it has one where its method can; without, the media
    type does not matter either (a guess: clients send none).
    """

    name: str
    method: str
    template: str
    check: AccessCheck
    handler: Handler
    reads_body: bool = True


@dataclass(frozen=True, slots=True)
class Api:
    """The routes that stand below the same prefixes of a version.

    title: what the API is called in COMPATIBILITY.md.
    """

    title: str
    prefixes: Callable[[ApiVersion], tuple[str, ...]]
    routes: tuple[DefinitionRoute, ...]
