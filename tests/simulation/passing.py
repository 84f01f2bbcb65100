"""A store in front of another one: what all kinds of it have in common."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from moyeu.crm.search.conditions import Condition
from moyeu.storage.contract import (
    FoundRecords,
    ReadTransaction,
    RecordSearch,
    Store,
    WriteTransaction,
)

T = TypeVar("T")

Work = Callable[[WriteTransaction], Any]


class PassingStore:
    """Passes every call on."""

    def __init__(self, inner: Store) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        """What is passed on without being looked at."""
        return getattr(self.inner, name)

    async def read(self, work: Callable[[ReadTransaction], T], *, few: bool = False) -> T:
        """See the contract."""
        return await self.inner.read(work, few=few)

    async def write(self, work: Callable[[WriteTransaction], T]) -> T:
        """See the contract."""
        return await self.inner.write(work)

    async def search(self, search: RecordSearch) -> FoundRecords:
        """See the contract."""
        return await self.inner.search(search)

    async def matching_ids(
        self,
        portal_id: int,
        object_type_id: str,
        condition: Condition,
        from_id: int,
        count_max: int,
    ) -> list[int]:
        """See the contract."""
        return await self.inner.matching_ids(
            portal_id, object_type_id, condition, from_id, count_max
        )

    def as_store(self) -> Store:
        """Itself, as those see it who know the contract alone."""
        return cast(Store, self)
