"""Who asks: the identity that a bearer token stands for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """An app that acts on one portal with a set of scopes.

    `user_id` is None for an app that acts for itself, as a private app does. may_edit_associations:
    whether that user has the Edit Associations permission; it means nothing without a user.
    is_controlled: whether testers have set something for the portal, as `crm.controls` tells.
    """

    portal_id: int
    app_id: int
    user_id: int | None
    scopes: frozenset[str]
    may_edit_associations: bool = True
    is_controlled: bool = False

    @property
    def lacks_edit_associations(self) -> bool:
        """Whether it acts for a user who may not change associations.

        A token of an app that acts for itself never lacks the permission (documented 2026-08:
        user-level tokens alone are asked for it).
        """
        return self.user_id is not None and not self.may_edit_associations

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
