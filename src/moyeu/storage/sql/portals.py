"""The part of a transaction that reads and writes portals, their tokens and counters."""

from typing import Final

import msgspec

from moyeu.crm.callers import Caller
from moyeu.storage.contract import Census, Counters, Portal, Token
from moyeu.storage.sql.rows import Row, SqlChanges, SqlRows, json_text

FIRST_RECORD_ID: Final = 40_000_000_001
"""Ids of real portals have eleven or twelve digits; clients that assume so are not surprised."""

_read_scopes = msgspec.json.Decoder(frozenset[str]).decode


class PortalReads(SqlRows):
    """The reads of portals."""

    def portals(self) -> list[Portal]:
        """See the contract."""
        return [Portal(*row) for row in self._rows(self._sql.PORTALS)]

    def tokens(self, portal_id: int) -> list[Token]:
        """See the contract."""
        return [
            Token(row[0], _caller(row[1:7]), row[7], row[8])
            for row in self._rows(self._sql.TOKENS, {"portal_id": portal_id})
        ]

    def caller_of(self, token_hash: bytes) -> Caller | None:
        """See the contract."""
        rows = self._rows(self._sql.CALLER, {"token_hash": token_hash})
        return _caller(rows[0]) if rows else None

    def counters(self, portal_id: int) -> Counters:
        """See the contract."""
        return Counters(*self._rows(self._sql.COUNTERS, {"portal_id": portal_id})[0])

    def search_lag_ms(self, portal_id: int) -> int:
        """See the contract."""
        lag_ms: int = self._rows(self._sql.SEARCH_LAG, {"portal_id": portal_id})[0][0]
        return lag_ms

    def controls(self, portal_id: int) -> str | None:
        """See the contract."""
        rows = self._rows(self._sql.CONTROLS, {"portal_id": portal_id})
        return rows[0][0] if rows else None

    def pull_state(self, portal_id: int) -> str | None:
        """See the contract."""
        rows = self._rows(self._sql.PULL_STATE, {"portal_id": portal_id})
        return rows[0][0] if rows else None

    def census(self, portal_id: int) -> Census:
        """See the contract."""
        return Census(*self._rows(self._sql.CENSUS, {"portal_id": portal_id})[0])


class PortalWrites(PortalReads, SqlChanges):
    """The writes of portals."""

    removed_tokens: set[bytes]
    """Hashes of tokens that were written in this transaction: what they stood for is old."""

    def add_portal(self, portal: Portal) -> None:
        """See the contract."""
        self._run(
            self._sql.ADD_PORTAL,
            {
                "portal_id": portal.id,
                "name": portal.name,
                "app_id": portal.app_id,
                "created_at_ms": portal.created_at_ms,
                "next_record_id": FIRST_RECORD_ID,
            },
        )

    def add_token(self, token: Token) -> None:
        """See the contract."""
        self.removed_tokens.add(token.hash)
        is_controlled = self.controls(token.caller.portal_id) is not None
        self._run(
            self._sql.ADD_TOKEN,
            {
                "token_hash": token.hash,
                "portal_id": token.caller.portal_id,
                "app_id": token.caller.app_id,
                "user_id": token.caller.user_id,
                "scopes": json_text(sorted(token.caller.scopes)),
                "hint": token.hint,
                "created_at_ms": token.created_at_ms,
                "may_edit_associations": token.caller.may_edit_associations,
                "is_controlled": is_controlled,
            },
        )

    def remove_token(self, portal_id: int, token_hash: bytes) -> bool:
        """See the contract."""
        key = {"portal_id": portal_id, "token_hash": token_hash}
        self.removed_tokens.add(token_hash)
        return bool(self._rows(self._sql.REMOVE_TOKEN, key))

    def reserve_record_id(self, portal_id: int, record_id: int) -> None:
        """See the contract."""
        self._run(self._sql.RESERVE_RECORD_ID, {"portal_id": portal_id, "record_id": record_id})

    def restore_counters(self, portal_id: int, counters: Counters) -> None:
        """See the contract."""
        self._run(
            self._sql.RESTORE_COUNTERS,
            {
                "portal_id": portal_id,
                "next_record_id": counters.next_record_id,
                "next_object_type": counters.next_object_type,
                "next_association_type": counters.next_association_type,
                "last_write": counters.last_write,
            },
        )
        self._run(
            self._sql.RESTORE_LIST_COUNTERS,
            {
                "portal_id": portal_id,
                "next_list": counters.next_list,
                "next_list_folder": counters.next_list_folder,
            },
        )
        self._numbers_restored(portal_id)

    def put_search_lag(self, portal_id: int, lag_ms: int) -> None:
        """See the contract."""
        self._run(self._sql.PUT_SEARCH_LAG, {"portal_id": portal_id, "lag_ms": lag_ms})

    def put_controls(self, portal_id: int, document: str | None) -> None:
        """See the contract."""
        was_controlled = self.controls(portal_id) is not None
        key = {"portal_id": portal_id}
        if document is None:
            self._run(self._sql.REMOVE_CONTROLS, key)
        else:
            self._run(self._sql.PUT_CONTROLS, {**key, "document": document})
        is_controlled = document is not None
        if is_controlled != was_controlled:
            marked = {**key, "is_controlled": is_controlled}
            rows = self._rows(self._sql.MARK_TOKENS, marked)
            self.removed_tokens.update(row[0] for row in rows)
            self._mark_portal(portal_id, is_controlled=is_controlled)

    def _mark_portal(self, portal_id: int, *, is_controlled: bool) -> None:
        """Notes beside the portal whether it has controls, where the engine asks for that."""

    def put_pull_state(self, portal_id: int, state: str) -> None:
        """See the contract."""
        self._run(self._sql.PUT_PULL_STATE, {"portal_id": portal_id, "state": state})


def _caller(row: Row) -> Caller:
    return Caller(row[0], row[1], row[2], _read_scopes(row[3]), bool(row[4]), bool(row[5]))
