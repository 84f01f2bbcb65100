"""What engines promise of portals, their tokens, owners and counters."""

from dataclasses import dataclass
from typing import Protocol

from moyeu.crm.callers import Caller
from moyeu.crm.definitions import Owner


@dataclass(frozen=True, slots=True)
class Portal:
    """One customer's account; `app_id` is the portal's own app, the source of seeded records."""

    id: int
    name: str
    app_id: int
    created_at_ms: int


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a bearer token: never the token, only its SHA-256 (32 bytes).

    hint: the first characters, for people who look for a token in a list.
    """

    hash: bytes
    caller: Caller
    hint: str
    created_at_ms: int


@dataclass(frozen=True, slots=True)
class Counters:
    """The next ids that a portal gives out: of records, custom object types (after `2-`), lists.

    next_association_type: above all USER_DEFINED ids that were removed; those in use may be higher.
    last_write: no write has a higher number, and none that was erased had.
    """

    next_record_id: int
    next_object_type: int
    next_list: int = 1
    next_list_folder: int = 1
    next_association_type: int = 1
    last_write: int = 0


@dataclass(frozen=True, slots=True)
class Census:
    """How much is kept of a portal, archived things included; writes: entries of the history."""

    owners: int
    definitions: int
    audits: int
    records: int
    associations: int
    merged: int
    writes: int
    lists: int = 0
    list_folders: int = 0
    list_memberships: int = 0


class PortalReads(Protocol):
    """The reads of portals, their tokens, owners and counters."""

    def portals(self) -> list[Portal]:
        """All portals by id."""
        ...

    def tokens(self, portal_id: int) -> list[Token]:
        """The portal's tokens, oldest first."""
        ...

    def caller_of(self, token_hash: bytes) -> Caller | None:
        """Who a token stands for; None for an unknown or revoked one."""
        ...

    def counters(self, portal_id: int) -> Counters:
        """What the portal's next ids are."""
        ...

    def search_lag_ms(self, portal_id: int) -> int:
        """How much later than it was written a change is seen by searches; 0 is at once."""
        ...

    def controls(self, portal_id: int) -> str | None:
        """What testers have set for the portal, as `put_controls` left it; None for nothing."""
        ...

    def pull_state(self, portal_id: int) -> str | None:
        """How far the portal was copied from another side, as `put_pull_state` left it."""
        ...

    def census(self, portal_id: int) -> Census:
        """How much there is of everything; walks all of it."""
        ...

    def owners(self, portal_id: int) -> list[Owner]:
        """The portal's owners by id, archived ones included."""
        ...


class PortalWrites(Protocol):
    """The writes of portals, their tokens, owners and counters."""

    def add_portal(self, portal: Portal) -> None:
        """Adds a portal with its counters; its id must be free."""
        ...

    def add_token(self, token: Token) -> None:
        """Adds a token; its portal tells whether its caller is controlled. Two statements."""
        ...

    def remove_token(self, portal_id: int, token_hash: bytes) -> bool:
        """Revokes the portal's token with that hash; whether there was one."""
        ...

    def add_owner(self, portal_id: int, owner: Owner) -> None:
        """Adds or replaces an owner."""
        ...

    def restore_counters(self, portal_id: int, counters: Counters) -> None:
        """Makes sure that no id below the counters is given out any more, and no number of them."""
        ...

    def put_search_lag(self, portal_id: int, lag_ms: int) -> None:
        """Sets how much later than it was written a change is seen by searches."""
        ...

    def put_controls(self, portal_id: int, document: str | None) -> None:
        """Keeps what testers have set for the portal, None for nothing.

        From then on its callers are controlled, or not: at once in this process, in others that
        share the database a moment later. While they are, record ids follow on one another without
        a gap. Two statements, more where there were controls and are none, or the other way round.
        """
        ...

    def put_pull_state(self, portal_id: int, state: str) -> None:
        """Keeps how far the portal was copied from another side, beside what was copied."""
        ...
