"""Invented records on top of what a portal has."""

from collections.abc import Callable, Mapping
from typing import Final

from moyeu.crm.callers import Occasion
from moyeu.demo.making import make_records, read_world
from moyeu.demo.world import World
from moyeu.storage.contract import Store, WriteTransaction

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


async def generate_records(
    store: Store,
    occasion: Occasion,
    seed: int,
    counts: Mapping[str, int],
    on_progress: Callable[[int], None],
) -> None:
    """Adds records to the portal of the occasion, made in the three years before it.

    counts: how many by object type id, of those in `kinds`. They belong to the portal's owners and
    stand in its pipelines; only properties that it has are set. Unique values are those of this
    making alone, so that it can be repeated with any seed. on_progress: told how many there are.
    Raises: ValueTakenError when the portal has such a value all the same; what was written before
    it stays, as it does when the work is interrupted.
    """
    portal_id = occasion.caller.portal_id

    def begin(transaction: WriteTransaction) -> World:
        first_id = transaction.new_record_ids(portal_id, sum(counts.values())).start
        return read_world(
            transaction,
            portal_id,
            seed,
            counts,
            first_id,
            occasion.now_ms,
            mark=f"-{_in_base_36(first_id)}",
        )

    await make_records(store, occasion, await store.write(begin), {}, on_progress)


def _in_base_36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits
