"""Who asks: the identity that a bearer token stands for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """An app that acts on one portal with a set of scopes.

    `user_id` is None for an app that acts for itself, as a private app does.
    """

    portal_id: int
    app_id: int
    user_id: int | None
    scopes: frozenset[str]

    @property
    def user(self) -> str | None:
        """The user's id as definitions keep it, decimal text."""
        return None if self.user_id is None else str(self.user_id)

    def may(self, any_of: tuple[str, ...]) -> bool:
        """Whether at least one of the scopes was granted; an empty tuple asks for none."""
        return not any_of or not self.scopes.isdisjoint(any_of)


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a write is told about the moment and its origin.

    now_ms: milliseconds since 1970, UTC, from the portal's clock.
    correlation_id: of the request, as answered to the client.
    """

    caller: Caller
    now_ms: int
    correlation_id: str
