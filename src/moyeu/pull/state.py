"""How far a pull is: kept in the portal itself, in the same commits as what it speaks of."""

from typing import Final, Literal

import msgspec

from moyeu.storage.contract import WriteTransaction

Phase = Literal["active", "archived", "done"]
"""Which records of a type are being copied."""

NOT_ANONYMISED: Final = ""


class TypePlace(msgspec.Struct, frozen=True):
    """How far the records of one type are; after: where their next page begins."""

    phase: Phase = "active"
    after: str | None = None
    active: int = 0
    archived: int = 0


class PairPlace(msgspec.Struct, frozen=True):
    """How far the associations of one pair of types are; from_id: the next record to ask about.

    unknown: how many associations have a type that the portal does not know.
    """

    from_id: int | None = 0
    count: int = 0
    unknown: int = 0


class PullState(msgspec.Struct, frozen=True):
    """One pull. key: tells which key made its pseudonyms, "" without any.

    types: by object type id. pairs: by the ids of both types with a blank between them.
    """

    source: str
    key: str
    finished: bool = False
    types: dict[str, TypePlace] = {}
    pairs: dict[str, PairPlace] = {}

    def with_type(self, type_id: str, place: TypePlace) -> "PullState":
        """The state in which that type is so far."""
        return msgspec.structs.replace(self, types={**self.types, type_id: place})

    def with_pair(self, pair: str, place: PairPlace) -> "PullState":
        """The state in which that pair is so far."""
        return msgspec.structs.replace(self, pairs={**self.pairs, pair: place})


read_state = msgspec.json.Decoder(PullState).decode


def keep_state(transaction: WriteTransaction, portal_id: int, state: PullState) -> None:
    """Keeps the state with the rest of the transaction."""
    transaction.put_pull_state(portal_id, msgspec.json.encode(state).decode())
